"""Reading the platform's staff: who is what, since when and by whom; for the owner and auditors, and for each of them about themselves."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conclave.accounts.models import StaffMember, User
from conclave.accounts.owner import NoSuchAccount
from conclave.accounts.staff import LABELS, StaffUnknown, allow_staff, roles_in, row_of
from conclave.accounts.staff_policy import Act, Role
from conclave.kernel.ids import UserId
from conclave.transparency.journal import Search, read

KINDS = {
    "staff_granted": gettext_lazy("Role given"),
    "staff_withdrawn": gettext_lazy("Role withdrawn"),
    "staff_placed": gettext_lazy("Country of work and recusals changed"),
}
MOST_HISTORY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody of the staff, as the owner and auditors see them."""

    member: str
    account: str
    name: str
    address: str
    roles: tuple[Role, ...]
    labels: tuple[str, ...]
    work_country: str
    recused: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One change of the past."""

    at: int
    what: str
    role: str
    by: str


def staff_members(*, account: UserId, now: int) -> list[Member]:
    """Return everybody who has or had a role, by name.

    Args:
        account: who asks.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for them.
    """
    allow_staff(account=account, act=Act.SEE_STAFF, now=now)
    return [_member(row) for row in StaffMember.objects.select_related("user").order_by("user__name", "user__email")]


def staff_member(*, account: UserId, member: str, now: int) -> Member:
    """Return one of them.

    Args:
        account: who asks.
        member: which one.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: there is none, or it is not for the asker.
    """
    allow_staff(account=account, act=Act.SEE_STAFF, now=now)
    row = StaffMember.objects.select_related("user").filter(pk=member).first()
    if row is None:
        raise StaffUnknown
    return _member(row)


def history_of(*, account: UserId, member: str, now: int) -> list[Line]:
    """Return the last changes of what somebody is, the newest first.

    Args:
        account: who asks.
        member: about whom.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for the asker.
    """
    allow_staff(account=account, act=Act.SEE_STAFF, now=now)
    rows = read(obj=member, search=Search(), before=None, limit=MOST_HISTORY)
    names = {user.pk: user.get_short_name() for user in User.objects.filter(pk__in={str(row.fields.get("by")) for row in rows})}
    return [
        Line(
            at=row.at,
            what=str(KINDS.get(row.kind, row.kind)),
            role=_label(str(row.fields.get("role", ""))),
            by=names.get(str(row.fields.get("by")), _("somebody whose account is gone")),
        )
        for row in rows
    ]


def own_member(*, account: UserId) -> Member | None:
    """Return what somebody is themselves, or None when they never had a role.

    Args:
        account: who.
    """
    row = StaffMember.objects.select_related("user").filter(user=account).first()
    return _member(row) if row else None


def whom(*, account: UserId, address: str, now: int) -> Member:
    """Return the person with this e-mail address as the owner is about to change them; `member` is empty for whoever never had a role.

    Args:
        account: the owner.
        address: as it was typed.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for the asker.
        NoSuchAccount: nobody has this address.
    """
    allow_staff(account=account, act=Act.CHANGE_STAFF, now=now, asking=True)
    user = User.objects.filter(email=address.strip().lower(), is_active=True).select_related("staff").first()
    if user is None:
        raise NoSuchAccount
    return _member(row_of(user=user) or StaffMember(id="", user=user, since=now))


def _label(role: str) -> str:
    """Return a role in the reader's language."""
    return str(LABELS[Role(role)]) if role in set(Role) else role


def _labels(roles: Iterable[Role]) -> tuple[str, ...]:
    """Return roles in the reader's language."""
    return tuple(str(LABELS[role]) for role in roles)


def _member(row: StaffMember) -> Member:
    """Return a row as plain values."""
    roles = roles_in(row=row)
    return Member(
        member=row.pk,
        account=row.user_id,
        name=row.user.name,
        address=row.user.email,
        roles=roles,
        labels=_labels(roles),
        work_country=row.work_country,
        recused=tuple(row.recused),
        since=row.since,
    )
