"""The edge of the keyring, at /api/v1/keyring: only for whoever is signed in, and only their own (docs/protocol/keyring.md)."""

from dataclasses import asdict

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Router, Status

from conclave.accounts.bearer import account_of
from conclave.accounts.keyring import Stored, empty_keyring, passkeys_of, read_keyring, write_keyring
from conclave.accounts.opener import Opener, OpenerKind
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.schema import OWN_REFUSALS
from conclave.meetings.schemas import KeyringIn, KeyringOut, KeyringVersion, OpenerOut, PasskeyOut, SealedOut

router = Router()

# KEYR-10: a browser reads at each look at the meetings, and writes when something changed.
READ_RATE = Rate(name="keyring_read", burst=120, every_ms=clock.SECOND)
WRITE_RATE = Rate(name="keyring_write", burst=60, every_ms=10 * clock.SECOND)


@router.get("/keyring", response={200: KeyringOut, **OWN_REFUSALS}, summary=_("One’s own keyring, as ciphertext"))
def get_keyring(request: HttpRequest) -> KeyringOut:
    """Return the signed-in person's keyring, and what their passkeys are asked for by."""
    account = _whose(request, READ_RATE)
    kept = read_keyring(account=account)
    return KeyringOut(
        account=account,
        keyring=_sealed_out(kept) if kept else None,
        passkeys=[PasskeyOut(credential=one.credential, name=one.name) for one in passkeys_of(account=account)],
    )


@router.put("/keyring", response={200: KeyringVersion, **OWN_REFUSALS}, summary=_("Keep the next version of one’s own keyring"))
def put_keyring(request: HttpRequest, body: KeyringIn) -> KeyringVersion:
    """Store ciphertext, if nobody was faster (KEYR-4)."""
    account = _whose(request, WRITE_RATE)
    openers = None if body.openers is None else tuple(Opener(**{**one.model_dump(), "kind": OpenerKind(one.kind)}) for one in body.openers)
    version = write_keyring(account=account, ring=body.ring, expects=body.expects, sealed=body.sealed, openers=openers, now=clock.now())
    return KeyringVersion(version=version)


@router.delete("/keyring", response={204: None, **OWN_REFUSALS}, summary=_("Empty one’s own keyring"))
def delete_keyring(request: HttpRequest) -> Status[None]:
    """Delete ciphertext and openers; the links that devices keep stay there."""
    empty_keyring(account=_whose(request, WRITE_RATE), now=clock.now())
    return Status(204, None)


def _sealed_out(kept: Stored) -> SealedOut:
    """Return a keyring as its answer."""
    openers = [OpenerOut.model_validate({**asdict(one), "kind": one.kind.value}) for one in kept.openers]
    return SealedOut(ring=kept.ring, version=kept.version, sealed=kept.sealed, openers=openers)


def _whose(request: HttpRequest, rate: Rate) -> UserId:
    """Return who is signed in, after taking one token of their rate."""
    account = account_of(request)
    LIMITER.check(rate=rate, subject=account, now=clock.now())
    return account
