"""meetings/socket.py and meetings/manners.py: what is a message of the meeting socket, and how many one seat may send (JOIN-6)."""

import json
from typing import Any

import pytest

from conclave.kernel.clock import MINUTE
from conclave.kernel.errors import Malformed
from conclave.meetings import socket
from conclave.meetings.bounds import LARGEST_TEXT
from conclave.meetings.manners import BURST, Manners, manners_of

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


def test_no_message_goes_untried() -> None:
    defs: Any = socket.schema()["$defs"]
    assert sorted(message["t"] for message in WELL_FORMED) == sorted(defs["ClientMessage"]["discriminator"]["mapping"])


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_not_the_protocol_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        socket.read(text=text)


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
