"""Sealed rows: what is written can be shown later, field by field, or made unreadable for good, without changing the row.

A leaf is canonical JSON `{"v":1,"type":…,"obj":…,"prev":…,"sealed":{name: commitment}}`, where

    commitment = b64(SHA-256("conclave/field/1" ‖ lp(name) ‖ lp(salt) ‖ lp(canonical JSON of the value)))

with a random 32-byte salt, because values are few and could be guessed. Nothing but the type is readable without an opening
(field, salt, value); destroying the opening leaves the leaf and reveals nothing. Vectors: tests/vectors/ledger.json.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conclave.kernel import b64, canonical
from conclave.kernel.errors import Malformed
from conclave.kernel.lp import lp

FIELD_LABEL = b"conclave/field/1"
JOURNAL_LABEL = b"conclave/journal/1"
SALT_BYTES = 32
MAX_LEAF_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class FieldOpening:
    """What opens one field."""

    field: str
    salt: bytes
    value: canonical.Json


@dataclass(frozen=True, slots=True)
class Sealed:
    """A leaf and what opens it."""

    leaf: bytes
    openings: tuple[FieldOpening, ...]


def commitment(*, field: str, salt: bytes, value: canonical.Json) -> str:
    """Return what the leaf says of this field.

    Raises:
        Malformed: the value has no canonical form.
    """
    return b64.encode(hashlib.sha256(FIELD_LABEL + lp(field.encode(), salt, canonical.encode(value))).digest())


def seal(
    *,
    kind: str,
    obj: str,
    prev: int | None,
    fields: Mapping[str, canonical.Json],
    new_salt: Callable[[int], bytes] = secrets.token_bytes,
) -> Sealed:
    """Make a leaf.

    Args:
        kind: its type, the only thing anybody can read.
        obj: the random id of what it is about.
        prev: the index of the row it continues, or None.
        fields: what is sealed.
        new_salt: where salts come from; tests pass fixed ones.

    Raises:
        Malformed: a value has no canonical form, or the leaf is longer than a log allows (65,535 bytes).
    """
    openings = tuple(FieldOpening(name, new_salt(SALT_BYTES), value) for name, value in sorted(fields.items()))
    sealed = {one.field: commitment(field=one.field, salt=one.salt, value=one.value) for one in openings}
    leaf = canonical.encode({"v": 1, "type": kind, "obj": obj, "prev": prev, "sealed": sealed})
    if len(leaf) > MAX_LEAF_BYTES:
        raise Malformed("A ledger entry is too long.")
    return Sealed(leaf=leaf, openings=openings)


def opens(*, leaf: bytes, opening: FieldOpening) -> bool:
    """Tell whether this opening belongs to this leaf.

    Raises:
        Malformed: the leaf is not one.
    """
    body = canonical.parse_canonical(leaf, keys=("v", "type", "obj", "prev", "sealed"))
    wanted = body["sealed"].get(opening.field)
    return bool(wanted == commitment(field=opening.field, salt=opening.salt, value=opening.value))


def chain(*, before: str, leaf: bytes) -> str:
    """Return the journal's hash after this leaf: b64(SHA-256("conclave/journal/1" ‖ lp(hash before) ‖ lp(leaf)))."""
    return b64.encode(hashlib.sha256(JOURNAL_LABEL + lp(before.encode(), leaf)).digest())
