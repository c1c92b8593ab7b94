"""Keeping a person's keyring between their browsers: ciphertext, one version after the other, and nothing that opens it (KEYR-1)."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from conclave.accounts import mail
from conclave.accounts.models import Keyring, KeyringOpener
from conclave.accounts.opener import Opener, OpenerKind, checked
from conclave.accounts.queries import address_of
from conclave.kernel import b64
from conclave.kernel.errors import Malformed, Refused
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal

# How often a keyring is read that others change while it is.
TRIES = 4


class KeyringMoved(Refused):
    """Another browser was faster, or there is no such keyring any more (KEYR-4)."""

    code = "keyring_moved"
    status = 409
    message = _("Another device has changed your keyring meanwhile. Look at it again.")


class PasskeyUnknown(Refused):
    """The passkey is not one of this account's."""

    code = "passkey_unknown"
    status = 422
    message = _("This passkey does not belong to your account any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One of the account's passkeys: what a browser asks for it by, and its name."""

    credential: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A keyring as it is kept."""

    ring: str
    version: int
    sealed: str
    openers: tuple[Opener, ...]


def read_keyring(*, account: UserId) -> Stored | None:
    """Return somebody's own keyring, or None when there is none.

    Args:
        account: whose; nobody else's is ever asked for.

    Raises:
        KeyringMoved: others changed it each time that it was looked at.
    """
    for _attempt in range(TRIES):
        kept = Keyring.objects.filter(user=account).first()
        if kept is None:
            return None
        stored = _stored(kept)
        # Of one version, or a browser would take the openers of another for the server's tampering.
        if Keyring.objects.filter(user=account, ring=kept.ring, version=kept.version).exists():
            return stored
    raise KeyringMoved


def passkeys_of(*, account: UserId) -> tuple[Passkey, ...]:
    """Return an account's passkeys, the oldest first.

    Args:
        account: whose.
    """
    return tuple(Passkey(credential=_credential(row), name=row.wrap().name) for row in _passkeys(account))


def write_keyring(*, account: UserId, ring: str, expects: int, sealed: str, openers: tuple[Opener, ...] | None, now: int) -> int:
    """Keep the next version of somebody's own keyring.

    Args:
        account: whose.
        ring: which keyring.
        expects: the version it follows, 0 for a keyring that is new.
        sealed: the ciphertext.
        openers: all that opens it from now on, or None where that stays as it is.
        now: the time.

    Returns:
        Its version.

    Raises:
        KeyringMoved: the version kept is another one, or there is one already (KEYR-4).
        Malformed: the openers are not those of one keyring, or a new keyring has none.
        PasskeyUnknown: one of them is a passkey that is not this account's.
    """
    with transaction.atomic():
        if expects == 0:
            _begin(account=account, ring=ring, sealed=sealed, now=now)
        elif not Keyring.objects.filter(user=account, ring=ring, version=expects).update(
            version=expects + 1, sealed=sealed, changed_at=now
        ):
            raise KeyringMoved
        if openers is not None:
            _replace_openers(account=account, openers=checked(openers), is_new=expects == 0, now=now)
        elif expects == 0:
            raise Malformed("A new keyring says what opens it.")
    return expects + 1


def empty_keyring(*, account: UserId, now: int) -> None:
    """Delete somebody's own keyring; that there is none is no error.

    Args:
        account: whose.
        now: the time.
    """
    with transaction.atomic():
        if Keyring.objects.filter(user=account).delete()[0]:
            _tell(account=account, change="keyring_emptied", now=now)


def _stored(kept: Keyring) -> Stored:
    """Return a keyring with what opens it now."""
    rows = KeyringOpener.objects.filter(keyring=kept).select_related("passkey").order_by("pk")
    openers = tuple(
        Opener(
            opener=row.opener,
            kind=OpenerKind(row.kind),
            credential=_credential(row.passkey) if row.passkey else None,
            secret=row.secret or None,
            wrapped=row.wrapped,
        )
        for row in rows
    )
    return Stored(ring=kept.ring, version=kept.version, sealed=kept.sealed, openers=openers)


def _begin(*, account: UserId, ring: str, sealed: str, now: int) -> None:
    """Keep the first version of a keyring."""
    try:
        with transaction.atomic():
            Keyring.objects.create(user_id=account, ring=ring, version=1, sealed=sealed, made_at=now, changed_at=now)
    except IntegrityError as error:
        raise KeyringMoved from error


def _replace_openers(*, account: UserId, openers: tuple[Opener, ...], is_new: bool, now: int) -> None:
    """Let these open the keyring and no others; tell its person where one is new."""
    before = {(row.opener, row.kind): row for row in KeyringOpener.objects.filter(keyring=account)}
    passkeys = {_credential(row): row for row in _passkeys(account)}
    rows = []
    for one in openers:
        kept = before.get((one.opener, one.kind))
        if one.credential is not None and one.credential not in passkeys:
            raise PasskeyUnknown
        if one.secret is None and one.kind is not OpenerKind.DEVICE and kept is None:
            raise Malformed("A new opener comes with its secret.")
        secret = one.secret or (kept.secret if kept else "")
        passkey = passkeys.get(one.credential or "")
        rows.append(
            KeyringOpener(keyring_id=account, opener=one.opener, kind=one.kind, passkey=passkey, secret=secret, wrapped=one.wrapped)
        )
    KeyringOpener.objects.filter(keyring=account).delete()
    KeyringOpener.objects.bulk_create(rows)
    if is_new:
        _tell(account=account, change="keyring_made", now=now)
    elif any((one.opener, one.kind) not in before for one in openers):
        _tell(account=account, change="keyring_opener_added", now=now)
    else:
        journal(kind="keyring_openers_changed", fields={"account": account}, now=now)


def _tell(*, account: UserId, change: str, now: int) -> None:
    """Write down what became of a keyring, and tell its person."""
    journal(kind=change, fields={"account": account}, now=now)
    mail.send(to=address_of(account=account), what="account_changed", facts={"change": change}, now=now)


def _passkeys(account: UserId) -> list[Authenticator]:
    """Return an account's passkeys that can be used."""
    rows = Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN).order_by("created_at", "pk")
    return [row for row in rows if row.data.get("credential")]


def _credential(row: Authenticator) -> str:
    """Return what a browser knows this passkey by."""
    return b64.encode(row.wrap().authenticator_data.credential_data.credential_id)
