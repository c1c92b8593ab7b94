"""Who among the platform's staff may do what, the only copy of the table (STAFF-1). Pure: facts in, a verdict with its reason out.

                          intake  reviewer  approver  moderator  senior  appeals  auditor   engineer           owner
    read an order            X       X         X                 nexus   nexus       X
    receive an order         X
    review an order                  X
    draft a measure                  X
    approve a measure                          X
    lift a measure           X       X         X
    see reports                                       own case     X     own case  metadata
    open the engine                                                                         with a second one
    see the engines                                                                  X         X                X
    enter an engine                                                                            X                X
    see applications                 X                                               X
    decide on one                    X
    see the staff                                                                    X                           X
    change the staff                                                                                             X

The owner is whoever runs the server: who appoints, and holds no desk. Nobody changes their own roles. That it takes two to enter an engine
is media/enter.py's to see to.

One person is at most one of intake, reviewer and approver, and at most one of moderator, senior and appeals; an auditor or an engineer is
nothing else (STAFF-2). Beyond what somebody is, it counts what they have done: on one case nobody acts in two roles (STAFF-4). Where the
owner has named countries, nobody but the owner acts or reads who works elsewhere (STAFF-5).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MINUTE = 60_000
FRESH_MS = 5 * MINUTE


class Role(StrEnum):
    """What somebody is on the platform."""

    INTAKE = "intake"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    MODERATOR = "moderator"
    SENIOR = "senior"
    APPEALS = "appeals"
    AUDITOR = "auditor"
    ENGINEER = "engineer"
    OWNER = "owner"


# Of each desk one person is one; whoever stands apart is at no desk.
ORDERS = (Role.INTAKE, Role.REVIEWER, Role.APPROVER)
CASES = (Role.MODERATOR, Role.SENIOR, Role.APPEALS)
APART = (Role.AUDITOR, Role.ENGINEER)
GIVEN = (*ORDERS, *CASES, *APART)


class Act(StrEnum):
    """What a member of staff may want to do."""

    READ_ORDER = "read_order"
    RECEIVE_ORDER = "receive_order"
    REVIEW_ORDER = "review_order"
    DRAFT_MEASURE = "draft_measure"
    APPROVE_MEASURE = "approve_measure"
    LIFT_MEASURE = "lift_measure"
    SEE_REPORTS = "see_reports"
    OPEN_ENGINE = "open_engine"
    SEE_NODES = "see_nodes"
    ENTER_NODE = "enter_node"
    SEE_APPLICATIONS = "see_applications"
    DECIDE_APPLICATION = "decide_application"
    SEE_STAFF = "see_staff"
    CHANGE_STAFF = "change_staff"


class Extent(StrEnum):
    """How far a cell of the table goes."""

    ALL = "all"
    # Only what connects an order with a case.
    NEXUS = "nexus"
    OWN_CASE = "own_case"
    METADATA = "metadata"
    # With a second person's consent.
    SECOND = "second"


TABLE: dict[Act, dict[Role, Extent]] = {
    Act.READ_ORDER: {
        Role.INTAKE: Extent.ALL,
        Role.REVIEWER: Extent.ALL,
        Role.APPROVER: Extent.ALL,
        Role.SENIOR: Extent.NEXUS,
        Role.APPEALS: Extent.NEXUS,
        Role.AUDITOR: Extent.ALL,
    },
    Act.RECEIVE_ORDER: {Role.INTAKE: Extent.ALL},
    Act.REVIEW_ORDER: {Role.REVIEWER: Extent.ALL},
    Act.DRAFT_MEASURE: {Role.REVIEWER: Extent.ALL},
    Act.APPROVE_MEASURE: {Role.APPROVER: Extent.ALL},
    Act.LIFT_MEASURE: dict.fromkeys(ORDERS, Extent.ALL),
    Act.SEE_REPORTS: {
        Role.MODERATOR: Extent.OWN_CASE,
        Role.SENIOR: Extent.ALL,
        Role.APPEALS: Extent.OWN_CASE,
        Role.AUDITOR: Extent.METADATA,
    },
    Act.OPEN_ENGINE: {Role.ENGINEER: Extent.SECOND},
    Act.SEE_NODES: {Role.AUDITOR: Extent.ALL, Role.ENGINEER: Extent.ALL, Role.OWNER: Extent.ALL},
    Act.ENTER_NODE: {Role.ENGINEER: Extent.ALL, Role.OWNER: Extent.ALL},
    Act.SEE_APPLICATIONS: {Role.REVIEWER: Extent.ALL, Role.AUDITOR: Extent.ALL},
    Act.DECIDE_APPLICATION: {Role.REVIEWER: Extent.ALL},
    Act.SEE_STAFF: {Role.OWNER: Extent.ALL, Role.AUDITOR: Extent.ALL},
    Act.CHANGE_STAFF: {Role.OWNER: Extent.ALL},
}
# What only reads; everything else is an act on a case, in one role.
READS = frozenset({Act.READ_ORDER, Act.SEE_REPORTS, Act.SEE_NODES, Act.SEE_APPLICATIONS, Act.SEE_STAFF})
# What takes a passkey, shown for exactly this act, minutes ago.
DANGEROUS = frozenset({Act.APPROVE_MEASURE, Act.OPEN_ENGINE, Act.ENTER_NODE, Act.DECIDE_APPLICATION, Act.CHANGE_STAFF})


class Reason(StrEnum):
    """Why something may be done or not."""

    MAY = "may"
    NOT_STAFF = "not_staff"
    ROLE_MISSING = "role_missing"
    PLACE = "place"
    ONESELF = "oneself"
    PARTY = "party"
    RECUSED = "recused"
    NOT_NEXUS = "not_nexus"
    NOT_OWN_CASE = "not_own_case"
    OTHER_ROLE = "other_role"
    COUNTRY_UNKNOWN = "country_unknown"
    WORKS_THERE = "works_there"
    NO_SECOND = "no_second"
    NOT_FRESH = "not_fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who wants to do something."""

    roles: frozenset[Role] = frozenset()
    # Where they work, a territory; empty while nobody has said.
    work_country: str = ""
    # The territories in whose matters they take no part.
    recused: frozenset[str] = frozenset()
    # From where they work, as far as anybody has said: the owner's list of countries is held against it.
    place: str = ""
    # When they were asked for the passkey that they have shown for this very act.
    shown_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What it is about."""

    territories: frozenset[str] = frozenset()
    # Whether it is about the person, or about an organisation to which they belong.
    party: bool = False
    # Whether they would act on themselves.
    oneself: bool = False
    # Whether it is assigned to them.
    own: bool = False
    # Whether it connects an order with a case.
    nexus: bool = False
    # The roles in which they have acted on it already.
    acted: frozenset[Role] = frozenset()
    # Whether a second person has agreed.
    second: bool = False
    # Where the operator is established: there, and only if a court asks, somebody who works there may approve.
    established: frozenset[str] = frozenset()
    court: bool = False
    # In which countries staff has to work (STAFF-5); empty where the owner has not limited it.
    places: frozenset[str] = frozenset()


NO_CASE = Case()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it may be done, why, and how far it goes."""

    reason: Reason
    extent: Extent | None = None

    @property
    def allowed(self) -> bool:
        """Tell whether it may be done."""
        return self.reason is Reason.MAY


def conflict(*, roles: Iterable[Role]) -> bool:
    """Tell whether one person may not hold all of these at once.

    Args:
        roles: those that are given; the owner's is none of them.
    """
    held = frozenset(roles)
    apart = held & set(APART)
    return any(len(held & set(desk)) > 1 for desk in (ORDERS, CASES, APART)) or bool(apart and held - apart)


def may(*, person: Person, act: Act, case: Case = NO_CASE, now: int) -> Verdict:
    """Decide whether a member of staff may do something now.

    Args:
        person: who.
        act: what.
        case: what it is about.
        now: the time.

    Returns:
        The verdict; of several roles the one that goes furthest counts, else the reason of the last.
    """
    if not person.roles:
        return Verdict(Reason.NOT_STAFF)
    cells = [(role, extent) for role, extent in TABLE[act].items() if role in person.roles]
    if not cells:
        return Verdict(Reason.ROLE_MISSING)
    fresh = person.shown_at is not None and 0 <= now - person.shown_at <= FRESH_MS
    verdicts = [_cell(person, act, case, cell) for cell in cells]
    if act in DANGEROUS and not fresh:
        verdicts = [Verdict(Reason.NOT_FRESH) if verdict.allowed else verdict for verdict in verdicts]
    return next((verdict for verdict in verdicts if verdict.allowed), verdicts[-1])


def _cell(person: Person, act: Act, case: Case, cell: tuple[Role, Extent]) -> Verdict:
    """Judge by one cell of the table, whether or not the passkey is fresh."""
    role, extent = cell
    # The owner has the machine itself, works where nobody has said, and is who sets the list.
    away = role is not Role.OWNER and case.places and person.place not in case.places
    reason = Reason.PLACE if away else _standing(person, case) or _reach(case, extent)
    # To let go of what was ordered is an undoing: who has had a hand in it may, whichever.
    if reason is None and act not in READS and act is not Act.LIFT_MEASURE and case.acted - {role}:
        reason = Reason.OTHER_ROLE
    if reason is None and act is Act.APPROVE_MEASURE:
        reason = _approval(person, case)
    return Verdict(Reason.MAY, extent) if reason is None else Verdict(reason)


def _standing(person: Person, case: Case) -> Reason | None:
    """Return what keeps this person from this case, whatever they want to do."""
    if case.oneself:
        return Reason.ONESELF
    if case.party:
        return Reason.PARTY
    return Reason.RECUSED if case.territories & person.recused else None


def _reach(case: Case, extent: Extent) -> Reason | None:
    """Return why the cell does not go as far as this case."""
    if extent is Extent.NEXUS and not case.nexus:
        return Reason.NOT_NEXUS
    if extent is Extent.OWN_CASE and not case.own:
        return Reason.NOT_OWN_CASE
    return Reason.NO_SECOND if extent is Extent.SECOND and not case.second else None


def _approval(person: Person, case: Case) -> Reason | None:
    """Return why this person may not be one of those who approve: who has approved cannot be the second, who works there cannot be one."""
    if Role.APPROVER in case.acted:
        return Reason.OTHER_ROLE
    if not person.work_country:
        return Reason.COUNTRY_UNKNOWN
    at_home = case.court and person.work_country in case.established
    return Reason.WORKS_THERE if person.work_country in case.territories and not at_home else None
