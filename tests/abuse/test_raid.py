"""Strangers with the link storm a call that is open to all who have it. What holds is what everybody sees, and what the host presses."""

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.abuse.conftest import Street
from tests.headless.clients import Client, together
from tests.headless.people import Beside
from tests.hostile.conftest import Clients
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("call")
JOINS, ADDRESSES = 200, 8
RAIDERS, TWENTY = 8, 20


def storm(street: Street) -> Counter[int]:
    """Ask for 200 seats from eight addresses, each under a name of its own; return how often which status was answered."""
    raiders = [street(60 + number) for number in range(ADDRESSES)]
    with ThreadPoolExecutor(ADDRESSES) as pool:
        asked = [pool.submit(raiders[number % ADDRESSES].joins, name=f"Raider {number}") for number in range(JOINS)]
        return Counter(one.result().status for one in asked)


def locks(alice: Client, bob: Client) -> None:
    """Let Alice lock, and wait until Bob's client knows."""
    alice.ask("change", changes={"locked": True})
    until(lambda: bob.look()["policy"]["locked"], what="the lock", seen=bob.stand)


def talk(alice: Client, bob: Client, text: str) -> None:
    """Let Alice write, and Bob read it."""
    alice.ask("say", text=text)
    until(lambda: ("Alice", text) in bob.heard, what="Bob reads Alice", seen=bob.stand)


def roster(person: Client) -> list[str]:
    """Return who has a leaf, by name, as this person's screen has it."""
    return sorted(one["name"] for one in person.look()["people"] if one["leaf"] is not None)


def alone(*people: Client, names: list[str]) -> None:
    """Wait until these people's screens have this roster, in one epoch."""
    one = lambda: all(roster(person) == names for person in people) and len({person.code for person in people}) == 1  # noqa: E731
    until(one, what=f"{names} in one epoch", seconds=30, seen=people[0].stand)


def nobody_got_in(late: list[Future[Any]]) -> bool:
    """Tell whether none of these joins came to a leaf; who was refused has an answer, who waits has none."""
    return not any(one.done() and one.exception() is None for one in late)


def test_two_hundred_who_storm_an_open_call_are_seen_shut_out_and_removed(inside: Clients, crowd: Beside, street: Street) -> None:
    alice, bob = inside("Alice"), inside("Bob")
    assert storm(street) == {200: JOINS}  # so many seats: one school, as far as the gateway can tell
    # A seat is no place in the call: nobody sees, hears or is anybody without a leaf.
    assert alice.names == bob.names == ["Alice", "Bob"]
    talk(alice, bob, "Who are they?")
    inside_now = ["Alice", "Bob", *(f"Raider {number}" for number in range(RAIDERS))]
    came = {name: crowd.ask("join", name=name)["participant"] for name in inside_now[2:]}
    together(alice, bob, names=inside_now)
    locks(alice, bob)
    late = [crowd.begin("join", name=f"Late {number}") for number in range(RAIDERS)]
    for participant in came.values():
        alice.ask("remove", target=participant)
    alone(alice, bob, names=["Alice", "Bob"])
    talk(alice, bob, "They are gone.")
    assert nobody_got_in(late)
    assert roster(alice) == roster(bob) == ["Alice", "Bob"]
    assert all(state["gone"] == "removed" for name, state in crowd.states().items() if name in came)
    # And by the rates: whoever has no link at all is told so 60 times, and then nothing (test_guessing.py).


def test_a_host_who_leaves_during_a_raid_leaves_the_call_as_it_was(inside: Clients, crowd: Beside) -> None:
    alice, bob = inside("Alice"), inside("Bob")
    crowd.ask("join", name="Raider")
    together(alice, bob, names=["Alice", "Bob", "Raider"])
    locks(alice, bob)
    hosts = bob.look()["policy"]["hosts"]
    alice.ask("close")
    together(bob, names=["Bob", "Raider"])
    late = [crowd.begin("join", name=f"Late {number}") for number in range(RAIDERS)]
    bob.ask("say", text="Who is that?")
    said = '{"kind":"chat","text":"Who is that?"}'
    until(lambda: said in crowd.states()["Raider"]["heard"], what="the call goes on", seen=bob.stand)
    assert nobody_got_in(late)
    assert roster(bob) == ["Bob", "Raider"]
    assert bob.phase == "live"
    assert (bob.look()["policy"]["locked"], bob.look()["policy"]["hosts"]) == (True, hosts)
    # Alice comes back with her host key, and is the one who unlocks.


def test_a_lock_while_twenty_are_joining_divides_them_cleanly(inside: Clients, crowd: Beside) -> None:
    """Whoever was in before the lock is in, for all; whoever was not is not, for anybody; nobody is in between."""
    alice, bob = inside("Alice"), inside("Bob")
    joining = {name: crowd.begin("join", name=name) for name in (f"Guest {number}" for number in range(TWENTY))}
    until(lambda: len(alice.names) > 2, what="the first are in", seen=alice.stand)
    locks(alice, bob)
    until(lambda: roster(alice) == roster(bob) and alice.code == bob.code, what="one roster", seen=alice.stand)
    came = {name for name in roster(alice) if name in joining}
    talk(alice, bob, "The door is shut.")
    until(lambda: all(crowd.states()[name].get("code") == alice.code for name in came), what="one code", seen=crowd.states)
    assert all(joining[name].result(60) for name in came)
    assert nobody_got_in([one for name, one in joining.items() if name not in came])
    assert roster(alice) == roster(bob) == sorted(["Alice", "Bob", *came])
