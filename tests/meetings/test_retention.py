"""For how long meetings, calls and seats are kept (the numbers are on the page /inventory)."""

import pytest

from conclave.accounts.models import User
from conclave.kernel import clock
from conclave.meetings import retention
from conclave.meetings.departure import finish
from conclave.meetings.models import Call, Ended, Meeting, Participant
from conclave.meetings.own import delete_meeting
from tests.meetings.conftest import NOW, Joins, Link, account_of

pytestmark = pytest.mark.django_db


def test_seats_go_a_week_after_the_call_and_the_call_a_year_after(joins: Joins) -> None:
    bob = joins("Bob")
    finish(call=bob.call, reason=Ended.BY_HOST, now=NOW)
    joins("Bob", at=NOW + 1)
    retention.SEATS.sweep(now=NOW + retention.SEAT_MS - 1)
    assert Participant.objects.count() == 2
    retention.SEATS.sweep(now=NOW + retention.SEAT_MS)
    assert Participant.objects.get().left_at is None, "who sits in a call that goes on stays"
    retention.CALLS.sweep(now=NOW + retention.CALL_MS - 1)
    assert Call.objects.count() == 2
    retention.CALLS.sweep(now=NOW + retention.CALL_MS)
    assert Call.objects.get().ended_at is None


def test_a_meeting_that_nobody_owns_goes_when_nobody_has_used_it_for_long(link: Link, joins: Joins) -> None:
    Meeting.objects.update(owner=None)
    ends = NOW + clock.DAY
    finish(call=joins("Bob").call, reason=Ended.EMPTY, now=ends)
    retention.UNUSED.sweep(now=ends + retention.UNUSED_MS - 1)
    assert Meeting.objects.get().deleted_at is None
    retention.UNUSED.sweep(now=ends + retention.UNUSED_MS)
    gone = Meeting.objects.get()
    assert (gone.pk, gone.deleted_at, gone.title, gone.link_id) == (link.meeting, ends + retention.UNUSED_MS, "", "")
    assert retention.UNUSED.sweep(now=ends + 2 * retention.UNUSED_MS) == 0


def test_one_that_is_in_use_or_somebodys_stays(link: Link, joins: Joins) -> None:
    late = NOW + 2 * retention.UNUSED_MS
    assert retention.UNUSED.sweep(now=late) == 0
    Meeting.objects.filter(pk=link.meeting).update(owner=None)
    joins("Bob")
    assert retention.UNUSED.sweep(now=late) == 0
    assert Meeting.objects.get().deleted_at is None


def test_of_a_deleted_meeting_only_that_its_id_is_taken_stays(link: Link, alice: User) -> None:
    """MEET-3, MEET-5."""
    delete_meeting(meeting=link.meeting, owner=account_of(alice), now=NOW)
    row = Meeting.objects.get()
    assert (row.pk, row.owner, row.title, row.link_id, row.host_hash, row.passcode_hash) == (link.meeting, None, "", "", "", "")
    alice.delete()
    assert Meeting.objects.filter(pk=link.meeting).exists()


def test_that_a_meeting_took_place_is_forgotten_with_its_calls(joins: Joins) -> None:
    finish(call=joins("Bob").call, reason=Ended.EMPTY, now=NOW)
    held = Meeting.objects.get().past_at
    assert held is not None
    retention.PAST.sweep(now=held + retention.CALL_MS - 1)
    assert Meeting.objects.get().past_at == held
    retention.PAST.sweep(now=held + retention.CALL_MS)
    assert Meeting.objects.get().past_at is None
