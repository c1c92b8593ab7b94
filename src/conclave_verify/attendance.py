"""Is a record of who held a call's key what a host of that meeting signed? (ATT-1)"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conclave_verify import signed

RECORD = {"call": str, "hosts": list, "made": int, "meeting": str, "people": list, "v": int}
HOST = {"by": str, "key": str, "signature": str}
SINCE = {"version": int}  # of the policy that first listed it, where that is not the first (POL-23)
STAY = {"epoch": int, "from": int, "incarnation": str, "key": str, "name": str, "participant": str}
MORE = {"account": str, "domain": str, "until": int}
LATEST = 253402300799999  # the last day that a calendar of four digits knows


class Unreadable(Exception):
    """There is no record to judge; the message is one sentence."""


class Wrong(Exception):
    """The record is not what it says; the message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """An unbroken time in which somebody held the key; `until` is None where they still did when the record was made."""

    name: str
    known: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record whose signature is good: of which call, by the host of which link, when, and who held the key."""

    meeting: str
    call: str
    host_hash: str
    co_host: bool
    made: datetime
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What of a meeting's link a record must agree with; the secret is not looked at."""

    meeting: str
    host_hash: str


def parse_link(link: str) -> Link:
    """Return the meeting and the host key hash of a link.

    Args:
        link: the link that people are invited with; its secret, between # and the dot, may be left out.

    Raises:
        Unreadable: it is no such link.
    """
    parts = urlsplit(link)
    meeting = re.fullmatch(r"/m/([A-Za-z0-9_-]{22})/?", parts.path)
    fragment = re.fullmatch(r"(?:[A-Za-z0-9_-]{22})?\.([A-Za-z0-9_-]{22})(?:\.[A-Za-z0-9_-]{22})?", parts.fragment)
    if meeting is None or fragment is None:
        raise Unreadable("This is not the link of a meeting: copy the whole link that people are invited with, with the part after #.")
    return Link(meeting=meeting[1], host_hash=fragment[1])


def check(*, path: Path, link: Link | None = None) -> Record:
    """Read a record and judge its signature and the certificates that lead to it.

    Args:
        path: the file that a host saved.
        link: the meeting that it must be of.

    Returns:
        What it says; without a link, its host hash is still to be compared with the last part of the meeting's link.

    Raises:
        Unreadable: it is no such file.
        Wrong: somebody changed it, it is not by a host, or it is of another meeting.
    """
    try:
        given = signed.parse(text=signed.read(path=path))
    except signed.TooLarge as error:
        raise Unreadable(f"{path} is too large for a record.") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is not JSON as it should be.") from error
    record, signature = _shape(given, {"attendance": dict, "signature": str}).values()
    _shape(record, RECORD)
    if record["v"] != 1:
        raise Unreadable("The record is of a version that this program does not know.")
    for stay in record["people"]:
        _shape(stay, STAY, MORE)
        if not all(0 <= stay.get(moment, 0) <= LATEST for moment in ("from", "until")):
            raise Unreadable("The record names a time that no calendar has.")
    root, key = _chain(record)
    if not signed.is_signed(key=key, label="conclave/attendance/1", value=record, signature=signature):
        raise Wrong("The signature does not fit: the record was changed, or is not by the host it names.")
    hashed = hashlib.sha256(b"conclave/host-key/1\0" + signed.decode(text=root)).digest()
    host_hash = base64.urlsafe_b64encode(hashed[:16]).rstrip(b"=").decode()
    if link is not None and link.meeting != record["meeting"]:
        raise Wrong("The record is of another meeting than the link.")
    if link is not None and link.host_hash != host_hash:
        raise Wrong("The record is signed, but by nobody whom the link makes a host.")
    stays = tuple(_stay(stay) for stay in record["people"])
    made = _moment(record["made"])
    return Record(
        meeting=record["meeting"], call=record["call"], host_hash=host_hash, co_host=len(record["hosts"]) > 1, made=made, stays=stays
    )


def _chain(record: dict[str, Any]) -> tuple[str, str]:
    """Return the link's host key and the key of the host who signs: each certificate is by one before it (POL-1)."""
    if not record["hosts"]:
        raise Wrong("The record names no host.")
    known: list[str] = []
    for host in record["hosts"]:
        _shape(host, HOST, SINCE)
        known = known or [host["by"]]
        certified = {"call": record["call"], "key": host["key"], "meeting": record["meeting"]}
        certified |= {"version": host["version"]} if host.get("version") else {}
        if host["by"] not in known or not signed.is_signed(
            key=host["by"], label="conclave/host-certificate/1", value=certified, signature=host["signature"]
        ):
            raise Wrong("A host certificate does not fit: nobody vouches for who signed.")
        known.append(host["key"])
    return known[0], known[-1]


def _shape(value: object, needed: Mapping[str, type], optional: Mapping[str, type] | None = None) -> dict[str, Any]:
    """Return the value as a record of exactly these fields, or refuse it."""
    fields = {**needed, **(optional or {})}
    if not isinstance(value, dict) or not needed.keys() <= value.keys() <= fields.keys():
        raise Unreadable("The file is not a record of who was in a call.")
    if any(type(value[name]) is not fields[name] for name in value):
        raise Unreadable("The file is not a record of who was in a call.")
    return {name: value[name] for name in fields if name in value}


def _stay(stay: dict[str, Any]) -> Stay:
    """Return one stay as people read it."""
    known = f"from {stay['domain']}" if "domain" in stay else "signed in" if "account" in stay else "typed this name"
    return Stay(name=stay["name"], known=known, since=_moment(stay["from"]), until=_moment(stay["until"]) if "until" in stay else None)


def _moment(milliseconds: int) -> datetime:
    """Return a time of the protocol."""
    if not 0 <= milliseconds <= LATEST:
        raise Unreadable("The record names a time that no calendar has.")
    return datetime.fromtimestamp(milliseconds // 1000, UTC)
