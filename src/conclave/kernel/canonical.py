"""Canonical JSON: RFC 8785 restricted to objects, arrays, strings, booleans, null and integers below 2^53 (ENC-1)."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

import rfc8785

from conclave.kernel.errors import Malformed

Json = Any
INTEGER_LIMIT = 2**53
MAX_DEPTH = 32


def encode(value: Json) -> bytes:
    """Return the one byte string of this value.

    Raises:
        Malformed: it holds a float, an integer of 2^53 or more, a lone surrogate, or something JSON has no word for.
    """
    _check(value, depth=0)
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise Malformed("A value has no canonical form.") from error


def parse(text: str | bytes, *, keys: Iterable[str] | None = None, optional: Iterable[str] = ()) -> Json:
    """Read JSON strictly.

    Args:
        text: UTF-8 JSON.
        keys: the keys its outermost object must have; None allows any.
        optional: further keys that it may have.

    Raises:
        Malformed: not UTF-8 or not JSON; a duplicate key, a float, an unknown or a missing key (ENC-1).
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=_object, parse_float=_refuse_float, parse_constant=_refuse_float)
    except (ValueError, RecursionError) as error:
        raise Malformed("The text is not JSON.") from error
    _check(value, depth=0)
    if keys is not None:
        _check_keys(value, keys=set(keys), optional=set(optional))
    return value


def parse_canonical(text: str | bytes, *, keys: Iterable[str] | None = None, optional: Iterable[str] = ()) -> Json:
    """Read JSON that was signed or hashed: like parse, and its text must be the canonical one.

    Raises:
        Malformed: as parse, or the text differs from the canonical form (ENC-1).
    """
    value = parse(text, keys=keys, optional=optional)
    if encode(value) != (text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text):
        raise Malformed("The text is not in canonical form.")
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return the object, refusing duplicate keys."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("A key appears twice.")
    return found


def _refuse_float(_text: str) -> NoReturn:
    """Refuse 1.0, 1e3, NaN and Infinity alike."""
    raise Malformed("Numbers must be integers.")


def _check(value: Json, *, depth: int) -> None:
    """Refuse what the restriction leaves out."""
    if depth > MAX_DEPTH:
        raise Malformed("The value is nested too deeply.")
    match value:
        case None | bool():
            return
        case str():
            _check_text(value)
        case int() if abs(value) < INTEGER_LIMIT:
            return
        case list() | tuple():
            _check_all(value, depth=depth)
        case dict() if all(isinstance(key, str) for key in value):
            _check_all([*value.keys(), *value.values()], depth=depth)
        case _:
            raise Malformed("A value has no canonical form.")


def _check_all(values: Iterable[Json], *, depth: int) -> None:
    """Check what a list or an object holds."""
    for value in values:
        _check(value, depth=depth + 1)


def _check_text(text: str) -> None:
    """Refuse lone surrogates, which have no UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("Text holds half a character.") from error


def _check_keys(value: Json, *, keys: set[str], optional: set[str]) -> None:
    """Refuse unknown and missing keys of the outermost object."""
    if not isinstance(value, dict):
        raise Malformed("The value is not an object.")
    found = set(value)
    if not keys <= found or not found <= keys | optional:
        raise Malformed("A key is unknown or missing.")
