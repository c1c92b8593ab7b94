"""What somebody is in an organisation, and the refusals of whoever wants more than that; used inside the transaction of each act."""

from django.utils.translation import gettext_lazy as _

from conclave.accounts.models import Membership, Organisation
from conclave.accounts.policy import OWNER, Act, Facts, Reason, decide
from conclave.kernel import outbox
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId


class OrganisationUnknown(Refused):
    """There is no such organisation, or the asker does not belong to it; which of the two is not said."""

    code = "organisation_unknown"
    status = 404
    message = _("There is no such organisation, or you do not belong to it.")


class MembershipUnknown(Refused):
    """Nobody in this organisation has this membership (any more)."""

    code = "membership_unknown"
    status = 404
    message = _("This person does not belong to the organisation any more.")


class OrganisationRoleTooLow(Refused):
    """The asker belongs, and this is not for their role."""

    code = "organisation_role_too_low"
    status = 403
    message = _("Your role in this organisation does not allow this. Ask one of its owners.")


class OrganisationAboveRole(Refused):
    """The asker would act on somebody of their own rank or above, or give a role that they may not give."""

    code = "organisation_above_role"
    status = 403
    message = _("Only an owner may do this for this person or this role.")


class LastOwner(Refused):
    """The organisation would be left without an owner."""

    code = "organisation_last_owner"
    status = 409
    message = _("An organisation always has an owner. Make somebody else an owner first, or dissolve it.")


class OwnSeat(Refused):
    """What is for others was asked for oneself."""

    code = "organisation_own_seat"
    status = 409
    message = _("This cannot be done to yourself. To go, leave the organisation.")


_REFUSALS: dict[Reason, type[Refused]] = {
    Reason.STRANGER: OrganisationUnknown,
    Reason.ROLE_TOO_LOW: OrganisationRoleTooLow,
    Reason.ABOVE_ROLE: OrganisationAboveRole,
    Reason.LAST_OWNER: LastOwner,
    Reason.OWN_SEAT: OwnSeat,
}


LEFT = "organisation_left"


def tell_left(*, organisation: str, account: str, now: int) -> None:
    """Let those who keep something under an organisation's policy know that somebody's time in it is over.

    Args:
        organisation: which.
        account: whose; empty for everybody's.
        now: the time.
    """
    outbox.emit(kind=LEFT, payload={"organisation": organisation, "account": account}, now=now)


def own_seat(*, organisation: str, account: UserId, changing: bool = False) -> Membership:
    """Return somebody's living membership, with its organisation.

    Args:
        organisation: where.
        account: whose.
        changing: whether the organisation stays locked until the end of the caller's transaction, so that its acts happen one by one.

    Raises:
        OrganisationUnknown: they do not belong, or there is no such organisation (any more).
    """
    if changing:
        # Taken before anything is read: of two owners who go at once, the second one sees that they are the last.
        Organisation.objects.select_for_update().filter(pk=organisation).first()
    living = Membership.objects.filter(organisation=organisation, user=account, left_at=None, organisation__dissolved_at=None)
    found = living.select_related("organisation").first()
    if found is None:
        raise OrganisationUnknown
    return found


def others_seat(*, own: Membership, membership: str) -> Membership:
    """Return a living membership of the same organisation, with its person.

    Args:
        own: the asker's.
        membership: which one.

    Raises:
        MembershipUnknown: there is none, or it is another organisation's.
    """
    living = Membership.objects.filter(pk=membership, organisation=own.organisation_id, left_at=None)
    found = living.select_related("user").first()
    if found is None:
        raise MembershipUnknown
    return found


def allow(*, act: Act, own: Membership, seat: Membership | None = None, target: str = "", role: str = "") -> None:
    """Go on only if the rule allows this.

    Args:
        act: what is wanted.
        own: the asker's membership.
        seat: whom it is about.
        target: the role it is about where that is nobody's yet.
        role: the role that somebody is to have.

    Raises:
        OrganisationRoleTooLow, OrganisationAboveRole, LastOwner, OwnSeat: it does not.
    """
    owners = Membership.objects.filter(organisation=own.organisation_id, role=OWNER, left_at=None).count()
    oneself = seat is not None and seat.pk == own.pk
    facts = Facts(actor=own.role, target=seat.role if seat else target, role=role, oneself=oneself, owners=owners)
    decision = decide(act=act, facts=facts)
    if not decision.allowed:
        raise _REFUSALS[decision.reason]
