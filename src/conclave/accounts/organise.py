"""Acts on an organisation as a whole: make it, name it, dissolve it, and take somebody whose account goes out of all of theirs."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.accounts.invite import take_back
from conclave.accounts.models import (
    DomainClaim,
    IdentityProvider,
    Membership,
    Organisation,
    OrganisationInvitation,
    ProviderIdentity,
    School,
)
from conclave.accounts.names import shown_line
from conclave.accounts.policy import OWNER, Act
from conclave.accounts.schooling import Standing
from conclave.accounts.standing import allow, own_seat, tell_left
from conclave.accounts.tenure import State, Tenure
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal

LONGEST_NAME = 100
MOST_OWNED = 20


class OrganisationNameForbidden(Refused):
    """The name is empty, too long or holds characters that cannot be shown."""

    code = "organisation_name_forbidden"
    status = 422
    message = _("A name has 1 to 100 characters, all of which can be shown.")


class OrganisationsFull(Refused):
    """One person owns at most 20 organisations at once."""

    code = "organisations_full"
    status = 409
    message = _("You own 20 organisations already. Hand one over or dissolve one first.")


class OrganisationNameDiffers(Refused):
    """What was typed to dissolve an organisation is not its name."""

    code = "organisation_name_differs"
    status = 422
    message = _("This is not the organisation’s name. Nothing was dissolved.")


def found(*, name: str, account: UserId, now: int) -> str:
    """Make an organisation; whoever makes it is its owner.

    Args:
        name: what it is called; need not differ from the names of others.
        account: who makes it.
        now: the time.

    Returns:
        Its id.

    Raises:
        OrganisationNameForbidden: the name cannot be used.
        OrganisationsFull: they own too many.
    """
    cleaned = _clean_name(name)
    with transaction.atomic():
        if Membership.objects.filter(user=account, role=OWNER, left_at=None).count() >= MOST_OWNED:
            raise OrganisationsFull
        made = Organisation.objects.create(name=cleaned, created_at=now)
        Membership.objects.create(organisation=made, user_id=account, role=OWNER, accepted_at=now)
        journal(kind="organisation_made", obj=made.pk, fields={"by": account}, now=now)
    return made.pk


def rename(*, organisation: str, account: UserId, name: str, now: int) -> None:
    """Give an organisation another name; the same one again changes nothing.

    Args:
        organisation: which.
        account: who asks.
        name: the new name.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        OrganisationNameForbidden: the name cannot be used.
    """
    cleaned = _clean_name(name)
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.RENAME, own=own)
        if Organisation.objects.filter(pk=organisation).exclude(name=cleaned).update(name=cleaned):
            journal(kind="organisation_renamed", obj=organisation, fields={"by": account}, now=now)


def dissolve(*, organisation: str, account: UserId, name: str, now: int) -> None:
    """End an organisation for good: nobody belongs to it any more, its invitations open nothing; the others are told when they next come.

    Args:
        organisation: which.
        account: who asks.
        name: its name, typed by whoever asks, so that it is not done by a slip.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        OrganisationNameDiffers: the name is another.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.DISSOLVE, own=own)
        if " ".join(name.split()) != own.organisation.name:
            raise OrganisationNameDiffers
        _end(own=own, now=now)


def part_with_all(*, account: UserId, now: int) -> None:
    """Take somebody out of all their organisations and forget that they were in any, inside the transaction that erases their account.

    What they alone belong to is dissolved. The journals keep an id that names nobody any more.

    Args:
        account: whose account goes.
        now: the time.

    Raises:
        LastOwner: others would be left without an owner; they hand the organisation over first.
    """
    for organisation in Membership.objects.filter(user=account, left_at=None).values_list("organisation", flat=True):
        own = own_seat(organisation=organisation, account=account, changing=True)
        if not Membership.objects.filter(organisation=organisation, left_at=None).exclude(pk=own.pk).exists():
            _end(own=own, now=now)
            continue
        allow(act=Act.LEAVE, own=own)
        take_back(organisation=organisation, account=account, role="", by=account, now=now)
        journal(kind="organisation_left", obj=organisation, fields={"by": account, "before": own.role}, now=now)
    Membership.objects.filter(user=account).delete()


def _end(*, own: Membership, now: int) -> None:
    """Dissolve the organisation of this membership."""
    Organisation.objects.filter(pk=own.organisation_id).update(dissolved_at=now)
    OrganisationInvitation.objects.filter(organisation=own.organisation_id, accepted_at=None, revoked_at=None).update(revoked_at=now)
    # Its domains are free for whoever proves them next.
    DomainClaim.objects.filter(organisation=own.organisation_id).update(**Tenure(state=State.REVOKED).columns)
    # So is its place in the register of schools; what it said of itself goes.
    School.objects.filter(organisation=own.organisation_id).update(
        standing=Standing.ENDED, ends_at=None, asked_at=None, evidence="", contact_name="", contact="", reason=""
    )
    # Nor does its provider speak for anybody any more.
    IdentityProvider.objects.filter(organisation=own.organisation_id).delete()
    ProviderIdentity.objects.filter(organisation=own.organisation_id).delete()
    Membership.objects.filter(pk=own.pk).update(told_at=now)
    Membership.objects.filter(organisation=own.organisation_id, left_at=None).update(left_at=now)
    tell_left(organisation=own.organisation_id, account="", now=now)
    journal(kind="organisation_dissolved", obj=own.organisation_id, fields={"by": own.user_id}, now=now)


def _clean_name(raw: str) -> str:
    """Return a name as it is shown."""
    cleaned = shown_line(raw=raw, longest=LONGEST_NAME)
    if cleaned is None:
        raise OrganisationNameForbidden
    return cleaned
