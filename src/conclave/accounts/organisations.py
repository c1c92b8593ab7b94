"""Reading organisations: mine, one as its members see it, its people and its open invitations, and what somebody has to be told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conclave.accounts.invite import still_open
from conclave.accounts.models import Membership, OrganisationInvitation, Role
from conclave.accounts.policy import INVITED_AS, OWNER, ROLES, Act, Facts, decide, open_to
from conclave.accounts.standing import OrganisationRoleTooLow, allow, others_seat, own_seat
from conclave.kernel import clock
from conclave.kernel.ids import UserId

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """One of somebody's organisations, and what their role lets them do there."""

    organisation: str
    name: str
    role: str
    role_label: str
    since: int
    may: frozenset[Act]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who belongs, as owners and admins see them."""

    membership: str
    name: str
    address: str
    role: str
    role_label: str
    since: int
    oneself: bool
    # What the school says; nobody but its owners and admins is told.
    minor: bool
    # What the asker may make of them.
    roles: tuple[str, ...] = ()
    removable: bool = False
    heir: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvitation:
    """An invitation that nobody has taken yet."""

    invitation: str
    address: str
    # What a roster calls them.
    label: str
    role: str
    role_label: str
    expires_at: int
    by: str
    revocable: bool


T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """One page of a list, and how long the list is."""

    rows: list[T]
    found: int
    page: int
    pages: int


def my_organisations(*, account: UserId) -> list[Belonging]:
    """Return the organisations that somebody belongs to, by name.

    Args:
        account: who asks.
    """
    rows = Membership.objects.filter(user=account, left_at=None, organisation__dissolved_at=None).select_related("organisation")
    return [_belonging(row) for row in rows.order_by("organisation__name", "organisation_id")]


def belonging(*, organisation: str, account: UserId, act: Act | None = None) -> Belonging:
    """Return one of somebody's organisations.

    Args:
        organisation: which.
        account: who asks.
        act: what they are about to do or see there.

    Raises:
        OrganisationUnknown: they do not belong, or there is none.
        OrganisationRoleTooLow: the act is not for their role.
    """
    own = own_seat(organisation=organisation, account=account)
    found = _belonging(own)
    if act is not None and act not in found.may:
        raise OrganisationRoleTooLow
    return found


def owners(*, organisation: str, account: UserId) -> list[str]:
    """Return what the owners are called, for whoever belongs and needs one.

    Args:
        organisation: which.
        account: who asks.

    Raises:
        OrganisationUnknown: they do not belong.
    """
    own = own_seat(organisation=organisation, account=account)
    rows = Membership.objects.filter(organisation=own.organisation_id, role=OWNER, left_at=None).select_related("user")
    return sorted(row.user.get_short_name() for row in rows)


def people(*, organisation: str, account: UserId, words: str, page: int) -> Part[Person]:
    """Return a page of those who belong, by name.

    Args:
        organisation: where.
        account: who asks.
        words: parts of the name or address, each of which must be there.
        page: which, from 1; one that does not exist is the last.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_PEOPLE, own=own)
    rows = Membership.objects.filter(organisation=own.organisation_id, left_at=None).select_related("user")
    for word in words.split()[:5]:
        rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    return _part(rows.order_by("user__name", "user__email"), page=page, told=lambda row: _person(row, own=own))


def person(*, organisation: str, account: UserId, membership: str) -> Person:
    """Return one of those who belong, with what the asker may make of them.

    Args:
        organisation: where.
        account: who asks.
        membership: whose.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        MembershipUnknown: nobody there has it.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_PEOPLE, own=own)
    return _person(others_seat(own=own, membership=membership), own=own)


def open_invitations(*, organisation: str, account: UserId, page: int, now: int) -> Part[OpenInvitation]:
    """Return a page of the invitations that nobody has taken yet, the newest first.

    Args:
        organisation: to which.
        account: who asks.
        page: which, from 1; one that does not exist is the last.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_PEOPLE, own=own)
    newest = still_open(now=now).filter(organisation=own.organisation_id).select_related("made_by").order_by("-made_at", "id")
    return _part(newest, page=page, told=lambda row: _invitation(row, own=own))


def invitable(*, role: str) -> list[tuple[str, str]]:
    """Return as what somebody with this role may invite, each with its label.

    Args:
        role: of whoever invites.
    """
    may = [one for one in INVITED_AS if decide(act=Act.INVITE, facts=Facts(actor=role, role=one)).allowed]
    return [(one, str(Role(one).label)) for one in may]


def news(*, account: UserId, now: int) -> list[str]:
    """Return what somebody does not know yet: of which organisations they were taken out, and which were dissolved. Said once.

    Args:
        account: who is told.
        now: the time.
    """
    untold = Membership.objects.filter(user=account, told_at=None).exclude(left_at=None)
    # Asked first: a transaction takes the database's one writer, and mostly there is nothing to say.
    if not untold.exists():
        return []
    with transaction.atomic():
        rows = list(untold.select_for_update(of=("self",)).select_related("organisation"))
        Membership.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=now)
    return [_told(row) for row in rows]


def _told(row: Membership) -> str:
    """Return the sentence about a membership that is over."""
    said = {"name": row.organisation.name, "day": date_format(clock.to_datetime(row.left_at or 0), "DATE_FORMAT")}
    if row.organisation.dissolved_at is not None and row.organisation.dissolved_at == row.left_at:
        return _("“%(name)s” was dissolved by one of its owners on %(day)s. You do not belong to it any more.") % said
    return _("Since %(day)s you do not belong to “%(name)s” any more: an owner or admin took you out.") % said


def _part(rows: QuerySet[M], *, page: int, told: Callable[[M], T]) -> Part[T]:
    """Return one page of rows, told as plain values."""
    count = rows.count()
    pages = max(1, -(-count // PAGE))
    page = min(max(page, 1), pages)
    return Part(rows=[told(row) for row in rows[(page - 1) * PAGE : page * PAGE]], found=count, page=page, pages=pages)


def _invitation(row: OrganisationInvitation, *, own: Membership) -> OpenInvitation:
    """Return an invitation as owners and admins see it."""
    return OpenInvitation(
        invitation=row.pk,
        address=row.address,
        label=row.label,
        role=row.role,
        role_label=str(Role(row.role).label),
        expires_at=row.expires_at,
        by=row.made_by.get_short_name() if row.made_by else "",
        revocable=decide(act=Act.REVOKE, facts=Facts(actor=own.role, target=row.role)).allowed,
    )


def _belonging(row: Membership) -> Belonging:
    """Return a membership as plain values."""
    return Belonging(
        organisation=row.organisation_id,
        name=row.organisation.name,
        role=row.role,
        role_label=str(Role(row.role).label),
        since=row.accepted_at,
        may=open_to(role=row.role),
    )


def _person(row: Membership, *, own: Membership) -> Person:
    """Return a membership as owners and admins see it."""
    oneself = row.pk == own.pk

    def may(act: Act, role: str = "") -> bool:
        # Two owners: whether it is the last one is said when it is tried.
        return decide(act=act, facts=Facts(actor=own.role, target=row.role, role=role, oneself=oneself, owners=2)).allowed

    return Person(
        membership=row.pk,
        name=row.user.name,
        address=row.user.email,
        role=row.role,
        role_label=str(Role(row.role).label),
        since=row.accepted_at,
        oneself=oneself,
        minor=row.minor,
        roles=tuple(role for role in ROLES if may(Act.CHANGE_ROLE, role)),
        removable=may(Act.REMOVE),
        heir=may(Act.TRANSFER),
    )
