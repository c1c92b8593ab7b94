"""Sign-in by an organisation's provider: there, back, and which account that opens (docs/protocol/sso.md).

Two things are never the same here: who somebody is at the provider (issuer and subject), and what their address is. The first opens the
account that was tied to it; the second makes a new account, if nobody has that address, and nothing else. An account that was there
before is tied only by its own person, signed in by their own means (SSO-2).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import structlog
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from conclave.accounts import mail, oidc
from conclave.accounts.addresses import normal_address
from conclave.accounts.directory import holder_of
from conclave.accounts.models import IdentityProvider, Organisation, ProviderIdentity, User
from conclave.accounts.names import shown_line
from conclave.accounts.provider import SsoNotSetUp
from conclave.accounts.questions import Answer, OtherQuestion, answered, ask
from conclave.kernel import clock
from conclave.kernel.errors import Refused, Unavailable
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER, Rate
from conclave.transparency.journal import journal

TRIP_MS = 10 * clock.MINUTE
LEEWAY_MS = oidc.LEEWAY_S * clock.SECOND
LONGEST_NAME = 64
# A school begins on one morning; whoever runs a provider still makes no more accounts than that.
NEW_RATE = Rate(name="sso_account", burst=1000, every_ms=10 * clock.SECOND)
_log = structlog.get_logger("conclave.sso")


class SsoUnknown(Refused):
    """No organisation that holds this domain lets people sign in by a provider; said of the domain, whoever has an account (SSO-7)."""

    code = "sso_unknown"
    status = 404
    message = _("No organisation on this server lets people with an address in this domain sign in its own way.")


class SsoOff(Refused):
    """The organisation's sign-in was switched off, removed or set up anew since the person went there."""

    code = "sso_off"
    status = 403
    message = _("Your organisation’s sign-in is switched off here, or was just changed. Try again, or sign in in another way.")


class SsoDomainNotHeld(Refused):
    """The address that the provider gave stands in no domain that the organisation holds now (SSO-3)."""

    code = "sso_domain_not_held"
    status = 403
    message = _("Your organisation has not shown, or not lately, that the domain of your address is its own. Ask whoever runs it.")


class SsoAnswerUnknown(Refused):
    """An answer that was not asked for, was used, is too old, or belongs to another browser or provider; which is not said (SSO-4)."""

    code = "sso_answer_unknown"
    status = 403
    message = _("This sign-in is over: it was used, took longer than ten minutes, or began in another browser. Begin again.")


class SsoAnswerInvalid(Refused):
    """The provider's answer proves nothing (SSO-5)."""

    code = "sso_answer_invalid"
    status = 403
    fault: oidc.Fault | None = None
    message = _("What your organisation’s sign-in answered could not be checked. Tell whoever runs it.")


class SsoDenied(Refused):
    """The provider let the person not in, or they turned back."""

    code = "sso_denied"
    status = 403
    message = _("Your organisation’s sign-in did not let you in.")


class SsoNotAskedAgain(Refused):
    """The provider was to ask anew who the person is, and answered by a session that it had, or does not say when it asked (SSO-15)."""

    code = "sso_not_asked_again"
    status = 403
    message = _(
        "Your organisation’s sign-in does not say that it asked you again. Sign out there, then try once more, or tell whoever runs it."
    )


class SsoUnreachable(Unavailable):
    """The provider does not answer, or not from where it may."""

    code = "sso_unreachable"
    status = 502
    fault: oidc.Fault | None = None
    message = _("Your organisation’s sign-in does not answer. Try again in a moment.")


class SsoTaken(Refused):
    """Who this is at the provider opens another account already."""

    code = "sso_taken"
    status = 409
    message = _("Your organisation’s sign-in opens another account already. Take it away there first.")


class Purpose(StrEnum):
    """What somebody goes to a provider for."""

    ENTER = "enter"
    # Whoever is signed in shows once more who they are (SSO-11).
    AGAIN = "again"
    TRY = "try"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What the session keeps while the browser is at the provider."""

    organisation: str
    purpose: Purpose
    changed_at: int
    goes_to: str
    until: int
    question: Mapping[str, Any]

    @property
    def asked_at(self) -> int:
        """When the browser went there."""
        return self.until - TRIP_MS

    def kept(self) -> dict[str, Any]:
        """Return it as a session keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is at an organisation's provider, verified, and the address it gave, in normal form."""

    organisation: str
    issuer: str
    subject: str
    address: str
    name: str
    # When they last showed the provider who they are; None where it does not say.
    shown_at: int | None = None

    def kept(self) -> dict[str, Any]:
        """Return it as a session keeps it."""
        return asdict(self)


def organisation_of(*, address: str, now: int) -> str:
    """Return the organisation by whose provider people with this address sign in: the domain alone decides (SSO-7).

    Args:
        address: as it was typed.
        now: the time.

    Raises:
        SsoUnknown: there is none.
    """
    normal = normal_address(raw=address)
    organisation = holder_of(domain=normal.rpartition("@")[2], now=now) if normal else ""
    if not IdentityProvider.objects.filter(organisation=organisation, is_on=True).exists():
        raise SsoUnknown
    return organisation


def depart(*, organisation: str, purpose: Purpose, hint: str, goes_to: str, now: int) -> tuple[str, Trip]:
    """Begin a sign-in; ask the provider where to send the browser.

    Args:
        organisation: by whose provider.
        purpose: for signing in, or to try the set-up.
        hint: the address that was typed.
        goes_to: the page of ours that is wanted afterwards.
        now: the time.

    Returns:
        Where the browser goes, and what its session keeps under the question's state.

    Raises:
        SsoNotSetUp, SsoOff: there is no provider, or it is switched off.
        SsoUnreachable, SsoAnswerInvalid: it does not answer, or not as a provider does.
    """
    row = _row(organisation=organisation, purpose=purpose)
    try:
        address, question = ask(row=row, hint=hint, now=now, again=purpose is Purpose.AGAIN)
    except oidc.Faulty as error:
        raise _refusal(error.fault, organisation=organisation) from error
    trip = Trip(
        organisation=organisation,
        purpose=purpose,
        changed_at=row.changed_at,
        goes_to=goes_to,
        until=now + TRIP_MS,
        question=question,
    )
    return address, trip


def arrive(*, trip: Trip, answer: Answer, now: int) -> Identity:
    """Return who somebody is by what the provider answered.

    Args:
        trip: what the session kept under the answer's state, used up by now.
        answer: what the browser brought.
        now: the time.

    Raises:
        SsoAnswerUnknown: it is too old, or names another provider.
        SsoDenied: the provider let nobody in.
        SsoOff, SsoNotSetUp: the provider was switched off, changed or removed meanwhile.
        SsoUnreachable, SsoAnswerInvalid: nothing that can be believed.
        SsoNotAskedAgain: they did not show there anew who they are, or nothing says so (SSO-15).
    """
    row = _row(organisation=trip.organisation, purpose=trip.purpose)
    if row.changed_at != trip.changed_at:
        raise SsoOff
    if now > trip.until:
        raise SsoAnswerUnknown
    try:
        said = answered(row=row, question=trip.question, answer=answer, now=now)
    except OtherQuestion:
        raise SsoAnswerUnknown from None
    except oidc.Faulty as error:
        raise _refusal(error.fault, organisation=trip.organisation) from error
    if said is None:
        raise SsoDenied
    if trip.purpose is Purpose.AGAIN and (said.shown_at is None or said.shown_at < trip.asked_at - LEEWAY_MS):
        raise SsoNotAskedAgain
    return Identity(
        organisation=trip.organisation,
        issuer=row.issuer,
        subject=said.subject,
        address=normal_address(raw=said.address) or "",
        name=shown_line(raw=said.name, longest=LONGEST_NAME) or "",
        shown_at=said.shown_at,
    )


def is_covered(*, identity: Identity, now: int) -> bool:
    """Tell whether the provider may speak for this address: its organisation holds exactly that domain now (SSO-3).

    Args:
        identity: who somebody is there.
        now: the time.
    """
    return bool(identity.address) and holder_of(domain=identity.address.rpartition("@")[2], now=now) == identity.organisation


def account_of(*, identity: Identity, may_make: bool, now: int) -> User | None:
    """Return the account that an identity opens, a new one if nobody has its address; None where somebody has, who must be asked.

    Args:
        identity: who somebody is at the provider, just verified.
        may_make: whether a new account may be made; not for whoever is signed in, who is asked too.
        now: the time.

    Raises:
        SsoOff, SsoNotSetUp: the provider was switched off, or removed.
        SsoDomainNotHeld: the organisation does not hold the address's domain now.
        TooOften: the organisation made too many accounts.
    """
    try:
        with transaction.atomic():
            _locked(identity=identity, now=now)
            known = _identities(identity).select_related("user").first()
            if known is not None:
                ProviderIdentity.objects.filter(pk=known.pk).update(used_at=now, address=identity.address)
                return known.user
            if not may_make or User.objects.filter(email=identity.address).exists():
                return None
            LIMITER.check(rate=NEW_RATE, subject=identity.organisation, now=now)
            made = User(email=identity.address, name=identity.name, created_at=now, is_verified=True)
            made.set_unusable_password()
            made.save()
            EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
            journal(kind="account_made", fields={"account": made.pk}, now=now)
            _tie(identity, account=UserId(made.pk), now=now)
            return made
    except IntegrityError:
        # Somebody made an account with this address at the same moment: they are asked like anybody who was there.
        return None


def vouched(*, identity: Identity, trip: Trip, account: UserId, now: int) -> dict[str, Any]:
    """Return what the session keeps of a provider's word, so that it can be seen whether that still counts (queries.signed_in_by).

    Args:
        identity: who came.
        trip: by which set-up of the provider.
        account: what the identity opens.
        now: the time.
    """
    tied = _identities(identity).values_list("pk", flat=True).first()
    # When they showed who they are, not when they came: a provider's own session may be old, and where it says nothing counts as such.
    at = now if trip.purpose is Purpose.AGAIN else min(identity.shown_at or 0, now)
    return {"organisation": identity.organisation, "identity": tied, "account": account, "set_up": trip.changed_at, "at": at}


def link(*, identity: Identity, account: UserId, now: int) -> None:
    """Let an identity open an account that was there before: its own person asked for it, signed in by their own means (SSO-2).

    Args:
        identity: who they are at the provider.
        account: theirs.
        now: the time.

    Raises:
        SsoOff, SsoNotSetUp, SsoDomainNotHeld: the provider says nothing that counts now.
        SsoTaken: it opens another account.
    """
    with transaction.atomic():
        _locked(identity=identity, now=now)
        known = _identities(identity).first()
        if known is not None and known.user_id != account:
            raise SsoTaken
        if known is not None:
            ProviderIdentity.objects.filter(pk=known.pk).update(address=identity.address)
        else:
            _tie(identity, account=account, now=now)
            address = User.objects.values_list("email", flat=True).get(pk=account)
            mail.send(to=address, what="account_changed", facts={"change": "sso_linked"}, now=now)


def _tie(identity: Identity, *, account: UserId, now: int) -> None:
    """Store whom an identity opens."""
    ProviderIdentity.objects.create(
        organisation_id=identity.organisation,
        issuer=identity.issuer,
        subject=identity.subject,
        address=identity.address,
        user_id=account,
        linked_at=now,
        used_at=now,
    )
    journal(kind="sso_linked", obj=identity.organisation, fields={"by": account}, now=now)


def _locked(*, identity: Identity, now: int) -> None:
    """Go on only if the provider's word counts now; the organisation stays locked, so that one identity makes one account."""
    Organisation.objects.select_for_update().filter(pk=identity.organisation).first()
    row = _row(organisation=identity.organisation, purpose=Purpose.ENTER)
    if row.issuer != identity.issuer:
        raise SsoOff
    if not is_covered(identity=identity, now=now):
        raise SsoDomainNotHeld


def _identities(identity: Identity) -> "QuerySet[ProviderIdentity]":
    """Return the row of an identity: of this organisation, by issuer and subject (SSO-1)."""
    return ProviderIdentity.objects.filter(organisation=identity.organisation, issuer=identity.issuer, subject=identity.subject)


def _row(*, organisation: str, purpose: Purpose) -> IdentityProvider:
    """Return an organisation's provider; to sign in by it, it must be on."""
    row = IdentityProvider.objects.filter(organisation=organisation, organisation__dissolved_at=None).first()
    if row is None:
        raise SsoNotSetUp
    if purpose is not Purpose.TRY and not row.is_on:
        raise SsoOff
    return row


def _refusal(fault: oidc.Fault, *, organisation: str) -> SsoAnswerInvalid | SsoUnreachable:
    """Return what the person is told of a fault; which one it was stands in the log, and is shown to whoever tries the set-up."""
    _log.warning("identity provider at fault", organisation=organisation, fault=str(fault))
    unreachable = fault in {oidc.Fault.UNREACHABLE, oidc.Fault.ADDRESS, oidc.Fault.DISCOVERY}
    refusal: SsoAnswerInvalid | SsoUnreachable = SsoUnreachable() if unreachable else SsoAnswerInvalid()
    refusal.fault = fault
    return refusal
