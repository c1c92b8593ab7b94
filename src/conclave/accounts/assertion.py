"""A passkey shown for one act: the question is made of the act itself, so what is signed for one act is good for no other (STAFF-3).

The challenge is a hash over a random number of ours and the act in canonical form. The number is good for one time and five minutes: it is
used up in the transaction of the act. Whether fingerprint, face or PIN were asked for is checked, whatever the browser was told.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from fido2.server import Fido2Server
from fido2.webauthn import AttestedCredentialData, PublicKeyCredentialRpEntity, UserVerificationRequirement

from conclave.accounts.models import PasskeyAsk
from conclave.accounts.staff_policy import FRESH_MS
from conclave.kernel import b64, canonical
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId

Act = Mapping[str, canonical.Json]


class PasskeyMissing(Refused):
    """The account has no passkey to show."""

    code = "passkey_missing"
    status = 409
    message = _("This takes a passkey, and your account has none. Add one under Account, then come back.")


class PasskeyNotShown(Refused):
    """No passkey of the account was shown for this very act within five minutes; which of it is missing is not said."""

    code = "passkey_not_shown"
    status = 403
    message = _("No passkey of yours was shown for exactly this within the last five minutes. Nothing was done. Begin again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page sends back: which question, and what the browser says of the passkey (forms.PasskeyField has read it)."""

    ask: str
    credential: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A passkey is asked for: what the browser needs, and the number to send back with its answer."""

    ask: str
    options: dict[str, Any]


def ask_passkey(*, account: UserId, act: Act, now: int) -> Question:
    """Ask somebody for a passkey, for one act.

    Args:
        account: whose.
        act: everything that the act is about, as it will be done.
        now: the time.

    Raises:
        PasskeyMissing: they have none.
    """
    known = [credential for _row, credential in _passkeys(account)]
    if not known:
        raise PasskeyMissing
    row = PasskeyAsk.objects.create(user_id=account, asked_at=now)
    options, _state = _server().authenticate_begin(
        credentials=known, user_verification=UserVerificationRequirement.REQUIRED, challenge=_challenge(row.pk, act)
    )
    # Mappings of the library's own in there become plain ones.
    return Question(ask=row.pk, options=json.loads(json.dumps(dict(options), default=dict)))


def use_passkey(*, account: UserId, act: Act, shown: Shown | None, now: int) -> int:
    """Judge the passkey that was shown for an act and use the question up, inside the transaction of the act.

    Args:
        account: who acts.
        act: the same that was asked for.
        shown: what was sent back; None for nothing.
        now: the time.

    Returns:
        When it was asked for.

    Raises:
        PasskeyNotShown: it is not theirs, not for this, too old, or was used already.
    """
    row = PasskeyAsk.objects.select_for_update().filter(pk=shown.ask, user=account).first() if shown else None
    if shown is None or row is None or not 0 <= now - row.asked_at <= FRESH_MS:
        raise PasskeyNotShown
    state = {"challenge": b64.encode(_challenge(row.pk, act)), "user_verification": UserVerificationRequirement.REQUIRED}
    passkeys = _passkeys(account)
    try:
        used = _server().authenticate_complete(state, [credential for _row, credential in passkeys], shown.credential)
    except (ValueError, TypeError, KeyError):
        raise PasskeyNotShown from None
    if not PasskeyAsk.objects.filter(pk=row.pk).delete()[0]:
        raise PasskeyNotShown
    next(found for found, credential in passkeys if credential.credential_id == used.credential_id).record_usage()
    return row.asked_at


def server_host() -> str:
    """Return the name under which people reach this server, to which passkeys are bound: the operator's, whatever a request claims."""
    return urlsplit(settings.CONCLAVE.public_url).hostname or "localhost"


def _challenge(ask: str, act: Act) -> bytes:
    """Return what a passkey signs for an act."""
    return hashlib.sha256(f"conclave/act/1\0{ask}\0".encode() + canonical.encode({**act})).digest()


def _passkeys(account: UserId) -> list[tuple[Any, AttestedCredentialData]]:
    """Return somebody's passkeys, each with its public part."""
    rows = Authenticator.objects.filter(user=account, type=Authenticator.Type.WEBAUTHN).order_by("pk")
    return [(row, row.wrap().authenticator_data.credential_data) for row in rows]


def _server() -> Fido2Server:
    """Return what judges passkeys that are bound to this installation's name, as allauth binds them (adapter.py)."""
    return Fido2Server(PublicKeyCredentialRpEntity(id=server_host(), name="Conclave"))
