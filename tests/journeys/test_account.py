"""account: from a mail to an account with a passkey, codes, devices and another address; the browser keeps the passkeys itself."""

from collections.abc import Iterator
from typing import Literal

import pytest

from tests.accounts.mailbox import Mailbox, link_in, mail_server, text_of
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import Installation, installation

NEW = "bob@new.example"
# A device with a fingerprint reader that says yes; the browser does the rest as for everybody (WebAuthn, "User Agent Automation").
READER = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """Where the mail of this module's server arrives."""
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def mailing(mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A server that sends mail and lets anybody make an account."""
    mail = {"CONCLAVE_MAIL": f"smtp://127.0.0.1:{mailbox.port}", "CONCLAVE_MAIL_FROM": "conclave@example.org", "CONCLAVE_SIGN_UP": "true"}
    running = installation(tmp_path_factory.mktemp("mailing") / "var", extra=mail, migrated=True)
    try:
        running.start()
        yield running
    finally:
        running.stop()


class Member(Person):
    """Somebody who makes an account and looks after it."""

    def __init__(self, chromiums: Chromiums, server: Installation, email: str, **window: object) -> None:
        super().__init__("Bob", chromiums.of("Bob").window(**window), server=server)  # type: ignore[arg-type] # passed on as given
        self.email = email

    def go(self, path: str) -> None:
        """Type an address of this server."""
        self.browser.open(self.server.url + path)

    def arrives(self, path: str) -> None:
        """Wait until the address bar shows this page."""
        until(lambda: self.browser.ask("() => location.pathname") == path, what=f"the page {path}", seen=self.text)

    def send(self, button: str = "main form [type=submit]", **fields: str) -> None:
        """Fill the form's fields in and press its button."""
        for name, text in fields.items():
            self.chromium.page.fill(f"input[name={name}]", text)
        self.click(button)

    def get_reader(self) -> None:
        """Give this window's device a fingerprint reader."""
        session = self.chromium.context.new_cdp_session(self.chromium.page)
        session.send("WebAuthn.enable", {"enableUI": False})
        session.send("WebAuthn.addVirtualAuthenticator", {"options": READER})

    def sign_up(self, mailbox: Mailbox) -> None:
        """Make the account, by the link in the mail."""
        self.go("/account/sign-up/")
        self.send(email=self.email)
        mail = until(lambda: mailbox.to(self.email), what="a mail with a link")[0]
        self.go(link_in(mail))
        self.send(name="Bob", password=PASSWORD, password_again=PASSWORD)
        self.arrives("/meetings")

    def sign_in(self) -> None:
        """Type address and password."""
        self.go("/account/login/")
        self.send("form:not([data-passkey]) [type=submit].button", login=self.email, password=PASSWORD)

    def sign_out(self) -> None:
        """Press Sign out."""
        self.click('header form[action="/account/logout/"] button')
        self.arrives("/")


@pytest.mark.journey("account")
def test_bob_makes_an_account_and_signs_in_with_a_passkey_or_a_code(chromiums: Chromiums, mailing: Installation, mailbox: Mailbox) -> None:
    bob = Member(chromiums, mailing, "bob@example.org")
    bob.get_reader()
    bob.sign_up(mailbox)
    bob.click('header a[href="/account"]')
    bob.arrives("/account")
    check(bob, "account")
    bob.click('a[href="/account/passkeys/add/"]')
    bob.arrives("/account/reauthenticate/")
    check(bob, "is it you")
    bob.send(password=PASSWORD)
    bob.arrives("/account/passkeys/add/")
    check(bob, "add a passkey")
    bob.send(name="Laptop")
    bob.arrives("/account/codes/")
    check(bob, "codes")
    codes = bob.chromium.page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    bob.go("/account")
    bob.reads("Laptop")
    until(lambda: len(mailbox.to(bob.email)) == 2, what="a mail about the passkey")
    assert "one more passkey" in text_of(mailbox.to(bob.email)[-1])

    bob.sign_out()
    bob.go("/account/login/")
    bob.click("form[data-passkey] button")
    bob.arrives("/meetings")

    phone = Member(chromiums, mailing, bob.email, viewport=PHONE, touch=True, dark=True)
    phone.sign_in()
    phone.arrives("/account/login/second/")
    check(phone, "second step")
    phone.send(code="0000000000")
    phone.reads("This does not fit.")
    phone.send(code=codes[0])
    phone.arrives("/meetings")

    bob.go("/account")
    bob.reads("Left: 9.")
    bob.click('form[action^="/account/devices/"]:not([action$="/devices/end"]) button')
    bob.reads("That device is signed out.")
    phone.go("/account")
    phone.arrives("/account/login/")
    for person in (bob, phone):
        assert not person.faults()
        person.browser.close()


@pytest.mark.journey("account")
def test_bob_changes_his_address_and_both_are_told(chromiums: Chromiums, mailing: Installation, mailbox: Mailbox) -> None:
    bob = Member(chromiums, mailing, "bob@old.example")
    bob.sign_up(mailbox)
    bob.go("/account/address/")
    bob.send(password=PASSWORD)
    bob.arrives("/account/address/")
    check(bob, "another address")
    bob.send(email=NEW)
    bob.reads("A mail is on its way to the new address.")
    link = link_in(until(lambda: mailbox.to(NEW), what="a mail to the new address")[0])
    bob.go(link)
    check(bob, "confirm the address")
    bob.send()
    bob.arrives("/account")
    bob.reads(NEW)
    until(lambda: len(mailbox.to(bob.email)) == 3 and len(mailbox.to(NEW)) == 2, what="mails to both")
    assert NEW in text_of(mailbox.to(bob.email)[-1])
    bob.expects("403")
    bob.go(link)
    bob.reads("This link was already used")
    assert not bob.faults()
    bob.browser.close()


@pytest.mark.journey("account")
@pytest.mark.parametrize(("locale", "colours"), [("fr-FR", "dark"), ("en-GB", "light")])
def test_the_account_passes_the_checker_on_a_phone(
    chromiums: Chromiums, mailing: Installation, mailbox: Mailbox, locale: str, colours: Literal["dark", "light"]
) -> None:
    bob = Member(chromiums, mailing, f"bob@{locale.lower()}.example", viewport=PHONE, touch=True, locale=locale, dark=colours == "dark")
    bob.get_reader()
    for path in ("/account/login/", "/account/sign-up/"):
        bob.go(path)
        check(bob, path)
    bob.sign_up(mailbox)
    bob.go("/account/app/add/")
    bob.send(password=PASSWORD)
    bob.arrives("/account/app/add/")
    check(bob, "add an app")
    bob.go("/account/passkeys/add/")
    bob.send(name="Téléphone")
    bob.arrives("/account/codes/")
    check(bob, "codes")
    for path in ("/account", "/account/password/change/", "/account/codes/new/"):
        bob.go(path)
        check(bob, path)
    bob.click('header a[href="/account"]')
    bob.arrives("/account")
    bob.click('a[href$="/remove/"]')
    bob.wait_for('button[data-tone="stop"]', what="the question before a passkey is removed")
    check(bob, "remove a passkey")
    assert ("Clé" in bob.text() or "clé" in bob.text()) == locale.startswith("fr")
    assert not bob.faults()
    bob.browser.close()
