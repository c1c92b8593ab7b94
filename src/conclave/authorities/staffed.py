"""Saying each day in the ledger whether the desk of orders is staffed, so that reports can count the days (docs/protocol/report.md)."""

from django.db import transaction

from conclave.authorities.standing import is_staffed
from conclave.kernel import clock, deadlines
from conclave.transparency import ledger

KIND, DESK = "DESK", "orders"
# A server that was started to be looked at says nothing yet.
FIRST_AFTER_MS = clock.HOUR

_pace = clock.Seldom(every_ms=10 * clock.MINUTE)
_began: dict[str, int] = {}


@deadlines.settles
def settle(now: int) -> None:
    """Say it once a day, by whichever gateway comes first.

    Args:
        now: the time.
    """
    if now - _began.setdefault("at", now) < FIRST_AFTER_MS or not _pace.due(now=now) or _said(now):
        return
    with transaction.atomic():
        ledger.hold()
        if not _said(now):
            told = "yes" if is_staffed() else "no"
            ledger.append(kind=KIND, fields={"day": clock.to_day(now), "desk": DESK, "staffed": told}, now=now)


def _said(now: int) -> bool:
    """Tell whether it was said today."""
    last = ledger.last_at(kind=KIND)
    return last is not None and clock.to_day(last) >= clock.to_day(now)
