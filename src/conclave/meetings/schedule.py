"""When a meeting is planned: a time on the wall of a zone, how long, and how it repeats. Nine in Paris stays nine in Paris.

What the wall shows is kept, and instants follow from it. A time that a zone skips counts by the offset before the change, and of one
that it has twice the first counts, as RFC 5545 says and calendars do. Knows no database.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from dateutil import rrule
from django.utils.translation import gettext_lazy as _

from conclave.kernel import clock
from conclave.kernel.errors import Refused


class Every(StrEnum):
    """How often a series comes round."""

    DAY = "DAILY"
    WEEK = "WEEKLY"
    MONTH = "MONTHLY"


AREAS = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
SHORTEST_MINUTES, LONGEST_MINUTES = 5, 24 * 60
PAST_DAYS, AHEAD_DAYS = 366, 5 * 366
MOST_TIMES, WIDEST = 400, 52
# A series without an end is looked at so far ahead, and no farther.
HORIZON_DAYS = 10 * 366
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAYS = dict(zip(DAYS, (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU), strict=True))
_EVERY: dict[Every, Literal[1, 2, 3]] = {Every.MONTH: rrule.MONTHLY, Every.WEEK: rrule.WEEKLY, Every.DAY: rrule.DAILY}
_LOCAL = "%Y-%m-%dT%H:%M"
_RULE = re.compile(
    r"FREQ=(?P<every>DAILY|WEEKLY|MONTHLY)(?:;INTERVAL=(?P<interval>[1-9]\d?))?"
    r"(?:;BYDAY=(?P<nth>-1|[1-4])?(?P<days>[A-Z,]+))?(?:;BYMONTHDAY=(?P<month_day>-1|[1-9]\d?))?"
    r"(?:;COUNT=(?P<count>[1-9]\d{0,2})|;UNTIL=(?P<until>\d{8}))?"
)


class PlanForbidden(Refused):
    """The plan has a date, a zone, a length or a repetition that is out of bounds (MEET-14)."""

    code = "plan_forbidden"
    status = 422
    message = _("This cannot be planned: check date, time zone, length and repetition.")


class Oddity(StrEnum):
    """What a zone does to a time on its wall."""

    SKIPPED = "skipped"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """How a series goes on: every so many days, weeks on these days, or months on one day, until a day or so many times."""

    every: Every
    interval: int = 1
    # Of a week; of a month it is one, and `nth` says which of them.
    days: tuple[str, ...] = ()
    nth: int = 0
    # Of a month; -1 is its last. A month without it is passed over.
    month_day: int = 0
    count: int = 0
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A plan; `start` and `off` are what the wall shows, without a zone."""

    start: datetime
    zone: str
    minutes: int
    repeat: Repeat | None = None
    off: frozenset[datetime] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """One time of a plan."""

    local: datetime
    start: int
    end: int
    off: bool

    @property
    def wall(self) -> str:
        """Return what the wall shows, as a name for this time."""
        return to_wall(self.local)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How a plan stands at a time: the last one that is over, and the next that is not."""

    over: int | None
    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From when a zone's clocks go another way; `local` is what the wall showed until then, offsets are seconds east of UTC."""

    local: str
    before: int
    after: int
    summer: bool
    name: str


@cache
def zones() -> tuple[str, ...]:
    """Return the time zones that may be chosen, by name."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(AREAS)))


def settled(*, schedule: Schedule, now: int) -> Schedule:
    """Return a plan that is within bounds, with its start on the first of its times.

    Args:
        schedule: what was asked for.
        now: the time.

    Raises:
        PlanForbidden: it is not, or there is no such time at all.
    """
    today = clock.to_datetime(now).replace(tzinfo=None)
    soon, far = today - timedelta(days=PAST_DAYS), today + timedelta(days=AHEAD_DAYS)
    if schedule.zone not in zones() or not SHORTEST_MINUTES <= schedule.minutes <= LONGEST_MINUTES or not soon < schedule.start < far:
        raise PlanForbidden
    if schedule.repeat is not None:
        _check(schedule.repeat, far=far.date())
    first = next(_locals(schedule, now=now), None)
    if first is None or (schedule.repeat is not None and first > far):
        raise PlanForbidden
    return replace(schedule, start=first)


def times(*, schedule: Schedule, now: int, most: int) -> list[Time]:
    """Return the times that are not over, those that are called off among them.

    Args:
        schedule: the plan.
        now: the time.
        most: how many at most.
    """
    return list(islice((one for one in _times(schedule, now=now) if one.end > now), most))


def turn_of(*, schedule: Schedule, now: int, since: int | None = None) -> Turn:
    """Return how a plan stands.

    Args:
        schedule: the plan.
        now: the time.
        since: the start of a time that is known to take place, before which nobody asks: a series of many years is not gone through anew.
    """
    over = None
    for one in _times(schedule, now=now, since=since):
        if one.off:
            continue
        if one.end > now:
            return Turn(over=over, start=one.start, end=one.end)
        over = one.start
    return Turn(over=over, start=None, end=None)


def is_time(*, schedule: Schedule, local: datetime, now: int) -> bool:
    """Tell whether a plan has this time, called off or not, and it is not over.

    Args:
        schedule: the plan.
        local: what the wall shows.
        now: the time.
    """
    for one in _times(schedule, now=now):
        if one.local >= local:
            return one.local == local and one.end > now
    return False


def moved(*, off: frozenset[datetime], to: Schedule, now: int) -> Schedule:
    """Return a changed plan in which what was called off stays so, on the days on which the new one has a time.

    Args:
        off: what was called off.
        to: the new plan.
        now: the time.
    """
    days = {local.date() for local in off}
    kept = frozenset(one.local for one in _times(to, now=now) if one.local.date() in days) if days and to.repeat else frozenset()
    return replace(to, off=kept)


def instant(*, local: datetime, zone: str) -> int:
    """Return when a wall shows this, in milliseconds (MEET-15).

    Args:
        local: what it shows.
        zone: in which zone.
    """
    return round(local.replace(tzinfo=ZoneInfo(zone), fold=0).timestamp() * 1000)


def oddity(*, local: datetime, zone: str) -> Oddity | None:
    """Tell whether a zone skips a time or has it twice.

    Args:
        local: what the wall shows.
        zone: in which zone.
    """
    first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return None
    shown = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    return Oddity.TWICE if shown == local else Oddity.SKIPPED


def changes(*, schedule: Schedule, now: int) -> list[Change]:
    """Return where a zone's clocks change while a plan lasts, the first one being how they went before it.

    Args:
        schedule: the plan.
        now: the time.
    """
    zone = ZoneInfo(schedule.zone)
    at = clock.to_datetime(instant(local=schedule.start, zone=schedule.zone)) - timedelta(days=2)
    last = schedule.start
    for last in _locals(schedule, now=now):  # noqa: B007 - the last one is what is looked for
        pass
    end = last.replace(tzinfo=UTC) + timedelta(days=3)
    found = [_change(at, at - timedelta(seconds=1), zone)]
    while at < end:
        following = at + timedelta(days=1)
        if following.astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
            before, after = at, following
            while after - before > timedelta(seconds=1):
                middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
                same = middle.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset()
                before, after = (middle, after) if same else (before, middle)
            found.append(_change(after, before, zone))
        at = following
    return found


def rule_of(*, repeat: Repeat | None) -> str:
    """Return a repetition as RFC 5545 writes it; its last day, where it has one, without a time. Empty for none.

    Args:
        repeat: how a series goes on.
    """
    if repeat is None:
        return ""
    parts = [
        f"FREQ={repeat.every}",
        f"INTERVAL={repeat.interval}" if repeat.interval > 1 else "",
        f"BYDAY={repeat.nth or ''}{','.join(repeat.days)}" if repeat.days else "",
        f"BYMONTHDAY={repeat.month_day}" if repeat.month_day else "",
        f"COUNT={repeat.count}" if repeat.count else "",
        f"UNTIL={repeat.until:%Y%m%d}" if repeat.until else "",
    ]
    return ";".join(filter(None, parts))


def calendar_rule(*, schedule: Schedule) -> str:
    """Return the repetition as calendar files have it: a last day is an instant there.

    Args:
        schedule: the plan.
    """
    repeat = schedule.repeat
    if repeat is None or repeat.until is None:
        return rule_of(repeat=repeat)
    end = clock.to_datetime(instant(local=datetime.combine(repeat.until, time(23, 59)), zone=schedule.zone))
    return rule_of(repeat=replace(repeat, until=None)) + f";UNTIL={end:%Y%m%dT%H%M%SZ}"


def repeat_of(*, rule: str) -> Repeat | None:
    """Return what rule_of wrote.

    Args:
        rule: its text.

    Raises:
        PlanForbidden: it is none of ours.
    """
    if not rule:
        return None
    found = _RULE.fullmatch(rule)
    if found is None:
        raise PlanForbidden
    days = tuple((found["days"] or "").split(",")) if found["days"] else ()
    try:
        until = datetime.strptime(found["until"], "%Y%m%d").date() if found["until"] else None  # noqa: DTZ007 - a day, of no zone
    except ValueError as error:
        raise PlanForbidden from error
    numbers = {name: int(found[name] or 0) for name in ("nth", "month_day", "count")}
    return Repeat(every=Every(found["every"]), interval=int(found["interval"] or 1), days=days, until=until, **numbers)


def to_wall(local: datetime) -> str:
    """Return what a wall shows as text, to the minute."""
    return local.strftime(_LOCAL)


def from_wall(text: str) -> datetime:
    """Return what to_wall wrote.

    Raises:
        PlanForbidden: it is none of ours.
    """
    try:
        return datetime.strptime(text, _LOCAL)  # noqa: DTZ007 - what a wall shows has no zone
    except ValueError as error:
        raise PlanForbidden from error


def _check(repeat: Repeat, *, far: date) -> None:
    """Go on only with a repetition within bounds: however it is asked for, looking through its times ends soon."""
    monthly = repeat.every is Every.MONTH
    whole = {
        Every.DAY: not (repeat.days or repeat.nth or repeat.month_day),
        Every.WEEK: bool(repeat.days) and not (repeat.nth or repeat.month_day),
        Every.MONTH: (len(repeat.days) == 1 and repeat.nth in {-1, 1, 2, 3, 4} and not repeat.month_day)
        or (not repeat.days and not repeat.nth and (repeat.month_day == -1 or 1 <= repeat.month_day <= 31)),
    }[repeat.every]
    known = set(repeat.days) <= set(DAYS) and len(set(repeat.days)) == len(repeat.days)
    ends = not (repeat.count and repeat.until) and 0 <= repeat.count <= MOST_TIMES and (repeat.until is None or repeat.until <= far)
    if not (whole and known and ends and 1 <= repeat.interval <= (12 if monthly else WIDEST)):
        raise PlanForbidden


def _locals(schedule: Schedule, *, now: int, since: int | None = None) -> Iterator[datetime]:
    """Yield what the wall shows at each time, in order, or at each from shortly before an instant on; as far as the horizon where a series
    has no end.
    """
    repeat = schedule.repeat
    if repeat is None:
        yield schedule.start
        return
    horizon = max(schedule.start, clock.to_datetime(now).replace(tzinfo=None)) + timedelta(days=HORIZON_DAYS)
    until = min(datetime.combine(repeat.until, time.max), horizon) if repeat.until else horizon
    days = [_WEEKDAYS[day](repeat.nth) if repeat.nth else _WEEKDAYS[day] for day in repeat.days]
    rule = rrule.rrule(
        _EVERY[repeat.every],
        dtstart=schedule.start if since is None else _start_before(schedule, repeat, since),
        interval=repeat.interval,
        byweekday=days or None,
        bymonthday=repeat.month_day or None,
        until=until,
    )
    yield from islice(rule, repeat.count or None)


def _start_before(schedule: Schedule, repeat: Repeat, since: int) -> datetime:
    """Return a start from which a series has the same times from an instant on: so many whole rounds later.

    Months are few, and what is counted (400 times at most) is counted from the beginning.
    """
    round_ = {Every.DAY: timedelta(days=1), Every.WEEK: timedelta(weeks=1)}.get(repeat.every)
    if round_ is None or repeat.count:
        return schedule.start
    # Two days: no zone is farther from UTC.
    before = clock.to_datetime(since).replace(tzinfo=None) - timedelta(days=2)
    return schedule.start + max(0, (before - schedule.start) // (round_ * repeat.interval)) * repeat.interval * round_


def _times(schedule: Schedule, *, now: int, since: int | None = None) -> Iterator[Time]:
    """Yield each time of a plan, or each from shortly before an instant on."""
    length = schedule.minutes * clock.MINUTE
    for local in _locals(schedule, now=now, since=since):
        start = instant(local=local, zone=schedule.zone)
        yield Time(local=local, start=start, end=start + length, off=local in schedule.off)


def _change(after: datetime, before: datetime, zone: ZoneInfo) -> Change:
    """Return how a zone's clocks go from an instant on, and went at another just before it."""
    new, old = after.astimezone(zone), before.astimezone(zone)
    gone, comes = old.utcoffset() or timedelta(), new.utcoffset() or timedelta()
    return Change(
        local=f"{(after + gone).replace(tzinfo=None):%Y-%m-%dT%H:%M:%S}",
        before=int(gone.total_seconds()),
        after=int(comes.total_seconds()),
        summer=bool(new.dst()),
        name=new.tzname() or "",
    )
