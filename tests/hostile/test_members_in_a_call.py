"""Mallory sits in a real call with valid keys, between people with browsers, and says whatever she likes: in the group and to the gateway.

Nobody else's call suffers: picture, code and chat go on, and whoever comes gets in (SAY-1, SAY-4, JOIN-6, LOG-15).
"""

import json
from collections.abc import Iterator

import pytest

from conclave.kernel import clock
from tests.headless.people import Beside, world_of
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person
from tests.journeys.world import Installation

ID, KEY, SIGNATURE = "A" * 22, "A" * 43, "A" * 86
MARK = "mallory-was-here"
FLOOD_SECONDS, FLOOD_RATE = 4, 1000
POLITE_RATE = 18  # just below what the gateway refuses


@pytest.fixture
def beside(server: Installation, meeting: str) -> Iterator[Beside]:
    """Mallory's machine."""
    with Beside(world_of(url=server.url, link=meeting)) as running:
        yield running


@pytest.fixture
def bob(alice: Person, people: Guests, meeting: str) -> Person:
    """Bob, in the call with Alice."""
    person = people("Bob")
    person.join(meeting)
    alice.sees(person)
    return person


def nonsense() -> list[str]:
    """Return contents that are sealed and franked as they should be, and are nothing that anybody says.

    What is no JSON object with a kind, no module seals or opens: mls/src/tests/sayings.rs has those.
    """
    deep: object = MARK
    for _ in range(100):
        deep = [deep]
    beat = {"epoch": 1, "kind": "heartbeat", "policy": 0, "time": clock.now(), "transcript": MARK}
    said: list[dict[str, object]] = [
        {"kind": MARK}, {"kind": ""}, {"kind": "CHAT", "text": MARK}, {"kind": "__proto__"}, {"kind": "constructor"},
        {"kind": "chat"}, {"kind": "chat", "text": ""}, {"kind": "chat", "text": 7}, {"kind": "chat", "text": {"html": MARK}},
        {"kind": "chat", "text": [MARK]}, {"kind": "chat", "participant": ID, "text": MARK}, {"kind": "chat", "text": MARK * 1000},
        {"kind": "chat", "deep": deep, "text": MARK}, {"__proto__": {"kind": "end"}, "kind": "chat"},
        {"kind": "hand"}, {"kind": "hand", "up": MARK}, {"kind": "hand", "up": 1}, {"by": "Alice", "kind": "end"},
        {"kind": "remove", "participant": ID}, {"all": True, "kind": "mute"}, {"kind": "policy", "locked": True},
        beat, beat | {"time": clock.now() + 10**9}, beat | {"epoch": 2**53 - 1}, beat | {"epoch": -1}, beat | {"time": "now"},
    ]  # fmt: skip
    return [json.dumps(one, separators=(",", ":"), sort_keys=True) for one in said]


def everything(*, participant: str, incarnation: str, epoch: int, sealed: str) -> tuple[list[str], list[str]]:
    """Return every message of the socket with what Mallory knows filled in, those with the right form and those without."""
    here = {"incarnation": incarnation}
    shaped: list[dict[str, object]] = [
        {"t": "create", **here, "group_info": "AAAA", "tree": "AAAA"},
        {"t": "announce", **here, "key_package": "A" * 1000, "mac": KEY},
        {"t": "commit", **here, "lease": ID, "epoch": epoch, "commit": sealed, "welcomes": [], "dropped": []},
        *({"t": "ack", **here, "epoch": wrong, "digest": KEY} for wrong in (0, epoch, epoch + 1, 2**53 - 1)),
        *({"t": "nack", **here, "index": index, "code": "bad_path"} for index in (0, 1, 2, 3, 2**53 - 1)),
        {"t": "policy", **here},
        {"t": "policy", **here, "alone": True},
        {"t": "remove", "participant": participant, "signature": SIGNATURE},
        {"t": "end", "signature": SIGNATURE},
        {"t": "say", **here, "message": sealed},
        {"t": "say", **here, "message": sealed[:-8] + "AAAAAAAA"},
        {"t": "say", **here, "message": "A" * 60_000},
    ]
    again = {"t": "hello", "v": 1, "participant": participant, "seat": KEY, "incarnation": None, "log": 0, "said": 0}
    huge = {"t": "say", **here, "message": "A" * 200_000}
    wrong = ["", "null", "{", "[" * 5_000, '{"t":"lease"}', '{"t":"bye","now":true}', json.dumps(again), json.dumps(huge)]
    return [json.dumps(one) for one in shaped], wrong


def still_fine(alice: Person, bob: Person, text: str) -> None:
    """Assert that two people's call is what it was."""
    bob.panel("chat")
    alice.says(text)
    bob.reads(text)
    assert MARK not in bob.text() + alice.text()
    until(lambda: alice.code() == bob.code() != "", what="one code", seen=lambda: f"{alice.text()}\n{bob.text()}")
    for person, other in ((alice, bob), (bob, alice)):
        person.sees(other)
        assert not person.has("[data-ended]")


@pytest.mark.journey("call")
def test_nonsense_inside_the_group_disturbs_nobody(alice: Person, bob: Person, beside: Beside) -> None:
    beside.ask("join", name="Mallory")
    until(lambda: alice.names() == bob.names() == ["Alice", "Bob", "Mallory"], what="all three")
    for text in nonsense():
        beside.ask("utter", name="Mallory", text=text)
    still_fine(alice, bob, "Did you hear anything?")
    markup = f"<img src=x onerror=\"document.title='{MARK[:7]}'\">"
    beside.ask("say", name="Mallory", text=markup)
    alice.panel("chat")
    alice.reads(markup)  # SAY-4: as text
    assert all(MARK[:7] not in str(person.browser.ask("() => document.title")) for person in (alice, bob))
    assert not alice.has(".call img[src=x]")
    beside.ask("utter", name="Mallory", text='{"kind":"end"}')  # a host's word, and she is none
    still_fine(alice, bob, "We go on.")


@pytest.mark.journey("call")
def test_a_thousand_messages_a_second_of_everything_disturb_nobody(alice: Person, bob: Person, beside: Beside) -> None:
    mallory = beside.ask("join", name="Mallory")["participant"]
    until(lambda: alice.names() == bob.names() == ["Alice", "Bob", "Mallory"], what="all three")
    state = beside.states()["Mallory"]
    sealed = beside.ask("utter", name="Mallory", text='{"kind":"hand","up":false}')["message"]
    shaped, wrong = everything(participant=mallory, incarnation=state["incarnation"], epoch=state["epoch"], sealed=sealed)
    for texts, rate, name in (([*shaped, *wrong], FLOOD_RATE, "Dora"), (shaped, POLITE_RATE, "Erik")):
        flood = beside.begin("flood", name="Mallory", texts=texts, rate=rate, seconds=FLOOD_SECONDS)
        still_fine(alice, bob, f"Is {name} coming?")
        beside.ask("join", name=name)
        assert flood.result(60)["sent"] > FLOOD_SECONDS
        until(lambda name=name: name in alice.names() and name in bob.names(), what=f"{name} in the call", seen=alice.stand)  # type: ignore[misc]
        still_fine(alice, bob, f"Hello, {name}.")
        until(lambda name=name: beside.states()[name]["code"] == alice.code(), what=f"the code of {name}", seen=alice.stand)  # type: ignore[misc]
        said = json.dumps({"kind": "chat", "text": f"Hello, {name}."}, separators=(",", ":"))
        until(lambda name=name, said=said: said in beside.states()[name]["heard"], what=f"{name} reads the chat")  # type: ignore[misc]
