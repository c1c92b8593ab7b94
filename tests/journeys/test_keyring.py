"""keyring: Dora's links on all her devices, by a passkey and by a code on paper; the server has ciphertext."""

import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import CDPSession, Request

from tests.journeys import canaries
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_account import READER
from tests.journeys.test_organisation import ACCOUNTS, Signed
from tests.journeys.world import Installation

OPENS = {**READER, "ctap2Version": "ctap2_1", "hasPrf": True}
TITLE = "Plans of Dora"


class Device(Signed):
    """One browser of Dora's; what it sends is kept for the test."""

    email = "dora@example.net"

    def __init__(self, chromiums: Chromiums, server: Installation, **window: object) -> None:
        opened = chromiums.of("Dora").window(init_script=Owner.COPIES, permissions=Owner.MAY, **window)  # type: ignore[arg-type] # passed on
        super().__init__("Dora", opened, server=server)
        self.sent: list[bytes] = []
        opened.page.on("request", self._keep)

    def _keep(self, request: Request) -> None:
        """Keep what a request brings to the server."""
        self.sent.append(request.url.encode() + (request.post_data_buffer or b""))

    def go(self, path: str) -> None:
        """Type an address of this server."""
        self.chromium.page.goto(self.server.url + path)

    def cdp(self) -> CDPSession:
        """Return a way to this window's device."""
        return self.chromium.context.new_cdp_session(self.chromium.page)

    def signs_in(self, code: str = "") -> None:
        """Sign in with the password, and with a code where there is a second step."""
        self.go("/account/login/")
        self.signs_in_here()
        if code:
            self.wait_path("/account/login/second/")
            self.chromium.page.fill("input[name=code]", code)
            self.chromium.page.keyboard.press("Enter")
        self.wait_path("/meetings")

    def adds_a_passkey(self) -> list[str]:
        """Give this device a fingerprint reader, add a passkey of it to the account, and return the codes that come with it."""
        session = self.cdp()
        session.send("WebAuthn.enable", {"enableUI": False})
        session.send("WebAuthn.addVirtualAuthenticator", {"options": OPENS})
        page = self.chromium.page
        self.go("/account/passkeys/add/")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        self.wait_path("/account/passkeys/add/")
        page.fill("input[name=name]", "Security key")
        self.click("form[data-passkey] button")
        self.wait_path("/account/codes/")
        return page.locator(".codes code").all_inner_texts()

    def keyring(self, state: str) -> None:
        """Wait until the keyring's page shows this."""
        self.wait_for(f'[data-part="{state}"]:not([hidden])', what=f"a keyring that is {state}")

    def does(self, act: str) -> None:  # type: ignore[override] # another page's acts
        """Press a button of the keyring's page."""
        self.click(f'[data-part]:not([hidden]) button[data-do="{act}"]')

    def opens_the_meeting(self, link: str) -> None:
        """Open the meeting from the list, as its host: nobody has given this browser the link."""
        self.go("/meetings")
        until(lambda: self.card(TITLE).locator('[data-action="copy"]').count(), what="the link on this device", seen=self.text)
        assert self.copied_link(TITLE) == link
        assert self.copied_host_link(TITLE).partition(".")[0] == link.partition(".")[0]
        self.enter(link.partition("#")[0])


@pytest.fixture(scope="module")
def account(server: Installation) -> None:
    """Dora has an account on this installation too."""
    environment = {**server.environment(), "DJANGO_SETTINGS_MODULE": "conclave.settings"}
    subprocess.run([sys.executable, "-c", ACCOUNTS, PASSWORD, "Dora"], env=environment, cwd=server.checkout, check=True, timeout=60)


@pytest.mark.journey("keyring")
def test_dora_opens_her_meeting_where_its_link_never_was(chromiums: Chromiums, server: Installation, account: None) -> None:  # noqa: ARG001
    laptop = Device(chromiums, server)
    laptop.signs_in()
    codes = laptop.adds_a_passkey()
    laptop.go("/account/keyring")
    laptop.keyring("none")
    check(laptop, "no keyring")
    laptop.does("make-passkey")
    laptop.keyring("code")
    check(laptop, "the recovery code")
    code = laptop.chromium.page.locator("[data-code]").inner_text()
    laptop.does("noted")
    laptop.keyring("open")
    check(laptop, "an open keyring")
    laptop.go("/meetings")
    with laptop.chromium.page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        link = laptop.make_meeting(TITLE)
    host_key = laptop.copied_host_link(TITLE).rpartition(".")[2]

    phone = Device(chromiums, server, viewport=PHONE, touch=True, dark=True)
    phone.signs_in(codes[0])
    phone.reads("The link is not on this device")
    phone.wait_for('[data-keyring="closed"] a', what="the way to the keyring")
    phone.click('[data-keyring="closed"] a')
    phone.keyring("closed")
    check(phone, "a closed keyring")
    phone.chromium.page.fill("#recovery", "0000-0000-0000-0000-0000-0000-0000-0000")
    phone.chromium.page.keyboard.press("Enter")
    phone.reads("This does not open it.")
    phone.chromium.page.fill("#recovery", code.lower().replace("-", " "))
    phone.chromium.page.keyboard.press("Enter")
    phone.keyring("open")
    check(phone, "open on a phone")
    phone.opens_the_meeting(link)

    # Another computer, to which she brings the security key and nothing else: this window's device with nothing left of the site.
    laptop.chromium.page.goto("about:blank")
    laptop.chromium.context.clear_cookies()
    laptop.cdp().send("Storage.clearDataForOrigin", {"origin": server.url, "storageTypes": "all"})
    laptop.go("/account/login/")
    laptop.click("form[data-passkey] button")
    laptop.wait_path("/meetings")
    laptop.wait_for('[data-keyring="closed"] a', what="the way to the keyring")
    laptop.click('[data-keyring="closed"] a')
    laptop.keyring("closed")
    laptop.does("open-passkey")
    laptop.keyring("open")
    laptop.opens_the_meeting(link)

    # The key is lost: she takes it out of the account, and what it opened goes.
    phone.go("/account/keyring")
    phone.keyring("open")
    phone.reads("Security key")
    laptop.go("/account")
    laptop.click('a[href$="/remove/"]')
    laptop.wait_path("/account/reauthenticate/passkey/")
    laptop.click("form[data-passkey] button")
    laptop.wait_for('button[data-tone="stop"]', what="the question before a passkey is removed")
    laptop.click('button[data-tone="stop"]')
    laptop.wait_path("/account")
    phone.go("/account/keyring")
    phone.keyring("open")
    assert "Security key" not in phone.text()
    assert phone.chromium.page.locator("[data-count]").inner_text() == "1"

    secret = urlsplit(link).fragment.partition(".")[0]
    needles = {"secret": canaries.of_key(secret), "host key": canaries.of_key(host_key), "code": canaries.of_text(code)}
    assert canaries.found_in_tables(server.state / "conclave.sqlite3", needles) == {}
    assert canaries.found_in_files(server.state, needles) == {}
    assert canaries.found_in_memory(server.child("gateway"), needles) == set()
    for person in (laptop, phone):
        assert canaries.found_in(b"\n".join(person.sent), needles) == set()
        assert any(b"/api/v1/keyring" in sent and b'"sealed"' in sent for sent in person.sent)
        assert not person.faults()
        person.browser.close()
