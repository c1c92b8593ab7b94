"""inform, glass: what an order is told of somebody, and what they read of it; an address, for two people of the staff, for an hour."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.abroad import APPROVE, Way, installation_abroad, script
from tests.journeys.browsers import ChromiumProcess
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_school import Signed
from tests.journeys.world import Installation

# People with accounts: the desk, two engineers, and Bob; and an order that waits for a reviewer.
SET_UP = """
import django, sys
django.setup()
from allauth.account.models import EmailAddress
from conclave.accounts.models import StaffMember, User
from conclave.authorities.policy import AuthorityKind, Channel, OrderKind
from conclave.authorities.receive import Said, receive
from conclave.kernel import clock
now = clock.now()
people = {"Dora": ("orders", "reviewer", "FR"), "Ann": ("orders", "approver", "DE"), "Ben": ("orders", "approver", "FR"),
          "Emil": ("apart", "engineer", "FR"), "Fanny": ("apart", "engineer", "DE"), "Bob": ("", "", "")}
for name, (desk, role, country) in people.items():
    address = f"{name.lower()}@desk.example"
    user = User.objects.create_user(email=address, password=sys.argv[1], now=now, name=name, is_verified=True)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    if role:
        StaffMember.objects.create(user=user, work_country=country, since=now, **{desk: role})
said = Said(kind=OrderKind.INFORM, authority="Court of Somewhere", authority_kind=AuthorityKind.COURT, authority_territory="CN",
            contact="registry@court.example", claimed=("CN",), legal_basis="Law 1, art. 2", reasons="Because.",
            target="bob@desk.example, nobody@desk.example",
            redress="Appeal within 14 days.", language="en")
receive(said=said, channel=Channel.PORTAL, by=None, now=now)
"""
# Who agrees does so with a passkey in software; tests/authorities has their page.
AGREE = """
import django
django.setup()
from django.conf import settings
from conclave.accounts.models import User
from conclave.authorities.glass import agree, ask_agreement
from conclave.authorities.models import Glass
from conclave.kernel import clock
from tests.accounts.passkey import Device, Passkey
glass, now, user = Glass.objects.get().pk, clock.now(), User.objects.get(name="Fanny")
device = Device(user, Passkey(b"Fanny", origin=settings.CONCLAVE.public_url))
agree(glass=glass, account=user.pk, shown=device.answers(ask_agreement(glass=glass, account=user.pk, now=now)), now=now)
"""
AN_HOUR_LATER = """
import django
django.setup()
from django.db.models import F
from conclave.authorities.models import Glass
Glass.objects.update(asked_at=F("asked_at") - 3_600_000, opened_at=F("opened_at") - 3_600_000)
"""
SECONDS = 30


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation whose databases know where three loopback addresses are, with its people."""
    with installation_abroad(tmp_path_factory.mktemp("told")) as running:
        script(running, SET_UP, PASSWORD)
        yield running


def comes(name: str, chromiums: Chromiums, server: Installation, path: str) -> Signed:
    """Let somebody of the desk sign in and go to a page, on a telephone."""
    person = Signed(name, chromiums.of(name).window(viewport=PHONE, touch=True), server=server)
    person.email = f"{name.lower()}@desk.example"
    person.come(path)
    return person


def reloads_until(person: Signed, sentence: str) -> None:
    """Look at the page again until it has this sentence: the witness has a minute."""
    end = time.monotonic() + SECONDS
    while sentence not in person.text():
        assert time.monotonic() < end, person.text()
        time.sleep(0.5)
        person.chromium.page.reload()


@pytest.mark.journey("inform")
def test_two_fields_of_who_is_in_the_territory_are_told_and_they_read_it(
    chromiums: Chromiums, abroad: Installation, tmp_path: Path
) -> None:
    way = Way("CN", abroad.http_port)
    process = ChromiumProcess(chromiums.playwright, tmp_path, "Bob", flags=(way.flag,))
    try:
        bob = Signed("Bob", process.window(init_script=Owner.COPIES, permissions=Owner.MAY), server=abroad)
        bob.email = "bob@desk.example"
        bob.sign_in()
        bob.join(bob.make_meeting("Plans"))

        dora = comes("Dora", chromiums, abroad, "/staff/orders")
        dora.browser.click("link", "Court of Somewhere")
        dora.browser.click("button", "Review it")
        dora.reads("Under review")
        page = dora.chromium.page
        page.click("summary:has-text('Narrow it to what may be told')")
        check(dora, "narrowing an order that asks for data, phone")
        page.fill("#tell_people", "bob@desk.example\nnobody@desk.example")
        page.fill("#tell_also", "What was said")
        for field in ("accounts.User.email", "meetings.Participant.joined_at"):
            page.check(f"input[value='{field}']")
        page.select_option("#tell_authority_kind", "court")
        page.select_option("#tell_authority_territory", "CN")
        for name in ("authority_verified", "necessity", "proportionality", "rights"):
            page.fill(f"#tell_{name}", "Two fields of one person.")
        dora.browser.click("button", "Put it to the approvers")
        dora.reads("What was said: This server does not have it.")
        script(abroad, APPROVE)
        reloads_until(dora, "Hand it out, once")
        check(dora, "what is told, phone")
        with page.expect_download() as coming:
            dora.browser.click("button", "Hand it out, once")
        archive = json.loads(Path(coming.value.path()).read_text(encoding="utf-8"))
        (person,) = archive["people"]
        assert person["data"]["accounts.User"] == [{"email": "bob@desk.example"}]
        assert [set(row) for row in person["data"]["meetings.Participant"]] == [{"joined_at"}]

        # Bob reads it, in the same minute.
        bob.browser.open(f"{abroad.url}/account/data")
        bob.browser.click("link", "Notice of an order 1")
        bob.reads("Something about you was told to a public authority")
        bob.reads("accounts.User.email")
        bob.reads("Appeal within 14 days.")
        check(bob, "the notice of what was told")
    finally:
        process.close()
        way.close()


@pytest.mark.journey("glass")
def test_an_address_is_seen_by_one_who_asked_when_another_agreed_for_an_hour(chromiums: Chromiums, abroad: Installation) -> None:
    emil = comes("Emil", chromiums, abroad, "/staff")
    emil.browser.click("link", "Look at the requests")
    emil.reads("Nobody has asked to look yet.")
    check(emil, "behind the glass, phone")
    page = emil.chromium.page
    page.select_option("[name=scope]", "addresses")
    page.fill("[name=address]", "bob@desk.example")
    page.fill("[name=reason]", "A fault at five past two")
    emil.browser.click("button", "Ask")
    emil.reads("Somebody else has to agree: never the one who has asked.")
    assert "bob@desk.example" not in emil.text()
    script(abroad, AGREE)
    reloads_until(emil, "Each look is written down.")
    assert "bob@desk.example" not in emil.text()
    emil.browser.click("button", "Look")
    emil.reads("bob@desk.example")
    check(emil, "a look behind the glass, phone")
    script(abroad, AN_HOUR_LATER)
    emil.go("/staff/glass")
    emil.reads("Closed again")
    page.click("#glasses a")
    emil.reads("Closed again")
    assert "Each look is written down." not in emil.text()
    assert "bob@desk.example" not in emil.text()
