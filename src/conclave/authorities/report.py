"""Telling an authority what came of its order: counts only, never who (DSA art. 9(1)); then the order is closed, by itself."""

from collections import Counter

from conclave.authorities.models import EffectReport, Measure, Order
from conclave.authorities.outcomes import EFFECTS, Effect, Outcome
from conclave.authorities.policy import Move
from conclave.authorities.standing import facts_of, move
from conclave.authorities.tell import tell_authority
from conclave.gate.apply import Action, applied


def report(*, row: Order, now: int) -> None:
    """Tell the authority of the effect, once; inside the caller's transaction.

    Args:
        row: the order, locked.
        now: the time.
    """
    if EffectReport.objects.filter(order=row).exists():
        return
    counted = counts_of(row=row)
    effect = EFFECTS.get(Outcome(row.outcome), Effect.NONE) if row.outcome else Effect.NONE
    EffectReport.objects.create(order=row, effect=effect, denied=counted[Action.DENIED], removed=counted[Action.REMOVED], at=now)
    tell_authority(row=row, change=row.state, now=now)


def close(*, row: Order, now: int) -> None:
    """Close an order that is over: all of it is undone, and the authority was told; inside the caller's transaction.

    Args:
        row: the order, locked.
        now: the time.
    """
    report(row=row, now=now)
    move(row=row, to=Move.RESTORE, facts=facts_of(row=row, now=now), now=now)
    move(row=row, to=Move.CLOSE, facts=facts_of(row=row, now=now), now=now)


def counts_of(*, row: Order) -> Counter[str]:
    """Return how many people its measures have met, by what was done.

    Args:
        row: the order.
    """
    measures = Measure.objects.filter(order=row).values_list("pk", flat=True)
    return Counter(one.action for measure in measures for one in applied(measure=measure))
