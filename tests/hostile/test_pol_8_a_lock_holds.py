"""POL-8: into a locked call comes nobody new, whatever the server has given them; whoever is in stays, and may come back."""

import pytest

from tests.headless.clients import Client, together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("lock")


def test_pol_8_a_ghost_with_a_seat_from_before_the_lock_does_not_come_in(service: DeliveryService, clients: Clients) -> None:
    """Charlie has the link, a seat, and Mallory's help: she pretends not to know of the lock, and announces him."""
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice, bob)
    charlie = service.double("Charlie")
    lock(alice, bob)
    charlie.enter()
    until(lambda: charlie.told("gone"), what="Charlie is told", seen=alice.stand)
    assert charlie.told("gone") == [{"t": "gone", "reason": "call_locked"}]
    assert (together(alice, bob), charlie.told("welcome")) == (alice.code, [])


def test_pol_8_twenty_who_are_coming_while_the_host_locks_are_in_or_are_told(service: DeliveryService, clients: Clients) -> None:
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice, bob)
    crowd = [service.double(f"Guest {number}") for number in range(20)]
    for number, one in enumerate(crowd):
        if number == 10:
            alice.ask("change", changes={"locked": True})
        one.enter()

    def decided() -> bool:
        return all(one.told("gone") or one.state.get("code") for one in crowd)

    until(decided, what="everybody is in or told", seconds=40, seen=alice.stand)
    inside = [one.name for one in crowd if not one.told("gone")]
    assert {message["reason"] for one in crowd for message in one.told("gone")} <= {"call_locked"}
    together(alice, bob, names=["Alice", "Bob", *inside])
    assert alice.look()["policy"]["locked"]


def test_pol_8_whoever_is_in_comes_back_by_reload_under_the_lock_and_an_unlocked_door_is_said(
    service: DeliveryService, clients: Clients
) -> None:
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob)
    lock(alice, bob)
    service.brings(carol)
    carol.is_at("over: call_locked")
    fragment = f"#{service.world.secret}.{service.world.host_hash}"
    bob.ask("reload", meeting=service.world.meeting, fragment=fragment, name="Bob")
    together(alice, bob)
    assert (bob.look()["rules"]["locked"], "left Bob" in alice.look()["toasts"]) == (True, False)
    alice.ask("change", changes={"locked": False})
    until(lambda: bob.look()["toasts"][-1:] == ["unlocked Alice"], what="the door is open, and said to be", seen=bob.stand)
    service.brings(carol)
    together(alice, bob, carol)


def lock(host: Client, *others: Client) -> None:
    """Lock, and wait until everybody has been told by whom."""
    host.ask("change", changes={"locked": True})
    for person in (host, *others):
        until(lambda: f"locked {host.name}" in person.look()["toasts"], what="the lock", seen=person.stand)  # noqa: B023 - awaited here
