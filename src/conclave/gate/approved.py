"""Whether a restriction by an order is what the public ledger says: a row alone meets nobody, whoever wrote it (ORD-10, ORD-12)."""

from dataclasses import replace

import structlog

from conclave.gate import models
from conclave.gate.policy import Kind, Measure, Restriction, Subject, restriction_of
from conclave.kernel.canonical import Json
from conclave.kernel.clock import DAY, MINUTE
from conclave.kernel.lately import Lately
from conclave.transparency import cosign, ledger

# The states of an order (its ORDER_STATE leaves) in which what it led to may hold; in all others it does not yet, or is over.
HOLDS = frozenset({"executing", "executed"})
# Leaves never change, but an order may be over: each restriction is compared once a minute, and not with each who comes.
_looked: Lately[Restriction, bool] = Lately(for_ms=MINUTE, most=1024)
_log = structlog.get_logger("conclave.orders")


def sealed_of(*, measure: Measure) -> dict[str, Json]:
    """Return what the `MEASURE` leaf seals of a measure (docs/protocol/orders.md).

    Args:
        measure: which.
    """
    return {
        "measure": measure.id,
        "kind": measure.kind.value,
        "territory": measure.territory,
        "target": measure.meeting or measure.account,
        "starts_at": measure.starts_at,
        "ends_at": measure.ends_at,
        # What is opened to everybody of its time (REP-3): when it began could name a meeting.
        "days": (measure.ends_at - measure.starts_at) // DAY,
    }


def is_approved(*, restriction: Restriction, now: int) -> bool:
    """Tell whether a restriction by an order is in every value what a cosigned leaf says, of an order that is not over.

    Nothing is asked of the database for what was asked within this minute; what is not so is said in the log.

    Args:
        restriction: as it is stored now.
        now: the time.
    """
    known = _looked.get(key=restriction, now=now)
    if known is not None:
        return known
    doubt = _doubt(restriction)
    # Whoever takes an order back deletes its rows with the very leaf that says so: what is gone by now was no forgery.
    if doubt and not models.Restriction.objects.filter(pk=restriction.id).exists():
        return False
    _looked.put(key=restriction, value=not doubt, now=now)
    if doubt:
        _log.critical("restriction is not what was approved", restriction=restriction.id, measure=restriction.notice, why=doubt)
    return not doubt


def forget(*, notice: str) -> None:
    """Let what was known of a measure be looked for again.

    Args:
        notice: the measure's id.
    """
    _looked.forget(which=lambda one: one.notice == notice)


def measure_of(*, restriction: Restriction) -> Measure | None:
    """Return the measure that this is at the gate, None where no measure is that.

    Args:
        restriction: of which.
    """
    if restriction.ends_at is None:
        return None
    on_account = restriction.subject[0] is Subject.ACCOUNT
    made = (
        Measure(
            id=restriction.notice,
            kind=kind,
            territory=restriction.territory,
            meeting="" if on_account else restriction.scope[1],
            account=restriction.subject[1] if on_account else "",
            starts_at=restriction.starts_at,
            ends_at=restriction.ends_at,
            leaf=restriction.leaf,
        )
        for kind in Kind
    )
    return next((one for one in made if restriction_of(one) == replace(restriction, id=0)), None)


def _doubt(restriction: Restriction) -> str:
    """Return why a restriction meets nobody, as the log says it; empty for what was approved."""
    measure = measure_of(restriction=restriction)
    if measure is None or measure.leaf is None:
        return "no measure is that"
    here = sealed_of(measure=measure)
    if ledger.told(kind="MEASURE", index=measure.leaf, fields=here) != here:
        return "its leaf says something else"
    # After the second approval each step of the order stands behind the leaves of its measures.
    obj = ledger.obj_of(index=measure.leaf)
    said = ledger.last_told(kind="ORDER_STATE", obj=obj, fields=("state",), after=measure.leaf)
    if said is None or said["state"] not in HOLDS:
        return "its order does not hold"
    return "" if cosign.is_cosigned(index=measure.leaf) else "its leaf is not cosigned"
