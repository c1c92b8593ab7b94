"""For how long the journal can be read: then its values and salts are destroyed, and the sealed rows stay."""

from conclave.kernel import clock, retention
from conclave.transparency.models import JournalOpening

READABLE_MS = 365 * clock.DAY
READABLE = retention.keeps(
    name="transparency.journal",
    ms=READABLE_MS,
    rows=lambda now: JournalOpening.objects.filter(entry__appended_at__lte=now - READABLE_MS),
)
