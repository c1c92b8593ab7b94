"""meetings/queries.py: one answer for unknown, forbidden and wrong (LINK-4), and seats by their secret."""

import pytest
from pytest_django import DjangoAssertNumQueries

from conclave.accounts.models import User
from conclave.kernel.ids import new_id
from conclave.meetings.join import Again
from conclave.meetings.leave import leave
from conclave.meetings.models import Meeting
from conclave.meetings.queries import (
    PAGE,
    LinkUnknown,
    MeetingUnknown,
    SeatUnknown,
    access_meeting,
    own_meeting,
    page_of_own,
    seat,
    seated,
)
from tests.meetings.conftest import NOW, Joins, Link, account_of, removed

pytestmark = pytest.mark.django_db


def test_who_holds_the_link_sees_the_meeting(link: Link, alice: User) -> None:
    access = access_meeting(meeting=link.meeting, link_id=link.link_id)
    assert (access.meeting, access.title, access.owner, access.inviter, access.link_version) == (
        link.meeting,
        "Plans",
        alice.pk,
        "Alice",
        1,
    )


def test_unknown_wrong_and_deleted_are_one_answer(link: Link) -> None:
    """LINK-4."""
    answers = {_refusal(new_id(), link.link_id), _refusal(link.meeting, new_id()), _refusal(link.meeting, "")}
    Meeting.objects.update(deleted_at=NOW)
    answers.add(_refusal(link.meeting, link.link_id))
    assert len(answers) == 1


def test_a_seat_opens_with_its_secret_only(joins: Joins) -> None:
    bob = joins("Bob")
    found = seat(participant=bob.participant, seat=bob.seat)
    assert (found.participant, found.call, found.name, found.generation, found.gone) == (bob.participant, bob.call, "Bob", 1, "")
    for participant, secret in ((bob.participant, new_id()), (bob.participant, ""), (new_id(), bob.seat), (bob.participant, bob.seat[:-1])):
        with pytest.raises(SeatUnknown):
            seat(participant=participant, seat=secret)


def test_the_tab_before_is_told_that_it_joined_elsewhere(joins: Joins) -> None:
    bob = joins("Bob")
    joins("Bob", again=Again(participant=bob.participant, seat=bob.seat))
    assert seat(participant=bob.participant, seat=bob.seat).gone == "joined_elsewhere"


def test_why_a_seat_is_over_is_told_to_its_holder(joins: Joins) -> None:
    alice, bob, carol = joins("Alice"), joins("Bob"), joins("Carol")
    removed(bob)
    leave(participant=carol.participant, now=NOW)
    assert seat(participant=bob.participant, seat=bob.seat).gone == "removed"
    assert seat(participant=carol.participant, seat=carol.seat).gone == "left"
    leave(participant=alice.participant, now=NOW)
    assert seat(participant=alice.participant, seat=alice.seat).gone == "left"


def test_only_a_live_seat_of_that_call_is_seated(joins: Joins) -> None:
    bob = joins("Bob")
    assert seated(participant=bob.participant, call=bob.call).name == "Bob"
    for participant, call in ((bob.participant, new_id()), (new_id(), bob.call)):
        with pytest.raises(SeatUnknown):
            seated(participant=participant, call=call)
    leave(participant=bob.participant, now=NOW)
    with pytest.raises(SeatUnknown):
        seated(participant=bob.participant, call=bob.call)


def test_charlie_sees_no_meeting_of_others(link: Link, bob: User, alice: User, joins: Joins) -> None:
    joins("Bob")
    assert own_meeting(meeting=link.meeting, owner=account_of(alice)).live
    for meeting in (link.meeting, new_id()):
        with pytest.raises(MeetingUnknown):
            own_meeting(meeting=meeting, owner=account_of(bob))
    assert page_of_own(owner=account_of(bob), after=None, limit=PAGE).rows == []


def test_reading_costs_one_query(link: Link, alice: User, joins: Joins, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ticket = joins("Bob")
    for number in range(5):
        Meeting.objects.create(id=new_id(), owner=alice, link_id=new_id(), host_hash=new_id(), created_at=NOW + number)
    with django_assert_num_queries(1):
        assert len(page_of_own(owner=account_of(alice), after=None, limit=PAGE).rows) == 6
    with django_assert_num_queries(1):
        access_meeting(meeting=link.meeting, link_id=link.link_id)
    with django_assert_num_queries(1):
        seat(participant=ticket.participant, seat=ticket.seat)
    with django_assert_num_queries(1):
        seated(participant=ticket.participant, call=ticket.call)


def _refusal(meeting: str, link_id: str) -> tuple[str, int, str]:
    with pytest.raises(LinkUnknown) as refused:
        access_meeting(meeting=meeting, link_id=link_id)
    return refused.value.code, refused.value.status, refused.value.text
