"""Undoing a measure: whoever it met may come back at once, without anybody's doing, and is told so (ORD-9)."""

from conclave.authorities.models import Measure, Order, Restoration
from conclave.authorities.outcomes import band_of
from conclave.authorities.policy import MEASURE_MOVES, RESTORED_WITHIN_MS, Cause, MeasureState
from conclave.authorities.report import people_in
from conclave.authorities.standing import note
from conclave.authorities.tell import RESTORED
from conclave.gate.apply import Action, Applied, applied
from conclave.kernel import outbox
from conclave.meetings import enforce

ACCOUNT = "account"
BECOMES = {Cause.EXPIRED: MeasureState.EXPIRED, Cause.WITHDRAWN: MeasureState.LIFTED, Cause.QUASHED: MeasureState.QUASHED}


def undo(*, order: Order, measure: Measure, cause: Cause, now: int) -> bool:
    """Undo one measure, inside the caller's transaction.

    Args:
        order: its order, locked.
        measure: which.
        cause: why.
        now: the time.

    Returns:
        Whether it was this call that ended it; one that is over already is left as it is.
    """
    before = [state for state, leads in MEASURE_MOVES.items() if BECOMES[cause] in leads]
    same = Measure.objects.filter(pk=measure.pk, over_at=None, state__in=before)
    acted = same.filter(state=MeasureState.ACTIVE).exists()
    if not same.update(state=BECOMES[cause], over_at=now):
        return False
    if not acted:
        return True
    undone = enforce.lift(measure=measure.pk, now=now)
    _count(order, measure, undone, now)
    people = len({one.person for one in undone})
    leaf = note(
        row=order,
        kind="RESTORATION",
        fields={"cause": cause.value, "territory": measure.territory, "people": _band(measure, people)},
        now=now,
    )
    # Due a day after it was to end: with this row it is done, however late a gateway came to it.
    due = (measure.ends_at if cause is Cause.EXPIRED else now) + RESTORED_WITHIN_MS
    Restoration.objects.create(measure=measure, cause=cause, due_at=due, done_at=now, people=people, leaf=leaf)
    for one in undone:
        outbox.emit(kind=RESTORED, payload={"notice": one.id, "cause": cause.value}, now=now)
    return True


def regret(*, measure: Measure, now: int) -> None:
    """Say of a measure that is over that it was wrong, to each whom it met; inside the caller's transaction.

    Args:
        measure: which.
        now: the time.
    """
    same = Measure.objects.filter(pk=measure.pk, active_at__isnull=False, state__in=(MeasureState.EXPIRED, MeasureState.LIFTED))
    if same.update(state=MeasureState.QUASHED):
        for one in applied(measure=measure.pk):
            outbox.emit(kind=RESTORED, payload={"notice": one.id, "cause": Cause.QUASHED.value}, now=now)


def _count(order: Order, measure: Measure, undone: list[Applied], now: int) -> None:
    """Write down how many a measure has met, as it is published."""
    done = people_in(done=undone)
    denied, removed = (_band(measure, done[action]) for action in (Action.DENIED, Action.REMOVED))
    fields = {"territory": measure.territory, "denied": denied, "removed": removed}
    note(row=order, kind="APPLICATION_COUNT", fields={**fields}, now=now)


def _band(measure: Measure, people: int) -> str:
    """Return how many people are said to have been met; of an account it is not said whether it was there at all (ORD-13)."""
    return ACCOUNT if measure.account else band_of(people)
