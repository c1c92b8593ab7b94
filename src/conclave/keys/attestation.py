"""The gateway's word on who sits where: signed into every leaf's credential (docs/protocol/join.md, "The attestation")."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from conclave.kernel import b64, canonical, secrets
from conclave.transparency import current

LABEL = b"conclave/attestation/1\x00"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """Canonical JSON text, and the signature and key that vouch for it, both b64."""

    text: str
    signature: str
    key: str


def attest(
    *, meeting: str, call: str, participant: str, name: str, role: str, signature_key: str, account: str = "", domain: str = ""
) -> Attestation:
    """Sign who a participant is.

    Args:
        meeting: the meeting.
        call: the call.
        participant: the seat's id.
        name: the name, checked (JOIN-1).
        role: `host` or `guest`, for display only.
        signature_key: the Ed25519 key of the coming leaf, b64.
        account: a pseudonym of the account in this meeting, when signed in.
        domain: a verified domain, when there is one.
    """
    told = {"call": call, "key": signature_key, "meeting": meeting, "name": name, "participant": participant, "role": role, "v": VERSION}
    told |= {"account": account} if account else {}
    told |= {"domain": domain} if domain else {}
    text = canonical.encode(told)
    return Attestation(text=text.decode(), signature=b64.encode(_key().sign(LABEL + text)), key=attestation_key())


def attestation_key() -> str:
    """Return the public key that attestations are checked with, b64."""
    return b64.encode(_key().public_key().public_bytes_raw())


@current.says("KEY")
def _public() -> Mapping[str, Mapping[str, str]]:
    """Return the key that the ledger names whenever it is another one."""
    return {"attestation": {"public": attestation_key()}}


def _key() -> Ed25519PrivateKey:
    """Return the signing key, made on first use."""
    return secrets.signing_key(path=Path(settings.CONCLAVE.state_dir) / "attestation.key", kind="attestation")
