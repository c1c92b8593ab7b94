"""Entries of the ledger and what opens them: sealed fields, of which one can be shown without the others (LEDG-1)."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from conclave_verify.merkle import Wrong
from conclave_verify.note import Malformed

LABEL = b"conclave/field/1"
INTEGER_LIMIT = 2**53
DEEPEST = 32
KEYS = {"v", "type", "obj", "prev", "sealed"}
TYPE = re.compile(r"[A-Z][A-Z_]{0,31}", re.ASCII)
ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
HASH = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)

Json = Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as anybody reads it: its type, the random id of what it is about, the entry it continues, its sealed fields."""

    type: str
    obj: str
    prev: int | None
    sealed: dict[str, str]


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens one field: its name, the 32 random bytes that were sealed with it, its value."""

    field: str
    salt: bytes
    value: Json


def parse_entry(content: bytes, *, index: int) -> Entry:
    """Read an entry.

    Args:
        content: its bytes, as they are in the log.
        index: its place there.

    Raises:
        Malformed: it is none.
    """
    body = parse_json(content)
    if canonical(body) != content or not isinstance(body, dict) or body.keys() != KEYS or type(body["v"]) is not int or body["v"] != 1:
        raise Malformed(f"Entry {index} is not in the form of an entry.")
    kind, obj, prev, sealed = body["type"], body["obj"], body["prev"], body["sealed"]
    fits = isinstance(kind, str) and TYPE.fullmatch(kind) and isinstance(obj, str) and ID.fullmatch(obj) and isinstance(sealed, dict)
    if not fits or not all(isinstance(one, str) and HASH.fullmatch(one) for one in sealed.values()):
        raise Malformed(f"Entry {index} is not in the form of an entry.")
    if prev is not None and not (type(prev) is int and 0 <= prev < index):
        raise Malformed(f"Entry {index} continues an entry that does not stand before it.")
    return Entry(kind, obj, prev, sealed)


def commitment(opening: Opening) -> str:
    """Return what an entry says of a field that this opens: SHA-256 over label, name, salt and the value's canonical JSON, as base64url."""
    parts = (opening.field.encode(), opening.salt, canonical(opening.value))
    digest = hashlib.sha256(LABEL + b"".join([len(part).to_bytes(4, "big") + part for part in parts])).digest()
    return _b64url(digest)


def check_opening(*, entry: Entry, opening: Opening, index: int) -> None:
    """Check that this is what was sealed in an entry.

    Raises:
        Wrong: it is not.
    """
    if entry.sealed.get(opening.field) != commitment(opening):
        raise Wrong(f"What is shown as the field {opening.field[:40]!r} of entry {index} is not what was sealed there.")


def parse_opening(value: Json) -> Opening:
    """Read an opening: an object of `field`, `salt` (base64url) and `value`.

    Raises:
        Malformed: it is none.
    """
    if not isinstance(value, dict) or value.keys() != {"field", "salt", "value"}:
        raise Malformed("An opening is not in the form of one.")
    field, salt = value["field"], value["salt"]
    if not isinstance(field, str) or not isinstance(salt, str) or not HASH.fullmatch(salt):
        raise Malformed("An opening is not in the form of one.")
    data = base64.urlsafe_b64decode(salt + "=")
    if _b64url(data) != salt:  # the last sign has bits that mean nothing
        raise Malformed("An opening is not in the form of one.")
    return Opening(field, data, value["value"])


def canonical(value: Json) -> bytes:
    """Return the one byte string of a JSON value (RFC 8785 without fractions; ENC-1).

    Raises:
        Malformed: it has none.
    """
    try:
        return _ENCODER.encode(value if isinstance(value, str) else _ordered(value, 0)).encode()
    except (UnicodeEncodeError, ValueError) as error:
        raise Malformed("A text holds half a character.") from error


def parse_json(content: bytes) -> Json:
    """Read JSON in which each name appears once and numbers are whole.

    Raises:
        Malformed: it is none.
    """
    try:
        return _DECODER.decode(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Malformed("Something that must be JSON is not.") from error


def _b64url(data: bytes) -> str:
    """Return bytes as base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _ordered(value: Json, depth: int) -> Json:
    """Return a value whose names are in the order of their UTF-16, as RFC 8785 §3.2.3 wants them."""
    if value is None or isinstance(value, str | bool) or (isinstance(value, int) and abs(value) < INTEGER_LIMIT):
        return value
    if depth < DEEPEST and isinstance(value, list):
        return [_ordered(one, depth + 1) for one in value]
    if depth < DEEPEST and isinstance(value, dict) and all(isinstance(name, str) for name in value):
        names = sorted(value) if all(map(str.isascii, value)) else sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _ordered(value[name], depth + 1) for name in names}
    raise Malformed("A value has no canonical form.")


def _no_float(text: str) -> NoReturn:
    """Refuse fractions, NaN and the infinities."""
    raise ValueError(text)


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object whose names appear once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(pairs)
    return found


# Made once: a ledger has millions of entries and openings.
_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
