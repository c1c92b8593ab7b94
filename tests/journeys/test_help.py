"""help: four short pages that everybody can read, from every place where somebody may need one."""

from typing import Literal

import pytest

from conclave.site.pages import HELP_PAGES
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums, Guests
from tests.journeys.people import Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import Installation

LOADED = "() => [...document.images].every((image) => image.complete && image.naturalWidth > 0)"
SCROLLED = "() => { for (const image of document.images) image.loading = 'eager'; }"


@pytest.mark.journey("help")
@pytest.mark.parametrize(("locale", "colours"), [("en-GB", "dark"), ("fr-FR", "light")])
def test_the_help_pages_pass_the_checker_on_a_phone_and_show_their_pictures(
    server: Installation, chromiums: Chromiums, locale: str, colours: Literal["dark", "light"]
) -> None:
    reader = Person("Bob", chromiums.of("Bob").window(locale=locale, dark=colours == "dark", viewport=PHONE, touch=True), server=server)
    reader.browser.open(server.url)
    reader.click('footer a[href="/help"]')
    reader.wait_for('a[href="/help/class"]', what="the list of help pages")
    check(reader, "help")
    for page in HELP_PAGES:
        reader.browser.open(f"{server.url}/help/{page}")
        reader.wait_for(".guide h1", what=f"the page {page}")
        reader.browser.ask(SCROLLED)
        until(lambda: reader.browser.ask(LOADED), what=f"the pictures of {page}")
        check(reader, page)
    assert not reader.faults()
    reader.browser.close()


@pytest.mark.journey("help")
def test_help_is_one_press_from_the_rules_and_from_the_page_of_whoever_was_removed(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.panel("safety")
    assert alice.has('[data-panel="safety"] a[href="/help"][target="_blank"]')
    alice.remove("Bob")
    bob.wait_ended("removed")
    bob.browser.click("link", "Why people are removed, and what you can do")
    bob.reads("You were removed, and think it was a mistake")
