"""sso: Alice lets her school's people sign in by its provider; Dora, who is new, comes by it; Bob, who was here before, is not captured."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.accounts.assertions import real_provider as saml_provider
from tests.accounts.assertions import said_by
from tests.accounts.nameserver import NameServer
from tests.accounts.openid import CLIENT, SECRET, real_provider
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import Installation

DOMAIN = "quay.example"
# What the provider's own pages load from elsewhere; here it is answered with nothing.
FONTS = "https://fonts.googleapis.com/"
PEOPLE = {
    subject: {"email": f"{subject}@{DOMAIN}", "email_verified": True, "name": subject.title()} for subject in ("alice", "bob", "dora")
}
# An organisation of Alice's that holds its domain (the journey "claim" shows how), and Bob, who has an account with an address in it.
SET_UP = """
import django, json, sys
django.setup()
from allauth.account.models import EmailAddress
from conclave.accounts.challenge import Method
from conclave.accounts.claim import check_now, claim_domain
from conclave.accounts.models import DomainClaim, User
from conclave.accounts.organise import found
from conclave.kernel import clock
act, *words = json.loads(sys.argv[1])
now, alice = clock.now(), User.objects.get(email="alice@example.org").pk
if act == "claim":
    password, name, domain, bob = words
    where = found(name=name, account=alice, now=now)
    user = User.objects.create_user(email=bob, password=password, now=now, name="Bob", is_verified=True)
    EmailAddress.objects.create(user=user, email=bob, verified=True, primary=True)
    claim = claim_domain(organisation=where, account=alice, domain=domain, method=Method.DNS, now=now)
    print(json.dumps([where, claim, DomainClaim.objects.get(pk=claim).token]))
else:
    print(json.dumps(str(check_now(organisation=words[0], account=alice, claim=words[1], now=now))))
"""

Visit = Callable[..., Owner]


def told(server: Installation, *words: str) -> Any:
    """Let the operator's Python do something on the installation."""
    made = subprocess.run(
        [sys.executable, "-c", SET_UP, json.dumps(words)],
        env={**server.environment(), "DJANGO_SETTINGS_MODULE": "conclave.settings"},
        cwd=server.checkout,
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(made.stdout)


@pytest.fixture
def school(owner: Owner, running_names: list[NameServer]) -> str:
    """An organisation that holds its domain; return its id."""
    where, claim, token = told(owner.server, "claim", PASSWORD, "Quay School", DOMAIN, f"bob@{DOMAIN}")
    for one in running_names:
        one.prove(DOMAIN, token)
    assert told(owner.server, "check", where, claim) == "proved"
    return str(where)


@pytest.fixture
def provider(owner: Owner, school: str) -> Iterator[str]:
    """The school's provider: a real one, with its own pages; the address that names it."""
    with real_provider(people=PEOPLE, redirect_uris=[f"{owner.server.url}/account/sso/{school}/back"]) as issuer:
        yield issuer


@pytest.fixture
def other_provider(owner: Owner, school: str) -> Iterator[str]:
    """Another of the school's, which speaks SAML; where it describes itself."""
    with saml_provider(people=PEOPLE, place=f"{owner.server.url}/account/sso/{school}/saml") as there:
        yield there


@pytest.fixture
def visit(owner: Owner, chromiums: Chromiums, provider: str, other_provider: str) -> Iterator[Visit]:
    """Open a window for somebody who is not signed in."""
    present: list[Owner] = []

    def open_window(who: str, **window: object) -> Owner:
        person = Owner(who, chromiums.of(who).window(**window), server=owner.server)  # type: ignore[arg-type]  # passed on as given
        person.chromium.page.route(f"{FONTS}**", lambda route: route.fulfill(content_type="text/css", body=""))
        present.append(person)
        return person

    yield open_window
    places = (provider, other_provider.removesuffix("/metadata"), FONTS)
    elsewhere = tuple(f"{person.name} asked another host: {place}" for person in present for place in places)
    faults = [fault for person in present for fault in person.faults() if not fault.startswith(elsewhere)]
    for person in present:
        person.browser.close()
    assert not faults, faults


def looks(person: Owner, screen: str) -> None:
    """Hold a page to what every page keeps, once all of it is there: its words can be read before its look has come."""
    person.chromium.page.wait_for_load_state("load")
    check(person, screen)


def there(person: Owner, subject: str) -> None:
    """Sign in on the provider's own pages, and come back."""
    page = person.chromium.page
    page.wait_for_selector("input[name=login]")
    page.fill("input[name=login]", subject)
    page.fill("input[name=password]", "what only the provider knows")
    page.click("button[type=submit]")
    page.wait_for_selector("text=Continue")
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: address.startswith(person.server.url))


def goes(person: Owner, address: str) -> None:
    """Press the way in of people with an organisation, and type an address."""
    page = person.chromium.page
    person.browser.open(f"{person.server.url}/account/login/?next=/organisations")
    page.click('a[href^="/account/sso/"]')
    looks(person, "sign-in by one's organisation")
    page.fill("input[name=email]", address)
    page.keyboard.press("Enter")


@pytest.mark.journey("sso")
def test_the_school_lets_its_people_in_and_captures_nobody(school: str, provider: str, other_provider: str, visit: Visit) -> None:
    alice = visit("Alice")
    page, where = alice.chromium.page, f"{alice.server.url}/organisations/{school}"
    alice.expects("422")
    alice.browser.open(f"{alice.server.url}/account/login/?next=/organisations/{school}/sign-in")
    page.fill("input[name=login]", Owner.email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    alice.reads("It counts for addresses in: quay.example.")
    looks(alice, "sign-in, not set up")
    assert page.locator('[data-record="redirect"]').inner_text() == f"{alice.server.url}/account/sso/{school}/back"

    # A slip is said before anybody meets it.
    for secret, sentence in (("a wrong one", "The provider did not take the code"), (SECRET, "This is what the provider said.")):
        page.fill("input[name=issuer]", provider)
        page.fill("input[name=client_id]", CLIENT)
        page.fill("input[name=secret]", secret)
        page.keyboard.press("Enter")
        alice.reads("Off, and not tried yet.")
        alice.browser.click("button", "Try it")
        if secret != SECRET:
            there(alice, "alice")
        alice.reads(sentence)
        looks(alice, f"tried: {sentence}")
        alice.browser.click("link", "Back to the set-up")
    alice.browser.click("button", "Switch it on")
    alice.reads("On: people sign in by it.")
    looks(alice, "sign-in, on")

    # Dora has no account; she gets one, and belongs because she says so.
    dora = visit("Dora", viewport=PHONE, touch=True, locale="fr-FR", dark=True)
    goes(dora, f"DORA@{DOMAIN}")
    there(dora, "dora")
    dora.reads("Rejoindre « Quay School » ?".replace(" »", "\u00a0»").replace("« ", "«\u00a0").replace(" ?", "\u00a0?"))
    looks(dora, "the offer to belong, French, phone")
    dora.browser.click("button", "Rejoindre")
    dora.reads("Vous en faites maintenant partie.")
    assert urlsplit(dora.browser.address()).path == "/organisations"
    dora.browser.open(f"{dora.server.url}/account")
    dora.reads("vous êtes venu par elle")
    looks(dora, "an account by a provider, French, phone")
    dora.chromium.page.click('a[href="/account/password/set/"]')
    dora.reads("Choisir un mot de passe")
    looks(dora, "a first password, French, phone")

    # Bob was here before: the provider's word alone opens nothing of his.
    bob = visit("Bob")
    goes(bob, f"bob@{DOMAIN}")
    there(bob, "bob")
    bob.reads("takes over nobody’s account")
    looks(bob, "an account that was here before")
    assert not bob.has('form[action="/account/logout/"]')
    bob.chromium.page.locator("main").get_by_role("link", name="Sign in as always").click()
    bob.chromium.page.fill("input[name=login]", f"bob@{DOMAIN}")
    bob.chromium.page.fill("input[name=password]", PASSWORD)
    bob.chromium.page.keyboard.press("Enter")
    bob.reads("Shall the sign-in of “Quay School” open this account?")
    looks(bob, "asked whether to tie")
    bob.browser.click("button", "No, leave it as it is")
    bob.reads("Organisations")
    bob.browser.open(f"{bob.server.url}/account")
    bob.reads("Password")
    assert not bob.has('[data-part="identities"]')

    # What is switched off lets nobody in.
    alice.browser.open(f"{where}/sign-in")
    alice.browser.click("button", "Switch it off")
    alice.reads("Nobody signs in by it any more.")
    emil = visit("Emil", viewport=PHONE)
    emil.expects("422")
    goes(emil, f"emil@{DOMAIN}")
    emil.reads("No organisation on this server lets people")
    looks(emil, "nobody signs in by it")

    # The other provider posts its answers from its own pages, which browsers send without a session of ours.
    page.fill("textarea[name=metadata]", said_by(other_provider))
    page.locator("form", has=page.locator("textarea")).get_by_role("button").click()
    alice.reads("Off, and not tried yet.")
    alice.browser.click("button", "Try it")
    page.wait_for_selector("input[name=login]")
    page.fill("input[name=login]", "alice")
    page.click("button[type=submit]")
    alice.reads("This is what the provider said. Nobody was signed in.")
    alice.reads(f"alice@{DOMAIN}")
    alice.browser.click("link", "Back to the set-up")
    alice.browser.click("button", "Switch it on")
    phone = visit("Bob", viewport=PHONE, touch=True, locale="fr-FR", dark=True)
    goes(phone, f"bob@{DOMAIN}")
    phone.chromium.page.wait_for_selector("input[name=login]")
    phone.chromium.page.fill("input[name=login]", "bob")
    phone.chromium.page.click("button[type=submit]")
    phone.reads("ne s’empare du compte de personne")
    looks(phone, "an account that was here before, French, phone")
    page.goto(f"{where}/journal")
    alice.reads("Sign-in by a provider switched on or off")
    alice.reads(f"dora@{DOMAIN}")
