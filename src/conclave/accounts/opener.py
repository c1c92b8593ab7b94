"""What opens a keyring, as browsers and the server tell each other (docs/protocol/keyring.md)."""

from dataclasses import dataclass
from enum import StrEnum

from conclave.kernel.errors import Malformed


class OpenerKind(StrEnum):
    """What an opener is; there is none for the password, which the server is told at every sign-in (KEYR-1)."""

    PASSKEY = "passkey"
    RECOVERY = "recovery"
    DEVICE = "device"


# KEYR-10: as many of each as one keyring has.
MOST = {OpenerKind.PASSKEY: 10, OpenerKind.RECOVERY: 1, OpenerKind.DEVICE: 20}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """One opener; without a secret, the one stays that is kept of it."""

    opener: str
    kind: OpenerKind
    credential: str | None
    secret: str | None
    wrapped: str


def checked(openers: tuple[Opener, ...]) -> tuple[Opener, ...]:
    """Return the openers of one keyring as they came.

    Args:
        openers: what a browser sent.

    Raises:
        Malformed: too many of a kind, one twice, or a kind without what belongs to it (KEYR-10).
    """
    if len({one.opener for one in openers}) != len(openers):
        raise Malformed("Two openers have one id.")
    for kind, most in MOST.items():
        if sum(one.kind == kind for one in openers) > most:
            raise Malformed("A keyring has too many openers.")
    for one in openers:
        if (one.credential is not None) != (one.kind is OpenerKind.PASSKEY):
            raise Malformed("Only a passkey has a credential.")
        if one.kind is OpenerKind.DEVICE and one.secret is not None:
            raise Malformed("A device keeps its key to itself.")
    return openers
