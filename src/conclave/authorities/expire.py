"""The end of a measure: it comes with the clock, and no person has to do anything for it (ORD-9)."""

from conclave.authorities.models import Measure, Order
from conclave.authorities.policy import LIVE, Cause, MeasureState, Move, State
from conclave.authorities.report import close
from conclave.authorities.restore import undo
from conclave.authorities.standing import facts_of, hold_ledger, move
from conclave.kernel import deadlines
from conclave.keys.locks import writing

MOST_AT_ONCE = 50


@deadlines.settles
def settle(now: int) -> None:
    """Undo every measure whose end has come; the gate has let people in since then already.

    Args:
        now: the time.
    """
    late = Measure.objects.filter(state__in=(MeasureState.SCHEDULED, MeasureState.ACTIVE), ends_at__lte=now).order_by("ends_at")
    for row in late[:MOST_AT_ONCE]:
        with writing():
            order = Order.objects.select_for_update().get(pk=row.order_id)
            hold_ledger()
            if undo(order=order, measure=row, cause=Cause.EXPIRED, now=now):
                _follow(order, now)


def _follow(order: Order, now: int) -> None:
    """Let an order be over with the last of its measures."""
    if State(order.state) in LIVE and not Measure.objects.filter(order=order, over_at=None).exists():
        move(row=order, to=Move.EXPIRE, facts=facts_of(row=order, now=now), now=now)
        close(row=order, now=now)
