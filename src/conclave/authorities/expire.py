"""The end of a measure, and of what may be told: it comes with the clock, and no person has to do anything for it (ORD-9, ORD-18)."""

from conclave.authorities.disclose import end
from conclave.authorities.models import Disclosure, Measure, Order
from conclave.authorities.policy import Cause, MeasureState, Move, State, ToldState
from conclave.authorities.report import close
from conclave.authorities.restore import undo
from conclave.authorities.standing import facts_of, move
from conclave.kernel import deadlines
from conclave.keys.locks import writing
from conclave.transparency import ledger

MOST_AT_ONCE = 50
APPROVED = (State.EXECUTING, State.EXECUTED)


@deadlines.settles
def settle(now: int) -> None:
    """Undo every measure whose end has come (the gate has let people in since then already), and let nothing more be handed out.

    Args:
        now: the time.
    """
    late = Measure.objects.filter(state__in=(MeasureState.SCHEDULED, MeasureState.ACTIVE), ends_at__lte=now).order_by("ends_at")
    for row in late[:MOST_AT_ONCE]:
        with writing():
            order = Order.objects.select_for_update().get(pk=row.order_id)
            ledger.hold()
            if undo(order=order, measure=row, cause=Cause.EXPIRED, now=now):
                _follow(order, now)
    told = Disclosure.objects.filter(over_at=None, ends_at__lte=now, state__in=(ToldState.SCHEDULED, ToldState.HANDED)).order_by("ends_at")
    for one in told[:MOST_AT_ONCE]:
        with writing():
            order = Order.objects.select_for_update().get(pk=one.order_id)
            ledger.hold()
            end(row=order, state=ToldState.EXPIRED, now=now)
            _follow(order, now)


def _follow(order: Order, now: int) -> None:
    """Let an order be over with the last of its measures, or with what is told; what was only drafted is refused by a person."""
    holds = Measure.objects.filter(order=order, over_at=None).exists() or Disclosure.objects.filter(order=order, over_at=None).exists()
    if State(order.state) in APPROVED and not holds:
        move(row=order, to=Move.EXPIRE, facts=facts_of(row=order, now=now), now=now)
        close(row=order, now=now)
