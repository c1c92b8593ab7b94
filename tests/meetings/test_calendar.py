"""Calendar files as the browser composes them (web/src/pages/calendar.ts), read by somebody else's library: MEET-18."""

import json
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from conclave.meetings.schedule import (
    PlanForbidden,
    Repeat,
    Schedule,
    calendar_rule,
    changes,
    from_wall,
    instant,
    oddity,
    settled,
    times,
    to_wall,
)
from deploy.toolchain import node_environment
from tests.conftest import longer
from tests.meetings.test_schedule import LOCALS, NOW, PARIS, repeats, weekly

COMPOSER = Path(__file__).resolve().parents[2] / "web" / "src" / "pages" / "calendar.ts"
PROGRAM = f"""
import {{ readFileSync }} from "node:fs";
const {{ calendarFile }} = await import({json.dumps(COMPOSER.as_uri())});
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(calendarFile)));
"""
MEETING, LINK = "k3rYv0m1T2yWn7h0sQe9Zg", "https://meet.example/m/k3rYv0m1T2yWn7h0sQe9Zg#4kQ0b1W3yU8m2nR6tE5pXA.Jc2mT0v1p9k3R7r5m6yZ0Q"
TITLES = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=120).map(lambda text: " ".join(text.split()))

ZONES = [PARIS, "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe", "Africa/Casablanca"]
PLANS = st.tuples(LOCALS, st.sampled_from(ZONES), st.one_of(st.none(), repeats()), TITLES)


def plan_of(schedule: Schedule, *, title: str = "Plans", sequence: int = 1) -> dict[str, Any]:
    """Return what the gateway says of a plan (PlanOut)."""
    found = changes(schedule=schedule, now=NOW) if schedule.repeat else []
    told = [asdict(one) for one in found]
    return {
        "title": title, "start": to_wall(schedule.start), "starts_at": instant(local=schedule.start, zone=schedule.zone),
        "zone": schedule.zone, "minutes": schedule.minutes, "rule": calendar_rule(schedule=schedule),
        "off": sorted(map(to_wall, schedule.off)), "sequence": sequence, "changes": told,
        "organiser_name": 'Alice "the host"; Berg', "organiser_address": "alice@example.org",
    }  # fmt: skip


def event(schedule: Schedule, *, title: str = "Plans", sequence: int = 1, **more: Any) -> dict[str, Any]:
    """Return what the page gives to the composer."""
    once = {"meeting": MEETING, "host": "meet.example", "plan": plan_of(schedule, title=title, sequence=sequence), "link": LINK, "now": NOW}
    return {**once, "untitled": "Meeting", "text": f"Join here: {LINK}\nIt is the key.", "guests": [], "cancels": False, **more}


def composed(events: list[dict[str, Any]]) -> list[str]:
    """Return the files, made by the browser's own code."""
    command = ["node", "--no-warnings", "--experimental-strip-types", "--input-type=module", "-e", PROGRAM]
    done = subprocess.run(command, env=node_environment(), input=json.dumps(events), capture_output=True, text=True, check=True, timeout=60)
    files: list[str] = json.loads(done.stdout)
    return files


def read(file: str) -> tuple[Any, Any]:
    """Return a file's calendar and its one event, after what RFC 5545 says of its lines."""
    assert file.endswith("\r\n")
    assert "\n" not in file.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in file.split("\r\n"))
    calendar: Any = Calendar.from_ical(file)
    assert not calendar.errors
    (found,) = calendar.walk("VEVENT")
    assert not found.errors
    return calendar, found


def starts(calendar: Any, found: Any, *, most: int) -> list[int]:
    """Return when the event takes place, by the file's own description of its zone alone."""
    begins = found["DTSTART"]
    text = begins.to_ical().decode()
    zone = calendar.walk("VTIMEZONE")[0].to_tz(lookup_tzid=False) if "TZID" in begins.params else UTC
    first = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - what the wall shows
    if "RRULE" not in found:
        return [int(first.replace(tzinfo=zone).timestamp() * 1000)]
    excluded = found.get("EXDATE", [])
    off = {one.dt.replace(tzinfo=None) for dates in (excluded if isinstance(excluded, list) else [excluded]) for one in dates.dts}
    # Looked through as instants where its last day is one.
    rule = rrulestr(found["RRULE"].to_ical().decode(), dtstart=first.replace(tzinfo=zone))
    found_times = (one for one in rule if one.replace(tzinfo=None) not in off)
    return [int(one.timestamp() * 1000) for one, _ in zip(found_times, range(most), strict=False)]


@settings(max_examples=longer(8), deadline=None)
@given(plans=st.lists(PLANS, min_size=1, max_size=20))
def test_meet_18_every_plan_reads_in_another_calendar_as_it_was_made(plans: list[tuple[datetime, str, Repeat | None, str]]) -> None:
    """MEET-18, MEET-15: the same instants, whatever the zone, the repetition and the clocks."""
    wanted = []
    for start, zone, repeat, title in plans:
        try:
            schedule = settled(schedule=Schedule(start=start, zone=zone, minutes=45, repeat=repeat), now=NOW)
        except PlanForbidden:
            continue
        second = times(schedule=schedule, now=NOW, most=2)[1:]
        wanted.append(
            (Schedule(start=schedule.start, zone=zone, minutes=45, repeat=repeat, off=frozenset(one.local for one in second)), title)
        )
    for (schedule, title), file in zip(wanted, composed([event(one, title=title) for one, title in wanted]), strict=True):
        calendar, found = read(file)
        assert str(found["SUMMARY"]) == (title or "Meeting")
        assert found["DURATION"].dt == timedelta(minutes=45)
        planned = [one for one in times(schedule=schedule, now=NOW, most=26) if not one.off]
        kept = {one.start for one in planned if oddity(local=one.local, zone=schedule.zone) is None}
        read_back = starts(calendar, found, most=len(planned))
        assert kept <= set(read_back)
        assert len(read_back) == len(planned)


def test_meet_18_what_changes_has_the_same_uid_and_a_higher_number() -> None:
    """MEET-18."""
    first, second, cancelled = composed(
        [
            event(weekly()),
            event(weekly("2027-03-22T10:00"), sequence=2),
            event(weekly(), sequence=2, cancels=True, link=None, text="It does not take place."),
        ]
    )
    read_all = [read(file) for file in (first, second, cancelled)]
    assert {str(found["UID"]) for _calendar, found in read_all} == {f"{MEETING}@meet.example"}
    assert [int(found["SEQUENCE"]) for _calendar, found in read_all] == [1, 2, 3]
    assert [str(calendar["METHOD"]) for calendar, _found in read_all] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert [str(found["STATUS"]) for _calendar, found in read_all] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert LINK.partition("#")[2] not in cancelled.replace("\r\n ", "")


def test_meet_18_who_is_invited_by_e_mail_is_asked() -> None:
    """MEET-18."""
    calendar, found = read(composed([event(weekly(), guests=["bob@example.org", "dora@example.org"])])[0])
    assert str(calendar["METHOD"]) == "REQUEST"
    assert [str(guest) for guest in found["ATTENDEE"]] == ["mailto:bob@example.org", "mailto:dora@example.org"]
    assert (str(found["ORGANIZER"]), found["ORGANIZER"].params["CN"]) == ("mailto:alice@example.org", "Alice 'the host'; Berg")


def test_the_link_is_whole_and_where_it_is_not_known_nothing_stands_for_it() -> None:
    with_link, without = composed([event(weekly()), event(weekly(), link=None, text="Ask for it.")])
    _calendar, found = read(with_link)
    assert (str(found["URL"]), str(found["LOCATION"])) == (LINK, LINK)
    assert str(found["DESCRIPTION"]) == f"Join here: {LINK}\nIt is the key."
    _calendar, found = read(without)
    assert "URL" not in found
    assert "LOCATION" not in found
    assert "/m/" not in without


@pytest.mark.parametrize("title", ["a;b,c\\d", "BEGIN:VEVENT", 'é"€😀' * 20, "END:VCALENDAR", "x" * 120, ";VALUE=URI:https://evil.example"])
def test_no_title_is_anything_but_a_title(title: str) -> None:
    _calendar, found = read(composed([event(Schedule(start=from_wall("2027-03-22T09:00"), zone=PARIS, minutes=60), title=title)])[0])
    assert str(found["SUMMARY"]) == title
