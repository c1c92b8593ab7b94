"""A meeting gets a time, another or none; single times of a series are called off; what is over turns into the past (MEET-14 to 17)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from time import monotonic

from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from conclave.kernel import clock, deadlines
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing
from conclave.meetings import schedule as schedules
from conclave.meetings.hosting import check_host
from conclave.meetings.models import Meeting
from conclave.meetings.own import UNPLANNED, clean_title, key_of_title
from conclave.meetings.queries import MeetingUnknown, own_meeting
from conclave.meetings.schedule import Change, Schedule
from conclave.meetings.stale import check_seen
from conclave.transparency.journal import journal

MOST_OFF = 200
MOST_AT_ONCE = 200
# For so long at most turns keep the thread of all deadlines busy.
TICK_SECONDS = 0.2
_turning = clock.Seldom(every_ms=10 * clock.SECOND)


class TimeUnknown(Refused):
    """The meeting has no such time that could be called off, or it is over (MEET-16)."""

    code = "time_unknown"
    status = 404
    message = _("The meeting has no such time to come.")


class PlanUnknown(Refused):
    """The meeting has no plan."""

    code = "plan_unknown"
    status = 404
    message = _("No time is planned for this meeting.")


class TimesFull(Refused):
    """As many times of this series are called off as can be (MEET-16)."""

    code = "times_full"
    status = 409
    message = _("So many times of this series are called off that it should be planned anew.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """When a meeting is planned, as its owner sees it."""

    schedule: Schedule
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPlan:
    """A plan as calendar files say it, with what stands beside it; times are what the wall shows."""

    title: str
    start: str
    starts_at: int
    zone: str
    minutes: int
    rule: str
    off: list[str]
    sequence: int
    changes: list[Change]
    organiser_name: str
    organiser_address: str


def plan_meeting(
    *, meeting: str, owner: UserId, title: str, schedule: Schedule, now: int, shown: Collection[str] = (), seen: int | None = None
) -> Schedule:
    """Plan a meeting, or plan it otherwise; what was called off stays so on the days on which there is still a time (MEET-14).

    Args:
        meeting: its id.
        owner: who is signed in.
        title: its title from now on.
        schedule: when.
        now: the time.
        shown: what its owner has shown when they signed in.
        seen: the number of the plan that they have looked at; None for whoever plans without looking.

    Returns:
        The plan, from the first of its times.

    Raises:
        PlanForbidden, TitleForbidden: it is out of bounds, or the title cannot be used.
        MeetingUnknown: it is not theirs.
        MeetingStale: it was planned otherwise since (MEET-21).
        OrganisationUnknown, RuleMet: its organisation's policy does not let them host (RULE-2).
    """
    wanted, cleaned = schedules.settled(schedule=schedule, now=now), clean_title(raw=title)
    with writing():
        row = _locked(meeting, owner)
        check_host(organisation=row.organisation_id or "", account=owner, shown=shown)
        check_seen(seen=seen, now=row.plan_sequence)
        former = planned_of(row=row)
        if former is not None:
            wanted = schedules.moved(off=former.schedule.off, to=wanted, now=now)
        if cleaned != row.title:
            journal(kind="meeting_renamed", obj=row.pk, fields={}, now=now)
        row.title, row.title_key = cleaned, key_of_title(title=cleaned)
        _store(row, wanted, now=now)
        row.save(update_fields=["title", "title_key"])
        journal(kind="meeting_planned", obj=row.pk, fields={"sequence": row.plan_sequence}, now=now)
    return wanted


def unplan(*, meeting: str, owner: UserId, now: int) -> None:
    """Take a meeting's times away; the meeting stays.

    Args:
        meeting: its id.
        owner: who is signed in.
        now: the time.

    Raises:
        MeetingUnknown: it is not theirs.
    """
    with writing():
        row = _locked(meeting, owner)
        if row.plan_start:
            Meeting.objects.filter(pk=row.pk).update(**UNPLANNED, plan_sequence=F("plan_sequence") + 1)
            journal(kind="meeting_unplanned", obj=row.pk, fields={}, now=now)


def call_off(*, meeting: str, owner: UserId, wall: str, off: bool, now: int, shown: Collection[str] = ()) -> None:
    """Call one time of a series off, or let it take place after all; said twice, it is done once (MEET-16).

    Args:
        meeting: its id.
        owner: who is signed in.
        wall: the time, as schedule.to_wall writes it.
        off: whether it is called off.
        now: the time.
        shown: what its owner has shown when they signed in.

    Raises:
        MeetingUnknown: it is not theirs.
        OrganisationUnknown, RuleMet: it is to take place, and its organisation's policy does not let them host (RULE-2).
        TimeUnknown: it has no such time to come, or is no series.
        TimesFull: too many are called off.
    """
    try:
        local = schedules.from_wall(wall)
    except schedules.PlanForbidden as error:
        raise TimeUnknown from error
    with writing():
        row = _locked(meeting, owner)
        if not off:
            check_host(organisation=row.organisation_id or "", account=owner, shown=shown)
        planned = planned_of(row=row)
        if planned is None or planned.schedule.repeat is None or not schedules.is_time(schedule=planned.schedule, local=local, now=now):
            raise TimeUnknown
        before = planned.schedule.off
        after = before | {local} if off else before - {local}
        if after == before:
            return
        if len(after) > MOST_OFF:
            raise TimesFull
        _store(row, replace(planned.schedule, off=after), now=now)
        journal(kind="meeting_time_off" if off else "meeting_time_on", obj=row.pk, fields={"wall": wall}, now=now)


def planned(*, meeting: str, owner: UserId) -> Planned | None:
    """Return when a meeting is planned, to its owner; None for no plan.

    Args:
        meeting: its id.
        owner: who asks.

    Raises:
        MeetingUnknown: it is not theirs.
    """
    row = Meeting.objects.filter(pk=meeting, owner=owner, deleted_at=None).first()
    if row is None:
        raise MeetingUnknown
    return planned_of(row=row)


def planned_of(*, row: Meeting) -> Planned | None:
    """Return a row's plan, or None for no plan."""
    if not row.plan_start:
        return None
    schedule = Schedule(
        start=schedules.from_wall(row.plan_start),
        zone=row.plan_zone,
        minutes=row.plan_minutes,
        repeat=schedules.repeat_of(rule=row.plan_rule),
        off=frozenset(map(schedules.from_wall, row.plan_off.split())),
    )
    return Planned(schedule=schedule, sequence=row.plan_sequence)


def calendar_of(*, meeting: str, owner: UserId, now: int) -> CalendarPlan:
    """Return what a calendar file is made of, but for the link, to a meeting's owner (MEET-18).

    Args:
        meeting: the meeting's id.
        owner: who asks.
        now: the time.

    Raises:
        MeetingUnknown: it is not theirs.
        PlanUnknown: no time is planned.
    """
    row = Meeting.objects.select_related("owner").filter(pk=meeting, owner=owner, deleted_at=None).first()
    if row is None or row.owner is None:
        raise MeetingUnknown
    found = planned_of(row=row)
    if found is None:
        raise PlanUnknown
    wanted = found.schedule
    return CalendarPlan(
        title=row.title,
        start=schedules.to_wall(wanted.start),
        starts_at=schedules.instant(local=wanted.start, zone=wanted.zone),
        zone=wanted.zone,
        minutes=wanted.minutes,
        rule=schedules.calendar_rule(schedule=wanted),
        off=sorted(map(schedules.to_wall, wanted.off)),
        sequence=found.sequence,
        changes=schedules.changes(schedule=wanted, now=now) if wanted.repeat else [],
        organiser_name=row.owner.name,
        organiser_address=row.owner.email,
    )


@deadlines.settles
def settle_turns(now: int) -> None:
    """Let what is over turn into the past, and the time after it come up (MEET-17).

    Args:
        now: the time.
    """
    if not _turning.due(now=now):
        return
    over, until = Meeting.objects.filter(turn_at__lte=now, turn_at__isnull=False).order_by("turn_at"), monotonic() + TICK_SECONDS
    for number, row in enumerate(over[: MOST_AT_ONCE + 1]):
        # Other deadlines wait in this thread: what is left is done at the next tick.
        if number == MOST_AT_ONCE or (number and monotonic() >= until):
            _turning.again()
            return
        turn(row=row, now=now)


def turn(*, row: Meeting, now: int) -> None:
    """Settle one meeting whose time is over; of several gateways one does it."""
    planned = planned_of(row=row)
    if planned is None:
        return
    stands = schedules.turn_of(schedule=planned.schedule, now=now, since=row.next_at)
    last = Greatest(Coalesce(F("past_at"), Value(0)), Value(stands.over if stands.over is not None else row.next_at))
    Meeting.objects.filter(pk=row.pk, turn_at=row.turn_at).update(next_at=stands.start, turn_at=stands.end, past_at=last)


def _locked(meeting: str, owner: UserId) -> Meeting:
    """Return the owner's meeting for a change, inside the caller's transaction."""
    return Meeting.objects.select_for_update().get(pk=own_meeting(meeting=meeting, owner=owner).meeting)


def _store(row: Meeting, schedule: Schedule, *, now: int) -> None:
    """Write a plan down with what follows from it."""
    stands = schedules.turn_of(schedule=schedule, now=now)
    row.plan_start, row.plan_zone, row.plan_minutes = schedules.to_wall(schedule.start), schedule.zone, schedule.minutes
    row.plan_rule = schedules.rule_of(repeat=schedule.repeat)
    row.plan_off = " ".join(sorted(map(schedules.to_wall, schedule.off)))
    row.plan_sequence += 1
    row.next_at, row.turn_at = stands.start, stands.end
    row.save(update_fields=[*UNPLANNED, "plan_sequence"])
