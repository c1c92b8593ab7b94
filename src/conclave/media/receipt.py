"""The routing receipt of a call: where its sound and picture were carried and which lists allowed it, signed by this server (REG-8)."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from conclave.kernel import b64, canonical, secrets

VERSION = 1
LABEL = b"conclave/receipt/1\x00"
MEETING_LABEL = b"conclave/receipt-meeting/1\x00"
# What of a call the regions' own machines carry, and all that a receipt speaks of.
CARRIED = ("sfu", "turn")


def receipt(*, call: str, meeting: str, started_at: int, ended_at: int | None, route: Sequence[Mapping[str, Any]], now: int) -> bytes:
    """Return the signed receipt of a call as a file.

    Args:
        call: the call's id.
        meeting: its meeting's; the receipt has a pseudonym of it, which whoever has the link can compute (regions.md).
        started_at: when the call began, in ms.
        ended_at: when it ended; None while it goes on.
        route: its stops, oldest first.
        now: the time.

    Returns:
        JSON: the receipt, the Ed25519 signature over its canonical form, and the public key.
    """
    pseudonym = hashlib.sha256(MEETING_LABEL + meeting.encode("ascii")).digest()[:16]
    said: dict[str, Any] = {
        "v": VERSION,
        "issuer": settings.CONCLAVE.public_url,
        "call": call,
        "meeting": b64.encode(pseudonym),
        "carried": list(CARRIED),
        "from": started_at,
        "to": ended_at,
        "made": now,
        "stops": [dict(stop) for stop in route],
    }
    signature = b64.encode(_key().sign(LABEL + canonical.encode(said)))
    return canonical.encode({"receipt": said, "signature": signature, "key": receipt_key()}) + b"\n"


def receipt_key() -> str:
    """Return the public key that receipts are checked with, b64."""
    return b64.encode(_key().public_key().public_bytes_raw())


def _key() -> Ed25519PrivateKey:
    """Return the signing key, made on first use."""
    return secrets.signing_key(path=Path(settings.CONCLAVE.state_dir) / "receipt.key", kind="receipt")
