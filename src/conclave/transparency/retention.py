"""For how long the journal can be read: then its values and salts are destroyed, and the sealed rows stay."""

from django.db.models import QuerySet, Subquery

from conclave.kernel import clock, retention
from conclave.transparency.models import JournalEntry, JournalOpening

READABLE_MS = 365 * clock.DAY


def _old(now: int) -> QuerySet[JournalOpening]:
    """Return the openings of entries up to the last old one; what was destroyed before is not looked at again."""
    last = JournalEntry.objects.filter(appended_at__lte=now - READABLE_MS).order_by("-appended_at", "-index").values("index")[:1]
    return JournalOpening.objects.filter(entry_id__lte=Subquery(last))


READABLE = retention.keeps(name="transparency.journal", ms=READABLE_MS, rows=_old)
