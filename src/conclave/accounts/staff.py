"""The platform's staff: what somebody is, the refusals of whoever wants more than that, and the owner's changes of it.

Each change takes a passkey shown for it and leaves its row in the journal. Who may change what, and be what at once, staff_policy.py
says; that nobody holds two roles which exclude each other, the table's constraints say too.
"""

from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy

from conclave.accounts.assertion import PasskeyNotShown, Question, Shown, ask_passkey, use_passkey
from conclave.accounts.models import StaffMember, User
from conclave.accounts.staff_policy import APART, CASES, GIVEN, NO_CASE, ORDERS, Act, Case, Person, Reason, Role, conflict, may
from conclave.kernel.canonical import Json
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.territories import CODES
from conclave.transparency.journal import journal

LABELS = {
    Role.INTAKE: gettext_lazy("Intake of orders"),
    Role.REVIEWER: gettext_lazy("Reviewer"),
    Role.APPROVER: gettext_lazy("Approver"),
    Role.MODERATOR: gettext_lazy("Moderator"),
    Role.SENIOR: gettext_lazy("Senior moderator"),
    Role.APPEALS: gettext_lazy("Appeals"),
    Role.AUDITOR: gettext_lazy("Staff auditor"),
    Role.ENGINEER: gettext_lazy("Engineer"),
    Role.OWNER: gettext_lazy("Owner of this server"),
}
# In which column each role stands: two of one desk have no room in a row.
_DESK = {role: desk for desk, roles in (("orders", ORDERS), ("cases", CASES), ("apart", APART)) for role in roles}


class StaffUnknown(Refused):
    """The asker is not of the staff, or what is asked for does not exist; which of the two is not said."""

    code = "staff_unknown"
    status = 404
    message = gettext_lazy("There is nothing here for you.")


class StaffRoleMissing(Refused):
    """The asker is of the staff, and this is not for their role."""

    code = "staff_role_missing"
    status = 403
    message = gettext_lazy("Your role on this server does not allow this.")


class StaffOneself(Refused):
    """Nobody changes their own roles, not even the owner."""

    code = "staff_oneself"
    status = 409
    message = gettext_lazy("Nobody gives roles to themselves or takes them from themselves.")


class StaffParty(Refused):
    """It is about the asker, or about an organisation to which they belong."""

    code = "staff_party"
    status = 403
    message = gettext_lazy("You belong to the organisation that this is about. Somebody else has to do it.")


class StaffRecused(Refused):
    """The asker takes no part in matters of this territory."""

    code = "staff_recused"
    status = 403
    message = gettext_lazy("You take no part in matters of this country. Somebody else has to do it.")


class StaffOtherRole(Refused):
    """The asker has had another hand in this case already: nobody acts in two roles on one (STAFF-4, ORD-10)."""

    code = "staff_other_role"
    status = 403
    message = gettext_lazy("You have had a hand in this already. Somebody else has to do it.")


class StaffPlaceUnknown(Refused):
    """Nobody has said where the asker works, and for this it has to be known."""

    code = "staff_place_unknown"
    status = 403
    message = gettext_lazy("The owner of this server has not said where you work. Until then you cannot approve a measure.")


class StaffWorksThere(Refused):
    """The asker works in a country in which the measure would hold."""

    code = "staff_works_there"
    status = 403
    message = gettext_lazy("You work in the country that this order is about. Somebody who works elsewhere has to do it.")


class StaffRolesConflict(Refused):
    """One person would hold two roles that exclude each other."""

    code = "staff_roles_conflict"
    status = 409
    message = gettext_lazy(
        "These roles exclude each other: one of intake, reviewer, approver; one of moderator, senior moderator, appeals; "
        "an auditor or an engineer is nothing else. Withdraw the other one first."
    )


_REFUSALS: dict[Reason, type[Refused]] = {
    Reason.NOT_STAFF: StaffUnknown,
    Reason.ROLE_MISSING: StaffRoleMissing,
    Reason.ONESELF: StaffOneself,
    Reason.PARTY: StaffParty,
    Reason.RECUSED: StaffRecused,
    Reason.NOT_FRESH: PasskeyNotShown,
    Reason.OTHER_ROLE: StaffOtherRole,
    Reason.COUNTRY_UNKNOWN: StaffPlaceUnknown,
    Reason.WORKS_THERE: StaffWorksThere,
    Reason.NOT_NEXUS: StaffRoleMissing,
    Reason.NOT_OWN_CASE: StaffRoleMissing,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the owner changes about somebody: one role, or their place."""

    # Given or withdrawn; empty for the place.
    role: str = ""
    given: bool = False
    work_country: str = ""
    recused: tuple[str, ...] = ()


def facts_of(*, account: UserId, shown_at: int | None = None) -> Person:
    """Return what the rule may know of somebody.

    Args:
        account: who.
        shown_at: when they were asked for the passkey that they have shown.
    """
    row = User.objects.filter(pk=account, is_active=True).select_related("staff").first()
    if row is None:
        return Person()
    held = row_of(user=row)
    owner = {Role.OWNER} if row.is_owner else set()
    if held is None:
        return Person(roles=frozenset(owner), shown_at=shown_at)
    return Person(
        roles=frozenset({*owner, *roles_in(row=held)}), work_country=held.work_country, recused=frozenset(held.recused), shown_at=shown_at
    )


def allow_staff(*, account: UserId, act: Act, now: int, case: Case = NO_CASE, shown_at: int | None = None, asking: bool = False) -> None:
    """Go on only if the table allows this.

    Args:
        account: who wants it.
        act: what.
        now: the time.
        case: what it is about.
        shown_at: when they were asked for the passkey that they have shown.
        asking: whether they are only about to be asked for it.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffOneself, StaffParty, StaffRecused, PasskeyNotShown: it does not.
    """
    verdict = may(person=facts_of(account=account, shown_at=shown_at), act=act, case=case, now=now)
    if not verdict.allowed and not (asking and verdict.reason is Reason.NOT_FRESH):
        raise _REFUSALS[verdict.reason]


def acts_of(*, account: UserId, now: int) -> frozenset[Act]:
    """Return what somebody's roles are good for as such; nothing for whoever is not of the staff.

    Args:
        account: who.
        now: the time.
    """
    person = facts_of(account=account, shown_at=now)
    return frozenset(act for act in Act if may(person=person, act=act, case=Case(second=True), now=now).allowed)


def staffed() -> dict[Role, int]:
    """Return how many people hold each role of the desk of orders; a desk with too few receives, refuses and publishes, and never acts."""
    held = StaffMember.objects.filter(user__is_active=True, orders__in=[role.value for role in ORDERS]).values_list("orders", flat=True)
    counted = Counter(held)
    return {role: counted[role.value] for role in ORDERS}


def is_staff(*, account: UserId) -> bool:
    """Tell whether somebody is the owner or has a role.

    Args:
        account: who.
    """
    return bool(facts_of(account=account).roles)


def ask_change(*, by: UserId, account: str, change: Change, now: int) -> Question:
    """Ask the owner for a passkey, for one change.

    Args:
        by: the owner.
        account: who is changed.
        change: how.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffOneself, StaffRolesConflict: it cannot be done.
        PasskeyMissing: the owner has none.
    """
    _judge(by=by, account=account, change=change, now=now)
    return ask_passkey(account=by, act=_act(account, change), now=now)


def change_staff(*, by: UserId, account: str, change: Change, shown: Shown | None, now: int) -> str:
    """Give or withdraw a role, or set somebody's place; what is so already is left as it is.

    Args:
        by: the owner.
        account: who is changed.
        change: how.
        shown: the passkey that was shown for it.
        now: the time.

    Returns:
        The id of what they are, for its page.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffOneself, StaffRolesConflict: it cannot be done.
        PasskeyNotShown: no passkey was shown for this.
    """
    with transaction.atomic():
        # Taken before anything is read: of two changes at once, the second one sees what the first has made.
        User.objects.select_for_update().filter(pk=account).first()
        row = _judge(by=by, account=account, change=change, now=now)
        shown_at = use_passkey(account=by, act=_act(account, change), shown=shown, now=now)
        allow_staff(account=by, act=Act.CHANGE_STAFF, case=Case(oneself=by == account), shown_at=shown_at, now=now)
        before = (roles_in(row=row), row.work_country, row.recused)
        if not change.role:
            row.work_country, row.recused = change.work_country, sorted(change.recused)
        elif change.given or change.role in roles_in(row=row):
            setattr(row, _DESK[Role(change.role)], change.role if change.given else "")
        row.save()
        if (roles_in(row=row), row.work_country, row.recused) != before:
            kind = ("staff_granted" if change.given else "staff_withdrawn") if change.role else "staff_placed"
            said: dict[str, Json] = {"role": change.role} if change.role else {"country": row.work_country, "recused": row.recused}
            journal(kind=kind, obj=row.pk, fields={"by": by, "account": account, **said}, now=now)
    return row.pk


def _judge(*, by: UserId, account: str, change: Change, now: int) -> StaffMember:
    """Return the row of whoever is changed, new or stored, if the change can be made."""
    allow_staff(account=by, act=Act.CHANGE_STAFF, case=Case(oneself=by == account), now=now, asking=True)
    user = User.objects.filter(pk=account, is_active=True).select_related("staff").first()
    places = {*filter(None, (change.work_country, *change.recused))}
    if user is None or change.role not in {"", *GIVEN} or not places <= CODES:
        raise StaffUnknown
    row = row_of(user=user) or StaffMember(user=user, since=now)
    role = Role(change.role) if change.role else None
    if role and change.given and conflict(roles={*roles_in(row=row), role}):
        raise StaffRolesConflict
    return row


def _act(account: str, change: Change) -> dict[str, Json]:
    """Return what is signed for a change."""
    place: Json = [change.work_country, *sorted(change.recused)]
    return {"act": "staff", "account": account, "role": change.role, "given": change.given, "place": place}


def row_of(*, user: User) -> StaffMember | None:
    """Return somebody's row, or None.

    Args:
        user: with `staff` loaded.
    """
    return getattr(user, "staff", None)


def roles_in(*, row: StaffMember) -> tuple[Role, ...]:
    """Return the roles of a row, in the order of the desks.

    Args:
        row: somebody's.
    """
    return tuple(Role(held) for held in (row.orders, row.cases, row.apart) if held)
