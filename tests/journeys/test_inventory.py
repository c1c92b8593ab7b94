"""inventory: every field that is stored, in both languages, for everybody, without JavaScript."""

from typing import Literal

import pytest

from tests.journeys.fixtures import Chromiums
from tests.journeys.people import Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import Installation

LARGEST = 100_000
TRANSFERRED = """async () => {
  await document.fonts.ready;
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return all.reduce((sum, one) => sum + one.transferSize, 0);
}"""


@pytest.mark.journey("inventory")
@pytest.mark.parametrize(("locale", "colours"), [("en-GB", "light"), ("fr-FR", "dark")])
def test_whoever_wonders_what_is_kept_finds_it_from_any_page(
    server: Installation, chromiums: Chromiums, locale: str, colours: Literal["light", "dark"]
) -> None:
    window = chromiums.of("Bob").window(locale=locale, dark=colours == "dark", viewport=PHONE, touch=True)
    reader = Person("Bob", window, server=server)
    reader.browser.open(server.url)
    reader.click('footer a[href="/inventory"]')
    reader.wait_for("details code", what="the tables")
    assert 0 < reader.browser.ask(TRANSFERRED) <= LARGEST
    check(reader, "inventory")
    page = reader.chromium.page
    page.get_by_text("meetings.Participant").click()
    reader.reads({"en": "7 days after the call", "fr": "7 jours après l’appel"}[locale[:2]])
    reader.reads({"en": "The name as typed.", "fr": "Le nom tel qu’il a été écrit."}[locale[:2]])
    reader.browser.ask("() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }")
    check(reader, "inventory, all open")
    assert not reader.faults()
    reader.browser.close()


@pytest.mark.journey("inventory")
def test_it_needs_no_javascript(server: Installation, chromiums: Chromiums) -> None:
    window = chromiums.of("Bob").window(javascript=False)
    reader = Person("Bob", window, server=server)
    window.page.goto(f"{server.url}/protection")
    window.page.locator("article").get_by_role("link", name="What this server keeps").click()
    window.page.locator("details").filter(has_text="accounts.User").locator("summary").first.click()
    window.page.get_by_text("The address you sign in with.").wait_for()
    reader.browser.close()
