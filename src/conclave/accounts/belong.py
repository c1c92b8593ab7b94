"""Acts on who belongs to an organisation: another role, leave, remove, hand it over."""

from django.db import transaction

from conclave.accounts.invite import take_back
from conclave.accounts.models import Membership
from conclave.accounts.policy import ADMIN, OWNER, Act
from conclave.accounts.standing import allow, others_seat, own_seat, tell_left
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal


def change_role(*, organisation: str, account: UserId, membership: str, role: str, now: int) -> None:
    """Give somebody another role; the same one again changes nothing.

    Args:
        organisation: where.
        account: who asks.
        membership: whose.
        role: the new role.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, OrganisationAboveRole, LastOwner: the rule does not allow it.
        MembershipUnknown: they do not belong.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        seat = others_seat(own=own, membership=membership)
        allow(act=Act.CHANGE_ROLE, own=own, seat=seat, role=role)
        if seat.role != role:
            fields = {"by": account, "account": seat.user_id, "before": seat.role, "role": role}
            Membership.objects.filter(pk=seat.pk).update(role=role)
            take_back(organisation=organisation, account=UserId(seat.user_id), role=role, by=account, now=now)
            journal(kind="organisation_role_changed", obj=organisation, fields=fields, now=now)


def remove_member(*, organisation: str, account: UserId, membership: str, now: int) -> None:
    """Take somebody out of an organisation; they are told when they next come.

    Args:
        organisation: where.
        account: who asks.
        membership: whose.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, OrganisationAboveRole, OwnSeat: the rule does not allow it.
        MembershipUnknown: they do not belong.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        seat = others_seat(own=own, membership=membership)
        allow(act=Act.REMOVE, own=own, seat=seat)
        Membership.objects.filter(pk=seat.pk).update(left_at=now)
        take_back(organisation=organisation, account=UserId(seat.user_id), role="", by=account, now=now)
        tell_left(organisation=organisation, account=seat.user_id, now=now)
        fields = {"by": account, "account": seat.user_id, "before": seat.role}
        journal(kind="organisation_removed", obj=organisation, fields=fields, now=now)


def leave(*, organisation: str, account: UserId, now: int) -> None:
    """Go out of an organisation.

    Args:
        organisation: which.
        account: who goes.
        now: the time.

    Raises:
        OrganisationUnknown: they do not belong.
        LastOwner: nobody else owns it.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.LEAVE, own=own)
        Membership.objects.filter(pk=own.pk).update(left_at=now, told_at=now)
        take_back(organisation=organisation, account=account, role="", by=account, now=now)
        tell_left(organisation=organisation, account=account, now=now)
        journal(kind="organisation_left", obj=organisation, fields={"by": account, "before": own.role}, now=now)


def transfer(*, organisation: str, account: UserId, membership: str, now: int) -> None:
    """Hand an organisation over: somebody becomes its owner, and whoever was it becomes an admin.

    Args:
        organisation: which.
        account: the owner who hands it over.
        membership: to whom.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, OwnSeat: the rule does not allow it.
        MembershipUnknown: they do not belong.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        seat = others_seat(own=own, membership=membership)
        allow(act=Act.TRANSFER, own=own, seat=seat)
        Membership.objects.filter(pk=seat.pk).update(role=OWNER)
        Membership.objects.filter(pk=own.pk).update(role=ADMIN)
        take_back(organisation=organisation, account=account, role=ADMIN, by=account, now=now)
        fields = {"by": account, "account": seat.user_id, "before": seat.role}
        journal(kind="organisation_transferred", obj=organisation, fields=fields, now=now)
