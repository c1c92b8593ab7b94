"""I4: whoever is added was announced and holds the link, and nobody enters a group that was made for them alone."""

from dataclasses import replace

import pytest

from tests.headless.clients import together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Edit, FalseGroup, Message, Wire
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import Person
from tests.journeys.world import Installation

pytestmark = pytest.mark.journey("padlock")

PATIENCE_SECONDS = 60.0


@pytest.mark.parametrize("guess", ["a secret of her own", "the meeting's id", "the link's id"])
def test_i4_a_ghost_without_the_link_never_gets_a_leaf_and_is_shown(service: DeliveryService, clients: Clients, guess: str) -> None:
    """Mallory has a seat by her own word, and all that the server knows of the link."""
    alice, bob = clients("Alice"), clients("Bob")
    before = service.gathers(alice, bob)
    wire = service.wire(alice)
    known = {"the meeting's id": service.world.meeting, "the link's id": service.link_id}
    ghost = service.double("Bob", link=service.another_link(secret=known.get(guess, "")))
    ghost.enter()
    until(lambda: ghost.told("gone", reason="not_securing"), what="the ghost is sent away", seen=alice.stand)
    dropped = [one for commit in wire.sent("commit") for one in commit["dropped"]]
    assert dropped == [{"participant": ghost.participant, "code": "bad_mac"}] * 2
    assert (ghost.state, ghost.faults) == ({}, [])
    for person in (alice, bob):
        person.ask("later", ms=16_000)
        until(lambda person=person: person.locks.get(ghost.participant) == "stranger", what="a stranger", seen=person.stand)  # type: ignore[misc]
        assert person.names == ["", "Alice", "Bob"]
        assert "stranger" in person.look()["toasts"]
        assert person.look()["security"]["members"] == 2
    assert alice.code == bob.code != before
    for person in (alice, bob):
        person.ask("later", ms=60_000)
        until(lambda person=person: person.names == ["Alice", "Bob"], what="nobody, once it is not there", seen=person.stand)  # type: ignore[misc]


def test_i4_a_group_that_mallory_made_for_one_person_is_not_entered(service: DeliveryService, clients: Clients) -> None:
    """A Welcome whose PSK is not the link's: she knows all of the link but its secret."""
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice)
    false_alice = service.double("Alice", link=service.another_link())
    group = FalseGroup(false_alice, service.wire(bob), incarnation=alice.look()["incarnation"])
    service.brings(bob)
    bob.is_at("over: not_securing")
    assert group.invited == [service.wire(bob).participant] * 4
    assert bob.look()["keyed"] == []
    assert alice.code == together(alice)


def test_i4_whoever_is_led_into_such_a_group_reads_that_nothing_was_sent(
    service: DeliveryService, clients: Clients, chromiums: Chromiums, server: Installation
) -> None:
    """In a browser: what the person sees."""
    alice = clients("Alice")
    service.gathers(alice)
    wire = service.wire("Bob")
    group = FalseGroup(service.double("Alice", link=service.another_link()), wire, incarnation=alice.look()["incarnation"])
    bob = Person("Bob", chromiums.of("Bob").window(), server=replace(server, http_port=wire.port))
    try:
        bob.expects("/rtc/v1")  # its media connects meanwhile, and may be cut while it comes up
        bob.enter(f"{wire.url}/m/{service.world.meeting}#{service.world.secret}.{service.world.host_hash}")
        bob.browser.fill("Your name", "Bob")
        bob.press("join")
        bob.wait_ended("not_securing", seconds=PATIENCE_SECONDS)
        bob.reads("This browser could not agree on the key with the others, so nothing was sent.")
        assert group.invited == [wire.participant] * 4
        assert bob.tiles() == []
        assert bob.faults() == []
    finally:
        bob.browser.close()
    assert alice.code == together(alice)


def test_i4_an_announcement_said_again_brings_nobody_back(service: DeliveryService, clients: Clients) -> None:
    """A participant has one leaf; in another life of the group the link MAC, which names it, would be wrong."""
    alice, bob, charlie = clients("Alice"), clients("Bob"), clients("Charlie")
    service.gathers(alice, bob)
    wires = [service.wire(one) for one in (alice, bob)]
    (old,) = [entry for message in wires[0].told("entries") for entry in message["entries"] if entry["kind"] == "add"]
    # Whatever Charlie announces, the others are told that Bob has announced himself once more.
    for wire in wires:
        wire.down = _instead_of_additions(old)
    service.brings(charlie)
    until(lambda: any(commit["dropped"] for commit in wires[0].sent("commit")), what="a commit without it", seen=alice.stand)
    assert wires[0].sent("commit")[-1]["dropped"] == [{"participant": service.wire(bob).participant, "code": "duplicate_participant"}]
    assert [person["security"]["members"] for person in (alice.look(), bob.look())] == [2, 2]
    assert not any(wire.sent("nack") for wire in wires)


@pytest.mark.parametrize("hidden", ["from the committer", "from the others"])
def test_i4_a_joiner_announced_to_some_only_is_added_by_nobody_alone(service: DeliveryService, clients: Clients, hidden: str) -> None:
    """A commit that adds the unannounced or omits the announced is refused by those who see it so, and the call goes on."""
    alice, bob, carol, dave = (clients(name) for name in ("Alice", "Bob", "Carol", "Dave"))
    service.gathers(alice, bob, carol)
    fooled = [alice] if hidden == "from the committer" else [bob, carol]
    nobody: Message = {"kind": "remove", "participant": service.world.call, "reason": "left"}
    for person in fooled:
        service.wire(person).down = _instead_of_additions(nobody)
    wire = service.brings(dave)
    if fooled == [alice]:
        # An honest server would refuse a commit that says nothing of Dave; Mallory's says it in Alice's name.
        service.wire(alice).up = _saying_of(wire)
    code = "addition_omitted" if hidden == "from the committer" else "unannounced"
    until(
        lambda: all(service.wire(one).sent("nack", code=code) for one in (bob, carol)),
        what=f"both others refuse it: {code}",
        seen=bob.stand,
    )
    for person in (alice, bob, carol):
        service.wire(person).down = service.wire(person).up = lambda message: [message]
    together(alice, bob, carol, dave)


def _saying_of(left_out: Wire) -> Edit:
    """Let commits report this person's KeyPackage as bad."""

    def edit(message: Message) -> list[Message]:
        if message["t"] == "commit":
            return [message | {"dropped": [{"participant": left_out.participant, "code": "bad_mac"}]}]
        return [message]

    return edit


def _instead_of_additions(entry: Message) -> Edit:
    def edit(message: Message) -> list[Message]:
        if message["t"] == "entries":
            return [message | {"entries": [entry if one["kind"] == "add" else one for one in message["entries"]]}]
        return [message]

    return edit
