"""meetings/own.py and now.py: making, renaming and deleting meetings (MEET-2 to MEET-7)."""

from typing import Any

import pytest
from pytest_django import Settings

from conclave.accounts.models import User
from conclave.kernel.ids import new_id
from conclave.meetings import own
from conclave.meetings.models import Call, Meeting, NowToken
from conclave.meetings.now import NowUsed, meet_now_link
from conclave.meetings.queries import LinkUnknown, MeetingUnknown, access_meeting
from tests.meetings.conftest import NOW, Joins, Link, account_of

pytestmark = pytest.mark.django_db


def test_an_owner_makes_a_meeting(alice: User) -> None:
    made = _fields()
    own.create_meeting(**made, owner=account_of(alice), now=NOW)
    row = Meeting.objects.get()
    assert (row.pk, row.owner, row.title, row.link_version) == (made["meeting"], alice, "Plans", 1)


def test_an_id_that_is_taken_is_refused_and_changes_nothing(link: Link, bob: User) -> None:
    with pytest.raises(own.MeetingExists):
        own.create_meeting(**{**_fields(), "meeting": link.meeting}, owner=account_of(bob), now=NOW)
    assert Meeting.objects.get().title == "Plans"


def test_meet_now_makes_one_meeting_for_nobody_and_the_token_is_gone(settings: Settings) -> None:
    url, _, token = meet_now_link(now=NOW).partition("#")
    assert url == f"{settings.CONCLAVE.public_url}/now"
    assert token not in NowToken.objects.get().token_hash
    own.create_now(**_fields(), token=token, now=NOW)
    assert Meeting.objects.get().owner is None
    with pytest.raises(NowUsed):
        own.create_now(**_fields(), token=token, now=NOW)


def test_a_new_meet_now_link_replaces_the_one_before() -> None:
    before = meet_now_link(now=NOW).partition("#")[2]
    after = meet_now_link(now=NOW + 1).partition("#")[2]
    with pytest.raises(NowUsed):
        own.create_now(**_fields(), token=before, now=NOW)
    own.create_now(**_fields(), token=after, now=NOW)


def test_a_meeting_that_cannot_be_made_does_not_use_the_token_up(link: Link) -> None:
    token = meet_now_link(now=NOW).partition("#")[2]
    with pytest.raises(own.MeetingExists):
        own.create_now(**{**_fields(), "meeting": link.meeting}, token=token, now=NOW)
    with pytest.raises(own.TitleForbidden):
        own.create_now(**{**_fields(), "title": "x" * 121}, token=token, now=NOW)
    own.create_now(**_fields(), token=token, now=NOW)


@pytest.mark.parametrize("title", ["x" * 121, "a\x00b", "x" * 100_000, "\ue000"])
def test_a_title_that_cannot_be_shown_is_refused(title: str, alice: User) -> None:
    """MEET-2."""
    with pytest.raises(own.TitleForbidden):
        own.create_meeting(**{**_fields(), "title": title}, owner=account_of(alice), now=NOW)


def test_a_title_may_be_empty_and_is_folded(link: Link, alice: User) -> None:
    assert own.clean_title(raw="") == ""
    assert own.change_meeting(meeting=link.meeting, owner=account_of(alice), title="  New \n plans ", now=NOW).title == "New plans"
    assert Meeting.objects.get().title == "New plans"


def test_deleting_ends_the_call_and_closes_the_link(link: Link, alice: User, joins: Joins) -> None:
    joins("Bob")
    own.delete_meeting(meeting=link.meeting, owner=account_of(alice), now=NOW + 1)
    assert Call.objects.get().end_reason == "deleted"
    assert Meeting.objects.get().title == ""
    with pytest.raises(LinkUnknown):
        access_meeting(meeting=link.meeting, link_id=link.link_id)


def test_charlie_can_neither_rename_nor_delete(link: Link, bob: User) -> None:
    for meeting in (link.meeting, new_id()):
        with pytest.raises(MeetingUnknown):
            own.change_meeting(meeting=meeting, owner=account_of(bob), title="Mine", now=NOW)
        with pytest.raises(MeetingUnknown):
            own.delete_meeting(meeting=meeting, owner=account_of(bob), now=NOW)
    assert Meeting.objects.get().title == "Plans"


def _fields() -> dict[str, Any]:
    return {"meeting": new_id(), "title": "Plans", "link_id": new_id(), "host_hash": new_id()}
