"""Letting a measure act: once its leaf is cosigned and its time has come, and not a moment before (ORD-12).

Any gateway settles it by compare-and-set. While the witness is away the measure waits, and its order says so.
"""

import structlog

from conclave.authorities.approve import COSIGN, is_as_approved, plain
from conclave.authorities.models import Disclosure, Measure, Order
from conclave.authorities.policy import MeasureState, Move, State, ToldState, Waiting, becomes
from conclave.authorities.report import report
from conclave.authorities.standing import facts_of, move
from conclave.authorities.tell import tell_host
from conclave.kernel import clock, deadlines, outbox
from conclave.kernel.lately import Lately
from conclave.kernel.outbox import Payload
from conclave.keys.locks import writing
from conclave.meetings import enforce
from conclave.transparency import cosign, ledger
from conclave.transparency.cosign import WitnessAway

MOST_AT_ONCE = 50

# Measures that are not what was approved: each is looked at, and said in the log, once a minute, as a look takes everybody's locks.
_refused: Lately[str, bool] = Lately(for_ms=clock.MINUTE, most=1024)
_log = structlog.get_logger("conclave.orders")


@deadlines.settles
def settle(now: int) -> None:
    """Let act what was approved and cosigned.

    Args:
        now: the time.
    """
    due = Measure.objects.filter(state=MeasureState.SCHEDULED, starts_at__lte=now, ends_at__gt=now).exclude(pk__in=_refused.keys(now=now))
    for row in due.order_by("starts_at")[:MOST_AT_ONCE]:
        cosigned = row.leaf is not None and cosign.is_cosigned(index=row.leaf)
        waiting = Waiting(cosigned=cosigned, starts_at=row.starts_at, ends_at=row.ends_at, now=now)
        if becomes(waiting) is MeasureState.ACTIVE:
            _begin(row.pk, row.order_id, now)


@outbox.handles(COSIGN)
def _cosign(payload: Payload) -> None:
    """Ask the witness until it has cosigned what an order waits for."""
    cosign.cosign_now(now=clock.now())
    waits = [
        *Measure.objects.filter(order=payload["order"], state=MeasureState.SCHEDULED).values_list("leaf", flat=True),
        *Disclosure.objects.filter(order=payload["order"], state=ToldState.SCHEDULED).values_list("leaf", flat=True),
    ]
    if not all(leaf is not None and cosign.is_cosigned(index=leaf) for leaf in waits):
        raise WitnessAway


def _begin(pk: str, of: str, now: int) -> None:
    """Let one measure of an order act, unless another gateway has just done so."""
    with writing():
        order = Order.objects.select_for_update().get(pk=of)
        ledger.hold()
        measure = Measure.objects.select_for_update().filter(pk=pk, order=order, state=MeasureState.SCHEDULED).first()
        if measure is None:
            return
        if not is_as_approved(row=order, measure=measure):
            # It waits until its time is over, as without a witness: somebody wrote to the database past the desk.
            _refused.put(key=pk, value=True, now=now)
            _log.critical("measure is not what was approved", measure=measure.pk)
            return
        measure.state, measure.cosigned_at, measure.active_at = MeasureState.ACTIVE, now, now
        measure.save(update_fields=["state", "cosigned_at", "active_at"])
        effect = enforce.impose(measure=plain(row=measure), now=now)
        for owner, count in effect.removed.items():
            tell_host(account=owner, count=count, measure=measure, public_id=order.public_id, now=now)
        waits = Measure.objects.filter(order=order, state=MeasureState.SCHEDULED).exists()
        if not waits and order.state == State.EXECUTING:
            move(row=order, to=Move.DONE, facts=facts_of(row=order, now=now), now=now)
            report(row=order, now=now)
