"""What an identity at an organisation's provider gives its person: the offer to belong, and the list on the page of their account.

Coming from the provider makes nobody a member: it is offered, and accepted or not (SSO-8).
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from conclave.accounts import mail
from conclave.accounts.factors import factors_of
from conclave.accounts.invite import addresses_of, is_minor, still_open
from conclave.accounts.models import IdentityProvider, Membership, Organisation, ProviderIdentity, User
from conclave.accounts.policy import MEMBER
from conclave.accounts.provider import is_ready
from conclave.accounts.standing import OrganisationUnknown
from conclave.kernel import clock
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal

# Who came from the provider so lately is whom it vouches for; who was there long ago may have left since.
OFFER_MS = clock.HOUR


class IdentityUnknown(Refused):
    """The account has no such identity (any more)."""

    code = "identity_unknown"
    status = 404
    message = _("Your account has no such sign-in.")


class OnlyWayIn(Refused):
    """Without this identity nothing would open the account."""

    code = "only_way_in"
    status = 409
    message = _("Nothing else opens your account yet. Choose a password or add a passkey first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """An identity as its person sees it."""

    identity: str
    organisation: str
    name: str
    issuer: str
    linked_at: int
    used_at: int


def identities_of(*, account: UserId) -> list[Tied]:
    """Return the identities that open an account.

    Args:
        account: whose.
    """
    rows = ProviderIdentity.objects.filter(user=account).select_related("organisation").order_by("linked_at", "pk")
    return [
        Tied(
            identity=row.pk,
            organisation=row.organisation_id,
            name=row.organisation.name,
            issuer=row.issuer,
            linked_at=row.linked_at,
            used_at=row.used_at,
        )
        for row in rows
    ]


def untie(*, user: User, identity: str, now: int) -> None:
    """Let an identity open the account no more.

    Args:
        user: whose account.
        identity: which.
        now: the time.

    Raises:
        IdentityUnknown: it is not theirs.
        OnlyWayIn: nothing else opens the account.
    """
    with transaction.atomic():
        rows = ProviderIdentity.objects.select_for_update().filter(user=user)
        row = rows.filter(pk=identity).first()
        if row is None:
            raise IdentityUnknown
        if not user.has_usable_password() and not factors_of(user=user).passkeys and not rows.exclude(pk=identity).exists():
            raise OnlyWayIn
        row.delete()
        journal(kind="sso_untied", obj=row.organisation_id, fields={"by": user.pk}, now=now)
        mail.send(to=user.email, what="account_changed", facts={"change": "sso_untied"}, now=now)


def offered(*, organisation: str, account: UserId, now: int) -> str:
    """Return the name of the organisation that somebody may join because they just came from its provider.

    Args:
        organisation: which.
        account: who came.
        now: the time.

    Raises:
        OrganisationUnknown: it is not offered to them (any more): they belong, or belonged and need an invitation, or came from elsewhere.
    """
    came = _came(organisation=organisation, account=account, now=now).exists()
    if not came or not is_ready(organisation=organisation, now=now) or Membership.objects.filter(organisation=organisation, user=account):
        raise OrganisationUnknown
    return name_of(organisation=organisation)


def name_of(*, organisation: str) -> str:
    """Return what an organisation is called, for whoever came from its provider.

    Args:
        organisation: which.
    """
    return Organisation.objects.values_list("name", flat=True).get(pk=organisation)


def join(*, organisation: str, account: UserId, now: int) -> None:
    """Belong to the organisation from whose provider one just came, as a member; who was flagged as a minor stays flagged (SCHOOL-6).

    Args:
        organisation: which.
        account: who accepts.
        now: the time.

    Raises:
        OrganisationUnknown: it is not offered to them (any more).
    """
    with transaction.atomic():
        Organisation.objects.select_for_update().filter(pk=organisation).first()
        offered(organisation=organisation, account=account, now=now)
        minor = is_minor(organisation=organisation, account=account)
        Membership.objects.create(organisation_id=organisation, user_id=account, role=MEMBER, accepted_at=now, minor=minor)
        # Their own link is used up: it would let in somebody else.
        known = addresses_of(organisation=organisation, account=account)
        still_open(now=now).filter(organisation=organisation, address__in=known).update(accepted_at=now, label="")
        journal(kind="organisation_joined", obj=organisation, fields={"by": account, "role": MEMBER}, now=now)


def _came(*, organisation: str, account: UserId, now: int) -> "QuerySet[ProviderIdentity]":
    """Return the identity by which somebody came from the provider as it is set up now."""
    issuer = IdentityProvider.objects.filter(organisation=organisation).values("issuer")
    return ProviderIdentity.objects.filter(organisation=organisation, user=account, issuer__in=issuer, used_at__gt=now - OFFER_MS)
