"""desk, measure, restore: an order meets the one who is in its territory, nobody else notices more than a departure, and it is undone."""

import re
from collections.abc import Iterator

import pytest

from tests.journeys.abroad import APPROVE, Way, installation_abroad, script
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Owner, Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_school import Signed
from tests.journeys.world import Installation

# The desk's people, as the owner appoints them.
SET_UP = """
import django, sys
django.setup()
from allauth.account.models import EmailAddress
from conclave.accounts.models import StaffMember, User
from conclave.kernel import clock
now = clock.now()
for name, role, country in (("Dora", "reviewer", "FR"), ("Ann", "approver", "DE"), ("Ben", "approver", "FR")):
    address = f"{name.lower()}@desk.example"
    user = User.objects.create_user(email=address, password=sys.argv[1], now=now, name=name, is_verified=True)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    StaffMember.objects.create(user=user, orders=role, work_country=country, since=now)
"""
SAID = {"authority": "Court of Somewhere", "contact": "registry@court.example", "claimed": "CN HK", "legal_basis": "Law 1, art. 2"}
WHY = {"reasons": "Because of art. 2.", "target": "The meeting of 4 June", "redress": "Appeal within 14 days."}


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose databases know where three loopback addresses are."""
    with installation_abroad(tmp_path_factory.mktemp("abroad")) as running:
        yield running


@pytest.mark.journey("desk", "measure", "restore")
def test_an_order_meets_the_one_in_its_territory_and_is_undone(
    chromiums: Chromiums, abroad: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ways = {name: Way(country, abroad.http_port) for name, country in (("Bob", "HK"), ("Charlie", "CN"))}
    folder = tmp_path_factory.mktemp("from-abroad")
    processes = {name: ChromiumProcess(chromiums.playwright, folder, name, flags=(way.flag,)) for name, way in ways.items()}
    alice = Owner("Alice", chromiums.of("Alice").window(init_script=Owner.COPIES, permissions=Owner.MAY), server=abroad)
    bob, charlie = (Person(name, process.window(), server=abroad) for name, process in processes.items())
    try:
        alice.use_owner_link()
        link = alice.make_meeting("4 June")
        host = Person("Alice", alice.chromium.sibling(), server=abroad)
        for person in (host, bob, charlie):
            person.join(link)
        host.sees(bob)
        host.sees(charlie)
        script(abroad, SET_UP, PASSWORD)

        # A court sends its order on the portal.
        court = Person("Fanny", chromiums.of("Fanny").window(), server=abroad)
        court.browser.open(f"{abroad.url}/authorities")
        check(court, "the portal of authorities")
        page = court.chromium.page
        for name, text in {**SAID, **WHY}.items():
            page.fill(f"[name={name}]", text)
        page.select_option("select[name=authority_kind]", "court")
        page.select_option("select[name=authority_territory]", "CN")
        court.browser.click("button", "Send")
        court.reads("Received, waits for a reviewer")
        check(court, "how an order stands")

        # Dora narrows it to those who are in China; Ann and Ben approve.
        dora = Signed("Dora", chromiums.of("Dora").window(viewport=PHONE, touch=True), server=abroad)
        dora.email = "dora@desk.example"
        dora.come("/staff/orders")
        check(dora, "the desk of orders, phone")
        dora.browser.click("link", "Court of Somewhere")
        dora.browser.click("button", "Review it")
        dora.reads("Under review")
        check(dora, "an order, phone")
        page = dora.chromium.page
        page.click("summary:has-text('Narrow it to a measure')")
        meeting = re.search(r"/m/([\w-]{22})", link)
        assert meeting
        page.fill("#narrow_meeting", meeting[1])
        page.select_option("#narrow_authority_kind", "court")
        page.select_option("#narrow_authority_territory", "CN")
        page.fill("#narrow_authority_verified", "Called back by the number in its register.")
        for name in ("necessity", "proportionality", "rights"):
            page.fill(f"#narrow_{name}", "One meeting, one week, nobody elsewhere.")
        page.select_option("#narrow_territory", "CN")
        page.select_option("#narrow_kind", "remove_from")
        dora.browser.click("button", "Put it to the approvers")
        dora.reads("Narrowed, waits for two approvals")
        script(abroad, APPROVE)

        # Charlie, who is in China, is out and reads why; the others stay, and see a departure.
        charlie.wait_ended("ordered")
        check(charlie, "taken out by an order")
        charlie.browser.click("link", "Read the notice of the order")
        charlie.reads("You were taken out of a call")
        charlie.reads("nobody who is elsewhere was affected")
        check(charlie, "the notice of an order")
        host.sees(bob)
        bob.sees(host)
        until(lambda: "Charlie" not in host.names(), what="Charlie's tile to go", seen=host.text)
        charlie.expects("451")
        charlie.browser.open("about:blank")
        charlie.browser.open(link)
        charlie.wait_ended("ordered")
        dora.go(re.sub("^https?://[^/]*", "", dora.browser.address()))
        dora.reads("Carried out")

        # A court quashes it: Charlie comes back without anybody else's doing.
        page.click("summary:has-text('It does not stand any more')")
        page.fill("#back_document", "Judgement 7")
        dora.browser.click("button", "Undo everything")
        dora.reads("Closed")
        back = Person("Charlie", processes["Charlie"].window(), server=abroad)
        back.join(link)
        host.sees(back)
    finally:
        for process in processes.values():
            process.close()
        for way in ways.values():
            way.close()
