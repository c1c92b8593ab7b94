"""I5: what a removed person holds opens nothing of the next epoch, and what a joiner gets nothing of the one before.

The server gives them all that it has.
"""

import pytest

from conclave.keys.mls import MlsError
from tests.headless.clients import together
from tests.hostile.bytes import without_path
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Double, Message, Wire
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("padlock")


def test_i5_a_removed_person_opens_nothing_of_the_next_epoch(service: DeliveryService, clients: Clients) -> None:
    """Charlie's client does not go when told to, and Mallory gives him every message."""
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice, bob)
    charlie = service.double("Charlie")
    charlie.enter()
    together(alice, bob, names=["Alice", "Bob", "Charlie"])
    alice.ask("say", text="Charlie may hear this")
    until(lambda: opened(charlie, charlie.told("said")) == ["Charlie may hear this"], what="Charlie hears", seen=alice.stand)
    old = charlie.code
    charlie.ignores = frozenset({"entries", "renew"})
    alice.ask("remove", target=charlie.participant)
    new = together(alice, bob)
    assert old == charlie.code != new
    assert "removed Charlie" in bob.look()["toasts"]
    alice.ask("say", text="Charlie is gone")
    until(lambda: ("Alice", "Charlie is gone") in bob.heard, what="Bob hears", seen=bob.stand)
    wire = service.wire(bob)
    # He keeps his state from before; then he reads on, to where it ends.
    assert opened(charlie, wire.told("said")) == []
    events = [event for message in wire.told("entries") for event in read(charlie, message)]
    assert [event["self_removed"] for event in events if event["kind"] == "applied"][-1]
    assert opened(charlie, wire.told("said")) == []
    assert "code" not in charlie.state or charlie.code != new
    for leaf in range(3):
        with pytest.raises(MlsError):
            charlie.mls.call("media_key", leaf=leaf)


def test_i5_a_joiner_opens_nothing_of_what_was_said_before(service: DeliveryService, clients: Clients) -> None:
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob)
    alice.ask("say", text="Before Carol")
    until(lambda: ("Alice", "Before Carol") in bob.heard, what="Bob hears", seen=bob.stand)
    before = list(service.wire(bob).told("said"))
    service.brings(carol)
    together(alice, bob, carol)
    for message in before:
        items = [item | {"index": item["index"] + 100} for item in message["items"]]
        service.wire(carol).tell(message | {"from": message["from"] + 100, "items": items})
    alice.ask("say", text="With Carol")
    until(lambda: carol.look()["dropped"] is not None and bob.heard[-1] == ("Alice", "With Carol"), what="all hear", seen=carol.stand)
    assert ("Alice", "Before Carol") not in carol.heard
    insider = service.double("Dave")
    insider.enter()
    together(alice, bob, carol, names=["Alice", "Bob", "Carol", "Dave"])
    assert opened(insider, before) == []


def test_i5_a_removal_without_a_path_is_followed_by_nobody(service: DeliveryService, clients: Clients) -> None:
    """Everybody else refuses it, so the incarnation ends, and the next one begins without the removed."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob, carol)
    charlie = service.double("Charlie")
    charlie.enter()
    together(alice, bob, carol, names=["Alice", "Bob", "Carol", "Charlie"])
    for person in (bob, carol):
        _cut_path(service.wire(person))
    alice.ask("remove", target=charlie.participant)
    until(lambda: all(service.wire(one).sent("nack") for one in (bob, carol)), what="Bob and Carol refuse it", seen=bob.stand)
    together(alice, bob, carol)
    assert bob.look()["incarnation"] != charlie.incarnation


def opened(by: Double, said: list[Message]) -> list[str]:
    """Return what this person can open of what was said."""
    texts = []
    for item in [item for message in said for item in message["items"]]:
        try:
            made = by.mls.call("open_message", message=item["message"], participant=item["participant"])
        except MlsError:
            continue
        texts.append(str(made["content"]))
    return [text.partition('"text":"')[2].rstrip('"}') for text in texts if '"text"' in text]


def read(by: Double, message: Message) -> list[Message]:
    """Let this person read entries, as far as it goes."""
    try:
        return by.entries(message["from"], message["entries"])
    except MlsError:
        return []


def _cut_path(wire: Wire) -> None:
    """Cut the path out of the first commit that comes by."""

    def edit(message: Message) -> list[Message]:
        if message["t"] != "entries" or wire.sent("nack"):
            return [message]
        return [
            message
            | {"entries": [one | {"commit": without_path(one["commit"])} if one["kind"] == "commit" else one for one in message["entries"]]}
        ]

    wire.down = edit
