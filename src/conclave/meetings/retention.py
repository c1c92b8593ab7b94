"""For how long meetings, calls, seats and what was said at the door are kept."""

from collections.abc import Iterator

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from conclave.accounts.rulebook import rulings
from conclave.accounts.rules import Rule
from conclave.kernel import clock, retention
from conclave.meetings import invitations, knock
from conclave.meetings.models import Call, InLine, Invitation, Meeting, Participant
from conclave.meetings.own import forget_meeting

# After a call its seats name nobody; a tab that wakes up within the week is told why its call is over.
SEAT_MS = 7 * clock.DAY
CALL_MS = 365 * clock.DAY
# Nobody can delete a meeting that nobody owns (MEET-7).
UNUSED_MS = 90 * clock.DAY
# Long after anybody who asks every two seconds has asked again.
LINE_MS = clock.MINUTE


def _unused(now: int) -> QuerySet[Meeting]:
    """Return the meetings in which nobody has been for so long that they go: nobody's, and those whose organisation says so
    and that are not planned.
    """
    since = now - UNUSED_MS
    nobodys = Q(owner=None, created_at__lte=since) & ~Q(_used(since))
    return Meeting.objects.filter(nobodys | (Q(organisation__isnull=False, next_at=None) & _idle(now)), deleted_at=None)


def _ruled() -> Iterator[tuple[int, Q]]:
    """Yield each number of days that an organisation's policy keeps things, and the meetings that it holds for (RULE-6)."""
    whose: dict[tuple[int, bool], list[str]] = {}
    for ruling in rulings():
        if ruling.policy.retention_days:
            enforced = Rule.RETENTION in ruling.policy.enforced
            whose.setdefault((ruling.policy.retention_days, enforced), []).append(ruling.organisation)
    for (days, enforced), organisations in whose.items():
        # Where it is no more than a default, a meeting may say itself how long.
        yield days, Q(organisation__in=organisations) if enforced else Q(organisation__in=organisations, kept_days=None)


def _own_days(days: F | OuterRef, now: int) -> CombinedExpression:
    """Return since when something is kept that a meeting gives so many days itself."""
    return Value(now, output_field=BigIntegerField()) - days * Value(clock.DAY, output_field=BigIntegerField())


def _over(now: int) -> QuerySet[Call]:
    """Return the calls that are over for long enough: for the platform, their meeting's organisation or its own word."""
    own = Q(ended_at__lte=now - CALL_MS) | Q(
        meeting__organisation__isnull=False, meeting__kept_days__isnull=False, ended_at__lte=_own_days(F("meeting__kept_days"), now)
    )
    for days, meetings in _ruled():
        own |= Q(meeting__in=Meeting.objects.filter(meetings).values("pk"), ended_at__lte=now - days * clock.DAY)
    return Call.objects.filter(own)


def _held(now: int) -> QuerySet[Meeting]:
    """Return the meetings that took place so long ago that it is not told any more."""
    return Meeting.objects.filter(_long_ago("past_at", now))


def _ended(now: int) -> QuerySet[Meeting]:
    """Return the meetings whose link was used so long ago that it is not told any more when."""
    return Meeting.objects.filter(_long_ago("link_used_at", now), link_used_at__gt=_link_made())


def _long_ago(column: str, now: int) -> Q:
    """Return the condition that a time of a meeting is as old as its calls become."""
    before = f"{column}__lte"
    own = Q(**{before: now - CALL_MS}) | Q(organisation__isnull=False, kept_days__isnull=False, **{before: _own_days(F("kept_days"), now)})
    for days, meetings in _ruled():
        own |= Q(meetings, **{before: now - days * clock.DAY})
    return own


def _link_made() -> Coalesce:
    """Return when a meeting's link was made."""
    return Coalesce(F("link_since"), F("created_at"))


def _idle(now: int) -> Q:
    """Return which meetings of organisations nobody has been in for as long as such a meeting is kept."""
    ours = _own_days(F("kept_days"), now)
    own = ~Q(_used(_own_days(OuterRef("kept_days"), now))) & _not_past(ours)
    quiet = Q(kept_days__isnull=False, created_at__lte=ours) & own
    for days, meetings in _ruled():
        since = now - days * clock.DAY
        quiet |= Q(meetings, created_at__lte=since) & ~Q(_used(since)) & _not_past(since)
    return quiet


def _used(since: int | CombinedExpression) -> Exists:
    """Return the condition that somebody is in a meeting, or was after a time."""
    return Exists(Call.objects.filter(Q(ended_at=None) | Q(ended_at__gt=since), meeting=OuterRef("pk")))


def _not_past(since: int | CombinedExpression) -> Q:
    """Return the condition that no planned time of a meeting, if anybody came or not, was after a time."""
    return Q(past_at=None) | Q(past_at__lte=since)


def _forget(rows: QuerySet[Meeting], now: int) -> None:
    """Delete meetings as their owner would, had they one."""
    for meeting in rows.values_list("pk", flat=True):
        forget_meeting(meeting=meeting, now=now)


# A knock, an answer and an invitation each have their own deadline in a column.
KNOCKS = retention.keeps(name="meetings.knock", ms=knock.KEPT_MS)
LINES = retention.keeps(name="meetings.line", ms=LINE_MS, rows=lambda now: InLine.objects.filter(until__lte=now - LINE_MS))
INVITATIONS = retention.keeps(
    name="meetings.invitation", ms=invitations.KEPT_MS, rows=lambda now: Invitation.objects.filter(forget_at__lte=now)
)
SEATS = retention.keeps(name="meetings.seat", ms=SEAT_MS, rows=lambda now: Participant.objects.filter(call__ended_at__lte=now - SEAT_MS))
CALLS = retention.keeps(name="meetings.call", ms=CALL_MS, rows=_over)
PAST = retention.keeps(name="meetings.past", ms=CALL_MS, rows=_held, purge=lambda rows, _now: rows.update(past_at=None))
# That the link was used outlives the time, or it would open again what it is not to (RULE-5).
LINK_USED = retention.keeps(
    name="meetings.link_used", ms=CALL_MS, rows=_ended, purge=lambda rows, _now: rows.update(link_used_at=_link_made())
)
UNUSED = retention.keeps(name="meetings.unused", ms=UNUSED_MS, rows=_unused, purge=_forget)
