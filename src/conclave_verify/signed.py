"""Files that somebody signed: read strictly, and judged by an Ed25519 signature over canonical JSON (docs/protocol/README.md, ENC-1)."""

import base64
import binascii
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LARGEST = 64 * 1024 * 1024


class TooLarge(ValueError):
    """No such file is as large as this one."""


def parse(*, text: str) -> Any:  # noqa: ANN401 - whatever JSON says; the caller checks its shape
    """Return what JSON says.

    Args:
        text: the JSON.

    Raises:
        ValueError: it is none, has a number with a fraction, or says something twice.
        RecursionError: it is nested without end.
    """
    return json.loads(text, parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_once)


def read(*, path: Path) -> str:
    """Return a file's text.

    Args:
        path: where.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no text.
        TooLarge: it is larger than any such file.
    """
    if path.stat().st_size > LARGEST:
        raise TooLarge
    return path.read_text(encoding="utf-8")


def is_signed(*, key: str, label: str, value: object, signature: str) -> bool:
    """Tell whether a key signed this value, in its canonical JSON, for this purpose.

    Args:
        key: an Ed25519 public key, b64.
        label: the purpose.
        value: what was signed.
        signature: b64.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        Ed25519PublicKey.from_public_bytes(decode(text=key)).verify(decode(text=signature), label.encode() + b"\0" + text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def decode(*, text: str) -> bytes:
    """Return the bytes of b64 text; what is none, or is written in a second way, gives none, which fits nothing.

    Args:
        text: in the alphabet of URLs, without padding.
    """
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
    # The last sign may have bits that mean nothing, and the library takes + and / too.
    return found if base64.urlsafe_b64encode(found).rstrip(b"=").decode() == text else b""


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names appear once."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(name)
        found[name] = value
    return found


def _no_float(text: str) -> NoReturn:
    """Refuse what canonical JSON does not have (ENC-1)."""
    raise ValueError(text)
