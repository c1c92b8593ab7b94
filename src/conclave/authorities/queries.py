"""Reading orders: the desk's list, one order, what an authority sees by its receipt, and what somebody reads whom an order has met."""

from dataclasses import dataclass

from conclave.accounts.queries import address_of
from conclave.accounts.staff import allow_staff
from conclave.accounts.staff_policy import Act
from conclave.authorities import proofs
from conclave.authorities.approve import Waits, waits_for
from conclave.authorities.given import Told, left_out_of, told_of_order
from conclave.authorities.models import Hand, Measure, Order, Review
from conclave.authorities.narrowing import LeftOut
from conclave.authorities.policy import Item, MeasureState, State
from conclave.authorities.receive import missing_in
from conclave.authorities.report import counts_of, told_of
from conclave.authorities.standing import OrderUnknown, approvals_of, case_of
from conclave.gate.apply import Action, application
from conclave.kernel.ids import UserId
from conclave.meetings.lists import title_of

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An order in the desk's list."""

    id: str
    public_id: str
    authority: str
    kind: str
    channel: str
    claimed: tuple[str, ...]
    state: State
    received_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the desk's list, and whether another one follows."""

    rows: tuple[Listed, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A measure as the desk sees it."""

    id: str
    kind: str
    territory: str
    meeting: str
    account: str
    # For the desk alone: what the meeting is called, or by which address the account is known; None when there is none here.
    called: str | None
    starts_at: int
    ends_at: int
    state: MeasureState
    waits: Waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One order as the desk sees it."""

    listed: Listed
    authority_kind: str
    authority_territory: str
    contact: str
    contact_confirmed: bool
    legal_basis: str
    reasons: str
    target: str
    redress: str
    language: str
    explanation: str
    grounds: str
    outcome: str
    missing: frozenset[Item]
    # What the reviewer found its authority to be, and how; empty before.
    found_kind: str
    found_territory: str
    authority_verified: str
    necessity: str
    proportionality: str
    rights: str
    measures: tuple[Held, ...]
    approvals: int
    # What is told because of it.
    told: Told | None
    # Which part the asker has in it, empty for none.
    part: str
    denied: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What an authority sees of its own order."""

    public_id: str
    state: State
    outcome: str
    grounds: str
    explanation: str
    received_at: int
    missing: tuple[Item, ...]
    measures: tuple[Held, ...]
    # In bands; empty while nothing is told.
    denied: str
    removed: str
    # What was asked for and not told; empty before something was handed out.
    left_out: tuple[LeftOut, ...]
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What somebody reads whom an order has met (DSA art. 9(5), ORD-8): of others only that they were not."""

    order: str
    authority: str
    legal_basis: str
    redress: str
    territory: str
    kind: str
    starts_at: int
    ends_at: int
    # What was done to them, and whether it is undone.
    action: str
    at: int
    undone_at: int | None
    wrong: bool
    on_account: bool
    proof: str


def orders(*, account: UserId, now: int, page: int = 1) -> Listing:
    """Return the orders, the newest first: with the first page all that are live, however many have come since; the closed ones by pages.

    Args:
        account: who asks.
        now: the time.
        page: which, from 1.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for them.
    """
    allow_staff(account=account, act=Act.READ_ORDER, now=now)
    rows = Order.objects.order_by("-received_at", "pk")
    live = rows.exclude(state=State.CLOSED) if page == 1 else rows.none()
    start = (page - 1) * PAGE
    closed = list(rows.filter(state=State.CLOSED)[start : start + PAGE + 1])
    return Listing(rows=tuple(_listed(row) for row in [*live, *closed[:PAGE]]), more=len(closed) > PAGE)


def whole_order(*, order: str, account: UserId, now: int) -> Whole:
    """Return one order.

    Args:
        order: its id.
        account: who asks.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused: it is not for them.
        OrderUnknown: there is none.
    """
    allow_staff(account=account, act=Act.READ_ORDER, now=now)
    row = Order.objects.filter(pk=order).first()
    if row is None:
        raise OrderUnknown
    # Who takes no part in matters of a territory does not read them either.
    allow_staff(account=account, act=Act.READ_ORDER, now=now, case=case_of(row=row, account=account))
    review = Review.objects.filter(order=row).first() or Review()
    counted = counts_of(row=row)
    return Whole(
        listed=_listed(row),
        authority_kind=row.authority_kind,
        authority_territory=row.authority_territory,
        contact=row.contact,
        contact_confirmed=row.contact_confirmed,
        legal_basis=row.legal_basis,
        reasons=row.reasons,
        target=row.target,
        redress=row.redress,
        language=row.language,
        explanation=row.explanation,
        grounds=row.grounds,
        outcome=row.outcome,
        missing=missing_in(row=row),
        found_kind=review.authority_kind,
        found_territory=review.authority_territory,
        authority_verified=review.authority_verified,
        necessity=review.necessity,
        proportionality=review.proportionality,
        rights=review.rights,
        measures=_measures(row, of_desk=True, now=now),
        approvals=len(approvals_of(row=row)),
        told=told_of_order(row=row),
        part=Hand.objects.filter(order=row, account=account).values_list("part", flat=True).first() or "",
        denied=counted[Action.DENIED],
        removed=counted[Action.REMOVED],
    )


def status(*, receipt: str, now: int) -> Status:
    """Return how an order stands to whoever holds its receipt.

    Args:
        receipt: its number.
        now: the time.

    Raises:
        OrderUnknown: there is none.
    """
    row = Order.objects.filter(receipt=receipt).first()
    if row is None:
        raise OrderUnknown
    denied, removed = told_of(row=row)
    return Status(
        public_id=row.public_id,
        state=State(row.state),
        outcome=row.outcome,
        grounds=row.grounds,
        explanation=row.explanation,
        received_at=row.received_at,
        missing=tuple(sorted(missing_in(row=row))) if row.state == State.INFO_REQUESTED else (),
        measures=_measures(row, of_desk=False, now=now),
        denied=denied,
        removed=removed,
        left_out=left_out_of(row=row),
        proof=_proof(row.leaf, proofs.OF_ORDER),
    )


def notice(*, notice: str) -> Notice:
    """Return what somebody reads whom an order has met.

    Args:
        notice: its id, which only they were given.

    Raises:
        OrderUnknown: there is none.
    """
    met = application(notice=notice)
    row = Measure.objects.filter(pk=met.measure).select_related("order").first() if met is not None else None
    if met is None or row is None:
        raise OrderUnknown
    return Notice(
        order=row.order.public_id,
        authority=row.order.authority,
        legal_basis=row.order.legal_basis,
        redress=row.order.redress,
        territory=row.territory,
        kind=row.kind,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        action=met.action,
        at=met.at,
        undone_at=met.undone_at,
        wrong=row.state == MeasureState.QUASHED,
        on_account=row.account != "",
        proof=_proof(row.leaf, proofs.OF_MEASURE),
    )


def _measures(row: Order, *, of_desk: bool, now: int) -> tuple[Held, ...]:
    """Return the measures of an order; to its authority without what else the server knows of whom or what they are about."""
    return tuple(
        Held(
            id=one.pk,
            kind=one.kind,
            territory=one.territory,
            meeting=one.meeting,
            account=one.account,
            called=_called(one) if of_desk else None,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            state=MeasureState(one.state),
            waits=waits_for(row=row, measure=one, now=now),
        )
        for one in Measure.objects.filter(order=row).order_by("territory", "pk")
    )


def _called(measure: Measure) -> str | None:
    """Return what the desk knows the target of a measure by, None when there is no such meeting or account."""
    return title_of(meeting=measure.meeting) if measure.meeting else address_of(account=measure.account) or None


def _proof(leaf: int | None, fields: tuple[str, ...]) -> str:
    """Return the proof that a leaf is in the ledger, with what its holder may read."""
    return proofs.proof(index=leaf, fields=fields) if leaf is not None else ""


def _listed(row: Order) -> Listed:
    """Return an order as it is listed."""
    return Listed(
        id=row.pk,
        public_id=row.public_id,
        authority=row.authority,
        kind=row.kind,
        channel=row.channel,
        claimed=tuple(row.claimed),
        state=State(row.state),
        received_at=row.received_at,
    )
