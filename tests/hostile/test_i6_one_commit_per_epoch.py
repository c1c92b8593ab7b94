"""I6: one accepted commit per incarnation and epoch, and whoever is in an epoch is in the same one.

A server that gives two people two commits makes a fork; it can neither hide it nor join its ends again.
"""

import itertools

import pytest

from tests.headless.clients import Client, pass_time, together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Edit, Message, Wire
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("padlock")


def same_codes(*people: Client) -> None:
    """Hold everybody to one code for each epoch that they were in."""
    seen: dict[str, set[str]] = {}
    for person in people:
        for epoch, code in person.look()["codes"].items():
            seen.setdefault(epoch, set()).add(code)
    assert {epoch: codes for epoch, codes in seen.items() if len(codes) > 1} == {}


def test_i6_a_commit_that_comes_too_late_changes_nothing(service: DeliveryService, clients: Clients) -> None:
    """Two candidates, two commits: the second to arrive is refused, and its author goes on with the first."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob)
    late: list[Message] = []
    wire = service.wire(alice)
    wire.up = _keep_commits(late)
    service.brings(carol)
    until(lambda: late and carol.phase == "live", what="Bob's commit, as Alice's does not come", seen=carol.stand)
    wire.up = lambda message: [message]
    wire.say(*late)
    until(lambda: wire.told("refused", lease=late[0]["lease"], code="stale"), what="Alice's is refused", seen=alice.stand)
    together(alice, bob, carol)
    same_codes(alice, bob, carol)
    assert not any(service.wire(one).sent("nack") for one in (alice, bob, carol))


def test_i6_a_lease_said_twice_brings_one_commit(service: DeliveryService, clients: Clients) -> None:
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob)
    wire = service.wire(alice)
    wire.down = lambda message: [message, message]
    service.brings(carol)
    together(alice, bob, carol)
    leases = [commit["lease"] for commit in wire.sent("commit")]
    assert len(leases) == len(set(leases))
    assert [wire.told("refused"), wire.sent("nack")] == [[], []]
    same_codes(alice, bob, carol)


def test_i6_a_fork_falls_silent_and_is_never_merged(service: DeliveryService, clients: Clients) -> None:
    """Bob's own commit comes back to him as the log's, everybody else gets Alice's."""
    alice, bob, carol, dave = (clients(name) for name in ("Alice", "Bob", "Carol", "Dave"))
    service.gathers(alice, bob, carol)
    wire = service.wire(bob)
    fork = _fork(wire, bob)
    service.brings(dave)
    together(alice, carol, dave, names=["Alice", "Bob", "Carol", "Dave"])
    until(
        lambda: fork and bob.code not in {alice.code, "None"} and bob.look()["epoch"] == alice.look()["epoch"],
        what="a fork",
        seen=bob.stand,
    )
    alice.ask("say", text="Do you hear me, Bob?")
    until(lambda: ("Alice", "Do you hear me, Bob?") in carol.heard, what="Carol hears Alice", seen=carol.stand)
    for _ in range(3):
        pass_time(alice, bob, carol, dave, ms=40_000)
    bob.is_at("silenced: no_heartbeat")
    assert bob.look()["paused"]
    assert bob.heard == []
    for person in (alice, carol, dave):
        person.is_at("live")  # a heartbeat may be on its way: whoever is not forked hears the next one
    # Mallory lets go: what the log says next does not follow from where Bob is.
    wire.down, wire.up = (lambda message: [message]), (lambda message: [message])
    wire.cut()
    dave.ask("close")
    together(alice, bob, carol)
    assert not bob.look()["paused"]


def _keep_commits(kept: list[Message]) -> Edit:
    """Keep commits from the gateway."""

    def edit(message: Message) -> list[Message]:
        if message["t"] != "commit":
            return [message]
        kept.append(message)
        return []

    return edit


def _fork(wire: Wire, who: Client) -> list[Message]:
    """Lease the coming epoch to this person too, and make their commit the log's for them alone; return their commits.

    On a busy machine the gateway says announcements and Alice's commit in one message, or the commit before Bob's is there: what is handed
    on are the announcements before any commit, and where his own belongs follows from them.
    """
    made: list[Message] = []
    covered: list[int] = []

    def down(message: Message) -> list[Message]:
        if message["t"] != "entries":
            return [message] if message["t"] in {"ready", "said", "keeper"} else []
        announced = list(itertools.takewhile(lambda one: one["kind"] != "commit", message["entries"]))
        if not announced or made:
            return []
        last = message["from"] + len(announced) - 1
        covered.append(last)
        lease = {"t": "lease", "incarnation": message["incarnation"], "lease": "A" * 22, "epoch": epoch, "covers": last, "policy": False}
        return [{**message, "entries": announced}, lease]

    def up(message: Message) -> list[Message]:
        if message["t"] != "commit":
            return [] if message["t"] in {"ack", "nack"} else [message]
        made.append(message)
        commit = {"kind": "commit", "participant": wire.participant, "commit": message["commit"]}
        wire.slip({"t": "entries", "incarnation": message["incarnation"], "from": covered[-1] + 1, "entries": [commit]})
        return []

    epoch = who.look()["epoch"]
    wire.down, wire.up = down, up
    return made
