"""meetings/schedule.py: what the wall shows is kept, right across every change of the clocks, and no plan is out of bounds."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclave.kernel import clock
from conclave.meetings.schedule import (
    DAYS,
    MOST_TIMES,
    Every,
    Oddity,
    PlanForbidden,
    Repeat,
    Schedule,
    changes,
    from_wall,
    instant,
    moved,
    oddity,
    repeat_of,
    rule_of,
    settled,
    times,
    turn_of,
    zones,
)
from tests.conftest import longer

NOW = int(datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp() * 1000)
PARIS = "Europe/Paris"
LOCALS = st.datetimes(from_wall("2027-03-02T00:00"), from_wall("2031-12-31T00:00")).map(lambda at: at.replace(second=0, microsecond=0))
MONTHLY = st.one_of(
    st.fixed_dictionaries({"month_day": st.sampled_from([-1, *range(1, 32)])}),
    st.fixed_dictionaries({"days": st.sampled_from(DAYS).map(lambda day: (day,)), "nth": st.sampled_from([-1, 1, 2, 3, 4])}),
)
WEEKLY = st.sets(st.sampled_from(DAYS), min_size=1).map(lambda days: {"days": tuple(day for day in DAYS if day in days)})
ENDS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.integers(1, 60).map(lambda count: {"count": count}),
    st.dates(date(2027, 4, 1), date(2031, 12, 31)).map(lambda until: {"until": until}),
)


@st.composite
def repeats(draw: st.DrawFn) -> Repeat:
    """Any repetition within bounds."""
    every = draw(st.sampled_from(Every))
    which: dict[str, Any] = draw({Every.DAY: st.just({}), Every.WEEK: WEEKLY, Every.MONTH: MONTHLY}[every])
    return Repeat(every=every, interval=draw(st.integers(1, 12)), **which, **draw(ENDS))


def weekly(start: str = "2027-03-22T09:00", zone: str = PARIS, **more: Any) -> Schedule:
    """Alice's Monday meeting."""
    return Schedule(start=from_wall(start), zone=zone, minutes=60, repeat=Repeat(every=Every.WEEK, days=("MO",), **more))


def utc(text: str) -> int:
    """Return an instant in milliseconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_meet_15_nine_in_paris_stays_nine_in_paris() -> None:
    """MEET-15: the clocks go forward on 28 March 2027."""
    starts = [one.start for one in times(schedule=weekly(), now=NOW, most=3)]
    assert starts == [utc("2027-03-22T08:00"), utc("2027-03-29T07:00"), utc("2027-04-05T07:00")]


def test_meet_15_a_skipped_time_counts_by_the_offset_before_and_of_a_doubled_one_the_first_counts() -> None:
    """MEET-15."""
    skipped, twice = from_wall("2027-03-28T02:30"), from_wall("2027-10-31T02:30")
    assert (oddity(local=skipped, zone=PARIS), instant(local=skipped, zone=PARIS)) == (Oddity.SKIPPED, utc("2027-03-28T01:30"))
    assert (oddity(local=twice, zone=PARIS), instant(local=twice, zone=PARIS)) == (Oddity.TWICE, utc("2027-10-31T00:30"))
    assert oddity(local=from_wall("2027-03-28T09:00"), zone=PARIS) is None


@settings(max_examples=longer(150), deadline=None)
@given(local=LOCALS, zone=st.sampled_from(zones()))
def test_meet_15_every_instant_shows_its_time_on_the_wall_unless_the_zone_skips_it(local: datetime, zone: str) -> None:
    """MEET-15."""
    shown = clock.to_datetime(instant(local=local, zone=zone)).astimezone(ZoneInfo(zone))
    if oddity(local=local, zone=zone) is Oddity.SKIPPED:
        # As late as without the change, and never before what was asked for.
        assert timedelta() < shown.replace(tzinfo=None) - local <= timedelta(hours=24)
    else:
        assert (shown.replace(tzinfo=None, fold=0), shown.fold) == (local, 0)


@settings(max_examples=longer(150), deadline=None)
@given(start=LOCALS, zone=st.sampled_from(zones()), repeat=repeats())
def test_every_series_is_in_order_and_keeps_its_time_of_day(start: datetime, zone: str, repeat: Repeat) -> None:
    schedule = Schedule(start=start, zone=zone, minutes=30, repeat=repeat)
    try:
        schedule = settled(schedule=schedule, now=NOW)
    except PlanForbidden:
        return
    found = times(schedule=schedule, now=NOW, most=40)
    assert found[0].local == schedule.start
    assert all(one.local.time() == start.time() for one in found)
    assert all(before.start < after.start for before, after in pairwise(found))
    assert len(found) <= (repeat.count or MOST_TIMES)
    assert repeat.until is None or all(one.local.date() <= repeat.until for one in found)
    if repeat.every is Every.WEEK:
        assert {DAYS[one.local.weekday()] for one in found} <= set(repeat.days)


@settings(max_examples=longer(100), deadline=None)
@given(repeat=repeats())
def test_what_is_stored_of_a_repetition_is_read_back(repeat: Repeat) -> None:
    assert repeat_of(rule=rule_of(repeat=repeat)) == repeat
    assert len(rule_of(repeat=repeat)) <= 100


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        (Repeat(every=Every.MONTH, month_day=31), ["2027-03-31", "2027-05-31", "2027-07-31"]),
        (Repeat(every=Every.MONTH, month_day=-1), ["2027-03-31", "2027-04-30", "2027-05-31"]),
        (Repeat(every=Every.MONTH, days=("TU",), nth=2), ["2027-03-09", "2027-04-13", "2027-05-11"]),
        (Repeat(every=Every.MONTH, days=("FR",), nth=-1), ["2027-03-26", "2027-04-30", "2027-05-28"]),
        (Repeat(every=Every.WEEK, days=("MO", "TH"), interval=2), ["2027-03-04", "2027-03-15", "2027-03-18"]),
        (Repeat(every=Every.DAY, interval=10, count=2), ["2027-03-02", "2027-03-12"]),
    ],
)
def test_a_series_falls_on_its_days(repeat: Repeat, expected: list[str]) -> None:
    schedule = settled(schedule=Schedule(start=from_wall("2027-03-02T09:00"), zone=PARIS, minutes=60, repeat=repeat), now=NOW)
    assert [str(one.local.date()) for one in times(schedule=schedule, now=NOW, most=3)] == expected


@pytest.mark.parametrize(
    "change",
    [
        {"zone": "Europe/Atlantis"},
        {"zone": "../../etc/passwd"},
        {"zone": "right/Europe/Paris"},
        {"zone": ""},
        {"minutes": 4},
        {"minutes": 1441},
        {"start": from_wall("2026-01-01T00:00")},
        {"start": from_wall("2040-01-01T00:00")},
        {"start": from_wall("9999-12-31T23:59")},
        {"start": from_wall("0001-01-01T00:00")},
        {"repeat": Repeat(every=Every.WEEK)},
        {"repeat": Repeat(every=Every.WEEK, days=("XX",))},
        {"repeat": Repeat(every=Every.WEEK, days=("MO", "MO"))},
        {"repeat": Repeat(every=Every.DAY, interval=0)},
        {"repeat": Repeat(every=Every.DAY, interval=53)},
        {"repeat": Repeat(every=Every.MONTH, month_day=1, interval=13)},
        {"repeat": Repeat(every=Every.DAY, count=MOST_TIMES + 1)},
        {"repeat": Repeat(every=Every.DAY, count=-1)},
        {"repeat": Repeat(every=Every.DAY, count=2, until=date(2027, 4, 1))},
        {"repeat": Repeat(every=Every.DAY, until=date(2027, 3, 1))},
        {"repeat": Repeat(every=Every.DAY, until=date(9999, 12, 31))},
        {"repeat": Repeat(every=Every.MONTH)},
        {"repeat": Repeat(every=Every.MONTH, month_day=32)},
        {"repeat": Repeat(every=Every.MONTH, month_day=1, nth=1)},
        {"repeat": Repeat(every=Every.MONTH, days=("MO", "TU"), nth=1)},
        {"repeat": Repeat(every=Every.MONTH, days=("MO",), nth=5)},
        # Never: there is no 30 February, however long one looks.
        {"repeat": Repeat(every=Every.MONTH, month_day=30, interval=12), "start": from_wall("2028-02-01T09:00")},
    ],
)
def test_meet_14_what_is_out_of_bounds_is_refused(change: dict[str, Any]) -> None:
    """MEET-14."""
    fields = {"start": from_wall("2027-03-22T09:00"), "zone": PARIS, "minutes": 60, **change}
    with pytest.raises(PlanForbidden):
        settled(schedule=Schedule(**fields), now=NOW)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=YEARLY",
        "FREQ=DAILY;COUNT=99999",
        "FREQ=DAILY;UNTIL=20270231",
        "FREQ=DAILY;BYSECOND=1",
        "RRULE:FREQ=DAILY",
        "x",
    ],
)
def test_meet_14_a_rule_that_is_none_of_ours_is_refused(rule: str) -> None:
    """MEET-14."""
    with pytest.raises(PlanForbidden):
        repeat_of(rule=rule)


@pytest.mark.parametrize("text", ["", "2027-03-22", "2027-03-22T25:00", "2027-03-22T09:00:00", "2027-03-22T09:00 ", "x" * 10_000])
def test_a_wall_shows_only_times(text: str) -> None:
    with pytest.raises(PlanForbidden):
        from_wall(text)


def test_meet_16_what_is_called_off_stays_so_on_its_day_when_the_time_changes() -> None:
    """MEET-16."""
    off = frozenset({from_wall("2027-03-29T09:00"), from_wall("2027-04-06T09:00")})
    later = moved(off=off, to=weekly("2027-03-22T10:30"), now=NOW)
    assert later.off == {from_wall("2027-03-29T10:30")}
    assert moved(off=off, to=Schedule(start=from_wall("2027-03-29T10:30"), zone=PARIS, minutes=5), now=NOW).off == frozenset()


def test_meet_17_a_plan_turns_from_one_time_to_the_next_that_is_on() -> None:
    """MEET-17."""
    schedule = Schedule(
        start=from_wall("2027-03-22T09:00"),
        zone=PARIS,
        minutes=60,
        repeat=Repeat(every=Every.WEEK, days=("MO",), count=3),
        off=frozenset({from_wall("2027-03-29T09:00")}),
    )
    first = turn_of(schedule=schedule, now=utc("2027-03-22T08:59"))
    assert (first.over, first.start, first.end) == (None, utc("2027-03-22T08:00"), utc("2027-03-22T09:00"))
    second = turn_of(schedule=schedule, now=utc("2027-03-22T09:00"))
    assert (second.over, second.start) == (utc("2027-03-22T08:00"), utc("2027-04-05T07:00"))
    last = turn_of(schedule=schedule, now=utc("2027-04-05T08:00"))
    assert (last.over, last.start, last.end) == (utc("2027-04-05T07:00"), None, None)


@given(repeats(), LOCALS, st.integers(0, 3000), st.integers(0, 3000), st.sampled_from([PARIS, "UTC", "Pacific/Apia", "America/Adak"]))
def test_meet_17_a_plan_turns_as_well_from_its_last_turn_on_as_from_its_beginning(
    repeat: Repeat, start: datetime, days: int, more: int, zone: str
) -> None:
    """MEET-17: a series of many years is not gone through anew each time."""
    schedule = Schedule(start=start, zone=zone, minutes=60, repeat=repeat)
    earlier = turn_of(schedule=schedule, now=NOW + days * clock.DAY)
    now = max(earlier.end or 0, NOW + (days + more) * clock.DAY)
    if earlier.start is not None:
        assert turn_of(schedule=schedule, now=now, since=earlier.start) == turn_of(schedule=schedule, now=now)


def test_the_changes_of_a_zone_are_all_there() -> None:
    found = changes(schedule=weekly(until=date(2028, 1, 31)), now=NOW)
    assert [(one.local, one.before, one.after, one.summer) for one in found[1:]] == [
        ("2027-03-28T02:00:00", 3600, 7200, True),
        ("2027-10-31T03:00:00", 7200, 3600, False),
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Australia/Lord_Howe"])
def test_zones_with_odd_clocks_are_planned_in_all_the_same(zone: str) -> None:
    assert len(times(schedule=settled(schedule=weekly(zone=zone), now=NOW), now=NOW, most=30)) == 30
