"""Which reports the ledger names, and for which half-year the next one is due (REP-4, REP-5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, QuerySet

from conclave.kernel import clock
from conclave.transparency.models import LedgerEntry, Opening

KIND = "REPORT"
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A report as its entry has it: of which half-year, over which entries, the hash of its file, where the entry is and since when."""

    period: str
    start: int
    end: int
    sha256: str
    index: int
    made_at: int


def named() -> list[Named]:
    """Return the reports that the ledger names, the newest first."""
    return _read(list(_entries()[:MOST]))


def latest() -> Named | None:
    """Return the last report that the ledger names."""
    return next(iter(_read(list(_entries()[:1]))), None)


def _entries() -> QuerySet[LedgerEntry]:
    """Return the entries that name reports, the newest first; one that says none is left out."""
    says = (Exists(Opening.objects.filter(entry=OuterRef("pk"), field=field)) for field in ("report", "sha256"))
    return LedgerEntry.objects.filter(*says, kind=KIND).order_by("-index")


def _read(entries: Sequence[LedgerEntry]) -> list[Named]:
    """Return the reports that entries name."""
    fields: dict[int, dict[str, object]] = {}
    for opening in Opening.objects.filter(entry__in=entries):
        fields.setdefault(opening.entry_id, {})[opening.field] = opening.value
    told = [(entry, fields.get(entry.index, {})) for entry in entries]
    return [
        Named(
            period=str(said["report"]),
            # The first reports did not say so: all that was there before belongs to them.
            start=int(str(said.get("start", 0))),
            end=int(str(said.get("end", entry.index))),
            sha256=str(said["sha256"]),
            index=entry.index,
            made_at=entry.appended_at,
        )
        for entry, said in told
    ]


def due(*, now: int) -> str | None:
    """Return the half-year whose report is to be made now: the last one that is over, if something was entered before its end that is in
    no report; None otherwise.

    Args:
        now: the time.
    """
    last, running = latest(), period_at(now)
    over = _before(running)
    if last is not None and last.period >= over:
        return None
    # The first one is the oldest: nothing else has to be looked at.
    waiting = LedgerEntry.objects.filter(index=last.end if last else 0).values_list("appended_at", flat=True).first()
    return over if waiting is not None and waiting < begins(running) else None


def coming(*, now: int) -> tuple[str, int]:
    """Return which half-year the next report will be of, and from when on it is made.

    Args:
        now: the time.
    """
    last, period = latest(), due(now=now) or period_at(now)
    if last is not None and last.period >= period:
        period = _after(last.period)
    return period, begins(_after(period))


def period_at(ms: int) -> str:
    """Return the half-year of a time, as 2026H2.

    Args:
        ms: the time.
    """
    at = clock.to_datetime(ms)
    return f"{at.year:04}H{1 if at.month <= 6 else 2}"


def begins(period: str) -> int:
    """Return when a half-year begins, in UTC.

    Args:
        period: as 2026H2.
    """
    month = 1 if period.endswith("1") else 7
    return int(datetime(int(period[:4]), month, 1, tzinfo=UTC).timestamp()) * clock.SECOND


def _before(period: str) -> str:
    """Return the half-year before one."""
    year = int(period[:4])
    return f"{year:04}H1" if period.endswith("2") else f"{year - 1:04}H2"


def _after(period: str) -> str:
    """Return the half-year after one."""
    year = int(period[:4])
    return f"{year:04}H2" if period.endswith("1") else f"{year + 1:04}H1"
