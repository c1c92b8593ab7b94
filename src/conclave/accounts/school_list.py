"""Reading schools: an organisation's own page, the reviewers' list, and whom somebody turns to when they are worried."""

from dataclasses import dataclass

from conclave.accounts.models import DomainClaim, Membership, School
from conclave.accounts.policy import Act as OrganisationAct
from conclave.accounts.school import SchoolUnknown, case_of
from conclave.accounts.schooling import RENEWABLE_MS, STANDS, Standing, may_ask, stands
from conclave.accounts.staff import allow_staff
from conclave.accounts.staff_policy import Act
from conclave.accounts.standing import allow, own_seat
from conclave.accounts.tenure import HOLDS
from conclave.kernel.ids import UserId

MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom the members of a school turn to."""

    school: str
    name: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSchool:
    """An organisation as a school, as its owners and admins see it."""

    standing: Standing
    waiting: bool
    asked_at: int | None
    decided_at: int | None
    reason: str
    ends_at: int | None
    may_ask: bool
    country: str
    registry: str
    evidence: str
    contact_name: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A school as the platform's staff sees it."""

    school: str
    organisation: str
    standing: Standing
    waiting: bool
    asked_at: int | None
    decided_at: int | None
    reason: str
    ends_at: int | None
    country: str
    registry: str
    evidence: str
    contact_name: str
    contact: str
    made_at: int
    people: int
    domains: tuple[str, ...]
    by: str
    party: bool

    @property
    def stands(self) -> bool:
        """Tell whether there is a school to end."""
        return self.standing in STANDS


NOTHING = OwnSchool(
    standing=Standing.NONE, waiting=False, asked_at=None, decided_at=None, reason="", ends_at=None, may_ask=True,
    country="", registry="", evidence="", contact_name="", contact="",
)  # fmt: skip


def own_school(*, organisation: str, account: UserId, now: int) -> OwnSchool:
    """Return how an organisation stands as a school.

    Args:
        organisation: which.
        account: who asks.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    allow(act=OrganisationAct.SCHOOL, own=own_seat(organisation=organisation, account=account))
    row = School.objects.filter(organisation=organisation).first()
    if row is None:
        return NOTHING
    standing, waiting = Standing(row.standing), row.asked_at is not None
    return OwnSchool(
        standing=stands(standing=standing, ends_at=row.ends_at, now=now),
        waiting=waiting,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        reason=row.reason,
        ends_at=row.ends_at,
        may_ask=may_ask(standing=standing, ends_at=row.ends_at, waiting=waiting, now=now),
        country=row.country,
        registry=row.registry,
        evidence=row.evidence,
        contact_name=row.contact_name,
        contact=row.contact,
    )


def contacts_of(*, account: UserId) -> list[Contact]:
    """Return whom somebody turns to in each of their schools.

    Args:
        account: who; whoever belongs to no school gets nothing.
    """
    belongs = Membership.objects.filter(user=account, left_at=None).values("organisation")
    rows = School.objects.filter(organisation__in=belongs, standing__in=STANDS, organisation__dissolved_at=None)
    found = rows.select_related("organisation").order_by("organisation__name", "pk")
    return [Contact(school=row.organisation.name, name=row.contact_name, contact=row.contact) for row in found]


def contact_in(*, organisation: str, account: UserId) -> Contact | None:
    """Return whom members of this organisation turn to, if it is a school.

    Args:
        organisation: which.
        account: who asks.

    Raises:
        OrganisationUnknown: they do not belong.
    """
    own = own_seat(organisation=organisation, account=account)
    row = School.objects.filter(organisation=organisation, standing__in=STANDS).first()
    return Contact(school=own.organisation.name, name=row.contact_name, contact=row.contact) if row else None


def renewal_due(*, organisation: str, now: int) -> int | None:
    """Return when a school's year is over, if that is soon or was, and nobody has asked for another yet.

    Args:
        organisation: which.
        now: the time.
    """
    soon = School.objects.filter(organisation=organisation, standing__in=STANDS, asked_at=None, ends_at__lte=now + RENEWABLE_MS)
    return soon.values_list("ends_at", flat=True).first()


def applicants(*, account: UserId, now: int) -> list[Applicant]:
    """Return the schools that wait for a decision, those that wait longest first, and then those that there are.

    Args:
        account: who asks.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for them.
    """
    allow_staff(account=account, act=Act.SEE_APPLICATIONS, now=now)
    rows = School.objects.filter(organisation__dissolved_at=None).select_related("organisation", "asked_by")
    waiting = list(rows.exclude(asked_at=None).order_by("asked_at")[:MOST_LISTED])
    decided = list(rows.filter(asked_at=None).order_by("organisation__name", "pk")[: MOST_LISTED - len(waiting)])
    return [_applicant(row, account=account, now=now) for row in [*waiting, *decided]]


def applicant(*, account: UserId, school: str, now: int) -> Applicant:
    """Return one of them.

    Args:
        account: who asks.
        school: which.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for them.
        SchoolUnknown: there is none.
    """
    allow_staff(account=account, act=Act.SEE_APPLICATIONS, now=now)
    row = School.objects.filter(pk=school, organisation__dissolved_at=None).select_related("organisation", "asked_by").first()
    if row is None:
        raise SchoolUnknown
    return _applicant(row, account=account, now=now)


def _applicant(row: School, *, account: UserId, now: int) -> Applicant:
    """Return a row as the staff sees it."""
    held = DomainClaim.objects.filter(organisation=row.organisation_id, state__in=HOLDS, ends_at__gt=now).order_by("domain")
    return Applicant(
        school=row.pk,
        organisation=row.organisation.name,
        standing=stands(standing=Standing(row.standing), ends_at=row.ends_at, now=now),
        waiting=row.asked_at is not None,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        reason=row.reason,
        ends_at=row.ends_at,
        country=row.country,
        registry=row.registry,
        evidence=row.evidence,
        contact_name=row.contact_name,
        contact=row.contact,
        made_at=row.organisation.created_at,
        people=Membership.objects.filter(organisation=row.organisation_id, left_at=None).count(),
        domains=tuple(held.values_list("domain", flat=True)),
        by=row.asked_by.email if row.asked_by else "",
        party=case_of(row=row, account=account).party,
    )
