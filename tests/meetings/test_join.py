"""meetings/join.py: the server's story from a request to a ticket (JOIN-2, JOIN-4, JOIN-10)."""

import json
import re

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from conclave.accounts.models import User
from conclave.kernel import b64
from conclave.kernel.errors import Malformed
from conclave.kernel.ids import new_id
from conclave.keys.attestation import LABEL
from conclave.keys.models import Group
from conclave.media import placement
from conclave.meetings.door import CallLocked, Newcomer, Removed
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.leave import leave
from conclave.meetings.models import Call, Participant
from conclave.meetings.names import NameEmpty
from conclave.meetings.queries import LinkUnknown, SeatUnknown
from conclave.transparency.journal import first_broken
from conclave.transparency.models import JournalEntry
from tests.meetings.conftest import NOW, Joins, Link, account_of, device_of, key_of, removed

pytestmark = pytest.mark.django_db


def test_the_first_to_join_starts_the_call_and_the_next_one_is_in_the_same(joins: Joins) -> None:
    alice, bob = joins("Alice"), joins("Bob")
    assert alice.call == bob.call
    assert alice.participant != bob.participant
    assert Call.objects.get().ended_at is None


def test_ids_of_people_differ_from_call_to_call(joins: Joins, alice: User) -> None:
    first = joins("Alice", account=account_of(alice))
    leave(participant=first.participant, now=NOW + 1)
    second = joins("Alice", account=account_of(alice), at=NOW + 2)
    assert first.call != second.call
    assert first.participant != second.participant
    assert json.loads(first.attestation.text)["account"] == json.loads(second.attestation.text)["account"] != alice.pk


def test_the_owner_is_shown_as_host_and_everybody_else_as_guest(joins: Joins, alice: User, bob: User) -> None:
    assert joins("Alice", account=account_of(alice)).role == "host"
    assert joins("Bob", account=account_of(bob)).role == "guest"
    assert joins("Carol").role == "guest"


def test_the_attestation_is_canonical_signed_and_for_this_leaf(joins: Joins, link: Link) -> None:
    ticket = joins("Bob")
    key = Ed25519PublicKey.from_public_bytes(b64.decode(ticket.attestation.key))
    key.verify(b64.decode(ticket.attestation.signature), LABEL + ticket.attestation.text.encode())
    assert json.loads(ticket.attestation.text) == {
        "call": ticket.call, "key": key_of("Bob"), "meeting": link.meeting, "name": "Bob",
        "participant": ticket.participant, "role": "guest", "v": 1,
    }  # fmt: skip


def test_the_media_token_opens_one_call_for_one_participant_for_a_minute_and_nothing_else(joins: Joins) -> None:
    """JOIN-4, JOIN-10."""
    ticket = joins("Bob")
    claims = jwt.decode(ticket.media_token, options={"verify_signature": False, "verify_exp": False})
    grants = claims.pop("video")
    assert set(claims) == {"iss", "sub", "nbf", "exp"}
    assert claims["sub"] == ticket.participant
    assert claims["exp"] - NOW // 1000 == 60
    sources = ["camera", "microphone", "screen_share", "screen_share_audio"]
    publishing = {"canPublish": True, "canPublishSources": sources, "canPublishData": False}
    assert grants == {"roomJoin": True, "room": ticket.call, "canSubscribe": True, **publishing}


def test_into_a_locked_call_nobody_new_comes_and_a_seat_taken_back_goes_on(joins: Joins) -> None:
    """POL-8: refused before there is a seat, so that nobody in the call is disturbed."""
    alice = joins("Alice")
    Group.objects.create(call=alice.call, meeting=alice.meeting, incarnation=new_id(), number=1, creator=alice.participant, locked=True)
    with pytest.raises(CallLocked):
        joins("Bob", at=NOW + 1)
    assert [row.name for row in Participant.objects.all()] == ["Alice"]
    assert joins("Alice", again=_again(alice), at=NOW + 2).participant == alice.participant
    Group.objects.update(locked=False)
    assert joins("Bob", at=NOW + 4).name == "Bob"


def test_a_reload_keeps_participant_and_key_and_gets_a_new_seat_secret(joins: Joins) -> None:
    """JOIN-2."""
    before = joins("Bob")
    after = joins("Bob", again=_again(before), at=NOW + 5)
    assert after.participant == before.participant
    assert after.seat != before.seat
    assert Participant.objects.get().generation == 2


def test_a_rename_is_a_replacement_with_a_new_attestation(joins: Joins) -> None:
    before = joins("Bob")
    after = joins("Robert", signature_key=key_of("Bob"), again=_again(before))
    assert after.participant == before.participant
    assert json.loads(after.attestation.text)["name"] == "Robert"


def test_the_tab_before_may_take_the_seat_back_but_not_the_one_before_that(joins: Joins) -> None:
    first = joins("Bob")
    joins("Bob", again=_again(first))
    third = joins("Bob", again=_again(first))
    joins("Bob", again=_again(third))
    with pytest.raises(SeatUnknown):
        joins("Bob", again=_again(first))


@pytest.mark.parametrize("wrong", ["seat", "participant", "key"])
def test_a_seat_is_given_back_only_for_its_secret_and_its_key(joins: Joins, wrong: str) -> None:
    """JOIN-2: Charlie knows Bob's participant id and public key, which everybody in the call does."""
    bob = joins("Bob")
    again = Again(participant=new_id() if wrong == "participant" else bob.participant, seat=new_id() if wrong == "seat" else bob.seat)
    with pytest.raises(SeatUnknown):
        joins("Bob", signature_key=key_of("Charlie" if wrong == "key" else "Bob"), again=again)
    assert Participant.objects.get().generation == 1


def test_a_seat_that_was_left_is_not_given_back(joins: Joins) -> None:
    bob = joins("Bob")
    joins("Alice")
    leave(participant=bob.participant, now=NOW)
    with pytest.raises(SeatUnknown):
        joins("Bob", again=_again(bob))


def test_taking_a_seat_back_never_starts_a_call(joins: Joins) -> None:
    bob = joins("Bob")
    leave(participant=bob.participant, now=NOW)
    with pytest.raises(SeatUnknown):
        joins("Bob", again=_again(bob))
    assert Call.objects.filter(ended_at=None).count() == 0


def test_a_key_that_sits_in_the_call_cannot_sit_twice(joins: Joins) -> None:
    joins("Bob")
    with pytest.raises(Malformed):
        joins("Charlie", signature_key=key_of("Bob"))


def test_charlie_with_a_wrong_link_disturbs_nobody(link: Link) -> None:
    with pytest.raises(LinkUnknown):
        _join(link.meeting, new_id())
    with pytest.raises(LinkUnknown):
        _join(new_id(), link.link_id)
    assert not Call.objects.exists()
    assert not JournalEntry.objects.exists()


def test_a_name_that_cannot_be_used_starts_nothing(joins: Joins) -> None:
    with pytest.raises(NameEmpty):
        joins(" \u200b ")
    assert not Call.objects.exists()


def test_a_removed_person_is_refused_by_seat_by_device_and_by_account(joins: Joins, bob: User) -> None:
    joins("Alice")
    ticket = joins("Bob", account=account_of(bob))
    removed(ticket)
    with pytest.raises(Removed):
        joins("Bob", again=_again(ticket))
    with pytest.raises(Removed):
        joins("Robert", device=device_of("Bob"))
    with pytest.raises(Removed):
        joins("Robert", account=account_of(bob))
    assert joins("Carol").call == ticket.call


def test_a_full_call_and_a_missing_engine_are_said_as_such(joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = joins("Bob")
    monkeypatch.setattr(placement, "MOST_PARTICIPANTS", 1)
    with pytest.raises(placement.CallFull):
        joins("Carol")
    assert joins("Bob", again=_again(bob)).participant == bob.participant
    placement.report(region="local", up=False)
    with pytest.raises(placement.MediaUnavailable):
        joins("Bob", again=_again(bob))


def test_two_live_calls_of_a_meeting_cannot_exist(joins: Joins) -> None:
    joins("Bob")
    call = Call.objects.get()
    with pytest.raises(IntegrityError):
        Call.objects.create(id=new_id(), meeting=call.meeting, region="local", started_at=NOW)


def test_joining_costs_the_same_few_queries_however_many_are_there(joins: Joins, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for name in ("Alice", "Bob", "Carol"):
        joins(name)
    # a savepoint (2), meeting, call, restrictions, what the group says of newcomers, head count, seat, and four for the journal
    with django_assert_num_queries(12):
        joins("Dave")


def test_who_starts_the_call_costs_no_more(joins: Joins, bob: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    joins("Alice")
    Call.objects.all().delete()
    # a savepoint (2), meeting, call, restrictions, the call (2), seat, and four for the journal's two rows
    with django_assert_num_queries(12):
        joins("Bob", account=account_of(bob))
    assert first_broken() is None


def test_the_journal_is_held_last_so_that_no_two_wait_for_each_other(joins: Joins, bob: User) -> None:
    """Else somebody who holds what is needed here, and waits for the journal, would wait for ever."""
    with CaptureQueriesContext(connection) as queries:
        joins("Bob", account=account_of(bob))
    touched = [found.group() for one in queries if (found := re.search(r"(meetings|gate|keys|accounts|transparency)_\w+", one["sql"]))]
    first = touched.index("transparency_head")
    assert "meetings_participant" in touched[:first]
    assert all(table.startswith("transparency_") for table in touched[first:]), touched


def test_what_happened_is_in_the_journal_without_names(joins: Joins) -> None:
    joins("Bob")
    assert list(JournalEntry.objects.order_by("index").values_list("kind", flat=True)) == ["call_started", "participant_joined"]
    assert not JournalEntry.objects.filter(leaf__contains="Bob").exists()


def _again(ticket: Ticket) -> Again:
    return Again(participant=ticket.participant, seat=ticket.seat)


def _join(meeting: str, link_id: str) -> Ticket:
    newcomer = Newcomer(name="Charlie", signature_key=key_of("Charlie"), device=device_of("Charlie"), account=None)
    return join(meeting=meeting, link_id=link_id, newcomer=newcomer, again=None, now=NOW)
