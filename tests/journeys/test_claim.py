"""claim, directory: a domain is shown to be the organisation's by real DNS; colleagues find each other, strangers find nobody."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.accounts.nameserver import NameServer
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import Installation

# People with verified accounts, and an organisation of Alice's to which some of them belong: as an operator and invitations make them.
SET_UP = """
import django, json, sys
django.setup()
from allauth.account.models import EmailAddress
from conclave.accounts.invite import accept, invite
from conclave.accounts.models import User
from conclave.accounts.organise import found
from conclave.kernel import clock
password, name, members, others = json.loads(sys.argv[1])
now, alice = clock.now(), User.objects.get(email="alice@example.org").pk
where = found(name=name, account=alice, now=now)
for address in [*members, *others]:
    user = User.objects.create_user(email=address, password=password, now=now, name=address.partition("@")[0].title())
    User.objects.filter(pk=user.pk).update(is_verified=True)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    if address in members:
        link = invite(organisation=where, account=alice, address=address, role="member", now=now)
        accept(token=link.partition("#")[2], account=user.pk, now=now)
print(where)
"""

SetUp = Callable[..., str]
People = Callable[..., Owner]


@pytest.fixture
def organisation(owner: Owner) -> SetUp:
    """Make an organisation of Alice's, and people who belong to it or do not; return its address."""

    def make(name: str, *, members: list[str], others: list[str]) -> str:
        server: Installation = owner.server
        environment = {**server.environment(), "DJANGO_SETTINGS_MODULE": "conclave.settings"}
        wanted = json.dumps([PASSWORD, name, members, others])
        made = subprocess.run(
            [sys.executable, "-c", SET_UP, wanted],
            env=environment,
            cwd=server.checkout,
            check=True,
            timeout=120,
            stdout=subprocess.PIPE,
            text=True,
        )
        return f"{server.url}/organisations/{made.stdout.strip()}"

    return make


@pytest.fixture
def signed_in(owner: Owner, chromiums: Chromiums) -> Iterator[People]:
    """Let somebody sign in, in a window of their own."""
    present: list[Owner] = []

    def enter(who: str, address: str, **window: object) -> Owner:
        person = Owner(who, chromiums.of(who).window(**window), server=owner.server)  # type: ignore[arg-type]  # passed on as given
        present.append(person)
        page = person.chromium.page
        person.browser.open(f"{owner.server.url}/account/login/?next=/organisations")
        page.fill("input[name=login]", address)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        person.wait_for('main a[href^="/organisations"]', what="the page of organisations")
        assert urlsplit(person.browser.address()).path == "/organisations"
        return person

    yield enter
    faults = [fault for person in present for fault in person.faults()]
    for person in present:
        person.browser.close()
    assert not faults, faults


@pytest.mark.journey("claim")
def test_alice_shows_by_dns_that_a_domain_is_the_schools(organisation: SetUp, signed_in: People, running_names: list[NameServer]) -> None:
    school = organisation("Harbour School", members=[], others=["charlie@harbour.example"])
    alice = signed_in("Alice", Owner.email)
    page = alice.chromium.page
    alice.expects("422")
    alice.browser.open(f"{school}/domains")
    for shared, sentence in (
        ("gmail.com", "Anybody can get an e-mail address"),
        ("xs4all.nl", "An internet provider"),
        ("github.io", "Anybody can get a name"),
    ):
        page.fill("input[name=domain]", shared)
        page.keyboard.press("Enter")
        alice.reads(sentence)
    check(alice, "a refused claim")
    page.fill("input[name=domain]", "Harbour.EXAMPLE.")
    page.keyboard.press("Enter")
    alice.wait_for('[data-state="pending"] [data-record]', what="the record to put into the zone")
    check(alice, "a new claim")
    alice.browser.click("button", "Check now")
    alice.reads("Nothing was found there.")
    # The record, exactly as the page says it.
    name, value = (page.locator(f'[data-record="{part}"]').inner_text() for part in ("name", "value"))
    running_names[0].put(name, "TXT", f'"{value}"')
    alice.browser.click("button", "Check now")
    alice.reads("One of the resolvers sees the record")
    running_names[1].put(name, "TXT", f'"{value}"')
    alice.browser.click("button", "Check now")
    alice.reads("This domain is shown to be your organisation’s.")
    alice.reads("do not belong to your organisation: 1.")
    assert "charlie@" not in alice.text().lower()
    check(alice, "a held domain")
    for one in running_names:
        one.put(name, "TXT")
    alice.browser.click("button", "Check now")
    alice.reads("The token was not found at the last check. Put it back before")
    check(alice, "a domain in grace")
    alice.browser.click("button", "Remove the claim to harbour.example")
    alice.reads("No domain is claimed yet.")
    phone = signed_in("Alice", Owner.email, viewport=PHONE, touch=True, locale="fr-FR", dark=True)
    phone.browser.open(f"{school}/domains")
    check(phone, "domains, French, phone")
    phone.chromium.page.fill("input[name=domain]", "a-rather-long-name-of-a-school-in-the-harbour.example")
    phone.chromium.page.keyboard.press("Enter")
    phone.reads("Placez le jeton")
    check(phone, "a claim, French, phone")
    phone.browser.open(f"{school}/journal")
    phone.reads("Revendication d’un domaine retirée")


@pytest.mark.journey("directory")
def test_colleagues_find_each_other_once_the_domain_is_held_and_a_stranger_finds_nobody(
    organisation: SetUp, signed_in: People, running_names: list[NameServer]
) -> None:
    club = organisation("Rowing Club", members=["bob@rowing.example", "dora@rowing.example"], others=["charlie@rowing.example"])
    bob = signed_in("Bob", "bob@rowing.example")
    bob.browser.open(f"{club}/directory")
    bob.reads("Nobody finds anybody here yet")
    check(bob, "a directory without a domain")

    alice = signed_in("Alice", Owner.email)
    alice.browser.open(f"{club}/domains")
    alice.chromium.page.fill("input[name=domain]", "rowing.example")
    alice.chromium.page.keyboard.press("Enter")
    alice.wait_for('[data-state="pending"] [data-record]', what="the record to put into the zone")
    name, value = (alice.chromium.page.locator(f'[data-record="{part}"]').inner_text() for part in ("name", "value"))
    for one in running_names:
        one.put(name, "TXT", f'"{value}"')
    alice.browser.click("button", "Check now")
    alice.reads("This domain is shown to be your organisation’s.")

    def looks(words: str) -> None:
        bob.browser.open(f"{club}/directory")
        bob.chromium.page.fill("input[name=words]", words)
        bob.chromium.page.keyboard.press("Enter")

    bob.expects("422", "404")
    looks("do")
    bob.reads("at least three letters")
    check(bob, "a search that is too short")
    looks("DOR")
    bob.reads("dora@rowing.example")
    check(bob, "found")
    looks("charlie")
    bob.reads("Nobody was found.")
    looks("alice")
    bob.reads("Nobody was found.")

    dora = signed_in("Dora", "dora@rowing.example", viewport=PHONE, touch=True, locale="fr-FR", dark=True)
    dora.browser.open(f"{club}/directory?words=bob")
    dora.reads("bob@rowing.example")
    check(dora, "found, French, phone")
    dora.browser.click("button", "Ne pas me laisser trouver")
    dora.reads("Plus personne ne vous trouve dans l’annuaire.")
    looks("dora")
    bob.reads("Nobody was found.")

    charlie = signed_in("Charlie", "charlie@rowing.example")
    charlie.expects("404")
    for path in ("", "/directory?words=bob", "/domains"):
        charlie.browser.open(f"{club}{path}")
        charlie.reads("organisation_unknown")
        assert "Rowing" not in charlie.text()

    alice.browser.click("button", "Remove the claim to rowing.example")
    alice.reads("The claim is removed.")

    bob.browser.open(f"{club}/directory?words=bob")
    bob.reads("Nobody finds anybody here yet")
