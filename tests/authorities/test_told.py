"""inform: what an order is told, of whom and when; what it is never told; and who learns of it (ORD-16 to ORD-19)."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.assertion import PasskeyNotShown
from conclave.accounts.models import StaffMember, User
from conclave.authorities import execute, expire, fields, personal, produce, proofs
from conclave.authorities.approve import approve, ask_approval
from conclave.authorities.disclose import Asked, narrow_to_fields
from conclave.authorities.fields import TABLES, marks
from conclave.authorities.given import given_notice
from conclave.authorities.models import Disclosure, EffectReport, Hand, Order, Subject
from conclave.authorities.narrowing import LONGEST_DEFERRED_MS, LONGEST_TOLD_MS, Person, Why, deferral_band, narrowed, there
from conclave.authorities.policy import DAY, Grounds, OrderKind, Reason, State, ToldState
from conclave.authorities.produce import hand_out
from conclave.authorities.quash import take_back
from conclave.authorities.refuse import refuse
from conclave.authorities.standing import OrderNotNow, OrderUnknown
from conclave.gate.policy import NOWHERE, Confidence, Evidence
from conclave.kernel import outbox
from conclave.kernel.models import OutboxEvent
from conclave.keys.models import Group, LogEntry, Said, Tree, Welcome
from conclave.meetings.disclosed import seats_of
from conclave.meetings.models import Knock, Meeting, Participant
from conclave.site.inventory import source
from conclave.transparency.ledger import openings
from conclave.transparency.models import JournalEntry, JournalOpening, LedgerEntry
from tests.accounts.organisation import account, browser
from tests.authorities.desk import FOUND, NOW, SAID, Desk, state_of
from tests.authorities.desk import there as sure
from tests.meetings.conftest import Joins, Link, account_of
from tests.site.test_inventory import CONTENT

pytestmark = pytest.mark.django_db
INFORM = replace(SAID, kind=OrderKind.INFORM)
EMAIL, NAME, CAME = "accounts.User.email", "accounts.User.name", "meetings.Participant.joined_at"


def asked(*people: str, told: Sequence[str] = (EMAIL, CAME), silent: int = 0, days: int = 14, **other: Any) -> Asked:
    """Return what an order asks to be told."""
    later = NOW + silent * DAY if silent else None
    basis = "Law 2, art. 9" if silent else ""
    said = {"territory": "CN", "ends_at": NOW + days * DAY, "deferred_until": later, "deferral_basis": basis, **other}
    return Asked(people=people, fields=told, **said)


def narrows(desk: Desk, order: str, what: Asked, *, now: int = NOW) -> Any:
    """Let Rita narrow a data order."""
    return narrow_to_fields(order=order, account=account(desk.rita), found=FOUND, asked=what, now=now)


def orders(desk: Desk, what: Asked, *, approved: int = 2) -> str:
    """Let a data order go as far as its approvals; return its id."""
    order = desk.receives(INFORM).order
    desk.takes(order)
    narrows(desk, order, what)
    for approver in (desk.ann, desk.ben)[:approved]:
        desk.approves(order, approver)
    return order


def hands_out(desk: Desk, order: str, *, now: int = NOW) -> dict[str, Any]:
    """Let Rita take the archive."""
    read: dict[str, Any] = json.loads(hand_out(order=order, account=account(desk.rita), now=now))
    return read


def goes_on(now: int) -> None:
    """Let time do what it does."""
    execute.settle(now)
    expire.settle(now)
    produce.settle(now)


def reasoned(reason: Reason, act: Callable[[], object]) -> None:
    """Demand that an act is refused for this reason."""
    with pytest.raises(OrderNotNow) as refused:
        act()
    assert refused.value.reason is reason


@pytest.fixture
def bob(bob: User, joins: Joins) -> User:
    """Bob, who is in Alice's call, in China."""
    joins("Bob", account=account_of(bob), evidence=sure("CN"))
    return bob


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[tuple[str, str]]]:
    """Return to whom mails were written that something was told, and what they say."""
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, mail="smtp://localhost", mail_from="a@example.org"))

    def sent() -> list[tuple[str, str]]:
        OutboxEvent.objects.filter(kind="authorities.given").update(due_at=NOW)
        outbox.run_due(now=NOW)
        found = [event.payload for event in OutboxEvent.objects.filter(kind="mail").order_by("pk")]
        return [(one["to"], one["facts"]["change"]) for one in found if one["what"] == "order_told"]

    return sent


def test_inform_two_fields_of_one_person_are_told_once_and_they_read_it(
    desk: Desk, bob: User, mails: Callable[[], list[tuple[str, str]]]
) -> None:
    order = orders(desk, asked(bob.email))
    assert not Subject.objects.exclude(told_at=None).exists()
    archive = hands_out(desk, order)
    seat = Participant.objects.get(account=bob)
    assert archive["fields"] == [EMAIL, CAME]
    assert archive["people"] == [
        {"number": 1, "data": {"accounts.User": [{"email": bob.email}], "meetings.Participant": [{"joined_at": seat.joined_at}]}}
    ]
    assert (state_of(order), Order.objects.get().outcome) == (State.EXECUTED, "executed")
    assert mails() == [(bob.email, "given")]
    notice = Client().get(f"/notice/told/{Subject.objects.get().pk}").content.decode()
    assert f"/notice/told/{Subject.objects.get().pk}" in browser(bob).get("/account/data").content.decode()
    for words in (EMAIL, CAME, SAID.authority, SAID.legal_basis, SAID.redress, "China"):
        assert words in unescape(notice)
    reasoned(Reason.NOT_NOW, lambda: hands_out(desk, order))
    goes_on(NOW + 14 * DAY)
    assert state_of(order) == State.CLOSED


def test_ord_16_the_inventory_alone_says_which_fields_may_be_told() -> None:
    marked = {
        f"{table['model']}.{name}"
        for table in source()["table"]
        if "model" in table
        for row in table["rows"]
        if row.get("disclose")
        for name in row["fields"].split()
    }
    assert {name for name, told in marks().items() if told} == marked
    assert {one.name for one in fields.offered(language="fr")} == {name for name in marked if name.rpartition(".")[0] in TABLES}
    # What is of an organisation, and of nobody: a domain, a school.
    assert {name.rpartition(".")[0] for name in marked} - set(TABLES) == {"accounts.DomainClaim", "accounts.School"}


def test_ord_16_what_is_not_marked_is_left_out_with_its_reason(desk: Desk, bob: User) -> None:
    order = desk.receives(INFORM).order
    desk.takes(order)
    wanted = [EMAIL, "accounts.User.password", "The minutes of the meeting", "accounts.School.registry", "keys.Said.message"]
    left = narrows(desk, order, asked(bob.email, "nobody@example.org", told=wanted))
    assert left.fields == (EMAIL,)
    assert {one.what: one.why for one in left.left_out} == {
        "accounts.User.password": Why.NOT_DISCLOSABLE, "The minutes of the meeting": Why.NOT_KEPT,
        "accounts.School.registry": Why.NOT_PERSONAL, "keys.Said.message": Why.NOT_DISCLOSABLE, "2": Why.NOT_THERE,
    }  # fmt: skip
    page = browser(desk.rita).get(f"/staff/orders/{order}").content.decode()
    assert "accounts.User.password: The inventory does not mark it" in page
    assert "No. 2 of those named" in page


def test_ord_16_a_field_that_is_not_marked_any_more_is_not_handed_out(desk: Desk, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    order = orders(desk, asked(bob.email))
    known = {**marks(), EMAIL: False}
    monkeypatch.setattr(produce, "marks", lambda: known)
    archive = hands_out(desk, order)
    assert archive["fields"] == [CAME]
    assert bob.email not in json.dumps(archive)
    assert Order.objects.get().outcome == "narrowed"
    assert EffectReport.objects.get().effect == "partial"


def test_ord_19_the_notice_says_what_was_handed_out_and_not_what_might_have_been(
    desk: Desk, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = orders(desk, asked(bob.email))
    known = {**marks(), EMAIL: False}
    monkeypatch.setattr(produce, "marks", lambda: known)
    hands_out(desk, order)
    proved: list[int] = []

    def proof(*, index: int, fields: tuple[str, ...]) -> str:
        proved.append(index)
        return fields[0]

    monkeypatch.setattr("conclave.authorities.proofs.proof", proof)
    assert given_notice(notice=Subject.objects.get().pk).fields == (CAME,)
    assert [one["fields"] for one in personal.export(account=bob.pk)["told_to_authorities"]] == [[CAME]]
    assert proved == Disclosure.objects.get().leaves[1:]


def test_ord_16_where_no_field_is_marked_any_more_nothing_is_handed_out(desk: Desk, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    order = orders(desk, asked(bob.email))
    known = {**marks(), EMAIL: False, CAME: False}
    monkeypatch.setattr(produce, "marks", lambda: known)
    reasoned(Reason.NOTHING_LEFT, lambda: hands_out(desk, order))
    assert state_of(order) == State.EXECUTING


def test_ord_16_a_production_of_everything_about_a_call_has_nothing_that_was_said_in_it(desk: Desk, link: Link, bob: User) -> None:
    """Every field that the inventory has is asked for; canaries stand in every column of content."""
    canary = "Canary-9314-of-what-was-said"
    Meeting.objects.filter(pk=link.meeting).update(owner=bob, title=canary, title_key=canary)
    group = Group.objects.first() or Group.objects.create(call="c", meeting=link.meeting, incarnation="i" * 22, number=1, creator="p")
    Group.objects.filter(pk=group.pk).update(tree=canary, group_info=canary)
    seat = Participant.objects.get(account=bob)
    LogEntry.objects.create(group=group, index=900, kind="add", participant=seat.pk, body=canary)
    Said.objects.create(group=group, index=900, participant=seat.pk, message=canary, received=NOW, kid="k", tag=canary)
    Welcome.objects.create(group=group, participant=seat.pk, index=1, covers=1, epoch=1, said=1, body=canary, tree="t")
    Tree.objects.create(group=group, epoch=900, hash="h" * 64, body=canary.encode())
    Knock.objects.update(sealed=canary)
    archive = json.dumps(hands_out(desk, orders(desk, asked(bob.email, told=list(marks())))))
    told = set(Disclosure.objects.get().fields)
    assert len(told) > 30
    assert not told & {f"{label}.{name}" for label, name in CONTENT}
    assert canary not in archive
    assert link.meeting in archive, "that there was a meeting is told"
    assert link.link_id not in archive
    assert not set(json.loads(archive)["people"][0]["data"]) - set(TABLES)


SEATS = st.lists(
    st.sampled_from([sure("CN"), sure("HK"), NOWHERE, Evidence(country="CN", confidence=Confidence.LOW, database="d")]), max_size=3
)


@given(SEATS)
def test_ord_17_only_who_is_surely_there_with_every_seat_is_there(seats: list[Evidence]) -> None:
    sure_of = bool(seats) and all(one == sure("CN") for one in seats)
    assert (there(evidence=seats, territory="CN") is not NOWHERE) is sure_of
    left = narrowed(
        fields=[EMAIL], people=[Person(named="1", account="a", evidence=tuple(seats))], territory="CN", marks={EMAIL: True}, personal=TABLES
    )
    assert bool(left.people) is sure_of
    assert there(evidence=seats, territory="") is NOWHERE


def test_ord_17_who_is_elsewhere_or_in_no_call_is_not_told_of(desk: Desk, alice: User, bob: User, joins: Joins) -> None:
    joins("Alice", account=account_of(alice), evidence=sure("HK"))
    order = desk.receives(INFORM).order
    desk.takes(order)
    reasoned(Reason.NOTHING_LEFT, lambda: narrows(desk, order, asked(alice.email, desk.ivy.email)))
    reasoned(Reason.NOTHING_LEFT, lambda: narrows(desk, order, asked(bob.email, told=["accounts.User.password"])))
    reasoned(Reason.NOT_CLAIMED, lambda: narrows(desk, order, asked(bob.email, territory="HK")))
    found = replace(FOUND, authority_territory="FR")
    reasoned(
        Reason.NOT_COMPETENT,
        lambda: narrow_to_fields(order=order, account=account(desk.rita), found=found, asked=asked(bob.email), now=NOW),
    )
    assert not Disclosure.objects.exists()
    narrows(desk, order, asked(bob.email, alice.email))
    kept = Subject.objects.get()
    assert (kept.account, kept.country, kept.database) == (bob.pk, "CN", "d" * 64)


def test_ord_17_nobody_watches_where_somebody_is_by_trying_again_and_again(desk: Desk, alice: User, joins: Joins) -> None:
    order = desk.receives(INFORM).order
    desk.takes(order)
    for tries in (1, 2, 3):
        reasoned(Reason.NOTHING_LEFT, lambda: narrows(desk, order, asked(alice.email)))
        assert JournalEntry.objects.filter(kind="order_probed", obj=Order.objects.get().obj).count() == tries
    joins("Alice", account=account_of(alice), evidence=sure("CN"))
    reasoned(Reason.TRIES, lambda: narrows(desk, order, asked(alice.email)))
    said = str([one.value for one in JournalOpening.objects.filter(entry__kind="order_probed")])
    assert str(desk.rita.pk) in said
    assert order in said
    assert alice.email not in said


def test_ord_17_nobody_watches_by_handing_out_again_and_again(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email))
    Participant.objects.filter(account=bob).update(country="FR")
    for _try in range(3):
        reasoned(Reason.NOTHING_LEFT, lambda: hands_out(desk, order))
    Participant.objects.filter(account=bob).update(country="CN")
    reasoned(Reason.TRIES, lambda: hands_out(desk, order))
    assert JournalEntry.objects.filter(kind="order_probed").count() == 4


def test_ord_17_nobody_is_looked_for_whom_the_order_does_not_name(desk: Desk, alice: User, bob: User) -> None:
    order = desk.receives(replace(INFORM, target=f"The account <{bob.email.upper()}>, and x@example.org.")).order
    desk.takes(order)
    reasoned(Reason.NOT_NAMED, lambda: narrows(desk, order, asked(bob.email, alice.email)))
    assert not JournalEntry.objects.filter(kind="order_probed").exists()
    assert narrows(desk, order, asked(f" {bob.email}", "x@example.org")).people


def test_ord_17_who_has_moved_by_then_or_is_gone_is_not_told_of(desk: Desk, alice: User, bob: User, joins: Joins) -> None:
    joins("Alice", account=account_of(alice), evidence=sure("CN"))
    order = orders(desk, asked(bob.email, alice.email))
    Participant.objects.filter(account=bob).update(country="FR")
    archive = hands_out(desk, order)
    assert [one["data"]["accounts.User"] for one in archive["people"]] == [[{"email": alice.email}]]
    assert list(Subject.objects.filter(given_at=None).values_list("account", flat=True)) == [bob.pk]
    page = browser(desk.rita).get(f"/staff/orders/{order}").content.decode()
    assert "elsewhere by then" in page
    assert "One of those named" in page
    assert (Order.objects.get().outcome, EffectReport.objects.get().effect) == ("narrowed", "partial")


def test_ord_17_where_everybody_has_moved_nothing_is_handed_out_and_the_order_goes_on(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email))
    Participant.objects.filter(account=bob).update(country="FR")
    reasoned(Reason.NOTHING_LEFT, lambda: hands_out(desk, order))
    assert (state_of(order), Order.objects.get().outcome) == (State.EXECUTING, "")
    assert not Subject.objects.exclude(given_at=None).exists()
    goes_on(NOW + 14 * DAY)
    assert (state_of(order), Order.objects.get().outcome) == (State.CLOSED, "not_executed")


def test_ord_17_who_has_erased_their_account_by_then_is_left_out_alone(desk: Desk, alice: User, bob: User, joins: Joins) -> None:
    joins("Alice", account=account_of(alice), evidence=sure("CN"))
    order = orders(desk, asked(bob.email, alice.email))
    personal.erase(account=bob.pk, now=NOW)
    archive = hands_out(desk, order)
    assert [one["data"]["accounts.User"] for one in archive["people"]] == [[{"email": alice.email}]]
    assert Order.objects.get().outcome == "narrowed"


def test_ord_17_who_has_left_the_call_is_told_of_by_the_evidence_that_was_kept(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email))
    Participant.objects.filter(account=bob).update(left_at=NOW, gone_reason="left", country="")
    assert hands_out(desk, order)["people"]


def test_ord_18_without_two_approvals_a_cosigned_leaf_and_time_nothing_is_handed_out(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email), approved=1)
    reasoned(Reason.NOT_NOW, lambda: hands_out(desk, order))
    desk.cosigns = False
    desk.approves(order, desk.ben)
    reasoned(Reason.WITNESS, lambda: hands_out(desk, order))
    page = browser(desk.rita).get(f"/staff/orders/{order}").content.decode()
    assert "It waits for the witness of the ledger." in page
    assert "Hand it out" not in page
    desk.cosigns = True
    reasoned(Reason.NOT_NOW, lambda: hands_out(desk, order, now=NOW + 14 * DAY))
    goes_on(NOW + 14 * DAY)
    assert (state_of(order), Order.objects.get().outcome) == (State.CLOSED, "not_executed")
    reasoned(Reason.NOT_NOW, lambda: hands_out(desk, order, now=NOW))


@pytest.mark.parametrize("quashed", [True, False])
def test_ord_18_of_an_order_that_was_taken_back_nothing_is_handed_out(desk: Desk, bob: User, quashed: bool) -> None:  # noqa: FBT001 - drawn
    order = orders(desk, asked(bob.email))
    take_back(order=order, account=account(desk.ivy), quashed=quashed, document="J", now=NOW)
    reasoned(Reason.NOT_NOW, lambda: hands_out(desk, order))
    assert Disclosure.objects.get().state == (ToldState.QUASHED if quashed else ToldState.LIFTED)
    assert not Subject.objects.exclude(given_at=None).exists()


def test_ord_18_of_a_refused_order_nothing_is_handed_out_and_an_order_to_act_tells_nothing(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email), approved=1)
    refuse(order=order, account=account(desk.rita), grounds=Grounds.TOO_BROAD, explanation="No.", now=NOW)
    reasoned(Reason.NOT_NOW, lambda: hands_out(desk, order))
    act = desk.receives().order
    desk.takes(act)
    reasoned(Reason.TARGET, lambda: narrows(desk, act, asked(bob.email)))


def test_ord_18_an_approval_is_good_for_these_fields_and_people_alone(desk: Desk, alice: User, bob: User) -> None:
    order = orders(desk, asked(bob.email), approved=1)
    who = account(desk.ben.user)
    question = ask_approval(order=order, account=who, now=NOW)
    for change in ({"fields": [CAME, EMAIL, NAME]}, {"ends_at": NOW + 15 * DAY}, {"deferred_until": NOW + DAY, "deferral_basis": "x"}):
        before = Disclosure.objects.values(*change).get()
        Disclosure.objects.update(**change)
        with pytest.raises(PasskeyNotShown):
            approve(order=order, account=who, shown=desk.ben.answers(question), now=NOW)
        Disclosure.objects.update(**before)
    Subject.objects.update(account=alice.pk)
    with pytest.raises(PasskeyNotShown):
        approve(order=order, account=who, shown=desk.ben.answers(question), now=NOW)
    Subject.objects.update(account=bob.pk)
    approve(order=order, account=who, shown=desk.ben.answers(question), now=NOW)
    assert hands_out(desk, order)["people"]


@pytest.mark.parametrize(
    "change",
    [
        {"fields": [CAME, NAME]},
        {"fields": [EMAIL]},
        {"territory": "HK"},
        {"ends_at": NOW + 15 * DAY},
        {"deferred_until": None, "deferral_basis": ""},
        {"deferred_until": NOW + 80 * DAY},
        {"deferral_basis": "Law 3"},
        {"leaf": 0},
        {"leaves": [0, 1]},
        {"leaves": []},
        {},
    ],
)
def test_ord_18_what_was_changed_after_it_was_approved_is_not_handed_out(
    desk: Desk, alice: User, bob: User, change: dict[str, Any]
) -> None:
    order = orders(desk, asked(bob.email, silent=10))
    before = Disclosure.objects.values(*change).get()
    Disclosure.objects.update(**change)
    if not change:
        Subject.objects.update(account=alice.pk)
    reasoned(Reason.CHANGED, lambda: hands_out(desk, order))
    assert state_of(order) == State.EXECUTING
    Disclosure.objects.update(**before)
    Subject.objects.update(account=bob.pk)
    assert hands_out(desk, order)["people"]


@pytest.mark.parametrize(
    ("gone", "policy", "reason"),
    [
        (("Ann",), "judicial_only", Reason.APPROVALS),
        (("Ann", "Zoe"), "judicial_only", Reason.UNSTAFFED),
        ((), "refuse_all", Reason.POLICY),
    ],
)
def test_ord_18_nothing_is_handed_out_once_the_desk_an_approver_or_the_policy_is_gone(
    desk: Desk, bob: User, monkeypatch: pytest.MonkeyPatch, *, gone: tuple[str, ...], policy: str, reason: Reason
) -> None:
    order = orders(desk, asked(bob.email))
    users = {"Ann": desk.ann.user, "Zoe": desk.zoe.user}
    StaffMember.objects.filter(user__in=[users[one] for one in gone]).update(orders="")
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, order_policy=policy))
    reasoned(reason, lambda: hands_out(desk, order))
    assert (state_of(order), Disclosure.objects.get().handed_at) == (State.EXECUTING, None)


def test_ord_18_an_approval_that_only_the_database_has_hands_nothing_out(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email))
    second = Hand.objects.filter(order=order, part="approver2")
    before = second.get().account
    second.update(account=desk.zoe.user.pk)
    reasoned(Reason.APPROVALS, lambda: hands_out(desk, order))
    second.update(account=before, work_country="US")
    reasoned(Reason.APPROVALS, lambda: hands_out(desk, order))
    assert Disclosure.objects.get().handed_at is None


def test_ord_18_the_leaves_say_each_field_and_name_nobody(desk: Desk, bob: User) -> None:
    orders(desk, asked(bob.email))
    rows = LedgerEntry.objects.filter(kind="DISCLOSURE").order_by("index")
    opened = [{one.field: one.value for one in openings(index=row.index)} for row in rows]
    assert [(one["territory"], one["field"], one["count"]) for one in opened] == [("CN", EMAIL, 1), ("CN", CAME, 1)]
    number = Subject.objects.get().pk
    assert {one["subjects"] for one in opened} == {hashlib.sha256(number.encode()).hexdigest()}
    assert number not in json.dumps(opened), "else whoever has a proof reads the notices of all others"
    assert Disclosure.objects.get().leaves == [row.index for row in rows]
    assert bob.pk not in json.dumps(opened)


def test_ord_18_each_field_that_is_in_fact_handed_out_has_a_leaf_of_its_own(
    desk: Desk, alice: User, bob: User, joins: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    joins("Alice", account=account_of(alice), evidence=sure("CN"))
    order = orders(desk, asked(bob.email, alice.email))
    assert not LedgerEntry.objects.filter(kind="HANDED").exists()
    Participant.objects.filter(account=bob).update(country="FR")
    known = {**marks(), EMAIL: False}
    monkeypatch.setattr(produce, "marks", lambda: known)
    hands_out(desk, order)
    row = LedgerEntry.objects.get(kind="HANDED")
    opened = {one.field: one.value for one in openings(index=row.index)}
    assert (opened["territory"], opened["field"], opened["count"], opened["deferred"]) == ("CN", CAME, 1, "0")
    assert (row.obj, json.loads(row.leaf)["prev"]) == (Order.objects.get().obj, Disclosure.objects.get().leaves[1])


def test_ord_18_only_its_reviewer_takes_the_archive_and_the_journal_says_so(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email))
    for other in (desk.ivy, desk.ann.user):
        assert browser(other).post(f"/staff/orders/{order}", {"act": "hand_out"}).status_code in {403, 409}
    answer = browser(desk.rita).post(f"/staff/orders/{order}", {"act": "hand_out"})
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.content)["territory"] == "CN"
    assert JournalEntry.objects.filter(kind="order_told").count() == 1
    assert browser(desk.rita).post(f"/staff/orders/{order}", {"act": "hand_out"}).status_code == 409


def test_ord_19_a_deferral_has_an_end_at_which_they_are_told_by_themselves(
    desk: Desk, bob: User, mails: Callable[[], list[tuple[str, str]]]
) -> None:
    order = orders(desk, asked(bob.email, silent=30))
    hands_out(desk, order)
    goes_on(NOW + 30 * DAY - 1)
    number = Subject.objects.get().pk
    assert mails() == []
    assert Client().get(f"/notice/told/{number}").status_code == 404
    goes_on(NOW + 30 * DAY)
    goes_on(NOW + 30 * DAY + 1)
    assert mails() == [(bob.email, "given")]
    assert "Law 2, art. 9" in Client().get(f"/notice/told/{number}").content.decode()


@pytest.mark.parametrize(
    ("silent", "later", "band"), [(7, 0, "1-7"), (31, DAY, "8-30"), (31, DAY - 1, "31-90"), (90, 0, "31-90"), (5, 5 * DAY, "0")]
)
def test_ord_19_for_about_how_long_nobody_is_told_stands_in_the_ledger(desk: Desk, bob: User, silent: int, later: int, band: str) -> None:
    order = orders(desk, asked(bob.email, silent=silent))
    hands_out(desk, order, now=NOW + later)
    leaves = LedgerEntry.objects.filter(kind="HANDED").values_list("index", flat=True)
    assert [one.value for index in leaves for one in openings(index=index) if one.field == "deferred"] == [band, band]


@given(st.integers(0, LONGEST_DEFERRED_MS), st.integers(0, LONGEST_DEFERRED_MS))
def test_ord_19_a_longer_silence_is_never_in_a_shorter_band(one: int, other: int) -> None:
    order = ["0", "1-7", "8-30", "31-90"]
    bands = [order.index(deferral_band(until=NOW + ms, now=NOW)) for ms in sorted((one, other))]
    assert bands == sorted(bands)
    assert deferral_band(until=None, now=NOW) == deferral_band(until=NOW, now=NOW) == "0"


def test_ord_19_who_is_not_told_and_by_which_law_is_signed_entered_and_shown_to_them(desk: Desk, bob: User) -> None:
    order = orders(desk, asked(bob.email, silent=30), approved=1)
    question = browser(desk.ben.user).post(f"/staff/orders/{order}", {"act": "approve"}).content.decode()
    assert "by this law: Law 2, art. 9" in unescape(question)
    who = account(desk.ben.user)
    asks = ask_approval(order=order, account=who, now=NOW)
    Disclosure.objects.update(deferral_basis="Law 3")
    with pytest.raises(PasskeyNotShown):
        approve(order=order, account=who, shown=desk.ben.answers(asks), now=NOW)
    Disclosure.objects.update(deferral_basis="Law 2, art. 9")
    approve(order=order, account=who, shown=desk.ben.answers(asks), now=NOW)
    for leaf in Disclosure.objects.get().leaves:
        said = {one.field: one.value for one in openings(index=leaf) if one.field in proofs.OF_DISCLOSURE}
        assert (said["deferred_until"], said["deferral_basis"]) == (NOW + 30 * DAY, "Law 2, art. 9")


def test_ord_19_no_deferral_without_end_or_law(desk: Desk, bob: User) -> None:
    order = desk.receives(INFORM).order
    desk.takes(order)
    for wrong in (
        {"deferred_until": NOW + LONGEST_DEFERRED_MS + 1, "deferral_basis": "x"},
        {"deferred_until": NOW + DAY, "deferral_basis": " "},
        {"deferred_until": NOW, "deferral_basis": "x"},
    ):
        reasoned(Reason.DEFERRAL, lambda wrong=wrong: narrows(desk, order, asked(bob.email, **wrong)))  # type: ignore[misc] # bound now
    for ends_at in (NOW, NOW + LONGEST_TOLD_MS + 1):
        reasoned(Reason.PERIOD_TOLD, lambda ends_at=ends_at: narrows(desk, order, asked(bob.email, ends_at=ends_at)))  # type: ignore[misc] # bound now


def test_ord_19_a_quash_ends_the_deferral_and_says_sorry(desk: Desk, bob: User, mails: Callable[[], list[tuple[str, str]]]) -> None:
    order = orders(desk, asked(bob.email, silent=90))
    hands_out(desk, order)
    goes_on(NOW + 14 * DAY)
    assert state_of(order) == State.CLOSED
    number = Subject.objects.get().pk
    with pytest.raises(OrderUnknown):
        given_notice(notice=number)
    take_back(order=order, account=account(desk.rita), quashed=True, document="J", now=NOW + 15 * DAY)
    assert mails() == [(bob.email, "quashed")]
    assert "we are sorry" in Client().get(f"/notice/told/{number}").content.decode()


def test_inform_by_hand_on_the_desks_pages_in_french_too(desk: Desk, bob: User) -> None:
    order = desk.receives(INFORM).order
    rita = browser(desk.rita)
    rita.post(f"/staff/orders/{order}", {"act": "take"})
    page = rita.get(f"/staff/orders/{order}").content.decode()
    assert "Narrow it to what may be told" in page
    assert "Narrow it to a measure" not in page
    assert "accounts.User.password" not in page, "what is not marked cannot be ticked"
    judged = {
        "authority_kind": "court", "authority_territory": "CN", "authority_verified": "Called back.", "necessity": "One.",
        "proportionality": "Two.", "rights": "Three.",
    }  # fmt: skip
    form = {"territory": "CN", "people": bob.email, "told": [EMAIL], "also": "What was said", "days": 7, "silent": 0, **judged}
    assert rita.post(f"/staff/orders/{order}", {"act": "tell", **form, "told": ["accounts.User.password"]}).status_code == 422
    assert rita.post(f"/staff/orders/{order}", {"act": "tell", **form, "silent": 91}).status_code == 422
    assert rita.post(f"/staff/orders/{order}", {"act": "tell", **form, "silent": 7}).status_code == 422
    rita.post(f"/staff/orders/{order}", {"act": "tell", **form})
    for device in (desk.ann, desk.ben):
        window = browser(device.user)
        asked_for = window.post(f"/staff/orders/{order}", {"act": "approve"}).content.decode()
        assert f"To be told: {EMAIL}. Of: {bob.email} (China)." in unescape(asked_for)
        device.confirms(window, f"/staff/orders/{order}", {"act": "approve"})
    french = Client(headers={"accept-language": "fr"})
    french.force_login(desk.rita)
    assert "Remettre" in french.get(f"/staff/orders/{order}").content.decode()
    rita.post(f"/staff/orders/{order}", {"act": "hand_out"})
    assert "Ce serveur ne l" in french.get(f"/staff/orders/{order}").content.decode()
    told = Client().get(f"/authorities/{Order.objects.get().receipt}").content.decode()
    assert "What was said: This server does not have it." in told
    assert bob.email not in told


def test_who_left_a_call_has_no_seat_that_speaks_for_them(bob: User) -> None:
    seat = Participant.objects.get(account=bob)
    assert seats_of(account=bob.pk) == (sure("CN"),)
    Participant.objects.filter(pk=seat.pk).update(left_at=NOW, gone_reason="left")
    assert seats_of(account=bob.pk) == ()
