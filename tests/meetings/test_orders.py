"""Orders at the door and in the call: whoever comes in while a measure begins, comes again, or leaves (ORD-2, ORD-8, ORD-14)."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.hashers import make_password
from django.db import connections

from conclave.accounts.models import User
from conclave.gate.apply import OrderOver, applied, apply
from conclave.gate.impose import impose_measure
from conclave.gate.impose import lift as lift_rows
from conclave.gate.models import Application
from conclave.gate.policy import NOWHERE, Evidence, Kind, Measure
from conclave.kernel.clock import DAY
from conclave.kernel.ids import new_id
from conclave.keys import delivery
from conclave.keys.locks import writing
from conclave.meetings import acts, enforce, ordered, socket
from conclave.meetings import join as joining
from conclave.meetings.consumers import MeetingSocket
from conclave.meetings.door import KnockRequired, Newcomer, Ordered, Shown, judge_seated
from conclave.meetings.entrance import PasscodeRequired
from conclave.meetings.farewell import farewell
from conclave.meetings.join import Ticket, join, recheck
from conclave.meetings.leave import leave
from conclave.meetings.models import Meeting, Participant
from conclave.meetings.queries import SeatUnknown, seated
from conclave.transparency import journal
from conclave.transparency.head import locked_head
from conclave.transparency.models import Head, JournalEntry
from tests.authorities.desk import there
from tests.gate.sealed import sealed
from tests.meetings.conftest import NOW, Joins, Link, account_of, device_of, key_of

pytestmark = pytest.mark.usefixtures("cosigned")

PASSCODE = "123 456"


def measure(*, meeting: str = "", account: str = "", kind: Kind = Kind.REMOVE_FROM) -> Measure:
    """Return an approved measure on those in China, from now on."""
    return sealed(Measure(id=new_id(), kind=kind, territory="CN", meeting=meeting, account=account, starts_at=NOW, ends_at=NOW + DAY))


def says_hello(ticket: Ticket, evidence: Evidence | None = None) -> str:
    """Say hello at the meeting socket; return why the seat is over, if it is."""
    told = {"t": "hello", "v": 1, "participant": ticket.participant, "seat": ticket.seat, "incarnation": None, "log": 0, "said": 0}
    seat, arrival = acts.hello(message=socket.Hello.model_validate(told), socket_id=new_id(), now=NOW, evidence=evidence)
    assert bool(seat.gone) == (arrival is None)
    return seat.gone


def inside() -> set[str]:
    """Return who sits in the call."""
    return set(Participant.objects.filter(left_at=None).values_list("name", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", [True, False], ids=["who is the first in the call", "who comes to a call"])
@pytest.mark.parametrize("on_account", [True, False], ids=["an account", "a meeting"])
def test_ord_2_who_comes_in_while_a_measure_begins_does_not_stay(
    link: Link, joins: Joins, bob: User, monkeypatch: pytest.MonkeyPatch, *, first: bool, on_account: bool
) -> None:
    if not first:
        joins("Flo", evidence=there("FR"))
    held = measure(account=bob.pk) if on_account else measure(meeting=link.meeting)

    def begin() -> None:
        enforce.impose(measure=held, now=NOW)
        connections.close_all()

    begins = threading.Thread(target=begin)
    sit_down = joining._sit_down

    def slowly(*args: Any, **how: Any) -> Participant:
        # The door has been passed, and the seat is not there yet: the measure waits, or else it is over before the seat is.
        begins.start()
        begins.join(0.5)
        return sit_down(*args, **how)

    monkeypatch.setattr(joining, "_sit_down", slowly)
    ticket = joins("Bob", evidence=there("CN"), account=account_of(bob))
    begins.join()
    assert inside() == (set() if first else {"Flo"})
    assert Participant.objects.get(pk=ticket.participant).notice == Application.objects.get().pk


def _hello(ticket: Ticket) -> None:
    assert says_hello(ticket) == "ordered"


def _media(ticket: Ticket) -> None:
    with pytest.raises(Ordered):
        recheck(seat=seated(participant=ticket.participant, call=ticket.call), region="local", now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("comes_again", [_hello, _media])
def test_ord_8_whom_an_order_meets_at_the_socket_or_the_media_is_taken_out_with_a_notice(
    link: Link, joins: Joins, comes_again: Callable[[Ticket], None]
) -> None:
    ada, _flo = joins("Ada", evidence=there("CN")), joins("Flo", evidence=there("FR"))
    held = measure(meeting=link.meeting)
    impose_measure(measure=held)
    comes_again(ada)
    (one,) = applied(measure=held.id)
    assert farewell(participant=ada.participant, reason="ordered") == {"reason": "ordered", "notice": one.id}
    assert (one.action, inside()) == ("removed", {"Flo"})
    assert says_hello(ada) == "ordered"
    assert len(applied(measure=held.id)) == 1, "who is out already is met once"


@pytest.mark.django_db
def test_ord_2_where_somebody_is_is_looked_at_again_when_their_socket_comes_again(link: Link, joins: Joins) -> None:
    ada, flo = joins("Ada", evidence=there("FR")), joins("Flo", evidence=there("CN"))
    assert says_hello(ada, there("CN")) == ""
    assert says_hello(flo, NOWHERE) == ""
    enforce.impose(measure=measure(meeting=link.meeting), now=NOW)
    assert inside() == {"Flo"}, "by where they have come from last"
    assert says_hello(flo, there("HK")) == ""
    assert says_hello(flo, there("CN")) == "ordered"


@pytest.mark.parametrize(("client", "asked"), [(["198.51.100.7", 5], ["198.51.100.7"]), (None, [])])
async def test_ord_6_the_socket_looks_at_the_address_of_its_own_connection(
    client: list[object] | None, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    heard: list[object] = []

    def hello(*, evidence: Evidence | None, **_how: object) -> None:
        heard.append(evidence)
        raise SeatUnknown

    def locate(*, address: str) -> Evidence:
        looked.append(address)
        return there("CN")

    monkeypatch.setattr("conclave.gate.geo.locate", locate)
    monkeypatch.setattr(acts, "hello", hello)
    scope = {"type": "websocket", "client": client, "headers": [(b"x-real-ip", b"192.0.2.1")]}
    to = ApplicationCommunicator(MeetingSocket.as_asgi(), scope)
    await to.send_input({"type": "websocket.connect"})
    assert (await to.receive_output(timeout=10))["type"] == "websocket.accept"
    told = {"t": "hello", "v": 1, "participant": new_id(), "seat": new_id(), "incarnation": None, "log": 0, "said": 0}
    await to.send_input({"type": "websocket.receive", "text": json.dumps(told)})
    assert "seat_unknown" in (await to.receive_output(timeout=10))["text"]
    assert (looked, heard) == (asked, [there("CN") if asked else None])


@pytest.mark.django_db
def test_where_somebody_was_goes_when_they_do(joins: Joins) -> None:
    ada, _flo = joins("Ada", evidence=there("CN")), joins("Flo", evidence=there("FR"))
    leave(participant=ada.participant, now=NOW + 1)
    row = Participant.objects.get(pk=ada.participant)
    assert (row.country, row.geo_confidence, row.geo_database, row.geo_built_at) == ("", "", "", 0)
    assert Participant.objects.get(name="Flo").country == "FR"


@pytest.mark.django_db
def test_a_measure_holds_the_journal_when_everybody_is_out_already(link: Link, joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    joins("Ada", evidence=there("CN"))
    joins("Bo", evidence=there("CN"))
    did: list[str] = []

    def held_head(*, chain: str) -> Head:
        did.append("journal")
        return locked_head(chain=chain)

    monkeypatch.setattr(journal, "locked_head", held_head)
    monkeypatch.setattr(delivery, "depart_together", lambda **_how: did.append("out"))
    enforce.impose(measure=measure(meeting=link.meeting), now=NOW)
    assert did == ["out", "journal"]
    said = list(JournalEntry.objects.order_by("index").values_list("kind", flat=True))
    assert said[-4:] == ["participant_left", "participant_left", "call_ended", "measure_imposed"]


@pytest.mark.django_db
def test_who_leaves_as_a_measure_begins_is_met_by_nothing(link: Link, joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, _flo = joins("Ada", evidence=there("CN")), joins("Flo", evidence=there("FR"))
    met = enforce._met

    def and_leaves(held: Measure, now: int) -> list[Participant]:
        rows = met(held, now)
        leave(participant=ada.participant, now=now)
        return rows

    monkeypatch.setattr(enforce, "_met", and_leaves)
    assert not enforce.impose(measure=measure(meeting=link.meeting), now=NOW).removed
    assert not Application.objects.exists()
    assert Participant.objects.get(pk=ada.participant).gone_reason == "left"


@pytest.mark.django_db
def test_a_host_is_told_of_people_not_of_their_devices(link: Link, joins: Joins, alice: User, bob: User) -> None:
    joins("Bob", evidence=there("CN"), account=account_of(bob))
    joins("Bob’s phone", evidence=there("CN"), account=account_of(bob), device=device_of("Phone"), signature_key=key_of("Phone"))
    joins("Ada", evidence=there("CN"))
    assert enforce.impose(measure=measure(meeting=link.meeting), now=NOW).removed == {alice.pk: 2}


@pytest.mark.django_db
def test_ord_9_who_is_refused_as_an_order_is_taken_back_asks_again_and_nothing_is_left_of_it(
    link: Link, joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = measure(meeting=link.meeting)
    impose_measure(measure=held)

    def and_is_taken_back(**how: Any) -> str:
        lift_rows(notice=held.id)
        return apply(**how)

    monkeypatch.setattr(ordered, "apply", and_is_taken_back)
    with pytest.raises(OrderOver) as refused:
        joins("Ada", evidence=there("CN"))
    assert (refused.value.code, refused.value.status) == ("unavailable", 503)
    assert not Application.objects.exists()


@pytest.mark.django_db
def test_ord_9_who_is_inside_as_an_order_is_taken_back_stays(link: Link, joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, held = joins("Ada", evidence=there("CN")), measure(meeting=link.meeting)
    impose_measure(measure=held)

    def and_is_taken_back(**how: Any) -> object:
        decision = judge_seated(**how)
        with writing():
            lift_rows(notice=held.id)
        return decision

    monkeypatch.setattr(enforce, "judge_seated", and_is_taken_back)
    assert says_hello(ada) == ""
    assert inside() == {"Ada"}


@pytest.mark.django_db
@pytest.mark.parametrize("by_key", [False, True], ids=["their account", "the host key"])
def test_ord_14_a_host_set_back_comes_in_by_the_passcode(link: Link, alice: User, monkeypatch: pytest.MonkeyPatch, *, by_key: bool) -> None:
    monkeypatch.setattr(delivery, "holds_host_key", lambda **_how: by_key)
    Meeting.objects.filter(pk=link.meeting).update(passcode_hash=make_password(PASSCODE), waiting="uninvited", who="invited")
    enforce.impose(measure=measure(meeting=link.meeting, kind=Kind.DENY_HOST_FROM), now=NOW)

    def enters(place: str, passcode: str | None) -> Ticket:
        who = Newcomer(
            name=f"Alice {place}",
            signature_key=key_of(place),
            device=device_of(place),
            account=None if by_key else account_of(alice),
            evidence=there(place),
        )
        shown = Shown(host=("k", "s") if by_key else None, passcode=passcode)
        return join(meeting=link.meeting, link_id=link.link_id, newcomer=who, again=None, now=NOW, shown=shown)

    with pytest.raises(PasscodeRequired):
        enters("CN", None)
    assert enters("CN", PASSCODE).role == "guest"
    assert enters("HK", "of another meeting").participant, "a host needs none where nothing is ordered"
    Meeting.objects.filter(pk=link.meeting).update(waiting="everybody")
    with pytest.raises(KnockRequired):
        enters("CN", PASSCODE)
