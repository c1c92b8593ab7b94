"""I10: who is a host, who was removed by one and what was said before are not the server's to say."""

from dataclasses import replace

import pytest

from conclave.kernel import b64
from tests.headless.clients import pass_time, together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Edit, Message
from tests.journeys.browsers import until
from tests.keys.members import new_world

pytestmark = pytest.mark.journey("padlock")


def test_i10_somebody_who_left_was_not_removed_by_a_host(service: DeliveryService, clients: Clients) -> None:
    """The server says "removed" of somebody who left: they are gone, and no host is said to have done it."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob, carol)
    for person in (alice, bob):
        service.wire(person).down = _removals({"reason": "removed"})
    carol.ask("close")
    together(alice, bob)
    assert [person.look()["toasts"][-1] for person in (alice, bob)] == ["left Carol"] * 2


def test_i10_a_removal_with_a_forged_hosts_word_is_not_followed(service: DeliveryService, clients: Clients) -> None:
    """Bob alone is told that Alice has removed Carol: he does not believe the commit, says so, and comes back to what is true."""
    alice, bob, carol, dave = (clients(name) for name in ("Alice", "Bob", "Carol", "Dave"))
    service.gathers(alice, bob, carol, dave)
    (host,) = alice.look()["policy"]["hosts"]
    word = {"key": host["key"], "signature": b64.encode(bytes(64))}
    wire = service.wire(bob)
    wire.down = _removals({"reason": "removed", "by": word})
    carol.ask("close")
    until(lambda: wire.sent("nack"), what="Bob refuses", seen=bob.stand)
    wire.down = lambda message: [message]
    together(alice, bob, dave)
    assert "removed Carol" not in bob.look()["toasts"]


def test_i10_a_removal_that_the_server_withholds_is_not_shown_as_done(service: DeliveryService, clients: Clients) -> None:
    """Alice sees Carol until her own client is in an epoch without her."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob, carol)
    wire = service.wire(alice)
    wire.up = lambda message: [] if message["t"] == "remove" else [message]
    alice.ask("remove", target=carol.participant)
    pass_time(alice, bob, ms=20_000)
    assert (alice.names, bob.names) == (["Alice", "Bob", "Carol"], ["Alice", "Bob", "Carol"])
    assert "removed Carol" not in alice.look()["toasts"]
    wire.up = lambda message: [message]
    wire.say(*wire.sent("remove"))
    together(alice, bob)
    assert [person.look()["toasts"][-1] for person in (alice, bob)] == ["removed Carol"] * 2
    carol.is_at("over: removed")


def test_i10_who_makes_a_host_key_of_her_own_is_no_host(service: DeliveryService, clients: Clients) -> None:
    """Mallory has the link and a host key that is not the link's: her claim passes the server and nobody else, and the call goes on."""
    alice, bob = clients("Alice"), clients("Bob")
    service.brings(alice)
    together(alice)
    service.brings(bob)
    together(alice, bob)
    own = new_world()
    mallory = service.double("Mallory", link=replace(service.world, host_hash=own.host_hash, host_key=own.host_key), host=True)
    mallory.enter()
    together(alice, bob, names=["Alice", "Bob", "Mallory"])
    first = mallory.incarnation
    mallory.tell(t="policy", incarnation=first)
    until(lambda: all(service.wire(one).sent("nack") for one in (alice, bob)), what="both refuse", seen=alice.stand)
    until(lambda: {alice.look()["incarnation"], bob.look()["incarnation"]} & {first} == set(), what="another life", seen=alice.stand)
    together(alice, bob, names=["Alice", "Bob", "Mallory"])
    for person in (alice, bob):
        look = person.look()
        assert [look["policy"]["hosts"], [one["hosting"] for one in look["people"]]] == [[], [False] * 3]


def test_i10_what_was_said_before_says_nothing_again(service: DeliveryService, clients: Clients) -> None:
    """Stale: all that Bob was ever told is told to him once more, and a message of Alice's under a new number."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob, carol)
    alice.ask("say", text="Once")
    until(lambda: bob.heard == [("Alice", "Once")], what="Bob hears", seen=bob.stand)
    before, wire = bob.look(), service.wire(bob)
    (said,) = wire.told("said")
    told = [message for message in wire.said if message["t"] in {"welcome", "entries", "lease", "acked", "said", "created", "keeper"}]
    wire.tell(*told, said | {"from": 7, "items": [item | {"index": 7 + item["index"]} for item in said["items"]]})
    carol.ask("close")
    together(alice, bob)
    after = bob.look()
    assert (bob.heard, wire.sent("nack")) == ([("Alice", "Once")], [])
    assert [after["incarnation"], after["epoch"]] == [before["incarnation"], before["epoch"] + 1]
    assert len(wire.sent("announce")) == 1


def _removals(change: Message) -> Edit:
    """Change announcements of removals."""

    def edit(message: Message) -> list[Message]:
        if message["t"] == "entries":
            return [message | {"entries": [one | change if one["kind"] == "remove" else one for one in message["entries"]]}]
        return [message]

    return edit
