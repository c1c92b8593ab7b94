"""desk: the portal, the desk's pages and the notice, by hand as people use them; in French too."""

from dataclasses import replace
from html import unescape

import pytest
from django.test import Client
from django.utils.formats import date_format

from conclave.accounts.models import StaffMember, User
from conclave.authorities.approve import _act
from conclave.authorities.models import Measure, Order
from conclave.authorities.policy import DAY, State
from conclave.authorities.queries import orders
from conclave.authorities.words import MEASURES, called
from conclave.gate.models import Application
from conclave.gate.policy import Kind
from conclave.kernel import clock
from conclave.kernel.clock import to_datetime
from conclave.meetings.door import Ordered
from conclave.meetings.models import Meeting
from tests.accounts.organisation import account, browser, person
from tests.authorities.desk import NOW, Desk, draft, goes_on, state_of, there
from tests.meetings.conftest import Joins, Link

pytestmark = pytest.mark.django_db
FORM = {
    "kind": "act",
    "authority": "Court of Somewhere",
    "authority_kind": "court",
    "authority_territory": "CN",
    "contact": "registry@court.example",
    "claimed": "cn, hk",
    "legal_basis": "Law 1, art. 2",
    "reasons": "Because.",
    "target": "The meeting of 4 June",
    "redress": "Appeal within 14 days.",
    "language": "en",
}
JUDGED = {
    "authority_kind": "court",
    "authority_territory": "CN",
    "authority_verified": "Called back.",
    "necessity": "One meeting.",
    "proportionality": "One week.",
    "rights": "Nobody elsewhere.",
}


def act(window: Client, order: str, name: str, **said: object) -> str:
    """Do something on the page of an order; return the page that follows."""
    answer = window.post(f"/staff/orders/{order}", {"act": name, **said}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.content.decode())


def test_desk_an_order_goes_from_the_portal_to_the_notice_and_to_its_end(desk: Desk, link: Link, joins: Joins) -> None:
    court = Client()
    assert "cannot end a meeting" in court.get("/authorities").content.decode()
    receipt = court.post("/authorities", FORM, follow=True)
    page = receipt.redirect_chain[-1][0]
    order = Order.objects.get()
    assert order.claimed == ["CN", "HK"]
    assert page == f"/authorities/{order.receipt}"
    rita, ann, ben = browser(desk.rita), browser(desk.ann.user), browser(desk.ben.user)
    assert "Court of Somewhere" in rita.get("/staff/orders").content.decode()
    assert "Look at the orders" in rita.get("/staff").content.decode()
    act(rita, order.pk, "take")
    measure = {"kind": "remove_from", "territory": "CN", "meeting": f"https://meet.example/m/{link.meeting}#secret", "days": 7}
    wrong = rita.post(f"/staff/orders/{order.pk}", {"act": "narrow", **measure, **JUDGED, "territory": "HK"})
    assert wrong.status_code == 422
    assert "The authority is not competent in that territory." in wrong.content.decode()
    act(rita, order.pk, "narrow", **measure, **JUDGED)
    assert Measure.objects.get().meeting == link.meeting, "what stands behind # is not kept"
    # Before it is approved: what is changed later does not act.
    Measure.objects.update(starts_at=NOW)
    desk.cosigns = False
    for device, window in ((desk.ann, ann), (desk.ben, ben)):
        done = device.confirms(window, f"/staff/orders/{order.pk}", {"act": "approve"})
        assert "You have approved it." in done.content.decode()
    assert "It waits for the witness of the ledger." in rita.get(f"/staff/orders/{order.pk}").content.decode()
    desk.cosigns = True
    ada = joins("Ada", evidence=there("CN"))
    joins("Flo", evidence=there("FR"))
    goes_on(Measure.objects.get().starts_at + 1)
    assert state_of(order.pk) == State.EXECUTED
    with pytest.raises(Ordered) as refused:
        joins("Bo", evidence=there("CN"))
    told = court.get(page).content.decode()
    assert "Roughly how many people" in told, "no number while it holds"
    assert ada.participant not in told
    removed = Application.objects.get(action="removed").pk
    taken, denied = (Client().get(f"/notice/{number}").content.decode() for number in (removed, refused.value.notice))
    assert "You were taken out of a call" in taken
    assert "You were not let into a call" in denied
    for words in ("Court of Somewhere", "Law 1, art. 2", "China", "Appeal within 14 days.", order.public_id):
        assert words in denied
    assert order.receipt not in denied
    act(rita, order.pk, "take_back", quashed="yes", document="Judgement 7")
    assert "we are sorry" in Client().get(f"/notice/{removed}").content.decode()
    over = court.get(page).content.decode()
    assert "Closed" in over
    assert "People taken out: 1-9. People not let in: 1-9." in over


WITNESS, TIME = "It waits for the witness of the ledger.", "It waits for its time."
CHANGED = "It is not what was approved, and does not act."


def test_desk_the_page_says_why_a_measure_waits_and_what_was_changed_waits_for_nothing(desk: Desk, link: Link) -> None:
    order = desk.orders(draft(meeting=link.meeting))
    receipt = Order.objects.get(pk=order).receipt
    court, rita = Client(), browser(desk.rita)

    def shown() -> list[set[str]]:
        pages = (court.get(f"/authorities/{receipt}"), rita.get(f"/staff/orders/{order}"))
        return [{why for why in (WITNESS, TIME, CHANGED) if why in unescape(page.content.decode())} for page in pages]

    desk.cosigns, desk.signed = False, 0
    assert shown() == [{WITNESS}, {WITNESS}]
    desk.cosigns = True
    assert shown() == [set(), set()]
    for cosigns in (True, False):
        desk.cosigns = cosigns
        before = Measure.objects.values("ends_at", "starts_at").get(order=order)
        Measure.objects.update(ends_at=before["ends_at"] + DAY, starts_at=before["starts_at"] + DAY)
        assert shown() == [{CHANGED}, {CHANGED}]
        page = rita.get(f"/staff/orders/{order}").content.decode()
        assert "somebody has written to the database past this desk" in page
        assert "<br>Approved, waits" not in page
        Measure.objects.update(**before)
    page = rita.get(f"/staff/orders/{order}", headers={"accept-language": "fr"}).content.decode()
    assert "Elle n’est pas" not in page
    Measure.objects.update(territory="HK")
    page = unescape(rita.get(f"/staff/orders/{order}", headers={"accept-language": "fr"}).content.decode())
    assert "Elle n’est pas ce qui a été approuvé, et n’agit pas." in page
    assert "diffère du registre public\u00a0: quelqu’un" in page


def test_desk_a_measure_waits_for_its_time_once_it_is_cosigned(desk: Desk, link: Link) -> None:
    later = clock.now() + DAY
    order = desk.orders(replace(draft(meeting=link.meeting), starts_at=later, ends_at=later + DAY))
    assert TIME in browser(desk.rita).get(f"/staff/orders/{order}").content.decode()


def test_desk_a_refused_order_tells_its_authority_why(desk: Desk) -> None:
    court = Client()
    court.post("/authorities", {**FORM, "redress": ""})
    order = Order.objects.get()
    rita = browser(desk.rita)
    act(rita, order.pk, "take")
    assert "missing" in rita.get(f"/staff/orders/{order.pk}").content.decode()
    act(rita, order.pk, "ask")
    page = f"/authorities/{order.receipt}"
    assert "Redress" in court.get(page).content.decode()
    assert court.post(page, {"item": "redress", "text": "x" * 5000}).status_code == 422
    court.post(page, {"item": "redress", "text": "Appeal."})
    assert state_of(order.pk) == State.UNDER_REVIEW
    assert rita.post(f"/staff/orders/{order.pk}", {"act": "refuse", "grounds": "too_broad", "explanation": ""}).status_code == 422
    act(rita, order.pk, "refuse", grounds="too_broad", explanation="It reaches beyond its court.")
    told = court.get(page).content.decode()
    assert "It reaches beyond its court." in told
    assert "refused" in told


def test_desk_what_came_by_another_way_is_written_down_by_intake(desk: Desk) -> None:
    ivy = browser(desk.ivy)
    assert ivy.post("/staff/orders", {**FORM, "channel": "portal"}).status_code == 422
    assert ivy.post("/staff/orders", {**FORM, "channel": "phone", "claimed": "ZZ"}).status_code == 422
    assert ivy.post("/staff/orders", {**FORM, "channel": "phone", "authority": "a\u202eb"}).status_code == 422
    answer = ivy.post("/staff/orders", {**FORM, "channel": "informal"}, follow=True)
    assert "In passing" in answer.content.decode()
    act(ivy, Order.objects.get().pk, "take_back", quashed="no", document="A letter")
    assert state_of(Order.objects.get().pk) == State.CLOSED
    rita = browser(desk.rita)
    assert "Write down what came" not in rita.get("/staff/orders").content.decode()
    rita.post("/staff/orders", {**FORM, "channel": "phone"})
    assert len(orders(account=account(desk.rita), now=NOW).rows) == 1


def test_desk_an_order_is_challenged_on_its_page(desk: Desk) -> None:
    order = desk.receives().order
    rita = browser(desk.rita)
    act(rita, order, "take")
    assert "Challenged before a court" in act(rita, order, "challenge", explanation="Before the court of appeal.")


def test_whoever_is_not_of_the_desk_gets_the_answer_of_what_does_not_exist(desk: Desk) -> None:
    order = desk.receives().order
    charlie = browser(person("Charlie"))
    for path in ("/staff/orders", f"/staff/orders/{order}"):
        assert charlie.get(path).status_code == 404
        assert charlie.post(path, {"act": "take"}).status_code == 404
    ivy = browser(desk.ivy)
    for name in ("take", "approve"):
        assert ivy.post(f"/staff/orders/{order}", {"act": name}).status_code == 403
    assert state_of(order) == State.ACKNOWLEDGED


def test_an_unstaffed_desk_says_so(desk: Desk) -> None:
    StaffMember.objects.filter(orders="approver").delete()
    assert "not staffed" in Client().get("/authorities").content.decode()
    assert "not staffed" in browser(desk.rita).get("/staff/orders").content.decode()
    told = Client().post("/authorities", FORM, follow=True).content.decode()
    assert "The desk that would have to judge it is not staffed." in told


def test_the_pages_speak_french(desk: Desk) -> None:
    order = desk.receives()
    french = {"accept-language": "fr"}
    assert "Pour les autorités publiques" in Client(headers=french).get("/authorities").content.decode()
    assert "Reçu, attend son examen" in Client(headers=french).get(f"/authorities/{order.receipt}").content.decode()


def test_the_portal_takes_so_many_a_day(desk: Desk) -> None:
    assert desk.cosigns
    for _ in range(20):
        assert Client().post("/authorities", FORM).status_code == 302
    assert Client().post("/authorities", FORM).status_code == 429
    assert Order.objects.count() == 20


def test_a_device_is_not_asked_twice(desk: Desk) -> None:
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting="m" * 22))
    ann = browser(desk.ann.user)
    desk.ann.confirms(ann, f"/staff/orders/{order}", {"act": "approve"})
    assert "Approve with a passkey" not in ann.get(f"/staff/orders/{order}").content.decode()
    assert ann.post(f"/staff/orders/{order}", {"act": "approve"}).status_code == 403


def test_ord_10_who_approves_reads_all_that_the_passkey_signs(desk: Desk, link: Link, bob: User) -> None:
    own_meeting = Meeting.objects.filter(pk=link.meeting)
    own_meeting.update(title="The 4th of June")
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting=link.meeting), draft(account_id=bob.pk, kind=Kind.DENY_HOST_FROM))
    ann = browser(desk.ann.user)
    page = unescape(ann.get(f"/staff/orders/{order}").content.decode())
    asked = unescape(ann.post(f"/staff/orders/{order}", {"act": "approve"}).content.decode())
    signed = _act(Order.objects.get())["measures"]
    assert isinstance(signed, list)
    assert len(signed) == 2
    for one in signed:
        assert isinstance(one, dict)
        start, end = (to_datetime(int(str(one[name]))) for name in ("starts_at", "ends_at"))
        words = [
            MEASURES[str(one["kind"])],
            called(str(one["territory"])),
            one["target"],
            *(date_format(at, "DATETIME_FORMAT") for at in (start, end)),
        ]
        for shown in (page, asked):
            assert [word for word in words if str(word) not in shown] == []
    for shown in (page, asked):
        assert "The 4th of June" in shown
        assert bob.email in shown
    told = Client().get(f"/authorities/{Order.objects.get().receipt}").content.decode()
    assert bob.email not in told, "an authority learns of no account which address it has"


def test_an_approver_reads_that_a_meeting_is_none_of_this_server(desk: Desk) -> None:
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting="m" * 22))
    assert "which this server does not have" in browser(desk.ann.user).get(f"/staff/orders/{order}").content.decode()


def test_an_authority_adds_its_territory_on_the_page_of_its_receipt(desk: Desk) -> None:
    Client().post("/authorities", {**FORM, "claimed": ""})
    order = Order.objects.get()
    rita = browser(desk.rita)
    act(rita, order.pk, "take")
    act(rita, order.pk, "ask")
    page = f"/authorities/{order.receipt}"
    assert 'value="territory"' in Client().get(page).content.decode()
    assert Client().post(page, {"item": "territory", "text": "nowhere"}).status_code == 422
    assert Client().post(page, {"item": "territory", "text": "CN"}).status_code == 302
    assert state_of(order.pk) == State.UNDER_REVIEW


def test_older_orders_are_a_page_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclave.authorities.queries.PAGE", 1)
    rita = browser(desk.rita)
    StaffMember.objects.filter(orders="approver").delete()
    for name in ("Court of Yesterday", "Court of Today"):
        Client().post("/authorities", {**FORM, "authority": name})
        Order.objects.filter(authority="Court of Yesterday").update(received_at=NOW - 1000)
    first, second = (rita.get(f"/staff/orders{page}").content.decode() for page in ("?page=x", "?page=2"))
    assert "Court of Today" in first
    assert "Court of Yesterday" not in first
    assert "?page=2" in first
    assert "Court of Yesterday" in second
    assert "Older orders" not in second
    assert "There are no older orders." in rita.get("/staff/orders?page=3").content.decode()


def test_an_address_is_confirmed_on_the_page_of_an_order(desk: Desk) -> None:
    several = Client().post("/authorities", {**FORM, "contact": "a@x.example, b@y.example"})
    assert several.status_code == 422
    assert "Name one e-mail address and nothing else" in several.content.decode()
    Client().post("/authorities", FORM)
    order = Order.objects.get().pk
    rita = browser(desk.rita)
    act(rita, order, "take")
    assert "not confirmed" in rita.get(f"/staff/orders/{order}").content.decode()
    assert "not confirmed" not in act(rita, order, "confirm_contact")


def test_a_measure_on_an_address_that_nobody_has_is_not_one_on_the_meeting_beside_it(desk: Desk, link: Link) -> None:
    order = desk.receives().order
    rita = browser(desk.rita)
    act(rita, order, "take")
    both = {"kind": "remove_from", "territory": "CN", "meeting": link.meeting, "address": "nobody@nowhere.example", "days": 7}
    wrong = rita.post(f"/staff/orders/{order}", {"act": "narrow", **both, **JUDGED})
    assert wrong.status_code == 422
    assert "Nobody signs in here with this address." in wrong.content.decode()
    assert not Measure.objects.exists()


def test_whoever_was_met_reads_of_a_late_judgement_that_it_was_wrong(desk: Desk, link: Link, joins: Joins) -> None:
    order = desk.orders(draft(meeting=link.meeting))
    goes_on(NOW)
    with pytest.raises(Ordered) as refused:
        joins("Bo", evidence=there("CN"))
    goes_on(NOW + 7 * DAY)
    number = refused.value.notice
    assert "we are sorry" not in Client().get(f"/notice/{number}").content.decode()
    assert 'value="take_back"' not in act(browser(desk.rita), order, "take_back", quashed="yes", document="Judgement 7")
    assert "we are sorry" in Client().get(f"/notice/{number}").content.decode()
