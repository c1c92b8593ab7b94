"""Approving measures, or what is told: two people who did nothing else in it and work elsewhere, each with a passkey for exactly these
(ORD-10, ORD-18).
"""

from enum import StrEnum

from django.db import IntegrityError, transaction

from conclave.accounts.assertion import Question, Shown, ask_passkey, use_passkey
from conclave.accounts.staff import StaffOtherRole
from conclave.accounts.staff import facts_of as person_of
from conclave.accounts.staff_policy import Act
from conclave.authorities.disclose import act_of, schedule
from conclave.authorities.models import ERASED, Hand, Measure, Order, Part
from conclave.authorities.policy import APPROVERS, MeasureState, Move, Reason, State
from conclave.authorities.receive import missing_in
from conclave.authorities.standing import OrderNotNow, approval_leaf, approvals_of, facts_of, move, note, order_for, take_part
from conclave.gate import policy as gate
from conclave.gate.approved import sealed_of
from conclave.kernel import outbox
from conclave.kernel.canonical import Json
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing
from conclave.transparency import cosign, ledger

COSIGN = "authorities.cosign"


class Waits(StrEnum):
    """What an approved measure waits for."""

    NOTHING = "nothing"
    # Its leaf is not cosigned.
    WITNESS = "witness"
    TIME = "time"
    # For nothing that comes by itself: what is stored is not what was approved, and does not act (ORD-10).
    CHANGED = "changed"


def ask_approval(*, order: str, account: UserId, now: int) -> Question:
    """Ask somebody for a passkey, for approving the measures of an order.

    Args:
        order: which.
        account: the approver.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, StaffPlaceUnknown, StaffWorksThere, OrderUnknown: not for them.
        OrderNotNow: nothing waits to be approved.
        PasskeyMissing: they have none.
    """
    with transaction.atomic():
        row = order_for(order=order, account=account, act=Act.APPROVE_MEASURE, now=now, asking=True)
        return ask_passkey(account=account, act=_act(row), now=now)


def approve(*, order: str, account: UserId, shown: Shown | None, now: int) -> State:
    """Approve the measures of an order; with the second approval they wait for the witness, and then act by themselves.

    Args:
        order: which.
        account: the approver.
        shown: the passkey that was shown for it.
        now: the time.

    Returns:
        Where the order stands.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, StaffPlaceUnknown, StaffWorksThere, OrderUnknown: not for them.
        OrderNotNow: nothing waits to be approved.
        PasskeyNotShown: no passkey was shown for exactly these measures within five minutes.
    """
    with writing():
        row = order_for(order=order, account=account, act=Act.APPROVE_MEASURE, now=now, asking=True)
        shown_at = use_passkey(account=account, act=_act(row), shown=shown, now=now)
        row = order_for(order=order, account=account, act=Act.APPROVE_MEASURE, now=now, shown_at=shown_at)
        first = not Hand.objects.filter(order=row, part=Part.FIRST).exists()
        place = person_of(account=account).work_country
        try:
            # Whatever was judged above, the database lets nobody have two parts.
            with transaction.atomic():
                part = Part.FIRST if first else Part.SECOND
                hand = take_part(row=row, account=account, part=part, now=now, shown_at=shown_at, work_country=place)
        except IntegrityError:
            raise StaffOtherRole from None
        note(row=row, kind="APPROVAL", fields=approval_leaf(hand=hand), now=now)
        if not first:
            _schedule(row, now)
    return State(row.state)


def is_as_approved(*, row: Order, measure: Measure) -> bool:
    """Tell whether a measure is what its leaf says, and the ledger has two approvals before that and no end of its order since: rows alone
    anybody could write (ORD-10).

    Args:
        row: its order, locked where something acts by the answer.
        measure: as it is stored now.
    """
    here = _leaf(measure)
    if measure.account == ERASED:
        # It is about nobody by now, and whom it was about cannot be opened any more.
        del here["target"]
    if measure.leaf is None or ledger.told(kind="MEASURE", index=measure.leaf, fields=here) != here:
        return False
    said = ledger.last_told(kind="ORDER_STATE", obj=row.obj, fields=("state",), after=measure.leaf)
    acts = row.state == State.EXECUTING and said == {"state": State.EXECUTING}
    return acts and len(approvals_of(row=row, before=measure.leaf)) == APPROVERS


def waits_for(*, row: Order, measure: Measure, now: int) -> Waits:
    """Return what a measure waits for; what was changed waits for neither the witness nor its time, however it looks.

    Args:
        row: its order.
        measure: as it is stored now.
        now: the time.
    """
    if measure.state != MeasureState.SCHEDULED:
        return Waits.NOTHING
    if not is_as_approved(row=row, measure=measure):
        return Waits.CHANGED
    if measure.leaf is None or not cosign.is_cosigned(index=measure.leaf):
        return Waits.WITNESS
    return Waits.TIME if now < measure.starts_at else Waits.NOTHING


def _schedule(row: Order, now: int) -> None:
    """Give each measure its leaf, and let it wait for the witness."""
    facts = facts_of(row=row, now=now, missing=missing_in(row=row))
    move(row=row, to=Move.APPROVE, facts=facts, now=now)
    for measure in Measure.objects.filter(order=row, state=MeasureState.DRAFT).order_by("pk"):
        measure.leaf = note(row=row, kind="MEASURE", fields=_leaf(measure), now=now)
        measure.state = MeasureState.SCHEDULED
        measure.save(update_fields=["leaf", "state"])
    schedule(row=row, now=now)
    move(row=row, to=Move.EXECUTE, facts=facts, now=now)
    outbox.emit(kind=COSIGN, payload={"order": row.pk}, now=now)


def plain(*, row: Measure) -> gate.Measure:
    """Return a measure as the gate takes it.

    Args:
        row: the measure.
    """
    return gate.Measure(
        id=row.pk,
        kind=gate.Kind(row.kind),
        territory=row.territory,
        meeting=row.meeting,
        account=row.account,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        leaf=row.leaf,
    )


def _leaf(measure: Measure) -> dict[str, Json]:
    """Return what is sealed of a measure; the gate compares it with the ledger again (gate/approved.py)."""
    return sealed_of(measure=plain(row=measure))


def _act(row: Order) -> dict[str, Json]:
    """Return what is signed for an approval: exactly these measures, and none that came in their place."""
    if row.state != State.NARROWED:
        raise OrderNotNow(Reason.NOT_NOW)
    measures = Measure.objects.filter(order=row, state=MeasureState.DRAFT).order_by("pk")
    said: list[Json] = [{name: str(value) for name, value in _leaf(measure).items()} for measure in measures]
    told = act_of(row=row)
    if told:
        return {"act": "approve_disclosure", "order": row.pk, "told": told}
    return {"act": "approve_measure", "order": row.pk, "measures": said}
