"""Everybody can use it: the accessibility checker on every screen, phones, both languages, dark and light."""

from typing import Any, Literal

import pytest
from playwright.sync_api import ViewportSize

from tests.journeys import packages
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums, Guests
from tests.journeys.people import Owner, Person

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE: ViewportSize = {"width": 390, "height": 780}


def check(person: Person, screen: str, *, part: str = "html") -> None:
    """Run the checker on what is on screen, or on a part of it: behind a dialog, the rest of a page is hidden from everybody."""
    page = person.chromium.page
    page.evaluate(packages.axe_source())
    # React Aria's announcer keeps a line for screen readers for seconds, also when what it names is gone.
    within = f"{{ include: [['{part}']], exclude: [['[data-live-announcer]']] }}"
    result: dict[str, Any] = page.evaluate(f"(rules) => axe.run({within}, {{ runOnly: rules, resultTypes: ['violations'] }})", RULES)
    faults = [f"{fault['id']}: {fault['help']}: {[node['html'][:160] for node in fault['nodes'][:3]]}" for fault in result["violations"]]
    assert not faults, f"{screen}:\n" + "\n".join(faults)
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{screen} is {wide} px too wide"


@pytest.mark.journey("call", "lobby", "padlock", "reasons")
# Each language with each width, each width in each light, each light in each language.
@pytest.mark.parametrize(
    ("locale", "colours", "viewport"),
    [("en-GB", "light", PHONE), ("en-GB", "dark", None), ("fr-FR", "light", None), ("fr-FR", "dark", PHONE)],
    ids=["english-light-phone", "english-dark-wide", "french-light-wide", "french-dark-phone"],
)
def test_every_screen_of_a_call_passes_the_checker(
    host: Person, people: Guests, meeting: str, *, viewport: ViewportSize | None, colours: str, locale: str
) -> None:
    host.join(meeting)
    bob = people("Bob", viewport=viewport, dark=colours == "dark", locale=locale, touch=viewport is not None)
    bob.enter(meeting)
    bob.wait_for('[data-preview="on"] video', what="the preview")
    assert bob.browser.ask("() => document.documentElement.lang").startswith(locale[:2])
    check(bob, "lobby")
    bob.chromium.page.fill("input[name=name]", "Bob")
    bob.press("join")
    bob.wait_live()
    host.sees(bob)
    check(bob, "call")
    for panel in ("chat", "people", "safety", "security", "more"):
        bob.open_panel(panel)
        check(bob, panel)
    bob.chromium.page.keyboard.press("Escape")
    bob.chromium.page.keyboard.press("?")
    bob.chromium.page.get_by_role("dialog").wait_for()
    check(bob, "shortcuts")
    bob.chromium.page.keyboard.press("Escape")
    bob.press("leave")
    bob.wait_ended("left")
    check(bob, "ended")


WITHIN = "(css) => document.activeElement.closest(css) !== null"


@pytest.mark.journey("call")
def test_a_phones_sheet_is_a_dialog_that_holds_the_focus_and_gives_it_back(people: Guests, meeting: str) -> None:
    bob = people("Bob", viewport=PHONE, touch=True)
    bob.join(meeting)
    page = bob.chromium.page
    for panel, opener in (("chat", '[data-control="chat"]'), ("security", ".top-strip .lock-summary")):
        bob.click(opener)
        page.get_by_role("dialog", name=panel.capitalize()).wait_for()
        reached = set()
        for _ in range(40):
            page.keyboard.press("Tab")
            assert bob.browser.ask(WITHIN, ".panel, .bar, .toasts, .banner"), "the sheet and the bar hold the focus"
            reached |= {css for css in (".panel", ".bar") if bob.browser.ask(WITHIN, css)}
        assert reached == {".panel", ".bar"}, "the microphone is in reach while one writes"
        page.locator(".panel h2").click()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        assert bob.browser.ask(WITHIN, opener), f"the focus is back on {opener}"
    bob.open_panel("people")  # from "more", whose row is gone by then
    page.keyboard.press("Escape")
    assert bob.browser.ask(WITHIN, '[data-control="more"]')


@pytest.mark.journey("owner")
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_page_passes_the_checker(owner: Owner, chromiums: Chromiums, locale: str, colours: Literal["light", "dark"]) -> None:
    visitor = Owner("Bob", chromiums.of("Bob").window(locale=locale, dark=colours == "dark"), server=owner.server)
    visitor.expects("404")
    for path in ("/", "/protection", "/account/login/", "/owner", "/nowhere", "/m/" + "A" * 22):
        visitor.browser.open(owner.server.url + path)
        until(lambda: visitor.text().strip(), what=f"text on {path}")
        check(visitor, path)
    assert not visitor.faults()
    visitor.browser.close()
    owner.make_meeting(f"Checked {locale} {colours}")
    owner.chromium.page.emulate_media(color_scheme=colours)
    check(owner, "my meetings")


@pytest.mark.journey("lobby", "call")
def test_a_whole_call_in_french_has_no_english_sentence(host: Person, people: Guests, meeting: str) -> None:
    host.join(meeting)
    bob = people("Bob", locale="fr-FR")
    bob.enter(meeting)
    words = [bob.text()]
    bob.chromium.page.fill("input[name=name]", "Bob")
    bob.press("join")
    bob.wait_live()
    for panel in ("chat", "people", "safety", "security", "more"):
        bob.open_panel(panel)
        words.append(bob.text())
    bob.press("leave")
    bob.wait_ended("left")
    words.append(bob.text())
    for english in ("Join", "Your ", "You ", "Leave", "microphone off", "Nobody", "the server"):
        assert english not in "\n".join(words).replace("Microphone", ""), english
