"""desk: an order from its receipt to its end, and everything that keeps it from going further (ORD-1, ORD-4, ORD-8 to ORD-15)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from conclave.accounts.assertion import PasskeyNotShown
from conclave.accounts.models import StaffMember
from conclave.accounts.staff import (
    StaffOtherRole,
    StaffPlaceUnknown,
    StaffRecused,
    StaffRoleMissing,
    StaffUnknown,
    StaffWorksThere,
)
from conclave.accounts.staff_policy import FRESH_MS
from conclave.authorities.approve import Waits, approve, ask_approval
from conclave.authorities.challenge import challenge
from conclave.authorities.models import EffectReport, Hand, Order, Restoration, Review
from conclave.authorities.policy import DAY, AuthorityKind, Channel, Grounds, Item, OrderKind, Reason, State
from conclave.authorities.quash import take_back
from conclave.authorities.queries import notice, orders, status, whole_order
from conclave.authorities.receive import OrderTextForbidden
from conclave.authorities.refuse import refuse
from conclave.authorities.retention import CLOSED_MS, ORDERS
from conclave.authorities.review import answer, ask, confirm_contact
from conclave.authorities.standing import OrderNotNow, OrderUnknown
from conclave.gate.models import Restriction
from conclave.gate.policy import Kind
from conclave.kernel import outbox
from conclave.kernel.models import OutboxEvent
from conclave.transparency import ledger
from conclave.transparency.models import LedgerEntry
from tests.accounts.organisation import account, person
from tests.accounts.passkey import Device, Passkey
from tests.authorities.desk import NOW, SAID, Desk, claiming, draft, goes_on, measure_states, state_of

pytestmark = pytest.mark.django_db


def leaves(order: str) -> list[str]:
    """Return the types of an order's leaves, oldest first."""
    obj = Order.objects.get(pk=order).obj
    return list(LedgerEntry.objects.filter(obj=obj).order_by("index").values_list("kind", flat=True))


def last_leaf(order: str, kind: str) -> dict[str, object]:
    """Return what the last leaf of a type opens to."""
    obj = Order.objects.get(pk=order).obj
    index = LedgerEntry.objects.filter(obj=obj, kind=kind).order_by("-index").values_list("index", flat=True)[0]
    return {one.field: one.value for one in ledger.openings(index=index)}


def reasoned(reason: Reason, act: object) -> None:
    """Let an act be refused, with this reason."""
    with pytest.raises(OrderNotNow) as refused:
        act()  # type: ignore[operator] # a function
    assert refused.value.reason is reason


def test_ord_13_an_order_goes_from_its_receipt_to_its_end_by_itself_once_two_have_approved_it(desk: Desk) -> None:
    receipt = desk.receives()
    assert status(receipt=receipt.receipt, now=NOW).state == State.ACKNOWLEDGED
    desk.takes(receipt.order)
    measures = desk.narrows(receipt.order, draft(meeting="m" * 22))
    assert desk.approves(receipt.order, desk.ann) == State.NARROWED
    assert not Restriction.objects.exists()
    assert desk.approves(receipt.order, desk.ben) == State.EXECUTING
    goes_on(NOW)
    assert (state_of(receipt.order), measure_states(receipt.order)) == (State.EXECUTED, ["active"])
    held = Restriction.objects.get()
    assert (held.subject, held.territory, held.scope, held.ends_at, held.notice) == ("CN", "CN", "m" * 22, NOW + 7 * DAY, measures[0])
    goes_on(NOW + 7 * DAY - 1)
    assert Restriction.objects.exists()
    goes_on(NOW + 7 * DAY)
    assert (state_of(receipt.order), measure_states(receipt.order)) == (State.CLOSED, ["expired"])
    assert not Restriction.objects.exists()
    assert leaves(receipt.order) == [
        "ORDER", "ORDER_STATE", "ORDER_STATE", "AUTHORITY", "ORDER_STATE", "APPROVAL", "APPROVAL", "ORDER_STATE", "MEASURE", "ORDER_STATE",
        "ORDER_STATE", "APPLICATION_COUNT", "RESTORATION", "ORDER_STATE", "ORDER_STATE", "ORDER_STATE",
    ]  # fmt: skip
    assert last_leaf(receipt.order, "ORDER_STATE")["outcome"] == "executed"
    assert Restoration.objects.get().done_at == NOW + 7 * DAY
    shown = status(receipt=receipt.receipt, now=NOW)
    assert (shown.state, shown.outcome, shown.denied, shown.removed) == (State.CLOSED, "executed", "0", "0")
    for moment in (NOW, NOW + 8 * DAY):
        goes_on(moment)
    assert measure_states(receipt.order) == ["expired"], "nothing comes back"


def test_ord_12_a_measure_waits_for_the_witness_and_says_so(desk: Desk) -> None:
    desk.cosigns = False
    order = desk.orders(draft(meeting="m" * 22))
    goes_on(NOW)
    outbox.run_due(now=NOW)
    assert desk.asked, "the witness is asked"
    goes_on(NOW + DAY)
    assert (state_of(order), measure_states(order)) == (State.EXECUTING, ["scheduled"])
    assert not Restriction.objects.exists()
    assert whole_order(order=order, account=account(desk.rita), now=NOW).measures[0].waits is Waits.WITNESS
    desk.cosigns = True
    goes_on(NOW + DAY)
    assert (state_of(order), measure_states(order)) == (State.EXECUTED, ["active"])


def test_ord_12_a_measure_whose_witness_never_came_is_over_without_having_acted(desk: Desk) -> None:
    desk.cosigns = False
    order = desk.orders(draft(meeting="m" * 22, days=1))
    goes_on(NOW + DAY)
    assert (state_of(order), measure_states(order)) == (State.CLOSED, ["expired"])
    assert last_leaf(order, "ORDER_STATE")["outcome"] == "not_executed", "a report counts it"
    assert (EffectReport.objects.get().effect, EffectReport.objects.get().denied) == ("none", "")
    desk.cosigns = True
    goes_on(NOW + DAY)
    assert measure_states(order) == ["expired"]
    assert not Restoration.objects.exists(), "there was nothing to undo"


@pytest.mark.parametrize("kind", [OrderKind.INFORM, OrderKind.PRESERVE, OrderKind.EMERGENCY, OrderKind.INFORMAL])
def test_ord_13_only_an_order_to_act_leads_to_a_measure(desk: Desk, kind: OrderKind) -> None:
    order = desk.receives(replace(SAID, kind=kind), by=desk.ivy, channel=Channel.INFORMAL).order
    desk.takes(order)
    reasoned(Reason.NOTHING_ORDERED, lambda: desk.narrows(order, draft(meeting="m" * 22)))


def test_ord_13_the_policy_says_whose_orders_lead_to_a_measure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    order = desk.receives(replace(SAID, authority_kind=AuthorityKind.POLICE)).order
    desk.takes(order)
    reasoned(Reason.POLICY, lambda: desk.narrows(order, draft(meeting="m" * 22), authority_kind=AuthorityKind.POLICE))
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, order_policy="lawful_admin"))
    desk.narrows(order, draft(meeting="m" * 22), authority_kind=AuthorityKind.POLICE)
    court = desk.receives().order
    desk.takes(court)
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, order_policy="refuse_all"))
    reasoned(Reason.POLICY, lambda: desk.narrows(court, draft(meeting="m" * 22)))


def test_ord_13_whether_a_court_asks_and_where_it_is_competent_is_what_the_reviewer_found_and_not_what_a_form_says(desk: Desk) -> None:
    """Anybody can write on the portal that they are a court."""
    order = desk.receives().order
    desk.takes(order)
    one = draft(meeting="m" * 22)
    for nothing in ("", " "):
        reasoned(Reason.UNVERIFIED, lambda text=nothing: desk.narrows(order, one, authority_verified=text))
    reasoned(Reason.POLICY, lambda: desk.narrows(order, one, authority_kind=AuthorityKind.ADMINISTRATION))
    for land in ("HK", ""):
        reasoned(Reason.NOT_COMPETENT, lambda found=land: desk.narrows(order, one, authority_territory=found))
    modest = desk.receives(replace(SAID, authority_kind=AuthorityKind.POLICE, authority_territory="US")).order
    desk.takes(modest)
    desk.narrows(modest, one)
    found = last_leaf(modest, "AUTHORITY")
    assert (found["category"], found["territory"], found["verified"]) == ("court", "CN", "Called back by the number in its register.")
    shown = whole_order(order=modest, account=account(desk.ann.user), now=NOW)
    assert (shown.found_kind, shown.found_territory, shown.authority_verified) == ("court", "CN", found["verified"])


def test_ord_1_an_over_broad_order_is_narrowed_to_where_its_court_is_competent_or_refused(desk: Desk) -> None:
    order = desk.receives(claiming("CN", "HK", "US")).order
    desk.takes(order)
    for territory in ("HK", "US"):
        reasoned(Reason.NOT_COMPETENT, lambda land=territory: desk.narrows(order, draft(meeting="m" * 22, territory=land)))
    for territory in ("TW", "MO", "", "CN,HK"):
        reasoned(Reason.NOT_CLAIMED, lambda land=territory: desk.narrows(order, draft(meeting="m" * 22, territory=land)))
    reasoned(Reason.TARGET, lambda: desk.narrows(order, draft(meeting="m" * 22, account_id="a" * 22)))
    reasoned(Reason.TARGET, lambda: desk.narrows(order, draft()))
    reasoned(Reason.TARGET, lambda: desk.narrows(order))
    reasoned(Reason.PERIOD, lambda: desk.narrows(order, draft(meeting="m" * 22, days=91)))
    reasoned(Reason.PERIOD, lambda: desk.narrows(order, draft(meeting="m" * 22, days=0)))
    desk.narrows(order, draft(meeting="m" * 22, days=90))
    desk.approves(order, desk.ann)
    desk.approves(order, desk.ben)
    goes_on(NOW)
    assert last_leaf(order, "ORDER_STATE")["outcome"] == "narrowed"
    assert EffectReport.objects.get().effect == "partial"


def test_a_refused_order_changes_nothing_is_counted_and_its_authority_reads_why(desk: Desk) -> None:
    receipt = desk.receives(claiming("CN", "HK", "US"))
    desk.takes(receipt.order)
    who = account(desk.rita)
    reasoned(Reason.NO_REASON, lambda: refuse(order=receipt.order, account=who, grounds=Grounds.TOO_BROAD, explanation=" ", now=NOW))
    refuse(order=receipt.order, account=who, grounds=Grounds.TOO_BROAD, explanation="It reaches beyond its court.", now=NOW)
    shown = status(receipt=receipt.receipt, now=NOW)
    assert (shown.state, shown.outcome, shown.grounds) == (State.CLOSED, "refused", "too_broad")
    assert shown.explanation == "It reaches beyond its court."
    assert last_leaf(receipt.order, "ORDER_STATE")["outcome"] == "refused"
    assert EffectReport.objects.get().effect == "none"
    assert not Restriction.objects.exists()


def test_what_was_narrowed_can_still_be_refused_and_then_never_acts(desk: Desk) -> None:
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting="m" * 22))
    desk.approves(order, desk.ann)
    refuse(order=order, account=account(desk.rita), grounds=Grounds.HUMAN_RIGHTS, explanation="No.", now=NOW)
    reasoned(Reason.NOT_NOW, lambda: desk.approves(order, desk.ben))
    goes_on(NOW)
    assert measure_states(order) == ["lifted"]


def test_an_order_is_challenged_and_then_falls(desk: Desk) -> None:
    order = desk.receives().order
    desk.takes(order)
    challenge(order=order, account=account(desk.rita), explanation="Before the court of appeal.", now=NOW)
    reasoned(Reason.NOT_NOW, lambda: desk.narrows(order, draft(meeting="m" * 22)))
    assert state_of(order) == State.CHALLENGED
    take_back(order=order, account=account(desk.ivy), quashed=True, document="Judgement 7", now=NOW)
    assert (state_of(order), last_leaf(order, "ORDER_STATE")["outcome"]) == (State.CLOSED, "quashed")


def test_what_an_order_does_not_say_is_asked_for_and_added_by_its_receipt(desk: Desk) -> None:
    receipt = desk.receives(replace(SAID, redress="", reasons=""))
    desk.takes(receipt.order)
    reasoned(Reason.INCOMPLETE, lambda: desk.narrows(receipt.order, draft(meeting="m" * 22)))
    ask(order=receipt.order, account=account(desk.rita), now=NOW)
    assert status(receipt=receipt.receipt, now=NOW).missing == (Item.REASONS, Item.REDRESS)
    answer(receipt=receipt.receipt, item=Item.REASONS, text="As art. 2 says.", now=NOW)
    assert state_of(receipt.order) == State.INFO_REQUESTED
    reasoned(Reason.NOT_NOW, lambda: answer(receipt=receipt.receipt, item=Item.REASONS, text="Again.", now=NOW))
    reasoned(Reason.NOT_NOW, lambda: answer(receipt="x" * 22, item=Item.REDRESS, text="Again.", now=NOW))
    answer(receipt=receipt.receipt, item=Item.REDRESS, text="Appeal.", now=NOW)
    assert state_of(receipt.order) == State.UNDER_REVIEW
    reasoned(Reason.INCOMPLETE, lambda: ask(order=receipt.order, account=account(desk.rita), now=NOW))


def test_ord_13_what_an_authority_adds_is_in_the_ledger_as_the_rest_of_its_order(desk: Desk) -> None:
    receipt = desk.receives(replace(SAID, target=""))
    reasoned(Reason.NOT_NOW, lambda: answer(receipt=receipt.receipt, item=Item.TARGET, text="Early.", now=NOW))
    desk.takes(receipt.order)
    reasoned(Reason.NOT_NOW, lambda: answer(receipt=receipt.receipt, item=Item.TARGET, text="Unasked.", now=NOW))
    ask(order=receipt.order, account=account(desk.rita), now=NOW)
    with pytest.raises(OrderTextForbidden):
        answer(receipt=receipt.receipt, item=Item.TARGET, text=" ", now=NOW)
    answer(receipt=receipt.receipt, item=Item.TARGET, text="The meeting of 4 June", now=NOW)
    added = last_leaf(receipt.order, "ADDED")
    assert (added["item"], added["text"]) == ("target", "The meeting of 4 June")
    assert leaves(receipt.order)[-2:] == ["ADDED", "ORDER_STATE"]


def test_an_order_that_names_no_territory_or_language_can_be_completed(desk: Desk) -> None:
    receipt = desk.receives(replace(SAID, claimed=(), language=""))
    desk.takes(receipt.order)
    ask(order=receipt.order, account=account(desk.rita), now=NOW)
    for item, text in ((Item.TERRITORY, "CN ZZ"), (Item.TERRITORY, ","), (Item.LANGUAGE, "de")):
        with pytest.raises(OrderTextForbidden):
            answer(receipt=receipt.receipt, item=item, text=text, now=NOW)
    answer(receipt=receipt.receipt, item=Item.TERRITORY, text="hk, cn", now=NOW)
    answer(receipt=receipt.receipt, item=Item.LANGUAGE, text="FR", now=NOW)
    order = Order.objects.get()
    assert (order.claimed, order.language, order.state) == (["CN", "HK"], "fr", State.UNDER_REVIEW)
    desk.narrows(receipt.order, draft(meeting="m" * 22))
    assert state_of(receipt.order) == State.NARROWED


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[tuple[str, str, str]]]:
    """Return to whom mails about orders were written, what they tell, and in which language."""
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, mail="smtp://localhost", mail_from="a@example.org"))

    def sent() -> list[tuple[str, str, str]]:
        found = [event.payload for event in OutboxEvent.objects.filter(kind="mail").order_by("pk")]
        return [(one["to"], one["facts"]["change"], one["language"]) for one in found]

    return sent


def test_the_portal_writes_to_an_address_once_until_the_desk_has_looked_whose_it_is(
    desk: Desk, mails: Callable[[], list[tuple[str, str, str]]]
) -> None:
    to = SAID.contact
    receipt = desk.receives(replace(SAID, redress=""))
    desk.takes(receipt.order)
    ask(order=receipt.order, account=account(desk.rita), now=NOW)
    assert mails() == [(to, "received", "en")]
    confirm_contact(order=receipt.order, account=account(desk.rita), now=NOW)
    assert last_leaf(receipt.order, "CONTACT")["confirmed"] == 1
    reasoned(Reason.NOT_NOW, lambda: confirm_contact(order=receipt.order, account=account(desk.rita), now=NOW))
    answer(receipt=receipt.receipt, item=Item.REDRESS, text="Appeal.", now=NOW)
    challenge(order=receipt.order, account=account(desk.rita), explanation="Before the court of appeal.", now=NOW)
    assert [change for _to, change, _language in mails()] == ["received", "challenged"]
    for several in ("a@x.example, b@y.example", "a@x.example b@y.example", "Registry <a@x.example>", "@"):
        with pytest.raises(OrderTextForbidden):
            desk.receives(replace(SAID, contact=several))


def test_an_unstaffed_desk_writes_one_mail_to_whoever_is_named(desk: Desk, mails: Callable[[], list[tuple[str, str, str]]]) -> None:
    StaffMember.objects.filter(orders="approver").delete()
    desk.receives()
    assert [change for _to, change, _language in mails()] == ["received"]


def test_mails_about_an_order_are_in_the_language_in_which_it_was_sent(desk: Desk, mails: Callable[[], list[tuple[str, str, str]]]) -> None:
    with translation.override("fr"):
        order = desk.orders(draft(meeting="m" * 22))
    confirm_contact(order=order, account=account(desk.rita), now=NOW)
    goes_on(NOW)
    goes_on(NOW + 7 * DAY)
    desk.receives(replace(SAID, language=""), by=desk.ivy, channel=Channel.POST)
    assert [(change, language) for _to, change, language in mails()] == [
        ("received", "fr"), ("executed", "fr"), ("expired", "fr"), ("received", ""),
    ]  # fmt: skip


def test_ord_10_nobody_has_two_parts_in_an_order(desk: Desk) -> None:
    order = desk.receives(by=desk.ivy, channel=Channel.POST).order
    desk.takes(order)
    desk.narrows(order, draft(meeting="m" * 22))
    desk.approves(order, desk.ann)
    with pytest.raises(StaffOtherRole):
        desk.approves(order, desk.ann)
    for user, role in ((desk.ivy, "approver"), (desk.rita, "approver")):
        StaffMember.objects.filter(user=user).update(orders=role, work_country="DE")
        with pytest.raises(StaffOtherRole):
            desk.approves(order, Device(user, Passkey(credential_id=user.pk.encode())))
    StaffMember.objects.filter(user=desk.rita).update(orders="reviewer")
    desk.approves(order, desk.ben)
    assert sorted(Hand.objects.filter(order=order).values_list("part", flat=True)) == ["approver1", "approver2", "intake", "reviewer"]


def test_ord_10_who_approves_works_elsewhere_is_not_recused_and_holds_the_role(desk: Desk) -> None:
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting="m" * 22))
    with pytest.raises(StaffWorksThere):
        desk.approves(order, desk.zoe)
    StaffMember.objects.filter(user=desk.zoe.user).update(work_country="")
    with pytest.raises(StaffPlaceUnknown):
        desk.approves(order, desk.zoe)
    StaffMember.objects.filter(user=desk.zoe.user).update(work_country="SE", recused=["CN"])
    with pytest.raises(StaffRecused):
        desk.approves(order, desk.zoe)
    with pytest.raises(StaffRoleMissing):
        ask_approval(order=order, account=account(desk.ivy), now=NOW)
    with pytest.raises(StaffUnknown):
        ask_approval(order=order, account=account(person("Charlie")), now=NOW)
    assert not Hand.objects.filter(order=order, part="approver1").exists()


def test_ord_10_at_home_only_what_a_court_orders_is_approved_by_who_works_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, establishment="FR", order_policy="lawful_admin"))
    for kind in (AuthorityKind.COURT, AuthorityKind.POLICE):
        order = desk.receives(claiming("FR", authority_territory="FR", authority_kind=kind)).order
        desk.takes(order)
        desk.narrows(order, draft(meeting="m" * 22, territory="FR"), authority_territory="FR", authority_kind=kind)
        if kind is AuthorityKind.COURT:
            assert desk.approves(order, desk.ben) == State.NARROWED
        else:
            with pytest.raises(StaffWorksThere):
                desk.approves(order, desk.ben)


def test_ord_10_an_approval_takes_a_passkey_shown_for_exactly_these_measures_minutes_ago(desk: Desk) -> None:
    order, other = desk.receives().order, desk.receives().order
    for one in (order, other):
        desk.takes(one)
        desk.narrows(one, draft(meeting="m" * 22))
    who = account(desk.ann.user)
    with pytest.raises(PasskeyNotShown):
        approve(order=order, account=who, shown=None, now=NOW)
    with pytest.raises(PasskeyNotShown):
        desk.approves(order, desk.ann, later=FRESH_MS + 1)
    shown = desk.ann.answers(ask_approval(order=order, account=who, now=NOW))
    with pytest.raises(PasskeyNotShown):
        approve(order=other, account=who, shown=shown, now=NOW)
    question = ask_approval(order=order, account=who, now=NOW)
    with pytest.raises(PasskeyNotShown):
        approve(order=order, account=who, shown=desk.ben.answers(question), now=NOW)
    shown = desk.ann.answers(ask_approval(order=order, account=who, now=NOW))
    Order.objects.get(pk=order).measures.update(territory="HK")
    with pytest.raises(PasskeyNotShown):
        approve(order=order, account=who, shown=shown, now=NOW)


def narrowed(desk: Desk, *, days: int = 7) -> str:
    """Return an order that one person has approved."""
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting="m" * 22, days=days))
    desk.approves(order, desk.ann)
    return order


def test_ord_13_the_second_approval_looks_again_at_policy_and_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    late, changed, unverified = narrowed(desk, days=1), narrowed(desk), narrowed(desk)
    reasoned(Reason.PERIOD, lambda: desk.approves(late, desk.ben, now=NOW + DAY))
    Review.objects.filter(order=unverified).update(authority_verified="")
    reasoned(Reason.UNVERIFIED, lambda: desk.approves(unverified, desk.ben))
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, order_policy="refuse_all"))
    reasoned(Reason.POLICY, lambda: desk.approves(changed, desk.ben))
    goes_on(NOW)
    assert not Restriction.objects.exists()


@pytest.mark.parametrize("change", [{"orders": ""}, {"work_country": "CN"}, {"recused": ["CN"]}, {"work_country": ""}], ids=str)
def test_ord_10_the_first_approval_counts_only_while_its_giver_still_may(desk: Desk, change: dict[str, object]) -> None:
    order = narrowed(desk)
    StaffMember.objects.filter(user=desk.zoe.user).update(work_country="SE")
    StaffMember.objects.filter(user=desk.ann.user).update(**change)
    reasoned(Reason.APPROVALS, lambda: desk.approves(order, desk.ben))
    goes_on(NOW)
    assert not Restriction.objects.exists()
    refuse(order=order, account=account(desk.rita), grounds=Grounds.NOT_COMPETENT, explanation="Its approval fell.", now=NOW)


def test_ord_15_an_unstaffed_desk_receives_refuses_and_never_acts(desk: Desk) -> None:
    StaffMember.objects.filter(user__in=[desk.ben.user, desk.zoe.user]).delete()
    receipt = desk.receives()
    assert receipt.state == State.CLOSED
    shown = status(receipt=receipt.receipt, now=NOW)
    assert (shown.outcome, shown.grounds) == ("refused", "unstaffed")
    assert leaves(receipt.order)[0] == "ORDER"
    reasoned(Reason.NOT_NOW, lambda: desk.takes(receipt.order))


def test_ord_15_a_desk_that_lost_its_people_stops_before_the_second_approval(desk: Desk) -> None:
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting="m" * 22))
    desk.approves(order, desk.ann)
    StaffMember.objects.filter(user__in=[desk.ann.user, desk.zoe.user]).delete()
    reasoned(Reason.UNSTAFFED, lambda: desk.approves(order, desk.ben))
    goes_on(NOW)
    assert not Restriction.objects.exists()


def test_a_flood_hides_no_live_order_from_the_desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclave.authorities.queries.PAGE", 3)
    live = [desk.receives(now=NOW - number).order for number in range(4)]
    StaffMember.objects.filter(user__in=[desk.ben.user, desk.zoe.user]).delete()
    closed = [desk.receives(now=NOW + 1 + number).order for number in range(5)]
    who = account(desk.rita)
    first, second, beyond = (orders(account=who, now=NOW, page=page) for page in (1, 2, 9))
    assert [one.id for one in first.rows] == [*live, *closed[:1:-1]], "all that are live, then the newest that are closed"
    assert [one.id for one in second.rows] == closed[1::-1]
    assert (first.more, second.more, beyond.rows) == (True, False, ())


def test_whoever_is_not_of_the_desk_sees_no_order(desk: Desk) -> None:
    order = desk.receives().order
    charlie = account(person("Charlie"))
    with pytest.raises(StaffUnknown):
        orders(account=charlie, now=NOW)
    with pytest.raises(StaffUnknown):
        whole_order(order=order, account=charlie, now=NOW)
    assert [one.id for one in orders(account=account(desk.ivy), now=NOW).rows] == [order]
    with pytest.raises(OrderUnknown):
        whole_order(order="x" * 22, account=account(desk.ivy), now=NOW)
    with pytest.raises(OrderUnknown):
        status(receipt="x" * 22, now=NOW)
    with pytest.raises(OrderUnknown):
        notice(notice="x" * 22)


@pytest.mark.parametrize(
    "change",
    [
        {"authority": ""},
        {"contact": " "},
        {"authority_territory": "EU"},
        {"claimed": ("CN", "ZZ")},
        {"reasons": "x" * 5000},
        {"language": "de"},
        {"authority": "a\u202eb"},
    ],
)
def test_what_cannot_be_shown_or_answered_is_no_order(desk: Desk, change: dict[str, object]) -> None:
    with pytest.raises(OrderTextForbidden):
        desk.receives(replace(SAID, **change))  # type: ignore[arg-type] # fields of Said
    assert not Order.objects.exists()


def test_ord_9_a_quashed_order_is_undone_in_the_same_moment_by_one_person(desk: Desk) -> None:
    order = desk.orders(draft(meeting="m" * 22), draft(account_id="a" * 22, kind=Kind.DENY_HOST_FROM))
    goes_on(NOW)
    assert Restriction.objects.count() == 2
    with pytest.raises(OrderNotNow):
        take_back(order=order, account=account(desk.ivy), quashed=True, document="", now=NOW)
    take_back(order=order, account=account(desk.ivy), quashed=True, document="Judgement 8", now=NOW + 1)
    assert not Restriction.objects.exists()
    assert (state_of(order), measure_states(order)) == (State.CLOSED, ["quashed", "quashed"])
    assert {one.cause for one in Restoration.objects.all()} == {"quashed"}
    assert last_leaf(order, "RESTORATION")["cause"] == "quashed"
    goes_on(NOW + 8 * DAY)
    reasoned(Reason.NOT_NOW, lambda: take_back(order=order, account=account(desk.ivy), quashed=False, document="Again", now=NOW + 2))


def test_an_order_is_forgotten_five_years_later_and_its_leaves_stay(desk: Desk) -> None:
    order = desk.orders(draft(meeting="m" * 22))
    goes_on(NOW)
    obj, kept = Order.objects.get(pk=order).obj, leaves(order)
    assert ORDERS.sweep(now=NOW + CLOSED_MS) == 0, "while it is live"
    goes_on(NOW + 7 * DAY)
    assert ORDERS.sweep(now=NOW + CLOSED_MS - 1) == 0
    assert ORDERS.sweep(now=NOW + CLOSED_MS) == 1
    assert not any(table.objects.exists() for table in (Order, Hand, Restoration, EffectReport))
    assert LedgerEntry.objects.filter(obj=obj).count() > len(kept)


def test_a_court_may_quash_what_is_over_if_it_has_met_anybody(desk: Desk) -> None:
    ivy = account(desk.ivy)
    order = desk.orders(draft(meeting="m" * 22))
    goes_on(NOW)
    goes_on(NOW + 7 * DAY)
    later = NOW + 8 * DAY
    reasoned(Reason.NOT_NOW, lambda: take_back(order=order, account=ivy, quashed=False, document="A letter", now=later))
    take_back(order=order, account=ivy, quashed=True, document="Judgement 9", now=later)
    assert (state_of(order), measure_states(order)) == (State.CLOSED, ["quashed"])
    assert last_leaf(order, "ORDER_STATE")["outcome"] == "quashed"
    assert EffectReport.objects.get().effect == "full", "it was carried out, and wrongly"
    reasoned(Reason.NOT_NOW, lambda: take_back(order=order, account=ivy, quashed=True, document="Again", now=later))
    desk.cosigns = False
    idle = desk.orders(draft(meeting="m" * 22, days=1))
    goes_on(NOW + DAY)
    reasoned(Reason.NOT_NOW, lambda: take_back(order=idle, account=ivy, quashed=True, document="Judgement 10", now=later))


def test_who_is_recused_does_not_read_the_order(desk: Desk) -> None:
    order = desk.receives().order
    StaffMember.objects.filter(user=desk.rita).update(recused=["CN"])
    with pytest.raises(StaffRecused):
        whole_order(order=order, account=account(desk.rita), now=NOW)
    assert whole_order(order=order, account=account(desk.ivy), now=NOW).target == SAID.target


@pytest.mark.parametrize("act", ["begins", "ends", "is quashed"])
def test_the_ledger_is_held_before_the_journal_so_that_no_two_wait_for_each_other(desk: Desk, act: str) -> None:
    """Who holds the one and waits for the other would wait for ever for somebody who does it the other way round."""
    order = desk.orders(draft(meeting="m" * 22))
    if act != "begins":
        goes_on(NOW)
    with CaptureQueriesContext(connection) as queries:
        if act == "is quashed":
            take_back(order=order, account=account(desk.ivy), quashed=True, document="Judgement", now=NOW)
        else:
            goes_on(NOW if act == "begins" else NOW + 7 * DAY)
    heads = [name for one in queries if "transparency_head" in one["sql"] for name in ("ledger", "journal") if f"'{name}'" in one["sql"]]
    assert heads[0] == "ledger"
    assert "journal" in heads
