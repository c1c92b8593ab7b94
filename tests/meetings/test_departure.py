"""Every way out of a call: leave, lost, removed, ended (JOIN-7, JOIN-8, LOG-10)."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conclave.accounts.models import User
from conclave.gate.models import Restriction
from conclave.kernel.models import OutboxEvent
from conclave.keys import delivery
from conclave.keys.models import Seat as KeysSeat
from conclave.meetings import end, lost, remove
from conclave.meetings.departure import depart, finish
from conclave.meetings.join import HELLO_WITHIN_MS, Again, Ticket
from conclave.meetings.leave import leave
from conclave.meetings.models import Call, Ended, Gone, Participant
from conclave.transparency.models import JournalEntry
from tests.meetings.conftest import NOW, Joins, account_of, device_of, key_of, removed

pytestmark = pytest.mark.django_db


def test_leaving_frees_the_seat_and_the_media_and_tells_the_group(joins: Joins) -> None:
    joins("Alice")
    bob = joins("Bob")
    _arrive(bob)
    assert leave(participant=bob.participant, now=NOW + 1)
    row = Participant.objects.get(pk=bob.participant)
    assert (row.left_at, row.gone_reason) == (NOW + 1, "left")
    assert KeysSeat.objects.get(participant=bob.participant).gone == "left"
    assert _asked() == [("engine.remove", [bob.participant])]
    assert Call.objects.get().ended_at is None


def test_the_last_one_out_holds_the_journal_last(joins: Joins) -> None:
    """Whoever knocks holds the meeting's row, and whoever answers knocks waits with it for the journal."""
    bob = joins("Bob")
    with CaptureQueriesContext(connection) as queries:
        assert leave(participant=bob.participant, now=NOW)
    touched = [found.group() for one in queries if (found := re.search(r"(meetings|gate|keys|kernel|transparency)_\w+", one["sql"]))]
    first = touched.index("transparency_head")
    assert "meetings_meeting" in touched[:first]
    assert all(table.startswith("transparency_") for table in touched[first:]), touched
    kinds = JournalEntry.objects.order_by("index").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["participant_left", "call_ended"]


def test_leaving_twice_is_leaving_once(joins: Joins) -> None:
    joins("Alice")
    bob = joins("Bob")
    assert leave(participant=bob.participant, now=NOW)
    assert not leave(participant=bob.participant, now=NOW + 1)
    assert Participant.objects.get(pk=bob.participant).left_at == NOW
    assert len(_asked()) == 1


def test_the_last_one_out_ends_the_call_and_names_go_with_it(joins: Joins, bob: User) -> None:
    alice, other = joins("Alice"), joins("Bob", account=account_of(bob))
    removed(other)
    leave(participant=alice.participant, now=NOW + 1)
    call = Call.objects.get()
    assert (call.ended_at, call.end_reason) == (NOW + 1, "empty")
    for row in Participant.objects.all():
        assert (row.name, row.signature_key, row.device, row.pseudonym, row.account_id) == ("", "", "", "", None)
    assert not Restriction.objects.exists()
    assert ("engine.end", []) in _asked()


def test_a_removal_bars_the_person_from_this_call_and_is_written_down(joins: Joins) -> None:
    joins("Alice")
    bob = joins("Bob")
    removed(bob)
    assert Participant.objects.get(pk=bob.participant).gone_reason == "removed"
    assert set(Restriction.objects.values_list("subject_kind", "scope", "what")) == {
        ("participant", bob.call, "join"),
        ("device", bob.call, "join"),
    }
    assert list(JournalEntry.objects.order_by("-index").values_list("kind", flat=True)[:2]) == ["participant_removed", "removal_asked"]


def test_whoever_is_removed_goes_with_every_seat_that_is_theirs(joins: Joins, bob: User) -> None:
    """The restriction names device and account; whoever it names is out everywhere, and the others stay."""
    alice, laptop = joins("Alice"), joins("Bob", account=account_of(bob))
    tab = joins("Bob", signature_key=key_of("tab"), device=device_of("Bob"))
    phone = joins("Bob", signature_key=key_of("phone"), device=device_of("phone"), account=account_of(bob))
    stranger = joins("Charlie", device="")
    nameless = joins("Dora", device="")
    removed(laptop)
    gone = Participant.objects.filter(gone_reason=Gone.REMOVED).values_list("pk", flat=True)
    assert set(gone) == {laptop.participant, tab.participant, phone.participant}
    removed(stranger)
    left = Participant.objects.filter(left_at=None).values_list("pk", flat=True)
    assert set(left) == {alice.participant, nameless.participant}


def test_a_host_who_removes_a_seat_of_her_own_stays(joins: Joins, alice: User) -> None:
    laptop, phone = joins("Alice", account=account_of(alice)), joins("phone", account=account_of(alice))
    remove.impose_removal(call=phone.call, participant=phone.participant, by=laptop.participant, word=("k", "s"), ban=False, now=NOW)
    assert list(Participant.objects.filter(left_at=None).values_list("pk", flat=True)) == [laptop.participant]
    joins("Alice", account=account_of(alice), again=Again(participant=laptop.participant, seat=laptop.seat))


def test_a_host_stays_when_another_removes_their_second_seat(joins: Joins, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """POL-16: the second device is nobody's host, and may be removed; what it shares with the host's seat bars nobody."""
    laptop, phone, bob = joins("Alice", account=account_of(alice)), joins("phone", account=account_of(alice)), joins("Bob")
    monkeypatch.setattr(remove, "hosts_inside", lambda *, call: {laptop.participant, bob.participant} if call == bob.call else set())
    remove.impose_removal(call=phone.call, participant=phone.participant, by=bob.participant, word=("k", "s"), ban=False, now=NOW)
    assert set(Participant.objects.filter(left_at=None).values_list("pk", flat=True)) == {laptop.participant, bob.participant}
    joins("Alice", account=account_of(alice), again=Again(participant=laptop.participant, seat=laptop.seat))


def test_who_is_not_in_the_call_cannot_be_removed(joins: Joins) -> None:
    bob = joins("Bob")
    with pytest.raises(remove.NobodyThere):
        remove.impose_removal(call=bob.call, participant="x" * 22, by="alice", word=("k", "s"), ban=False, now=NOW)
    with pytest.raises(remove.NobodyThere):
        remove.impose_removal(call="x" * 22, participant=bob.participant, by="alice", word=("k", "s"), ban=False, now=NOW)
    assert not Restriction.objects.exists()


def test_charlie_who_is_no_host_removes_and_ends_nothing(joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    bob, charlie = joins("Bob"), joins("Charlie")

    def no_host(**_facts: object) -> tuple[str, str]:
        raise delivery.NotHost

    monkeypatch.setattr(remove, "host_word", no_host)
    monkeypatch.setattr(end, "host_word", no_host)
    with pytest.raises(delivery.NotHost):
        remove.remove(call=bob.call, participant=bob.participant, by=charlie.participant, signature="s", ban=True, now=NOW)
    with pytest.raises(delivery.NotHost):
        end.end(call=bob.call, by=charlie.participant, signature="s", now=NOW)
    assert Participant.objects.filter(left_at=None).count() == 2
    assert not Restriction.objects.exists()


def test_a_hosts_word_removes_and_ends(joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = joins("Alice"), joins("Bob")
    asked: list[dict[str, object]] = []

    def host(**facts: object) -> tuple[str, str]:
        asked.append(facts)
        return "key", "signature"

    monkeypatch.setattr(remove, "host_word", host)
    monkeypatch.setattr(end, "host_word", host)
    remove.remove(call=bob.call, participant=bob.participant, by=alice.participant, signature="s", ban=False, now=NOW)
    assert end.end(call=bob.call, by=alice.participant, signature="t", now=NOW)
    assert not end.end(call=bob.call, by=alice.participant, signature="t", now=NOW)
    assert [(facts["label"], facts["target"], facts["signature"]) for facts in asked[:2]] == [
        ("remove", bob.participant, "s"),
        ("end", None, "t"),
    ]
    assert Call.objects.get().end_reason == Ended.BY_HOST
    assert Participant.objects.get(pk=alice.participant).gone_reason == Gone.ENDED


def test_a_seat_whose_hello_never_comes_is_given_up(joins: Joins) -> None:
    """JOIN-7."""
    alice, bob = joins("Alice"), joins("Bob")
    assert lost.arrived(participant=alice.participant, now=NOW)
    lost.settle_awaited(NOW + HELLO_WITHIN_MS - 1)
    assert Participant.objects.filter(left_at=None).count() == 2
    lost.settle_awaited(NOW + HELLO_WITHIN_MS)
    lost.settle_awaited(NOW + HELLO_WITHIN_MS + 1)
    assert Participant.objects.get(pk=bob.participant).gone_reason == "lost"
    assert Participant.objects.get(pk=alice.participant).left_at is None


def test_a_reload_before_the_first_hello_is_awaited_anew(joins: Joins) -> None:
    joins("Alice")
    bob = joins("Bob")
    joins("Bob", at=NOW + 20_000, again=Again(participant=bob.participant, seat=bob.seat))
    lost.settle_awaited(NOW + HELLO_WITHIN_MS)
    assert Participant.objects.get(pk=bob.participant).left_at is None
    lost.settle_awaited(NOW + 20_000 + HELLO_WITHIN_MS)
    assert Participant.objects.get(pk=bob.participant).gone_reason == "lost"


def test_a_seat_whose_socket_stays_away_is_given_up(joins: Joins) -> None:
    """LOG-10."""
    alice, bob = joins("Alice"), joins("Bob")
    for ticket in (alice, bob):
        _arrive(ticket)
        lost.arrived(participant=ticket.participant, now=NOW)
    delivery.lose(participant=bob.participant, socket="socket", now=NOW)
    lost.settle_absent(NOW + 29_000)
    assert Participant.objects.filter(left_at=None).count() == 2
    lost.settle_absent(NOW + 30_000)
    assert Participant.objects.get(pk=bob.participant).gone_reason == "lost"
    assert KeysSeat.objects.get(participant=bob.participant).gone == "lost"
    lost.settle_absent(NOW + 31_000)


def test_who_left_does_not_arrive(joins: Joins) -> None:
    joins("Alice")
    bob = joins("Bob")
    leave(participant=bob.participant, now=NOW)
    assert not lost.arrived(participant=bob.participant, now=NOW)


def test_an_unknown_participant_or_call_is_nobody(joins: Joins) -> None:
    joins("Alice")
    assert not depart(participant="x" * 22, reason=Gone.LEFT, now=NOW)
    assert not finish(call="x" * 22, reason=Ended.EMPTY, now=NOW)


def _arrive(ticket: Ticket) -> None:
    """Let somebody's socket have said hello."""
    KeysSeat.objects.create(
        call=ticket.call,
        meeting=ticket.meeting,
        participant=ticket.participant,
        signature_key=key_of(ticket.name),
        socket="socket",
        gateway="g",
    )


def _asked() -> list[tuple[str, list[str]]]:
    return [(event.kind, event.payload.get("participants", [])) for event in OutboxEvent.objects.order_by("id")]
