"""measure, restore: on a live call exactly those are met who are surely in the territory, until the end (ORD-2, 3, 5, 8, 9, 11, 14)."""

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.core import mail

from conclave.accounts.mail import hand_over
from conclave.accounts.models import User
from conclave.authorities.models import EffectReport, Order
from conclave.authorities.policy import DAY, State
from conclave.authorities.quash import take_back
from conclave.authorities.queries import notice, status, whole_order
from conclave.gate.apply import NotThere, applied, apply
from conclave.gate.models import Application
from conclave.gate.policy import NOWHERE, Confidence, Evidence, Kind
from conclave.kernel import outbox
from conclave.kernel.models import OutboxEvent
from conclave.keys import delivery
from conclave.meetings.door import KnockRequired, Newcomer, Ordered, Shown
from conclave.meetings.farewell import farewell
from conclave.meetings.join import Again, Ticket, recheck
from conclave.meetings.knock import knock
from conclave.meetings.models import Call, Meeting, Participant
from conclave.meetings.queries import SeatUnknown, seated
from conclave.transparency.models import Opening
from tests.accounts.organisation import account
from tests.authorities.desk import NOW, Desk, draft, goes_on, state_of, there
from tests.meetings.conftest import Joins, Link, Posts, device_of, key_of

pytestmark = pytest.mark.django_db
PLACES = {"Ada": "CN", "Bo": "CN", "Cy": "HK", "Di": "TW", "Ed": "MO", "Flo": "FR", "Gil": ""}


def inside(call: str) -> set[str]:
    """Return who sits in a call."""
    return set(Participant.objects.filter(call=call, left_at=None).values_list("name", flat=True))


def everybody(joins: Joins) -> dict[str, Ticket]:
    """Let people come from everywhere."""
    return {name: joins(name, evidence=there(place) if place else NOWHERE) for name, place in PLACES.items()}


def measured(desk: Desk, link: Link, **how: Any) -> str:
    """Let a measure on the meeting act; return its order."""
    order = desk.orders(draft(meeting=link.meeting, **how))
    goes_on(NOW)
    return order


def test_ord_2_and_ord_5_exactly_those_in_the_territory_are_taken_out_and_nothing_changes_for_the_others(
    desk: Desk, link: Link, joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets = everybody(joins)
    call = tickets["Flo"].call
    others = Participant.objects.exclude(name__in=["Ada", "Bo"]).order_by("pk")
    before, running = list(others.values()), Call.objects.values().get()
    OutboxEvent.objects.all().delete()
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(delivery, "depart_together", lambda **how: told.extend((one, how["told"]) for one in how["participants"]))
    measured(desk, link)
    assert inside(call) == {"Cy", "Di", "Ed", "Flo", "Gil"}
    assert list(others.values()) == before
    assert Call.objects.values().get() == running, "the same call, and the same room"
    engine = [event.payload for event in OutboxEvent.objects.filter(kind="engine.remove")]
    assert [set(event["participants"]) for event in engine] == [{tickets["Ada"].participant, tickets["Bo"].participant}]
    assert sorted(told) == sorted((tickets[name].participant, "left") for name in ("Ada", "Bo")), "others read an ordinary departure"
    for name in ("Ada", "Bo"):
        with pytest.raises(SeatUnknown):
            seated(participant=tickets[name].participant, call=call)
    for name in ("Cy", "Di", "Ed", "Flo", "Gil"):
        recheck(seat=seated(participant=tickets[name].participant, call=call), region="local", now=NOW)


def test_ord_8_who_is_taken_out_reads_the_notice_and_who_is_denied_does_at_the_door(desk: Desk, link: Link, joins: Joins) -> None:
    ada = joins("Ada", evidence=there("CN"))
    joins("Flo", evidence=there("FR"))
    order = measured(desk, link)
    said = farewell(participant=ada.participant, reason="ordered")
    shown = notice(notice=str(said["notice"]))
    assert (said["reason"], shown.action, shown.territory, shown.authority) == ("ordered", "removed", "CN", "Court of Somewhere")
    assert (shown.legal_basis, shown.redress, shown.ends_at) == ("Law 1, art. 2", "Appeal within 14 days.", NOW + 7 * DAY)
    seen = set()
    for _ in range(3):
        with pytest.raises(Ordered) as refused:
            joins("Bo", evidence=there("CN"))
        assert refused.value.again_at == NOW + 7 * DAY
        seen.add(refused.value.notice)
    assert len(seen) == 1, "who tries again is denied once"
    assert notice(notice=seen.pop()).action == "denied"
    measure = Order.objects.get(pk=order).measures.get().pk
    assert sorted(one.action for one in applied(measure=measure)) == ["denied", "removed"]
    counted = whole_order(order=order, account=account(desk.rita), now=NOW)
    assert (counted.denied, counted.removed) == (1, 1)


def test_ord_6_the_api_answers_451_with_the_notice_and_believes_no_header(
    desk: Desk, link: Link, posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(desk, link)
    asked: list[str] = []

    def locate(*, address: str) -> Evidence:
        asked.append(address)
        return there("CN")

    monkeypatch.setattr("conclave.gate.geo.locate", locate)
    body = {
        "v": 1,
        "meeting": link.meeting,
        "link_id": link.link_id,
        "name": "Bo",
        "signature_key": key_of("Bo"),
        "device": device_of("Bo"),
    }
    answer = posts("/join", body, **{"X-Forwarded-For": "198.51.100.7", "CF-Connecting-IP": "198.51.100.7", "X-Real-IP": "198.51.100.7"})
    assert answer.status_code == 451
    assert answer.json()["error"]["code"] == "ordered"
    assert answer.json()["error"]["notice"] == Application.objects.get().pk
    assert asked == ["127.0.0.1"], "no header says where somebody is"


@pytest.mark.parametrize(
    "evidence",
    [
        NOWHERE,
        Evidence(country="CN", confidence=Confidence.LOW, database="d" * 64),
        Evidence(country="CN"),
        there("HK"),
        there("MO"),
        there("TW"),
        there("XK"),
    ],
)
def test_ord_3_who_is_not_surely_there_is_let_in(desk: Desk, link: Link, joins: Joins, evidence: Evidence) -> None:
    measured(desk, link)
    assert joins("Cy", evidence=evidence).participant
    assert not Application.objects.exists()
    with pytest.raises(NotThere):
        apply(measure="x", territory="CN", action=Application.Action.DENIED, met=None, evidence=evidence, now=NOW)  # type: ignore[arg-type] # not looked at


def test_ord_2_no_way_around_by_the_old_seat_another_device_or_the_waiting_room(desk: Desk, link: Link, joins: Joins) -> None:
    ada = joins("Ada", evidence=there("CN"))
    joins("Flo", evidence=there("FR"))
    measured(desk, link)
    again = Again(participant=ada.participant, seat=ada.seat)
    for way in ({"again": again}, {"device": device_of("Phone"), "signature_key": key_of("Phone")}):
        with pytest.raises(Ordered):
            joins("Ada", evidence=there("CN"), **way)
    Meeting.objects.filter(pk=link.meeting).update(waiting="everybody")
    newcomer = Newcomer(name="Bo", signature_key=key_of("Bo"), device=device_of("Bo"), account=None, evidence=there("CN"))
    with pytest.raises(Ordered) as refused:
        knock(meeting=link.meeting, link_id=link.link_id, newcomer=newcomer, seal=None, shown=Shown(), now=NOW)
    assert refused.value.notice
    with pytest.raises(KnockRequired):
        joins("Cy", evidence=there("HK"))


def test_ord_9_at_the_end_people_come_back_without_any_human_act_or_even_a_gateway_that_noticed(
    desk: Desk, link: Link, joins: Joins
) -> None:
    ada = joins("Ada", evidence=there("CN"))
    order = measured(desk, link)
    with pytest.raises(Ordered):
        joins("Ada", evidence=there("CN"), at=NOW + 7 * DAY - 1)
    assert joins("Ada", evidence=there("CN"), at=NOW + 7 * DAY).participant != ada.participant
    goes_on(NOW + 7 * DAY)
    assert state_of(order) == State.CLOSED
    assert {one.undone_at for one in Application.objects.all()} == {NOW + 7 * DAY}


def test_restore_a_quashed_order_lets_everybody_back_at_once_and_says_sorry(
    desk: Desk, link: Link, joins: Joins, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, mail="smtp://localhost", mail_from="a@example.org"))
    joins("Bob", evidence=there("CN"), account=account(bob))
    order = measured(desk, link)
    take_back(order=order, account=account(desk.ivy), quashed=True, document="Judgement 9", now=NOW + 1)
    assert joins("Bob", evidence=there("CN"), account=account(bob), at=NOW + 2).participant
    shown = notice(notice=Application.objects.get().pk)
    assert (shown.wrong, shown.undone_at) == (True, NOW + 1)
    outbox.run_due(now=NOW + DAY)
    changes = [event.payload["facts"]["change"] for event in OutboxEvent.objects.filter(kind="mail", payload__to=bob.email)]
    assert changes == ["met", "quashed"]
    about_bob = OutboxEvent.objects.filter(kind="mail", payload__to=bob.email)
    assert {event.payload["language"] for event in about_bob} == {""}, "nobody knows in which language they read: both"
    (told,) = OutboxEvent.objects.filter(kind="mail", payload__to="alice@example.org")
    assert told.payload["facts"] == {"count": "1", "territory": "CN", "order": Order.objects.get().public_id}, "the host learns a count"


def test_who_is_met_reads_the_mail_in_both_languages(
    desk: Desk, link: Link, joins: Joins, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, mail="smtp://localhost", mail_from="a@example.org"))
    joins("Bob", evidence=there("CN"), account=account(bob))
    measured(desk, link)
    outbox.run_due(now=NOW + DAY)
    mail.outbox.clear()
    hand_over(OutboxEvent.objects.get(kind="mail", payload__to=bob.email).payload)
    (written,) = mail.outbox
    for words in ("An order of a public authority on", "Un ordre d’une autorité publique sur"):
        assert words in written.subject
    for words in ("has kept you out of a call", "tenu hors d’un appel"):
        assert words in written.body


def test_ord_11_a_measure_on_an_account_holds_only_while_it_is_used_from_there(desk: Desk, joins: Joins, bob: User) -> None:
    desk.orders(draft(account_id=bob.pk))
    joins("Flo", evidence=there("FR"))
    here = joins("Bob", evidence=there("FR"), account=account(bob))
    joins("Bob’s phone", evidence=there("CN"), account=account(bob), device=device_of("Phone"), signature_key=key_of("Phone"))
    joins("Ada", evidence=there("CN"))
    goes_on(NOW)
    assert inside(here.call) == {"Flo", "Bob", "Ada"}
    with pytest.raises(Ordered):
        joins("Bob", evidence=there("CN"), account=account(bob), signature_key=key_of("B2"))
    assert joins("Bob", evidence=there("HK"), account=account(bob), signature_key=key_of("B3")).participant


def test_who_is_denied_joining_is_not_taken_out_of_where_they_sit(desk: Desk, link: Link, joins: Joins) -> None:
    ada = joins("Ada", evidence=there("CN"))
    measured(desk, link, kind=Kind.DENY_JOIN_FROM)
    assert inside(ada.call) == {"Ada"}
    recheck(seat=seated(participant=ada.participant, call=ada.call), region="local", now=NOW)
    assert joins("Ada", evidence=there("CN"), again=Again(participant=ada.participant, seat=ada.seat)).participant
    with pytest.raises(Ordered):
        joins("Bo", evidence=there("CN"))


def test_ord_14_who_may_not_host_from_there_comes_in_as_everybody_else(desk: Desk, link: Link, joins: Joins, alice: User) -> None:
    Meeting.objects.filter(pk=link.meeting).update(waiting="everybody")
    measured(desk, link, kind=Kind.DENY_HOST_FROM)
    with pytest.raises(KnockRequired):
        joins("Alice", evidence=there("CN"), account=account(alice))
    assert joins("Alice", evidence=there("HK"), account=account(alice)).role == "host"
    Meeting.objects.filter(pk=link.meeting).update(waiting="nobody")
    other = joins("Alice", evidence=there("CN"), account=account(alice), signature_key=key_of("A2"), device=device_of("A2"))
    assert other.role == "guest"


def test_ord_5_the_host_inside_the_territory_goes_and_the_call_goes_on(desk: Desk, link: Link, joins: Joins, alice: User) -> None:
    joins("Alice", evidence=there("CN"), account=account(alice))
    flo = joins("Flo", evidence=there("FR"))
    measured(desk, link)
    assert inside(flo.call) == {"Flo"}
    assert Call.objects.get().ended_at is None
    assert joins("Gil", evidence=NOWHERE).call == flo.call


def test_overlapping_orders_hold_each_for_itself(desk: Desk, link: Link, joins: Joins) -> None:
    first, _second = measured(desk, link, days=3), measured(desk, link, days=7)
    take_back(order=first, account=account(desk.ivy), quashed=True, document="Judgement", now=NOW + 1)
    with pytest.raises(Ordered) as refused:
        joins("Ada", evidence=there("CN"), at=NOW + 2)
    assert refused.value.again_at == NOW + 7 * DAY
    assert joins("Ada", evidence=there("CN"), at=NOW + 7 * DAY).participant


def test_a_measure_before_its_time_and_after_it_meets_nobody(desk: Desk, link: Link, joins: Joins) -> None:
    later = replace(draft(meeting=link.meeting), starts_at=NOW + DAY)
    desk.orders(later)
    ada = joins("Ada", evidence=there("CN"))
    goes_on(NOW + DAY - 1)
    assert inside(ada.call) == {"Ada"}
    goes_on(NOW + DAY)
    assert not inside(ada.call)


def test_where_somebody_was_goes_with_the_call(joins: Joins) -> None:
    from conclave.meetings.leave import leave

    ada = joins("Ada", evidence=there("CN"))
    assert Participant.objects.get().country == "CN"
    leave(participant=ada.participant, now=NOW + 1)
    row = Participant.objects.get()
    assert (row.country, row.geo_confidence, row.geo_database, row.geo_built_at) == ("", "", "", 0)


def test_ord_8_an_authority_learns_no_number_that_tells_who_is_there(desk: Desk, link: Link, joins: Joins, bob: User) -> None:
    joins("Ada", evidence=there("CN"))
    on_meeting, on_account = measured(desk, link), desk.orders(draft(account_id=bob.pk))
    goes_on(NOW)

    def told(order: str) -> tuple[str, str]:
        stands = status(receipt=Order.objects.get(pk=order).receipt, now=NOW)
        return stands.denied, stands.removed

    for who in ("Bo", "Cy"):
        with pytest.raises(Ordered):
            joins(who, evidence=there("CN"))
    for device in ("X", "Y"):
        with pytest.raises(Ordered):
            joins("Bob", evidence=there("CN"), account=account(bob), device=device_of(device))
    assert told(on_meeting) == told(on_account) == ("", "")
    reported = EffectReport.objects.get(order=on_meeting)
    assert (reported.effect, reported.denied, reported.removed) == ("full", "", "")
    desk_reads = [whole_order(order=one, account=account(desk.rita), now=NOW) for one in (on_meeting, on_account)]
    assert sum(one.denied for one in desk_reads) >= 3
    assert desk_reads[1].denied <= 1, "one person, however many devices they have"
    goes_on(NOW + 7 * DAY)
    assert told(on_meeting) == ("1-9", "1-9")
    assert told(on_account) == ("", "")
    reported.refresh_from_db()
    assert (reported.effect, reported.denied, reported.removed, reported.at) == ("full", "1-9", "1-9", NOW + 7 * DAY), "brought up to date"
    assert EffectReport.objects.get(order=on_account).denied == ""
    # Nor does what everybody reads of the ledger, in which an authority finds its order by the obj that its proof has.
    for order, bands in ((on_meeting, {"1-9"}), (on_account, {"account"})):
        counted = Opening.objects.filter(entry__obj=Order.objects.get(pk=order).obj, field__in=("denied", "removed", "people"))
        assert {one.value for one in counted} == bands


def test_one_person_with_many_devices_is_counted_once_everywhere(desk: Desk, link: Link, joins: Joins, bob: User) -> None:
    order = measured(desk, link)
    for device in (f"D{number}" for number in range(12)):
        with pytest.raises(Ordered):
            joins("Bob", evidence=there("CN"), account=account(bob), device=device_of(device))
    assert whole_order(order=order, account=account(desk.rita), now=NOW).denied == 1
    goes_on(NOW + 7 * DAY)
    obj = Order.objects.get().obj
    sealed = {(one.entry.kind, one.field): one.value for one in Opening.objects.filter(entry__obj=obj)}
    assert sealed["APPLICATION_COUNT", "denied"] == "1-9"
    assert sealed["RESTORATION", "people"] == "1-9"
    assert status(receipt=Order.objects.get().receipt, now=NOW).denied == "1-9"


def test_an_authority_is_told_when_its_order_is_over(desk: Desk, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, mail="smtp://localhost", mail_from="a@example.org"))
    measured(desk, link)
    quashed = measured(desk, link)
    Order.objects.update(contact_confirmed=True)
    take_back(order=quashed, account=account(desk.ivy), quashed=True, document="Judgement 9", now=NOW + 1)
    goes_on(NOW + 7 * DAY)
    told = [event.payload["facts"]["change"] for event in OutboxEvent.objects.filter(kind="mail").order_by("pk")]
    assert [change for change in told if change in ("expired", "quashed")] == ["quashed", "expired"]
