"""Telling an authority what came of its order: roughly how many, never who (DSA art. 9(1)); then the order is closed, by itself.

Exact numbers, or any number while people still come, would tell whether somebody is there: of an account, whether it was used from the
territory; of a meeting, who has just tried.
"""

from collections import Counter
from collections.abc import Iterable

from django.db.models import QuerySet

from conclave.authorities.models import EffectReport, Measure, Order
from conclave.authorities.outcomes import EFFECTS, Effect, Outcome, band_of
from conclave.authorities.policy import Move
from conclave.authorities.standing import facts_of, move
from conclave.authorities.tell import tell_authority
from conclave.gate.apply import Action, Applied, applied


def report(*, row: Order, now: int) -> None:
    """Tell the authority of the effect as it is now; inside the caller's transaction.

    Args:
        row: the order, locked.
        now: the time.
    """
    before = EffectReport.objects.filter(order=row).values_list("effect", flat=True).first()
    effect = EFFECTS.get(Outcome(row.outcome)) if row.outcome else None
    denied, removed = told_of(row=row)
    said = {"effect": effect or before or Effect.NONE, "denied": denied, "removed": removed, "at": now}
    EffectReport.objects.update_or_create(order=row, defaults=said)
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


def told_of(*, row: Order) -> tuple[str, str]:
    """Return how many people were not let in and how many were taken out, as its authority may know it: in bands, of the measures that are
    over, and of none on an account; empty while there is none of those.

    Args:
        row: the order.
    """
    over = Measure.objects.filter(order=row, account="", active_at__isnull=False).exclude(over_at=None)
    if not over.exists():
        return "", ""
    counted = _people(over)
    return band_of(counted[Action.DENIED]), band_of(counted[Action.REMOVED])


def counts_of(*, row: Order) -> Counter[str]:
    """Return how many people its measures have met, by what was done; for the desk.

    Args:
        row: the order.
    """
    return _people(Measure.objects.filter(order=row))


def people_in(*, done: Iterable[Applied]) -> Counter[str]:
    """Return how many people were met, by what was done: somebody with several devices or meetings is one.

    Args:
        done: what was done.
    """
    return Counter(action for action, _person in {(one.action, one.person) for one in done})


def _people(measures: QuerySet[Measure]) -> Counter[str]:
    """Return how many people measures have met."""
    return people_in(done=[one for measure in measures.values_list("pk", flat=True) for one in applied(measure=measure)])
