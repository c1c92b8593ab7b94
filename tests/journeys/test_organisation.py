"""organisation: Alice makes one and invites Bob by a link; he becomes an admin and reads its journal. Charlie sees nothing of it."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import Installation

PAGES = ("", "/people", "/invitations", "/journal", "/settings")
# What an operator does for people where sign-up is closed.
ACCOUNTS = """
import django, sys
django.setup()
from conclave.accounts.models import User
for name in sys.argv[2:]:
    # Another journey's file may have asked for them already.
    if not User.objects.filter(email=f"{name.lower()}@example.net").exists():
        User.objects.create_user(email=f"{name.lower()}@example.net", password=sys.argv[1], now=1, name=name)
"""


@pytest.fixture(scope="module")
def accounts(server: Installation) -> None:
    """Bob and Charlie have accounts on this installation too."""
    environment = {**server.environment(), "DJANGO_SETTINGS_MODULE": "conclave.settings"}
    subprocess.run(
        [sys.executable, "-c", ACCOUNTS, PASSWORD, "Bob", "Charlie"], env=environment, cwd=server.checkout, check=True, timeout=60
    )


class Signed(Owner):
    """Somebody with an account who is not the installation's owner."""

    def wait_path(self, path: str) -> None:
        """Wait for a page."""
        self.chromium.page.wait_for_url(lambda address: urlsplit(address).path == path)

    def signs_in_here(self) -> None:
        """Sign in on the page that asks for it."""
        page = self.chromium.page
        page.fill("input[name=login]", self.email)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")


@pytest.fixture
def alice(owner: Owner) -> Iterator[Signed]:
    """Alice in another window of her device, signed in."""
    person = Signed("Alice", owner.chromium.sibling(), server=owner.server)
    person.chromium.page.add_init_script(Owner.COPIES)
    yield person
    assert not person.faults()
    person.browser.close()


@pytest.fixture
def bob(chromiums: Chromiums, server: Installation, accounts: None) -> Iterator[Signed]:  # noqa: ARG001 - they have to be there
    """Bob, not signed in yet."""
    person = Signed("Bob", chromiums.of("Bob").window(), server=server)
    person.email = "bob@example.net"
    yield person
    assert not person.faults()
    person.browser.close()


@pytest.fixture
def charlie(chromiums: Chromiums, server: Installation, accounts: None) -> Iterator[Signed]:  # noqa: ARG001 - they have to be there
    """Charlie, signed in, on a phone and in French."""
    person = Signed("Charlie", chromiums.of("Charlie").window(viewport=PHONE, touch=True, locale="fr-FR", dark=True), server=server)
    person.email = "charlie@example.net"
    person.browser.open(f"{server.url}/account/login/")
    person.signs_in_here()
    person.wait_path("/meetings")
    yield person
    assert not person.faults()
    person.browser.close()


@pytest.mark.journey("organisation")
def test_bob_belongs_by_the_link_alice_gave_him_and_charlie_does_not(alice: Signed, bob: Signed, charlie: Signed) -> None:
    here = alice.chromium.page
    alice.browser.open(f"{alice.server.url}/meetings")
    alice.wait_meetings()
    alice.browser.click("link", "Organisations")
    alice.browser.click("link", "New organisation")
    check(alice, "a new organisation")
    alice.browser.fill("Name of the organisation", "Harbour School")
    here.keyboard.press("Enter")
    alice.reads("You here")
    school = urlsplit(alice.browser.address()).path

    # By keyboard alone, Alice invites Bob and copies the link.
    alice.tab_to("a.link", text="Invitations")
    here.keyboard.press("Enter")
    alice.wait_path(f"{school}/invitations")
    alice.tab_to("input[name=address]")
    here.keyboard.type("bob@example.com")
    alice.tab_to("button", text="Make the invitation")
    here.keyboard.press("Enter")
    alice.reads("The link for bob@example.com")
    alice.tab_to("button[data-copies]")
    here.keyboard.press("Enter")
    link = str(until(lambda: here.evaluate("() => window.copied"), what="a copied invitation"))
    assert here.locator("#invitation-link").inner_text() == link
    check(alice, "invitations")
    for person in (alice, bob, charlie):
        person.secrets.add(link.partition("#")[2])

    # Bob is asked to sign in first, and finds his invitation again.
    bob.browser.open(link)
    until(lambda: bob.browser.ask("() => location.hash === ''"), what="the code is out of the address")
    bob.reads("Sign in to look at your invitation.")
    check(bob, "an invitation before signing in")
    bob.chromium.page.locator("main").get_by_role("link", name="Sign in").click()
    bob.reads("You need an account only to make meetings.")
    bob.signs_in_here()
    bob.wait_path("/organisations/join")
    bob.browser.click("button", "Look at the invitation")
    bob.reads("Join “Harbour School”?")
    bob.reads("bob@example.com")
    check(bob, "an invitation")
    bob.browser.click("button", "Join")
    bob.reads("You belong to it now.")
    assert not bob.has(f'a[href="{school}/journal"]')

    # Alice makes him an admin, and he reads in the journal how he came.
    here.goto(f"{alice.server.url}{school}/people")
    check(alice, "people")
    alice.browser.click("link", "Bob")
    check(alice, "a person")
    here.select_option("select[name=role]", "admin")
    alice.browser.click("button", "Change the role")
    alice.reads("Bob has another role now.")
    bob.browser.open(f"{bob.server.url}{school}")
    bob.chromium.page.locator("nav.tabs").get_by_role("link", name="Journal").click()
    bob.reads("Role changed")
    bob.reads("Member → Admin")
    bob.browser.fill("Words", "bob accepted")
    bob.chromium.page.keyboard.press("Enter")
    until(lambda: bob.chromium.page.locator("#journal tbody tr").count() == 1, what="the one row that was looked for", seen=bob.text)
    check(bob, "journal")
    with bob.chromium.page.expect_download() as file:
        bob.browser.click("button", "Table (CSV)")
    assert "organisation_joined" in file.value.path().read_text(encoding="utf-8")

    # Charlie, with an account of the same installation, is told of nothing.
    charlie.expects("404")
    charlie.browser.open(f"{charlie.server.url}/organisations")
    charlie.reads("Vous ne faites partie d’aucune organisation.")
    check(charlie, "no organisation, French, phone")
    for path in PAGES:
        charlie.browser.open(f"{charlie.server.url}{school}{path}")
        charlie.reads("organisation_unknown")
        assert "Harbour School" not in charlie.text()
    charlie.browser.open(link)
    charlie.browser.click("button", "Voir l’invitation")
    charlie.reads("Cette invitation n’ouvre rien.")


@pytest.mark.journey("organisation")
def test_the_console_can_be_used_on_a_phone_in_french_and_ends_with_its_name(owner: Owner, chromiums: Chromiums) -> None:
    window = chromiums.of("Alice").window(viewport=PHONE, touch=True, locale="fr-FR", dark=True)
    phone = Signed("Alice", window, server=owner.server)
    page = phone.chromium.page
    phone.browser.open(f"{phone.server.url}/account/login/?next=/organisations/new")
    phone.signs_in_here()
    phone.wait_path("/organisations/new")
    name = "École internationale du Port de Saint-Nazaire et de ses environs immédiats"
    page.fill("input[name=name]", name)
    page.keyboard.press("Enter")
    phone.reads("Vous ici")
    school = urlsplit(phone.browser.address()).path
    for path in PAGES:
        page.goto(f"{phone.server.url}{school}{path}")
        check(phone, f"{path}, French, phone")
    phone.expects("422")
    page.fill("#typed_name", "Autre")
    page.keyboard.press("Enter")
    phone.reads("Ce n’est pas le nom de l’organisation.")
    check(phone, "a refused dissolution, French, phone")
    page.fill("#typed_name", name)
    phone.browser.click("button", "Dissoudre définitivement")
    phone.wait_path("/organisations")
    phone.reads("L’organisation est dissoute.")
    assert name not in phone.text()
    assert not phone.faults()
    phone.browser.close()
