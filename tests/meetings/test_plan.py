"""A meeting is planned, found, changed and over: plan.py, lists.py and their pages. Whoever is not its owner is told nothing."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from conclave.accounts.models import User
from conclave.accounts.sealed import seal
from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.meetings import lists, pages, personal, plan
from conclave.meetings.departure import finish
from conclave.meetings.invitations import invite
from conclave.meetings.links import replace_between_calls
from conclave.meetings.models import Call, Ended, Meeting
from conclave.meetings.own import change_meeting, create_meeting, delete_meeting
from conclave.meetings.queries import MeetingUnknown
from conclave.meetings.schedule import DAYS, Every, PlanForbidden, Repeat, Schedule, from_wall, times, to_wall
from tests.meetings.conftest import NOW, Joins, Link, account_of

pytestmark = pytest.mark.django_db
PARIS = "Europe/Paris"
TODAY = clock.to_datetime(NOW).replace(tzinfo=None, hour=9, minute=0, second=0, microsecond=0)
NEXT_WEEK = TODAY + timedelta(days=7)
WEEKS = Repeat(every=Every.WEEK, days=(DAYS[NEXT_WEEK.weekday()],), count=8)


def planned(link: Link, owner: User, **fields: Any) -> Schedule:
    """Plan Alice's meeting: weekly in Paris, from next week on."""
    schedule = Schedule(**{"start": NEXT_WEEK, "zone": PARIS, "minutes": 60, "repeat": WEEKS, **fields})
    return plan.plan_meeting(meeting=link.meeting, owner=account_of(owner), title="Plans", schedule=schedule, now=NOW)


def form(**fields: Any) -> dict[str, Any]:
    """Return what the form sends."""
    once = {"title": "Plans", "day": NEXT_WEEK.date().isoformat(), "time": "09:00", "zone": PARIS, "minutes": "60", "repeats": "never"}
    return {**once, "ends": "never", **fields}


def made(owner: User, title: str, **fields: Any) -> str:
    """Make a meeting; return its id."""
    meeting = new_id()
    create_meeting(meeting=meeting, title=title, link_id=new_id(), host_hash=new_id(), owner=account_of(owner), now=NOW)
    Meeting.objects.filter(pk=meeting).update(**{"plan_zone": PARIS if "next_at" in fields else "", **fields})
    return meeting


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    """Alice's browser, signed in, in English."""
    client.force_login(alice)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def test_a_weekly_meeting_is_planned_in_the_form_and_stays_nine_in_paris(page: Client, link: Link) -> None:
    answer = page.post(f"/meetings/{link.meeting}/plan", form(repeats="week", ends="count", count="60", interval="1"))
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/meetings/{link.meeting}")
    row = Meeting.objects.get(pk=link.meeting)
    assert (row.plan_start, row.plan_zone, row.plan_sequence) == (to_wall(NEXT_WEEK), PARIS, 1)
    assert row.plan_rule == f"FREQ=WEEKLY;BYDAY={DAYS[NEXT_WEEK.weekday()]};COUNT=60"
    assert row.next_at is not None
    assert row.turn_at == row.next_at + clock.HOUR
    shown = page.get(f"/meetings/{link.meeting}").content.decode()
    assert shown.count("data-wall=") == pages.SHOWN_TIMES
    assert "(Europe/Paris)" in shown
    # What the form shows when it is opened again is what was planned.
    again = page.get(f"/meetings/{link.meeting}/plan").content.decode()
    assert '<option value="week" selected>' in again
    assert f'value="{NEXT_WEEK.date().isoformat()}"' in again
    assert "data-own-zone" not in again


@pytest.mark.parametrize("repeats", ["never", "day", "week", "month_day", "month_weekday", "month_last_weekday", "month_last_day"])
def test_what_is_planned_stands_in_the_form_when_it_is_opened_again(page: Client, link: Link, repeats: str) -> None:
    assert page.post(f"/meetings/{link.meeting}/plan", form(repeats=repeats)).status_code == 302
    assert f'<option value="{repeats}" selected>' in page.get(f"/meetings/{link.meeting}/plan").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": "1999-01-01"}, {"day": "9999-12-31"}, {"day": "2027-02-30"}, {"day": "٠"}, {"day": ""}, {"time": "25:00"}, {"time": ""},
        {"zone": "Mars/Olympus"}, {"zone": "../../etc/passwd"}, {"zone": ""}, {"minutes": "0"}, {"minutes": "9" * 400}, {"minutes": "x"},
        {"repeats": "second"}, {"repeats": "day", "interval": "-1"}, {"repeats": "day", "interval": "99999"},
        {"repeats": "day", "ends": "count", "count": "1000000"}, {"repeats": "day", "ends": "count"}, {"repeats": "day", "ends": "until"},
        {"repeats": "day", "ends": "until", "until": "9999-12-31"}, {"repeats": "day", "ends": "until", "until": "1999-01-01"},
        {"repeats": "week", "days": ["XX"]}, {"ends": "never;UNTIL"},
        {"title": "x" * 121}, {"title": "x" * 100_000}, {"title": "a\x00b"}, {"title": "a\x1bb"}, {"title": "Plans \u202egnp.exe"},
    ],
)  # fmt: skip
def test_meet_14_what_cannot_be_planned_is_refused_with_a_sentence_and_changes_nothing(
    page: Client, link: Link, wrong: dict[str, Any]
) -> None:
    """MEET-14, MEET-2."""
    answer = page.post(f"/meetings/{link.meeting}/plan", form(**wrong))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    row = Meeting.objects.get(pk=link.meeting)
    assert (row.plan_start, row.next_at, row.title) == ("", None, "Plans")


def test_a_series_that_begins_on_another_day_begins_on_the_first_of_its_days(page: Client, link: Link) -> None:
    other = DAYS[(NEXT_WEEK.weekday() + 2) % 7]
    answer = page.post(f"/meetings/{link.meeting}/plan", form(repeats="week", days=[other]), follow=True)
    assert "begins on the first of its days" in answer.content.decode()
    assert Meeting.objects.get(pk=link.meeting).plan_start == to_wall(NEXT_WEEK + timedelta(days=2))


def test_a_time_that_the_clocks_skip_or_have_twice_is_said_so(page: Client, link: Link, alice: User) -> None:
    year = clock.to_datetime(NOW).year + 1
    sunday = max(day for day in range(25, 32) if datetime(year, 3, day, tzinfo=UTC).weekday() == 6)
    planned(link, alice, start=from_wall(f"{year}-03-{sunday}T02:30"), repeat=None)
    assert "The clocks skip 02:30 that day" in page.get(f"/meetings/{link.meeting}").content.decode()
    sunday = max(day for day in range(25, 32) if datetime(year, 10, day, tzinfo=UTC).weekday() == 6)
    planned(link, alice, start=from_wall(f"{year}-10-{sunday}T02:30"), repeat=None)
    assert "The clocks show 02:30 twice that day" in page.get(f"/meetings/{link.meeting}").content.decode()


def test_meet_16_one_time_is_called_off_and_on_again(page: Client, link: Link, alice: User) -> None:
    """MEET-16."""
    schedule = planned(link, alice)
    first = to_wall(schedule.start)
    for _ in range(2):
        page.post(f"/meetings/{link.meeting}/times", {"wall": first, "act": "off"})
    row = Meeting.objects.get(pk=link.meeting)
    assert (row.plan_off, row.plan_sequence) == (first, 2)
    following = times(schedule=schedule, now=NOW, most=2)[1]
    assert row.next_at == following.start
    assert "called off" in page.get(f"/meetings/{link.meeting}").content.decode()
    page.post(f"/meetings/{link.meeting}/times", {"wall": first, "act": "on"})
    row.refresh_from_db()
    assert (row.plan_off, row.plan_sequence, row.next_at) == ("", 3, times(schedule=schedule, now=NOW, most=1)[0].start)


@pytest.mark.parametrize("wall", ["", "x", "2027-13-01T09:00", "1999-01-01T09:00", to_wall(NEXT_WEEK + timedelta(days=1)), "9" * 5000])
def test_meet_16_what_is_no_time_of_the_series_cannot_be_called_off(page: Client, link: Link, alice: User, wall: str) -> None:
    """MEET-16."""
    planned(link, alice)
    answer = page.post(f"/meetings/{link.meeting}/times", {"wall": wall, "act": "off"})
    assert (answer.status_code, "time_unknown" in answer.content.decode()) == (404, True)
    assert Meeting.objects.get(pk=link.meeting).plan_off == ""


def test_meet_16_at_most_so_many_times_are_called_off(link: Link, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEET-16."""
    schedule = planned(link, alice)
    monkeypatch.setattr(plan, "MOST_OFF", 1)
    first, second = (one.wall for one in times(schedule=schedule, now=NOW, most=2))
    plan.call_off(meeting=link.meeting, owner=account_of(alice), wall=first, off=True, now=NOW)
    with pytest.raises(plan.TimesFull):
        plan.call_off(meeting=link.meeting, owner=account_of(alice), wall=second, off=True, now=NOW)


def test_a_plan_is_taken_away_and_its_number_never_goes_back(page: Client, link: Link, alice: User) -> None:
    planned(link, alice)
    page.post(f"/meetings/{link.meeting}/plan", {"act": "unplan"})
    row = Meeting.objects.get(pk=link.meeting)
    assert (row.plan_start, row.next_at, row.turn_at, row.plan_sequence) == ("", None, None, 2)
    planned(link, alice)
    change_meeting(meeting=link.meeting, owner=account_of(alice), title="Other plans", now=NOW)
    replace_between_calls(meeting=link.meeting, owner=account_of(alice), link_id=new_id(), now=NOW)
    row.refresh_from_db()
    assert row.plan_sequence == 5
    assert "The link was replaced" in page.get(f"/meetings/{link.meeting}").content.decode()


def test_charlie_can_neither_see_nor_plan_nor_call_off(link: Link, alice: User, bob: User) -> None:
    schedule = planned(link, alice)
    for meeting in (link.meeting, new_id()):
        with pytest.raises(MeetingUnknown):
            plan.plan_meeting(meeting=meeting, owner=account_of(bob), title="Mine", schedule=schedule, now=NOW)
        with pytest.raises(MeetingUnknown):
            plan.call_off(meeting=meeting, owner=account_of(bob), wall=to_wall(schedule.start), off=True, now=NOW)
        for ask in (plan.unplan, plan.calendar_of):
            with pytest.raises(MeetingUnknown):
                ask(meeting=meeting, owner=account_of(bob), now=NOW)
        with pytest.raises(MeetingUnknown):
            plan.planned(meeting=meeting, owner=account_of(bob))
    assert Meeting.objects.get().plan_sequence == 1


def test_a_deleted_meeting_keeps_no_plan(link: Link, alice: User) -> None:
    planned(link, alice)
    delete_meeting(meeting=link.meeting, owner=account_of(alice), now=NOW)
    row = Meeting.objects.get(pk=link.meeting)
    assert (row.title_key, row.plan_start, row.plan_zone, row.plan_rule, row.next_at, row.turn_at, row.past_at) == ("",) * 4 + (None,) * 3


# Lists


def test_meet_17_what_is_over_turns_into_the_past_and_the_next_time_comes_up(link: Link, alice: User) -> None:
    """MEET-17; whichever gateway is first, it is done once."""
    schedule = planned(link, alice)
    first, second, third = times(schedule=schedule, now=NOW, most=3)
    before = Meeting.objects.get(pk=link.meeting)
    plan.turn(row=before, now=first.end - 1)
    assert Meeting.objects.get(pk=link.meeting).next_at == first.start
    plan.settle_turns(first.end)
    row = Meeting.objects.get(pk=link.meeting)
    assert (row.past_at, row.next_at, row.turn_at) == (first.start, second.start, second.end)
    # Another gateway that had read the row before changes nothing any more.
    plan.turn(row=before, now=third.end)
    assert Meeting.objects.get(pk=link.meeting).next_at == second.start
    assert [one.meeting for one in lists.past(owner=account_of(alice)).rows] == [link.meeting]
    assert lists.past(owner=account_of(alice)).rows[0].ended_at is None


def test_meet_17_many_times_at_once_do_not_hold_up_other_deadlines(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEET-17: each tick turns some, and what is left at the next one."""
    monkeypatch.setattr(plan, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(plan, "_turning", clock.Seldom(every_ms=10 * clock.SECOND))
    wall = {"plan_start": "2026-01-01T09:00", "plan_minutes": 60, "plan_rule": ""}
    for number in range(3):
        made(alice, f"Number {number}", next_at=NOW - 3, turn_at=NOW - 2 + number, **wall)
    over = Meeting.objects.filter(past_at__isnull=False)
    for tick in range(1, 4):
        plan.settle_turns(NOW + tick)
        assert over.count() == tick
    # All is done: from now on it is looked at every ten seconds again.
    made(alice, "Number 3", next_at=NOW - 3, turn_at=NOW, **wall)
    plan.settle_turns(NOW + 4)
    assert over.count() == 3


def test_meet_17_a_call_that_was_stands_in_the_past_with_whom_was_invited(page: Client, link: Link, alice: User, joins: Joins) -> None:
    """MEET-17: when, and who was invited; never who came."""
    invite(meeting=link.meeting, owner=account_of(alice), digest="A" * 43, whom="bob@example.org", days=7, now=NOW)
    joins("Dora")
    finish(call=Call.objects.get().pk, reason=Ended.EMPTY, now=NOW + clock.HOUR)
    shown = page.get("/meetings?show=past").content.decode()
    assert link.meeting in shown
    assert "Invited by name: 1" in shown
    detail = page.get(f"/meetings/{link.meeting}").content.decode()
    assert "bob@example.org" in detail
    for text in (shown, detail):
        assert "Dora" not in text


def test_lists_are_pages_that_go_on_from_their_place(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 3)
    # Several at the same moment: their ids keep them apart.
    for number in range(8):
        at = NOW + number // 3
        made(alice, f"Number {number}", created_at=at, next_at=at, turn_at=at + 1, past_at=at)
    made(bob, "Bob's", next_at=NOW, turn_at=NOW + 1, past_at=NOW)
    for listing, falling in ((lists.mine, True), (lists.upcoming, False), (lists.past, True)):
        seen: list[str] = []
        after = ""
        for _page in range(3):
            found = listing(owner=account_of(alice), after=after)
            seen, after = seen + [row.meeting for row in found.rows], found.after
        assert after == ""
        column = {lists.mine: "created_at", lists.upcoming: "next_at", lists.past: "past_at"}[listing]
        order = [f"-{column}" if falling else column, "id"]
        assert seen == list(Meeting.objects.filter(owner=alice).order_by(*order).values_list("pk", flat=True))


def test_a_place_in_one_list_is_none_in_another(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 1)
    for number in range(2):
        for owner in (alice, bob):
            made(owner, f"Number {number}", created_at=NOW + number, past_at=NOW + number)
    first = lists.mine(owner=account_of(alice))
    assert lists.mine(owner=account_of(alice), after=first.after).rows != first.rows
    assert lists.past(owner=account_of(alice), after=first.after).rows == lists.past(owner=account_of(alice)).rows
    assert lists.mine(owner=account_of(bob), after=first.after).rows == lists.mine(owner=account_of(bob)).rows


def test_meet_21_a_plan_made_from_what_stood_there_before_is_refused_and_what_was_typed_stays(
    page: Client, link: Link, alice: User
) -> None:
    """MEET-21: of two windows, the one that is behind writes over nothing."""
    address = f"/meetings/{link.meeting}/plan"
    seen = re.findall(r'name="seen" value="(\d+)"', page.get(address).content.decode())
    typed = {
        "title": "Of this window",
        "day": clock.to_day(NOW + clock.DAY),
        "time": "09:00",
        "zone": PARIS,
        "minutes": "60",
        "repeats": "never",
    }
    planned(link, alice)
    before = Meeting.objects.values().get(pk=link.meeting)
    for behind in (seen[0], "x", "-1"):
        answer = page.post(address, {**typed, "seen": behind})
        assert answer.status_code == 422
        assert "was changed meanwhile" in answer.content.decode()
        assert "Of this window" in answer.content.decode()
    assert Meeting.objects.values().get(pk=link.meeting) == before
    # Whoever has read that and presses again means it.
    [now] = re.findall(r'name="seen" value="(\d+)"', answer.content.decode())
    assert page.post(address, {**typed, "seen": now}).status_code == 302
    assert Meeting.objects.get(pk=link.meeting).title == "Of this window"


@pytest.mark.parametrize("after", ["", "x", "1", "1.x", f"{'9' * 40}.{'A' * 22}", "-1.AAAAAAAAAAAAAAAAAAAAAA", "1.AAAAAAAAAAAAAAAAAAAAA'"])
def test_a_place_that_is_none_is_the_beginning(page: Client, link: Link, after: str) -> None:
    for address in ("/meetings", "/meetings?show=past", f"/meetings/{link.meeting}?before={after}"):
        assert page.get(address, {"after": after} if "?" not in address else {}).status_code == 200
    assert link.meeting in page.get("/meetings", {"after": after}).content.decode()


@pytest.mark.parametrize("many", [1, 40])
def test_a_list_costs_as_many_queries_however_long_it_is(page: Client, alice: User, many: int, django_assert_num_queries: Any) -> None:
    for number in range(many):
        meeting = made(alice, f"Number {number}", next_at=NOW + number, turn_at=NOW + number, past_at=NOW + number)
        Call.objects.create(
            id=new_id(), meeting_id=meeting, region="local", started_at=NOW + number, ended_at=NOW + clock.HOUR, end_reason="empty"
        )
    page.get("/meetings")  # the device is new only once
    for address in ("/meetings", "/meetings?show=upcoming", "/meetings?show=past", "/meetings?words=number"):
        # Session, person, and the list.
        with django_assert_num_queries(3):
            assert page.get(address).content.decode().count("Number") >= many


def test_one_meeting_costs_as_many_queries_however_much_happened_in_it(
    page: Client, link: Link, alice: User, django_assert_num_queries: Any
) -> None:
    planned(link, alice)
    for number in range(30):
        Call.objects.create(
            id=new_id(), meeting_id=link.meeting, region="local", started_at=NOW + number, ended_at=NOW + 99, end_reason="empty"
        )
    page.get("/meetings")  # the device is new only once
    with django_assert_num_queries(7):
        assert "Older" in page.get(f"/meetings/{link.meeting}").content.decode()
    older = page.get(f"/meetings/{link.meeting}?before={NOW + 10}").content.decode()
    assert older.count("UTC</time></div></li>") == 10


@pytest.mark.parametrize("show", ["", "upcoming", "past"])
def test_every_list_is_read_along_an_index(alice: User, show: str) -> None:
    """No sorting, and no looking through what is not shown: what the database says it will do."""
    captured: list[str] = []

    def explained(owner: Any, after: str) -> None:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            pages.LISTS[show](owner=owner, after=after)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
            captured.extend(str(row[-1]) for row in cursor.fetchall())

    key = {"": "-created_at", "upcoming": "next_at", "past": "-past_at"}[show]
    explained(account_of(alice), seal(kind=f"place/{key}/{alice.pk}", text=f"{NOW}.{'A' * 22}"))
    name = {"": "meetings_mine", "upcoming": "meetings_upcoming", "past": "meetings_past"}[show]
    assert any(name in step for step in captured), captured
    assert not any("TEMP B-TREE FOR ORDER BY" in step.upper() and "RIGHT PART" not in step.upper() for step in captured[:1]), captured
    assert not any(step.startswith("SCAN meetings_meeting") for step in captured), captured


# Searching


def test_meet_19_words_find_ones_own_meetings_and_nobody_elses(page: Client, alice: User, bob: User) -> None:
    """MEET-19."""
    hers = made(alice, "Réunion du Comité, n° 7")
    made(bob, "Réunion secrète")
    for words, found in (("reunion", True), ("COMI réu", True), ("7", True), ("union", False), ("secr", False), ("%", True), ("_", True)):
        shown = page.get("/meetings", {"words": words}).content.decode()
        assert (hers in shown) is found, words
        assert "secrète" not in shown
    assert page.get("/meetings", {"words": "x" * 100_000}).status_code == 200
    assert page.get("/meetings", {"words": "\x00"}).status_code == 400


def test_meet_19_a_meeting_is_found_by_the_title_that_it_has_now(link: Link, alice: User) -> None:
    """MEET-19."""
    change_meeting(meeting=link.meeting, owner=account_of(alice), title="Harbour", now=NOW)
    assert lists.with_words(owner=account_of(alice), words="harb").rows
    assert not lists.with_words(owner=account_of(alice), words="plans").rows


def test_meet_19_searches_are_counted_for_each_person(page: Client, monkeypatch: pytest.MonkeyPatch, bob: User) -> None:
    """MEET-19."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    for _ in range(pages.SEARCH_RATE.burst):
        assert page.get("/meetings?words=plans").status_code == 200
    assert page.get("/meetings?words=plans").status_code == 429
    assert page.get("/meetings").status_code == 200
    other = Client()
    other.force_login(bob)
    assert other.get("/meetings?words=plans").status_code == 200


# For calendars


def test_meet_18_a_calendar_gets_the_plan_and_nothing_of_the_link(page: Client, link: Link, alice: User) -> None:
    """MEET-18."""
    assert page.get(f"/api/v1/meetings/{link.meeting}/plan").json()["error"]["code"] == "plan_unknown"
    until = (NEXT_WEEK + timedelta(days=400)).date()
    planned(link, alice, repeat=Repeat(every=Every.WEEK, days=WEEKS.days, until=until))
    told = page.get(f"/api/v1/meetings/{link.meeting}/plan").json()
    assert (told["start"], told["zone"], told["sequence"]) == (to_wall(NEXT_WEEK), PARIS, 1)
    assert re.fullmatch(rf"FREQ=WEEKLY;BYDAY={WEEKS.days[0]};UNTIL={until:%Y%m%d}T2[12]5900Z", told["rule"])
    assert len(told["changes"]) >= 3
    assert (told["organiser_name"], told["organiser_address"]) == ("Alice", "alice@example.org")
    row = Meeting.objects.get(pk=link.meeting)
    assert not {row.link_id, row.host_hash} & set(map(str, told.values()))


def test_plan_forbidden_is_what_the_domain_says_too(link: Link, alice: User) -> None:
    with pytest.raises(PlanForbidden):
        planned(link, alice, minutes=0)
    with pytest.raises(PlanForbidden):
        planned(link, alice, start=from_wall("1999-01-01T09:00"), repeat=None)


def test_a_plan_is_in_its_owners_archive(link: Link, alice: User) -> None:
    planned(link, alice)
    (told,) = personal.export(account=alice.pk)["meetings"]
    assert (told["plan_start"], told["plan_zone"]) == (to_wall(NEXT_WEEK), PARIS)
