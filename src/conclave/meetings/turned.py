"""Who could not join because of where a call may be held: counted, and said in the ledger day by day (REG-3, docs/protocol/report.md)."""

import threading
from collections import Counter

from django.db.models import F

from conclave.kernel import clock, deadlines
from conclave.kernel.errors import ConclaveError
from conclave.keys.locks import writing
from conclave.media import placement
from conclave.media.policy import Reason
from conclave.meetings.models import RegionRefusal
from conclave.transparency.ledger import Draft, append_all

KIND = "REGION_REFUSALS"
# As what each refusal is counted.
REASONS: dict[type[ConclaveError], Reason] = {
    placement.RegionForbidden: Reason.LISTS,
    placement.RegionUnentered: Reason.LEDGER,
    placement.RegionFull: Reason.FULL,
    placement.MediaUnavailable: Reason.DOWN,
}
# Written this often: a crowd before a full region must not make the database write for each of them.
WRITTEN_MS = 5 * clock.SECOND

_counting = threading.Lock()
_counted: Counter[tuple[str, str]] = Counter()
_writes = clock.Seldom(every_ms=WRITTEN_MS)
_looks = clock.Seldom(every_ms=10 * clock.MINUTE)


def count(*, refused: ConclaveError, now: int) -> None:
    """Count a refusal to join; one that has nothing to do with regions is not counted.

    Args:
        refused: what was answered.
        now: the time.
    """
    reason = REASONS.get(type(refused))
    if isinstance(refused, placement.MediaUnavailable) and refused.moves:
        reason = Reason.MOVES
    if reason is not None:
        with _counting:
            _counted[clock.to_day(now), reason.value] += 1


@deadlines.settles
def settle(now: int) -> None:
    """Write down what was counted, and once a day is over, say so in the ledger.

    Args:
        now: the time.
    """
    if _counted and _writes.due(now=now):
        _write()
    if _looks.due(now=now):
        _say(now)


def _write() -> None:
    """Add what was counted to the rows of its days; it is counted again if that fails."""
    with _counting:
        taken = dict(_counted)
        _counted.clear()
    try:
        with writing():
            for (day, reason), more in taken.items():
                row, _made = RegionRefusal.objects.get_or_create(day=day, reason=reason)
                RegionRefusal.objects.filter(pk=row.pk).update(count=F("count") + more)
    except Exception:
        with _counting:
            _counted.update(taken)
        raise


def _say(now: int) -> None:
    """Append what was counted on days that are over, and forget it; of several gateways one does."""
    over = RegionRefusal.objects.filter(day__lt=clock.to_day(now - 2 * WRITTEN_MS))
    if not over.exists():
        return
    with writing():
        rows = list(over.select_for_update().order_by("day", "reason"))
        if rows:
            drafts = [Draft(kind=KIND, fields={"day": row.day, "reason": row.reason, "count": row.count}) for row in rows]
            append_all(drafts=drafts, now=now)
            RegionRefusal.objects.filter(pk__in=[row.pk for row in rows]).delete()
