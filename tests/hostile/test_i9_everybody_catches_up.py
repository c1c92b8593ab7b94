"""I9: whoever stays connected reaches the newest epoch within 10 s of the network healing, and knows meanwhile that they are behind."""

import pytest

from conclave.kernel.ids import new_id
from tests.headless.clients import Client, pass_time, together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Message
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("padlock")
HEALED_SECONDS = 10.0
LOG = ("entries", "acked", "lease", "said", "keeper")


def test_i9_who_was_kept_from_the_log_catches_up_when_it_comes(service: DeliveryService, clients: Clients) -> None:
    alice, bob, carol, dave = (clients(name) for name in ("Alice", "Bob", "Carol", "Dave"))
    service.gathers(alice, bob)
    wire = service.wire(bob)
    wire.hold(*LOG)
    service.brings(carol)
    together(alice, carol, names=["Alice", "Bob", "Carol"])
    service.brings(dave)
    together(alice, carol, dave, names=["Alice", "Bob", "Carol", "Dave"])
    carol.ask("say", text="Where is Bob?")
    assert bob.names == ["Alice", "Bob"]
    wire.release()
    caught_up(bob, alice)
    assert ("Carol", "Where is Bob?") in bob.heard
    assert wire.sent("nack") == []


@pytest.mark.parametrize("disorder", ["backwards", "twice"])
def test_i9_the_order_in_which_the_log_comes_does_not_matter(service: DeliveryService, clients: Clients, disorder: str) -> None:
    alice, bob, carol, dave = (clients(name) for name in ("Alice", "Bob", "Carol", "Dave"))
    service.gathers(alice, bob)
    wire = service.wire(bob)
    wire.hold(*LOG)
    for person, there in ((carol, [alice]), (dave, [alice, carol])):
        service.brings(person)
        together(*there, person, names=["Bob", person.name, *(one.name for one in there)])
    wire.release(order=(lambda held: held[::-1]) if disorder == "backwards" else (lambda held: held + held))
    caught_up(bob, alice)
    assert wire.sent("nack") == []
    assert wire.sent("hello")[1:] == []


def test_i9_an_entry_that_never_came_is_asked_for(service: DeliveryService, clients: Clients) -> None:
    """LOG-5: the socket lives and the log goes on, but one message of it was lost on the way."""
    alice, bob, carol, dave = (clients(name) for name in ("Alice", "Bob", "Carol", "Dave"))
    service.gathers(alice, bob)
    wire = service.wire(bob)
    wire.hold("entries")
    service.brings(carol)
    together(alice, carol, names=["Alice", "Bob", "Carol"])
    wire.release(order=lambda _held: [])
    service.brings(dave)
    together(alice, carol, dave, names=["Alice", "Bob", "Carol", "Dave"])
    assert bob.names == ["Alice", "Bob"]
    caught_up(bob, alice)
    assert len(wire.sent("hello")) == 2
    assert "reconnected" in bob.look()["toasts"]


def test_i9_silence_from_the_others_stops_the_sending_until_it_ends(service: DeliveryService, clients: Clients) -> None:
    """LOG-15: withheld heartbeats. Those who do hear each other go on, the keeper among them."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    code = service.gathers(alice, bob, carol)
    service.wire(bob).hold("said")
    for _ in range(3):
        pass_time(alice, bob, carol, ms=40_000)
    bob.is_at("silenced: no_heartbeat")
    assert bob.look()["paused"]
    assert [(one.phase, one.look()["paused"]) for one in (alice, carol)] == [("live", False)] * 2
    assert alice.code == carol.code == code
    service.wire(bob).release(order=lambda _held: [])
    pass_time(alice, bob, carol, ms=11_000)
    bob.is_at("live")
    assert not bob.look()["paused"]


def test_i9_a_heartbeat_that_was_held_back_is_no_sign_of_life(service: DeliveryService, clients: Clients) -> None:
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice, bob)
    wire = service.wire(bob)
    wire.hold("said")
    for _ in range(3):
        pass_time(alice, bob, ms=40_000)
    bob.is_at("silenced: no_heartbeat")
    assert wire.held
    wire.release(order=lambda held: held[:1])
    bob.ask("say", text="Is anybody there?")
    until(lambda: ("Bob", "Is anybody there?") in alice.heard, what="what Bob writes", seen=alice.stand)
    assert bob.phase == "silenced: no_heartbeat"


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ("cut short", "malformed"),
        ("a bit turned", "unreadable_commit"),
        ("somebody else's", "wrong_sender"),
        ("an earlier one", "unreadable_commit"),
        ("a removal only Bob was told of", "removal_omitted"),
    ],
)
def test_i9_who_cannot_follow_comes_back_by_replacement(service: DeliveryService, clients: Clients, spoilt: str, code: str) -> None:
    """LOG-11: the log as Bob gets it is no good. He stays where he is, says so, and is brought along without anybody noticing."""
    alice, bob, carol, dave = (clients(name) for name in ("Alice", "Bob", "Carol", "Dave"))
    service.gathers(alice, bob, carol)
    wire = service.wire(bob)
    old = [entry for message in wire.told("entries") for entry in message["entries"] if entry["kind"] == "commit"]
    removal = {"kind": "remove", "participant": service.wire(carol).participant, "reason": "left"}

    def spoil(entry: Message) -> Message:
        if spoilt == "a removal only Bob was told of":
            return removal if entry["kind"] == "add" else entry
        if entry["kind"] != "commit":
            return entry
        commit = entry["commit"]
        worse: dict[str, Message] = {
            "cut short": entry | {"commit": commit[: len(commit) // 2]},
            "a bit turned": entry | {"commit": commit[:-40] + ("B" if commit[-40] == "A" else "A") + commit[-39:]},
            "somebody else's": entry | {"participant": wire.participant},
            "an earlier one": old[0],
        }
        return worse[spoilt]

    def edit(message: Message) -> list[Message]:
        if message["t"] != "entries" or wire.sent("nack"):
            return [message]
        return [message | {"entries": [spoil(entry) for entry in message["entries"]]}]

    wire.down = edit
    service.brings(dave)
    until(lambda: wire.sent("nack"), what="Bob says that he cannot follow", seen=bob.stand)
    assert [nack["code"] for nack in wire.sent("nack")] == [code]
    together(alice, bob, carol, dave)
    assert len({one.look()["incarnation"] for one in (alice, bob, carol, dave)}) == 1
    assert [toast for toast in alice.look()["toasts"] if "Bob" in toast] == ["joined Bob"]
    assert bob.look()["toasts"].count("joined Carol") == 1


@pytest.mark.parametrize("when", ["at the door", "in a new life of the group"])
def test_i9_who_is_never_let_in_is_told_so(service: DeliveryService, clients: Clients, when: str) -> None:
    """LOG-11: the Welcome is withheld. Nobody stands before a closed door for ever, nor in a call that is none."""
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice)
    wire = service.wire(bob)
    if when == "at the door":
        wire.hold("welcome")
        service.brings(bob)
    else:
        service.brings(bob)
        together(alice, bob)
        wire.tell({"t": "renew", "incarnation": new_id(), "mode": "join"})
    until(lambda: wire.sent("announce") and bob.look()["epoch"] is None, what="Bob asks to be let in", seen=bob.stand)
    pass_time(bob, ms=30_000)
    assert bob.phase in {"joining", "live"}
    bob.ask("later", ms=61_000)
    bob.is_at("over: not_securing")


def caught_up(behind: Client, other: Client) -> None:
    """Wait until both are in one epoch with the same people, for as long as I9 gives."""
    until(lambda: behind.code == other.code and behind.phase == "live", what="the newest epoch", seconds=HEALED_SECONDS, seen=behind.stand)
    assert behind.names == other.names
