"""lobby: before a meeting depends on it, the page at /selftest tries what a meeting needs, from where the visitor is."""

import os
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright

from tests.acme.authority import spki
from tests.journeys.browsers import ChromiumProcess
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_tls import HERE, serving, shown

# Longer than all that the page itself has patience for.
TRIES_SECONDS = 60.0
# What a school's filter does: no UDP but through a proxy, and there is none.
NO_UDP = ("--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp")
LEVELS = "() => Object.fromEntries([...document.querySelectorAll('[data-check]')].map((one) => [one.dataset.check, one.dataset.level]))"


def verdict(person: Person) -> tuple[str, dict[str, str]]:
    """Wait until everything was tried, and return what it means and how each thing is."""
    person.wait_for("[data-verdict]", what="the verdict", seconds=TRIES_SECONDS)
    found = person.browser.ask("() => document.querySelector('[data-verdict]').dataset.verdict")
    return found, person.browser.ask(LEVELS)


@pytest.mark.journey("lobby")
@pytest.mark.parametrize(
    ("locale", "window"),
    [("en-GB", {}), ("fr-FR", {"dark": True, "viewport": PHONE, "touch": True})],
    ids=["english-light-wide", "french-dark-phone"],
)
def test_the_lobby_leads_to_a_page_that_tries_every_way(people: Guests, meeting: str, locale: str, window: dict[str, Any]) -> None:
    bob = people("Bob", locale=locale, **window)
    bob.enter(meeting)
    link = bob.chromium.page.locator('a[href="/selftest"]')
    link.wait_for()
    with bob.chromium.context.expect_page() as opened:
        link.click()
    tried = Person("Bob", bob.chromium.adopt(opened.value), server=bob.server)
    assert verdict(tried) == ("good", {"socket": "ok", "udp": "ok", "tcp": "ok", "relay": "none", "speed": "ok"})
    tried.reads({"en-GB": "Meetings will work from here.", "fr-FR": "Les réunions fonctionneront d’ici."}[locale])
    check(tried, "selftest")
    assert not tried.faults()
    assert bob.has('[data-control="join"]')


@pytest.fixture
def charlie(playwright: Playwright, tmp_path: Path) -> Iterator[Person]:
    """Charlie, whose browser has no UDP, before the page of a server of its own that has a relay."""
    with serving(tmp_path / "var", "--lan", host=HERE) as own:
        own.start()
        trust = f"--ignore-certificate-errors-spki-list={spki(ssl.PEM_cert_to_DER_cert(shown(own)))}"
        process = ChromiumProcess(playwright, tmp_path, "Charlie", flags=(*NO_UDP, trust))
        try:
            person = Person("Charlie", process.window(), server=own)
            person.browser.open(f"{own.url}/selftest")
            yield person
        finally:
            process.close()


@pytest.mark.journey("lobby")
def test_a_filter_an_engine_that_hangs_and_a_server_that_is_gone_are_told_apart(charlie: Person) -> None:
    own = charlie.server
    assert verdict(charlie) == ("slow", {"socket": "ok", "udp": "fail", "tcp": "ok", "relay": "ok", "speed": "ok"})
    charlie.reads(f"something on the way holds port {own.media_udp_port}/UDP shut")
    charlie.reads("Meetings will work from here, perhaps with stuttering pictures.")
    check(charlie, "selftest without UDP")

    charlie.expects("503", "WebSocket connection")
    engine = own.child("engine")
    os.kill(engine, signal.SIGSTOP)
    try:
        found, levels = another_round(charlie)
    finally:
        os.kill(engine, signal.SIGCONT)
    assert (found, levels["socket"], levels["udp"], levels["tcp"]) == ("away", "ok", "away", "away")
    charlie.reads("This says nothing about your network.")
    check(charlie, "selftest of a hanging engine")

    charlie.expects("ERR_CONNECTION_REFUSED")
    own.stop()
    assert another_round(charlie) == ("bad", {"socket": "fail", "udp": "away", "tcp": "away", "relay": "away", "speed": "fail"})
    charlie.reads(f"browsers must reach {HERE} on port {own.media_udp_port}/UDP, or on {own.media_tcp_port}/TCP.")
    check(charlie, "selftest of a server that is gone")
    assert not charlie.faults()


def another_round(person: Person) -> tuple[str, dict[str, str]]:
    """Press the button by the keyboard, which keeps the focus, and return what it means now."""
    button = '[data-action="again"]'
    before = int(person.browser.ask("() => document.querySelector('[data-round]').dataset.round"))
    person.chromium.page.locator(button).press("Enter")
    person.wait_for(f'[data-round="{before + 1}"]', what="another round")
    found = verdict(person)
    assert person.browser.ask("(css) => document.activeElement.matches(css)", button)
    return found
