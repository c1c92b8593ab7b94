"""api: Alice makes a token, reads what programs can ask, and a program of hers makes a meeting that opens; taken back, it is refused."""

import base64
import hashlib
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import PHONE, check


class Program:
    """What Alice wrote after reading the page; it knows the site's address and a token, and nothing else of us."""

    def __init__(self, site: str, token: str) -> None:
        self.site, self._token = site, token

    def asks(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.site}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def makes_a_meeting(self, title: str) -> str:
        """Return the link of a new meeting, whose secret was made here."""
        meeting, secret, seed = os.urandom(16), os.urandom(16), os.urandom(32)
        host_key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        host_hash = hashlib.sha256(b"conclave/host-key/1\0" + host_key).digest()[:16]
        link_id = HKDF(algorithm=SHA256(), length=16, salt=meeting, info=b"conclave/link/1/id").derive(secret)
        body = {"meeting": b64(meeting), "title": title, "link_id": b64(link_id), "host_hash": b64(host_hash), "preset": "open"}
        status, made = self.asks("POST", "/meetings", body)
        assert (status, made["meeting"]) == (201, b64(meeting))
        return f"{self.site}/m/{b64(meeting)}#{b64(secret)}.{b64(host_hash)}"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def alice(owner: Owner) -> Iterator[Owner]:
    """Alice in another window of her device, signed in."""
    person = Owner("Alice", owner.chromium.sibling(), server=owner.server)
    person.chromium.page.add_init_script(Owner.COPIES)
    yield person
    assert not person.faults()
    person.browser.close()


@pytest.mark.journey("api")
def test_a_program_of_alices_makes_a_meeting_that_opens_until_she_takes_its_token_back(alice: Owner, people: Guests) -> None:
    page, site = alice.chromium.page, alice.server.url
    alice.browser.open(f"{site}/account")
    alice.browser.click("link", "Your tokens")
    alice.reads("There is no token at the moment.")
    check(alice, "no tokens yet")
    alice.browser.click("link", "Make a token")
    page.wait_for_selector("input[name=password], input[name=name]")
    if page.locator("input[name=password]").count():
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("input[name=name]")

    # By keyboard alone.
    alice.tab_to("input[name=name]")
    page.keyboard.type("Timetable")
    for scope in ("meetings:read", "meetings:write"):
        alice.tab_to(f'input[value="{scope}"]')
        page.keyboard.press("Space")
    check(alice, "a new token")
    alice.tab_to("button", text="Make the token")
    page.keyboard.press("Enter")
    alice.reads("It is shown only now.")
    alice.tab_to("button[data-copies]")
    page.keyboard.press("Enter")
    token = str(until(lambda: page.evaluate("() => window.copied"), what="a copied token"))
    assert page.locator("#token").inner_text() == token
    check(alice, "the token")
    alice.browser.click("link", "I have kept it")
    alice.reads("never used")
    assert token not in alice.text()

    alice.browser.click("link", "What programs can ask this server")
    alice.reads("When something is refused")
    page.locator("summary", has_text="POST /api/v1/meetings").first.click()
    alice.reads("host_hash")
    check(alice, "what programs can ask")

    program = Program(site, token)
    link = program.makes_a_meeting("From the timetable")
    status, mine = program.asks("GET", "/meetings?limit=1")
    assert (status, mine["meetings"][0]["title"]) == (200, "From the timetable")
    assert link.partition("#")[2].partition(".")[0] not in json.dumps(mine)
    bob = people("Bob", viewport=PHONE, touch=True, locale="fr-FR", dark=True)
    bob.browser.open(f"{site}/api/docs")
    bob.reads("Quand quelque chose est refusé")
    check(bob, "what programs can ask, French, phone")
    bob.enter(link)
    bob.reads("From the timetable")

    alice.browser.open(f"{site}/account/tokens")
    alice.reads("last used on")
    check(alice, "tokens")
    alice.browser.click("button", "Take back the token “Timetable”")
    alice.reads("The token opens nothing any more.")
    status, refusal = program.asks("GET", "/meetings")
    assert (status, refusal["error"]["code"]) == (401, "token_invalid")
    assert urlsplit(alice.browser.address()).path == "/account/tokens"
