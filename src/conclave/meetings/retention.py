"""For how long meetings, calls, seats and what was said at the door are kept."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from conclave.kernel import clock, retention
from conclave.meetings import invitations, knock
from conclave.meetings.models import Call, Invitation, Meeting, Participant
from conclave.meetings.own import forget_meeting

# After a call its seats name nobody; a tab that wakes up within the week is told why its call is over.
SEAT_MS = 7 * clock.DAY
CALL_MS = 365 * clock.DAY
# Nobody can delete a meeting that nobody owns (MEET-7).
UNUSED_MS = 90 * clock.DAY


def _unused(now: int) -> QuerySet[Meeting]:
    """Return the meetings that nobody owns and in which nobody has been for so long."""
    since = now - UNUSED_MS
    used = Call.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), meeting=OuterRef("pk"))
    return Meeting.objects.filter(~Exists(used), owner=None, deleted_at=None, created_at__lte=since)


def _forget(rows: QuerySet[Meeting], now: int) -> None:
    """Delete meetings as their owner would, had they one."""
    for meeting in rows.values_list("pk", flat=True):
        forget_meeting(meeting=meeting, now=now)


# A knock, an answer and an invitation each have their own deadline in a column.
KNOCKS = retention.keeps(name="meetings.knock", ms=knock.KEPT_MS)
INVITATIONS = retention.keeps(
    name="meetings.invitation", ms=invitations.KEPT_MS, rows=lambda now: Invitation.objects.filter(forget_at__lte=now)
)
SEATS = retention.keeps(name="meetings.seat", ms=SEAT_MS, rows=lambda now: Participant.objects.filter(call__ended_at__lte=now - SEAT_MS))
CALLS = retention.keeps(name="meetings.call", ms=CALL_MS, rows=lambda now: Call.objects.filter(ended_at__lte=now - CALL_MS))
UNUSED = retention.keeps(name="meetings.unused", ms=UNUSED_MS, rows=_unused, purge=_forget)
