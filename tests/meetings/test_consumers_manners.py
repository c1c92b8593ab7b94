"""JOIN-6: garbage, oversized, out-of-order and other people's messages change nothing and disturb nobody else."""

import json
from typing import Any

import pytest

from conclave.kernel.clock import MINUTE
from conclave.kernel.errors import Malformed
from conclave.keys.models import Group, LogEntry
from conclave.meetings import socket
from conclave.meetings.bounds import LARGEST_TEXT
from conclave.meetings.manners import BURST, Manners, manners_of
from tests.keys.members import World
from tests.meetings.sockets import Guest, together
from tests.meetings.test_consumers import _gateway, world

__all__ = ["_gateway", "world"]
pytestmark = pytest.mark.django_db(transaction=True)
ID = "A" * 22
KEY = "A" * 43
HUGE = "A" * LARGEST_TEXT

GARBAGE = [
    "",
    "null",
    "[]",
    "42",
    "{",
    '{"t":"hello"}',
    '{"t":"unheard_of"}',
    '{"t":7}',
    '{"t":"bye","extra":1}',
    '{"t":"bye","__proto__":{"t":"end"}}',
    '{"t":"bye","t":"bye"}',
    f'{{"t":"policy","incarnation":"{ID}","alone":true,"alone":false}}',
    '{"t":"ack","incarnation":"short","epoch":1,"digest":"x"}',
    *(f'{{"t":"ack","incarnation":"{ID}","epoch":{epoch},"digest":"{KEY}"}}' for epoch in ("-1", "1.5", '"1"', "null")),
    f'{{"t":"say","incarnation":"{ID}","message":"pl+us/"}}',
    f'{{"t":"nack","incarnation":"{ID}","index":0,"code":"<script>"}}',
    "[" * 100_000,
    f'{{"t":"say","incarnation":"{ID}","message":"{HUGE}"}}',
    "\ud83d\ude00" * 400_000,
]


HERE = {"incarnation": ID}
WELL_FORMED: list[dict[str, Any]] = [
    {"t": "hello", "v": 1, "participant": ID, "seat": "A", **HERE, "log": 0, "said": 0},
    {"t": "bye"},
    {"t": "create", **HERE, "group_info": "AAAA", "tree": "AAAA"},
    {"t": "announce", **HERE, "key_package": "AAAA", "mac": KEY},
    {"t": "commit", **HERE, "lease": ID, "epoch": 1, "commit": "AAAA", "welcomes": [], "dropped": []},
    {"t": "ack", **HERE, "epoch": 1, "digest": KEY},
    {"t": "nack", **HERE, "index": 1, "code": "bad_path"},
    {"t": "policy", **HERE, "alone": False},
    {"t": "remove", "participant": ID, "signature": KEY * 2, "ban": False},
    {"t": "bans"},
    {"t": "unban", "ban": ID},
    {"t": "link", **HERE, "link_version": 2, "link_id": ID},
    {"t": "end", "signature": KEY * 2},
    {"t": "say", **HERE, "message": "AAAA"},
    {"t": "answer", "knocks": [ID], "admit": True, "block": False, "sealed": [{"knock": ID, "sealed": "AAAA"}]},
    {"t": "admit", **HERE, "participant": ID, "key": "A" * 43, "signature": "A" * 86},
]
JUNK: list[Any] = [None, True, -1, 1.5, 2**53, "", "\u00e9", "\x00", HUGE + "A", [], {}, [None], {"t": "bye"}]
# What is junk elsewhere and means something here; JSON's true is Python's 1.
MEANT: list[tuple[str, str, Any]] = [
    ("hello", "incarnation", None),
    ("hello", "v", True),
    ("policy", "alone", True),
    ("remove", "ban", True),
    ("answer", "admit", True),
    ("answer", "block", True),
    ("answer", "sealed", []),
    ("commit", "welcomes", []),
    ("commit", "dropped", []),
]
OPTIONAL = [("policy", "alone"), ("remove", "ban"), ("answer", "sealed")]


@pytest.mark.parametrize("message", WELL_FORMED, ids=lambda message: message["t"])
@pytest.mark.django_db(transaction=False)
def test_each_message_is_malformed_when_any_field_is(message: dict[str, Any]) -> None:
    """JOIN-6: with a field missing, a field too many, or a field that is something else."""
    assert socket.read(text=json.dumps(message)).t == message["t"]
    spoilt = [message | {"by": "Alice"}]
    for field in message:
        if (message["t"], field) not in OPTIONAL:
            spoilt.append({name: value for name, value in message.items() if name != field})
        spoilt += [message | {field: junk} for junk in JUNK if (message["t"], field, junk) not in MEANT]
    for one in spoilt:
        with pytest.raises(Malformed):
            socket.read(text=json.dumps(one))


@pytest.mark.django_db(transaction=False)
def test_no_message_goes_untried() -> None:
    defs: Any = socket.schema()["$defs"]
    assert sorted(message["t"] for message in WELL_FORMED) == sorted(defs["ClientMessage"]["discriminator"]["mapping"])


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.django_db(transaction=False)
def test_what_is_not_the_protocol_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        socket.read(text=text)


async def test_garbage_is_answered_and_the_socket_lives_on(world: World) -> None:
    alice = Guest(world, "Alice")
    await alice.enter()
    await together(alice, names={"Alice"})
    for text in GARBAGE[:8]:
        await alice.wire.send(text=text)
        assert (await alice.until("error"))["code"] == "malformed"
    bob = Guest(world, "Bob")
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})


async def test_the_tenth_offence_in_a_minute_closes_that_socket_alone(world: World) -> None:
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.enter()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    for _ in range(10):
        await bob.wire.send(text="{}")
    assert (await bob.until("gone"))["reason"] == "misbehaved"
    await alice.say("still here")
    await alice.until("said")


async def test_a_new_socket_is_no_new_start(world: World) -> None:
    """JOIN-6: what a seat has said and done wrong is remembered when it comes back."""
    bob = Guest(world, "Bob")
    await bob.enter()
    await together(bob, names={"Bob"})
    for _ in range(10):
        await bob.wire.send(text="{}")
    await bob.wire.closed()
    await bob.connect()
    await bob.hello(incarnation=bob.mind.incarnation, log=bob.cursor or 0)
    await bob.until("ready")
    await bob.wire.send(text="{}")
    assert (await bob.until("gone"))["reason"] == "misbehaved"


async def test_whoever_is_slow_with_the_hello_comes_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOIN-6: `misbehaved` would have been the end for a machine that has much to do."""
    bob = Guest(world, "Bob")
    await bob.take_ticket()
    with monkeypatch.context() as hasty:
        hasty.setattr("conclave.meetings.consumers.HELLO_SECONDS", 0.0)
        await bob.connect()
        with pytest.raises(AssertionError, match=r"websocket\.close"):
            await bob.wire.receive()
    await bob.connect()
    await bob.hello()
    await bob.until("ready")


async def test_bytes_are_malformed(world: World) -> None:
    alice = Guest(world, "Alice")
    await alice.take_ticket()
    await alice.connect()
    await alice.wire.send(data=b"\x00")
    assert (await alice.until("error"))["code"] == "malformed"


async def test_nothing_comes_before_hello(world: World) -> None:
    """JOIN-5."""
    alice = Guest(world, "Alice")
    await alice.take_ticket()
    await alice.connect()
    await alice.tell(t="bye")
    assert await alice.until("error") == {"t": "error", "code": "malformed", "about": "bye"}
    await alice.hello()
    await together(alice, names={"Alice"})


async def test_hello_comes_once(world: World) -> None:
    alice = Guest(world, "Alice")
    await alice.enter()
    await together(alice, names={"Alice"})
    await alice.hello()
    assert await alice.until("error") == {"t": "error", "code": "malformed", "about": "hello"}


async def test_other_peoples_messages_change_nothing(world: World) -> None:
    """A member that speaks for another incarnation, lease or key package is refused with a code."""
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    before = await Group.objects.values_list("epoch", "log_next").aget()
    commit = next(entry for entry in alice.heard if entry["t"] == "lease")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"t": "announce", "incarnation": ID, "key_package": "AAAA", "mac": "A" * 43}, "not_live"),
        ({"t": "create", "incarnation": bob.mind.incarnation, "group_info": "AAAA", "tree": "AAAA"}, "not_live"),
        ({"t": "say", "incarnation": bob.mind.incarnation, "message": "AAAA"}, "bad_message"),
        ({"t": "say", "incarnation": ID, "message": bob_says(alice)}, "bad_message"),
        ({"t": "policy", "incarnation": ID}, "not_live"),
        ({"t": "nack", "incarnation": ID, "index": 0, "code": "x"}, "not_live"),
    ]
    for message, code in cases:
        await bob.tell(**message)
        assert (await bob.until("error", about=message["t"]))["code"] == code
    stolen = {key: commit[key] for key in ("incarnation", "lease", "epoch")}
    await bob.tell(t="commit", **stolen, commit="AAAA", welcomes=[], dropped=[])
    assert (await bob.until("refused"))["code"] == "stale"
    assert await Group.objects.values_list("epoch", "log_next").aget() == before


async def test_a_key_package_of_another_seat_is_refused(world: World) -> None:
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.enter()
    await together(alice, names={"Alice"})
    await bob.take_ticket()
    made = bob.mind.key_package(alice.mind.incarnation)
    before = await LogEntry.objects.acount()
    await alice.tell(t="announce", incarnation=alice.mind.incarnation, key_package=made["key_package"], mac=made["mac"])
    assert (await alice.until("error"))["code"] == "bad_key_package"
    assert await LogEntry.objects.acount() == before


def test_a_bucket_of_messages_empties_and_fills() -> None:
    manners = Manners()
    assert all(manners.may_speak(now=1_000_000) for _ in range(BURST))
    assert not manners.may_speak(now=1_000_000)
    assert manners.may_speak(now=1_000_050)
    assert not manners.may_speak(now=1_000_050)


def test_ten_offences_in_more_than_a_minute_are_forgiven() -> None:
    manners = Manners()
    assert not any(manners.offended(now=count * 7_000) for count in range(30))
    assert [manners.offended(now=1_000_000 + count) for count in range(10)].count(True) == 1


def test_manners_are_a_seats_until_it_has_rested() -> None:
    first = manners_of(participant=ID, now=1_000_000)
    assert manners_of(participant=ID, now=1_000_000 + MINUTE - 1) is first
    assert manners_of(participant="B" * 22, now=1_000_000 + 3 * MINUTE) is not first
    assert manners_of(participant=ID, now=1_000_000 + 3 * MINUTE) is not first


def test_the_schema_names_both_sides() -> None:
    defs = socket.schema()["$defs"]
    assert {"ClientMessage", "ServerMessage", "Hello", "Welcome"} <= set(defs)  # type: ignore[call-overload]
    json.dumps(socket.schema())


def bob_says(other: Guest) -> str:
    """Return a real message of the group."""
    return str(other.mind.mls.call("seal", content='{"kind":"hand","up":true}')["message"])
