"""Franking keys and tags: what lets the gateway recognise later what it relayed, without reading it (docs/protocol/messages.md)."""

import hashlib
import hmac
import threading
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from conclave.kernel import b64, clock, secrets
from conclave.kernel.lp import lp

LABEL = b"conclave/frank-ds/1\x00"
KEPT_MS = 90 * clock.DAY
_keys: dict[tuple[Path, str], bytes] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A franking tag and the name of the key that made it."""

    kid: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """What the gateway knows of a message: C (its authenticated data), SHA-256 of the ciphertext, where, who by its socket, when in ms."""

    commitment: bytes
    message_hash: bytes
    meeting: str
    participant: str
    received: int


def frank(*, relayed: Relayed) -> Tag:
    """Return the tag of a relayed message, by the key of the month in which it was received.

    Args:
        relayed: the message.
    """
    kid = kid_at(now=relayed.received)
    return Tag(kid=kid, tag=b64.encode(_tag(_key(kid), relayed)))


def kid_at(*, now: int) -> str:
    """Return the name of the key in use at this time: its UTC month, as 2026-11."""
    return clock.to_day(now)[:7]


def destroy_old(*, now: int) -> list[str]:
    """Delete the keys last used more than 90 days ago; return their names."""
    oldest = kid_at(now=now - KEPT_MS)
    gone = [path for path in _folder().glob("*.key") if path.stem < oldest]
    with _lock:
        for path in gone:
            path.unlink(missing_ok=True)
            _keys.pop((path.parent, path.stem), None)
    return [path.stem for path in gone]


def _tag(key: bytes, relayed: Relayed) -> bytes:
    """Return the tag's bytes."""
    what = (relayed.commitment, relayed.message_hash)
    where = (relayed.meeting.encode(), relayed.participant.encode(), relayed.received.to_bytes(8, "big"))
    return hmac.digest(key, LABEL + lp(*what, *where), "sha256")


def _folder() -> Path:
    """Return the folder of the franking keys."""
    return Path(settings.CONCLAVE.state_dir) / "franking"


def _key(kid: str) -> bytes:
    """Return one month's key, making it on first use (readable by the server's user only)."""
    where = (_folder(), kid)
    with _lock:
        if where not in _keys:
            text = secrets.text_secret(path=where[0] / f"{kid}.key")
            _keys[where] = hashlib.sha256(b"conclave/frank-key/1\x00" + text.encode("ascii")).digest()
        return _keys[where]
