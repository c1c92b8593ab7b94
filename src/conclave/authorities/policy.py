"""What may become of an order, and of the measures that follow from it (docs/protocol/orders.md). Pure: facts in, a decision out.

    received ──▶ acknowledged ──▶ under_review ⇄ info_requested
                      │                │ └──▶ challenged
                      └──▶ refused ◀───┤
                        (unstaffed)    ▼
                                   narrowed ──▶ approved ──▶ executing ──▶ executed ──▶ expired
                                       └──▶ refused
    any that is live ──▶ withdrawn, quashed        expired, withdrawn, quashed, refused ──▶ restored ──▶ closed
    closed ──▶ quashed, if it has met anybody

Who may take a step is in accounts/staff_policy.py, which has the only table of it; whom a measure meets is in gate/policy.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from conclave.gate.policy import Kind, Measure
from conclave.kernel.territories import CODES

DAY = 24 * 60 * 60 * 1000
# ORD-4: longer than that nothing holds; what is to go on takes two approvals anew.
LONGEST_MS = 90 * DAY
# A person who was wrongly met is back within a day.
RESTORED_WITHIN_MS = DAY
APPROVERS = 2


class State(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    UNDER_REVIEW = "under_review"
    INFO_REQUESTED = "info_requested"
    REFUSED = "refused"
    CHALLENGED = "challenged"
    NARROWED = "narrowed"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    QUASHED = "quashed"
    RESTORED = "restored"
    CLOSED = "closed"


class Move(StrEnum):
    """What can be done about an order."""

    ACKNOWLEDGE = "acknowledge"
    TAKE = "take"
    ASK = "ask"
    ANSWER = "answer"
    REFUSE = "refuse"
    REFUSE_UNSTAFFED = "refuse_unstaffed"
    CHALLENGE = "challenge"
    NARROW = "narrow"
    APPROVE = "approve"
    EXECUTE = "execute"
    DONE = "done"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    QUASH = "quash"
    RESTORE = "restore"
    CLOSE = "close"


S, M = State, Move
# Whatever is live can be taken back by whoever ordered it, or by a court.
LIVE = (S.ACKNOWLEDGED, S.UNDER_REVIEW, S.INFO_REQUESTED, S.CHALLENGED, S.NARROWED, S.APPROVED, S.EXECUTING, S.EXECUTED)
OVER = (S.EXPIRED, S.WITHDRAWN, S.QUASHED, S.REFUSED)
TRANSITIONS: dict[tuple[State, Move], State] = {
    (S.RECEIVED, M.ACKNOWLEDGE): S.ACKNOWLEDGED,
    (S.ACKNOWLEDGED, M.TAKE): S.UNDER_REVIEW,
    (S.ACKNOWLEDGED, M.REFUSE_UNSTAFFED): S.REFUSED,
    (S.UNDER_REVIEW, M.ASK): S.INFO_REQUESTED,
    (S.INFO_REQUESTED, M.ANSWER): S.UNDER_REVIEW,
    (S.UNDER_REVIEW, M.REFUSE): S.REFUSED,
    (S.INFO_REQUESTED, M.REFUSE): S.REFUSED,
    (S.NARROWED, M.REFUSE): S.REFUSED,
    (S.UNDER_REVIEW, M.CHALLENGE): S.CHALLENGED,
    (S.UNDER_REVIEW, M.NARROW): S.NARROWED,
    (S.NARROWED, M.APPROVE): S.APPROVED,
    (S.APPROVED, M.EXECUTE): S.EXECUTING,
    (S.EXECUTING, M.DONE): S.EXECUTED,
    (S.EXECUTING, M.EXPIRE): S.EXPIRED,
    (S.EXECUTED, M.EXPIRE): S.EXPIRED,
    **{(state, M.WITHDRAW): S.WITHDRAWN for state in LIVE},
    **{(state, M.QUASH): S.QUASHED for state in LIVE},
    **{(state, M.RESTORE): S.RESTORED for state in OVER},
    (S.RESTORED, M.CLOSE): S.CLOSED,
    (S.CLOSED, M.QUASH): S.QUASHED,
}


class Channel(StrEnum):
    """How an order came; any contact of a public authority is one, by whatever way."""

    PORTAL = "portal"
    EMAIL = "email"
    POST = "post"
    PHONE = "phone"
    INFORMAL = "informal"


class OrderKind(StrEnum):
    """What is asked for."""

    ACT = "act"
    INFORM = "inform"
    PRESERVE = "preserve"
    EMERGENCY = "emergency"
    INFORMAL = "informal_request"


class AuthorityKind(StrEnum):
    """Who asks."""

    COURT = "court"
    REGULATOR = "regulator"
    POLICE = "police"
    ADMINISTRATION = "administration"


class Policy(StrEnum):
    """Which orders may lead to a measure at all."""

    REFUSE_ALL = "refuse_all"
    JUDICIAL_ONLY = "judicial_only"
    LAWFUL_ADMIN = "lawful_admin"


class Item(StrEnum):
    """What an order has to say (DSA art. 9(2) and 10(2))."""

    LEGAL_BASIS = "legal_basis"
    REASONS = "reasons"
    AUTHORITY = "authority"
    TARGET = "target"
    REDRESS = "redress"
    TERRITORY = "territory"
    LANGUAGE = "language"


class Grounds(StrEnum):
    """Why an order is refused."""

    UNSTAFFED = "unstaffed"
    DEFECTIVE = "defective"
    NO_LEGAL_BASIS = "no_legal_basis"
    NOT_COMPETENT = "not_competent"
    NOT_JUDICIAL = "not_judicial"
    TOO_BROAD = "too_broad"
    NOT_NECESSARY = "not_necessary"
    DISPROPORTIONATE = "disproportionate"
    HUMAN_RIGHTS = "human_rights"
    NOT_POSSIBLE = "not_possible"
    INFORMAL = "informal"


class Cause(StrEnum):
    """Why somebody is restored."""

    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    QUASHED = "quashed"


class Reason(StrEnum):
    """Why a step can be taken or not, or what is wrong with a measure."""

    MAY = "may"
    NOT_NOW = "not_now"
    UNSTAFFED = "unstaffed"
    NO_REASON = "no_reason"
    INCOMPLETE = "incomplete"
    UNVERIFIED = "unverified"
    NOTHING_ORDERED = "nothing_ordered"
    POLICY = "policy"
    APPROVALS = "approvals"
    WITNESS = "witness"
    TOO_EARLY = "too_early"
    NOT_UNDONE = "not_undone"
    NOT_REPORTED = "not_reported"
    KIND = "kind"
    NOT_CLAIMED = "not_claimed"
    NOT_COMPETENT = "not_competent"
    TARGET = "target"
    PERIOD = "period"
    NOTHING_LEFT = "nothing_left"
    PERIOD_TOLD = "period_told"
    DEFERRAL = "deferral"
    CHANGED = "changed"
    NOT_NAMED = "not_named"
    TRIES = "tries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a step may depend on; by default nothing is there yet."""

    now: int = 0
    # Whether there are people who may review and approve.
    staffed: bool = True
    # What the order does not say.
    missing: frozenset[Item] = frozenset()
    # Why it is refused or challenged, or by which document it is taken back.
    reason: str = ""
    kind: OrderKind = OrderKind.ACT
    # What the reviewer found whoever ordered it to be, and whether they have said how they made sure.
    authority: AuthorityKind = AuthorityKind.COURT
    verified: bool = False
    policy: Policy = Policy.JUDICIAL_ONLY
    # How much would be told: fields, where there is anybody to tell them of.
    told: int = 0
    # Of the measures: how many there are; of these and of what is told, the last end, and whether each one's leaf is cosigned.
    measures: int = 0
    ends_at: int = 0
    cosigned: bool = False
    # Whether the end of one of them has come; whether one has ever acted and was not quashed.
    late: bool = False
    acted: bool = False
    # How many different people have approved it, who did nothing else in it and still may.
    approvals: int = 0
    # Whether everything that was done is undone, and the authority was told of it.
    undone: bool = False
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Where a step leads, and why; nowhere when it cannot be taken."""

    reason: Reason
    state: State | None = None

    @property
    def allowed(self) -> bool:
        """Tell whether it can be taken."""
        return self.state is not None


def step(*, state: State, move: Move, facts: Facts) -> Step:
    """Decide whether a step can be taken with an order, whoever takes it.

    Args:
        state: where it stands.
        move: the step.
        facts: what it depends on.
    """
    leads = TRANSITIONS.get((state, move))
    # A court may come later than the end: whom the measure met is told so all the same.
    if leads is None or (state is S.CLOSED and not facts.acted):
        return Step(Reason.NOT_NOW)
    guard = _guard(move, facts)
    return Step(guard) if guard is not None else Step(Reason.MAY, leads)


# For each step that has a guard: when it keeps the step from being taken, and as what.
_GUARDS: tuple[tuple[frozenset[Move], Callable[[Facts], bool], Reason], ...] = (
    (frozenset({M.TAKE, M.APPROVE}), lambda facts: not facts.staffed, Reason.UNSTAFFED),
    (frozenset({M.REFUSE_UNSTAFFED}), lambda facts: facts.staffed, Reason.NOT_NOW),
    (frozenset({M.ASK}), lambda facts: not facts.missing, Reason.INCOMPLETE),
    (frozenset({M.REFUSE, M.CHALLENGE, M.WITHDRAW, M.QUASH}), lambda facts: not facts.reason.strip(), Reason.NO_REASON),
    (frozenset({M.APPROVE}), lambda facts: facts.approvals < APPROVERS, Reason.APPROVALS),
    (frozenset({M.APPROVE}), lambda facts: facts.late, Reason.PERIOD),
    # ORD-18: what is told waits for a person and not for the clock, and is judged anew by then.
    (frozenset({M.DONE}), lambda facts: facts.kind is OrderKind.INFORM and not facts.staffed, Reason.UNSTAFFED),
    (frozenset({M.DONE}), lambda facts: facts.kind is OrderKind.INFORM and facts.approvals < APPROVERS, Reason.APPROVALS),
    (frozenset({M.DONE}), lambda facts: not facts.cosigned, Reason.WITNESS),
    (frozenset({M.EXPIRE}), lambda facts: facts.now < facts.ends_at, Reason.TOO_EARLY),
    (frozenset({M.RESTORE}), lambda facts: not facts.undone, Reason.NOT_UNDONE),
    (frozenset({M.CLOSE}), lambda facts: not facts.reported, Reason.NOT_REPORTED),
)


def _guard(move: Move, facts: Facts) -> Reason | None:
    """Return what keeps this step from being taken, or None."""
    guard = next((reason for moves, stops, reason in _GUARDS if move in moves and stops(facts)), None)
    # What led to measures is looked at again before they act: in between the policy may have changed, and time goes on.
    again = move in {M.NARROW, M.APPROVE} or (move is M.DONE and facts.kind is OrderKind.INFORM)
    return _narrowing(facts) if guard is None and again else guard


def _narrowing(facts: Facts) -> Reason | None:
    """Return why an order leads to nothing, or None: an order to act leads to measures, one to inform to what is told."""
    if not facts.verified:
        return Reason.UNVERIFIED
    judicial = facts.authority is AuthorityKind.COURT
    inform = facts.kind is OrderKind.INFORM
    if facts.kind not in {OrderKind.ACT, OrderKind.INFORM} or (inform and facts.measures):
        return Reason.NOTHING_ORDERED
    if facts.policy is Policy.REFUSE_ALL or (facts.policy is Policy.JUDICIAL_ONLY and not judicial):
        return Reason.POLICY
    if facts.missing:
        return Reason.INCOMPLETE
    if inform:
        return Reason.NOTHING_LEFT if facts.told == 0 else None
    return Reason.TARGET if facts.measures == 0 else None


def fault_of(*, measure: Measure, claimed: Iterable[str], competent: Iterable[str], now: int) -> Reason | None:
    """Return what is wrong with a measure, or None: it reaches one territory, of those claimed, where the authority is competent (ORD-1),
    has an end that is not far (ORD-4), and is about one meeting or else one account.

    Args:
        measure: as it was drafted.
        claimed: the territories that the order names.
        competent: the territories in which its authority is competent.
        now: the time.
    """
    if measure.kind not in set(Kind):
        return Reason.KIND
    if measure.territory not in CODES or measure.territory not in set(claimed):
        return Reason.NOT_CLAIMED
    if measure.territory not in set(competent):
        return Reason.NOT_COMPETENT
    if (measure.meeting == "") == (measure.account == ""):
        return Reason.TARGET
    if not measure.starts_at < measure.ends_at <= measure.starts_at + LONGEST_MS or measure.ends_at <= now:
        return Reason.PERIOD
    return None


class MeasureState(StrEnum):
    """Where a measure stands. From what is over nothing leads back; a court may still say that it was wrong."""

    DRAFT = "draft"
    # Approved twice: waits for its leaf to be cosigned, and for its time.
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    EXPIRED = "expired"
    LIFTED = "lifted"
    QUASHED = "quashed"


MEASURE_MOVES: dict[MeasureState, frozenset[MeasureState]] = {
    MeasureState.DRAFT: frozenset({MeasureState.SCHEDULED, MeasureState.LIFTED, MeasureState.QUASHED}),
    MeasureState.SCHEDULED: frozenset({MeasureState.ACTIVE, MeasureState.EXPIRED, MeasureState.LIFTED, MeasureState.QUASHED}),
    MeasureState.ACTIVE: frozenset({MeasureState.EXPIRED, MeasureState.LIFTED, MeasureState.QUASHED}),
    MeasureState.EXPIRED: frozenset({MeasureState.QUASHED}),
    MeasureState.LIFTED: frozenset({MeasureState.QUASHED}),
    MeasureState.QUASHED: frozenset(),
}


class ToldState(StrEnum):
    """Where something stands that an order is told. What was handed out cannot be taken back; a court may say that it was wrong."""

    DRAFT = "draft"
    # Approved twice: waits for its leaves to be cosigned, and for the reviewer.
    SCHEDULED = "scheduled"
    HANDED = "handed"
    EXPIRED = "expired"
    LIFTED = "lifted"
    QUASHED = "quashed"


# ORD-18: from where something becomes what; nothing is handed out but once, and nothing of what is over.
TOLD_MOVES: dict[ToldState, frozenset[ToldState]] = {
    ToldState.DRAFT: frozenset({ToldState.SCHEDULED, ToldState.EXPIRED, ToldState.LIFTED, ToldState.QUASHED}),
    ToldState.SCHEDULED: frozenset({ToldState.HANDED, ToldState.EXPIRED, ToldState.LIFTED, ToldState.QUASHED}),
    ToldState.HANDED: frozenset({ToldState.QUASHED}),
    ToldState.EXPIRED: frozenset(),
    ToldState.LIFTED: frozenset(),
    ToldState.QUASHED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a measure that was approved may be waiting for."""

    cosigned: bool
    starts_at: int
    ends_at: int
    now: int


def becomes(waiting: Waiting) -> MeasureState:
    """Return what becomes of an approved measure now: without a cosigned leaf it holds for nobody, however long that takes.

    Args:
        waiting: what it waits for.
    """
    if waiting.ends_at <= waiting.now:
        return MeasureState.EXPIRED
    if not waiting.cosigned or waiting.now < waiting.starts_at:
        return MeasureState.SCHEDULED
    return MeasureState.ACTIVE
