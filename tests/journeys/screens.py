"""Takes the pictures of docs/screens/: every screen, in each language. `python -m tests.journeys.screens [folder]`."""

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.journeys.browsers import Chromium, ChromiumProcess, until
from tests.journeys.people import Owner, Person
from tests.journeys.test_lobby import WITHOUT_TRANSFORMS
from tests.journeys.world import ROOT, Installation, installation

SCREENS = ROOT / "docs" / "screens"
LANGUAGES = {"en": "en-GB", "fr": "fr-FR"}
PANELS = ("people", "chat", "security", "more")


class Album:
    """Pictures of one language."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def take(self, window: Chromium, name: str) -> None:
        """Keep a picture of the window as it stands."""
        window.page.wait_for_timeout(400)
        window.page.screenshot(path=self._folder / f"{name}.png")
        sys.stdout.write(f"{self._folder.name}/{name}\n")
        sys.stdout.flush()


@contextmanager
def processes(folder: Path, stack: ExitStack) -> Iterator[dict[str, ChromiumProcess]]:
    """Start everybody's browser."""
    playwright = stack.enter_context(sync_playwright())
    running = {name: ChromiumProcess(playwright, folder, name) for name in ("Alice", "Bob", "Charlie", "Dora")}
    running["silent"] = ChromiumProcess(playwright, folder, "Emil", answers=False)
    try:
        yield running
    finally:
        for process in running.values():
            process.close()


def main() -> None:
    """Take them all."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SCREENS
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conclave-screens-")))
        browsers = stack.enter_context(processes(folder, stack))
        for language, locale in LANGUAGES.items():
            server = installation(folder / language)
            stack.callback(server.stop)
            server.start()
            everything(Album(target / language), browsers, server, locale)
            server.stop()


def everything(album: Album, browsers: dict[str, ChromiumProcess], server: Installation, locale: str) -> None:
    """Take the pictures of one language."""
    owner = Owner("Alice", browsers["Alice"].window(init_script=Owner.COPIES, permissions=Owner.MAY, locale=locale), server=server)
    page = owner.chromium.page
    for name, path in {"home": "/", "protection": "/protection", "sign-in": "/account/login/", "not-found": "/nowhere"}.items():
        owner.browser.open(server.url + path)
        album.take(owner.chromium, name)
    owner.browser.open(server.owner_link)
    album.take(owner.chromium, "owner")
    page.fill("input[name=name]", "Alice")
    page.fill("input[name=email]", owner.email)
    for field in ("password", "password_again"):
        page.fill(f"input[name={field}]", "correct horse battery staple 7")
    page.locator("form button[type=submit]").last.click()
    until(lambda: page.url.endswith("/meetings"), what="My meetings")
    page.locator("[data-empty], button").first.wait_for()
    album.take(owner.chromium, "meetings-empty")
    link = make_meeting(owner, album)
    call(album, browsers, server, owner, link, locale)
    owner.browser.close()


def make_meeting(owner: Owner, album: Album) -> str:
    """Make a meeting in whichever language, and return its link."""
    page = owner.chromium.page
    page.locator('[data-action="new"]').first.click()
    album.take(owner.chromium, "meetings-new")
    page.get_by_role("dialog").locator("input").first.fill("Conseil de mardi")
    page.get_by_role("dialog").locator("button[type=submit]").click()
    page.locator('[data-meeting] [data-action="copy"]').first.click()
    album.take(owner.chromium, "meetings")
    return str(until(lambda: page.evaluate("() => window.copied"), what="a copied link"))


def call(album: Album, browsers: dict[str, ChromiumProcess], server: Installation, owner: Owner, link: str, locale: str) -> None:
    """Take the pictures of a call, wide, narrow, light and dark."""
    alice = Person("Alice", owner.chromium.sibling(), server=server)
    alice.enter(link)
    alice.wait_for('[data-preview="on"] video', what="the preview")
    album.take(alice.chromium, "lobby")
    enter(alice)
    album.take(alice.chromium, "call-alone")
    guests = [Person(name, browsers[name].window(locale=locale), server=server) for name in ("Bob", "Charlie", "Dora")]
    for guest in guests:
        guest.enter(link)
        enter(guest)
    for guest in guests:
        alice.sees(guest)
    guests[0].press("hand")
    guests[1].press("microphone")
    guests[2].press("camera")
    album.take(alice.chromium, "call")
    for panel in PANELS:
        alice.open_panel(panel)
        album.take(alice.chromium, f"call-{panel}")
    chromium = alice.chromium
    chromium.page.emulate_media(color_scheme="dark")
    alice.open_panel("security")
    album.take(chromium, "call-security-dark")
    chromium.page.keyboard.press("Escape")
    chromium.page.keyboard.press("?")
    album.take(chromium, "shortcuts-dark")
    chromium.page.keyboard.press("Escape")
    phone(album, browsers, server, link, locale)
    alice.press("leave")
    album.take(chromium, "leave")
    chromium.page.keyboard.press("Escape")
    reasons(album, browsers, server, alice, guests, link, locale)


def enter(person: Person) -> None:
    """Type the name and press Join, in whichever language."""
    person.chromium.page.fill("input[name=name]", person.name)
    person.press("join")
    person.wait_live()


def phone(album: Album, browsers: dict[str, ChromiumProcess], server: Installation, link: str, locale: str) -> None:
    """Take the pictures of a narrow screen."""
    window = browsers["Bob"].window(locale=locale, viewport={"width": 390, "height": 780}, touch=True)
    person = Person("Emil", window, server=server)
    person.enter(link)
    person.wait_for('[data-preview="on"] video', what="the preview")
    album.take(window, "phone-lobby")
    enter(person)
    until(lambda: len(person.tiles()) > 2, what="tiles")  # noqa: PLR2004 - more than one other
    album.take(window, "phone-call")
    for panel in ("chat", "security"):
        person.open_panel(panel)
        album.take(window, f"phone-{panel}")
        window.page.keyboard.press("Escape")
    person.press("leave")
    person.wait_ended("left")
    album.take(window, "phone-left")
    window.close()


def reasons(
    album: Album, browsers: dict[str, ChromiumProcess], server: Installation, alice: Person, guests: list[Person], link: str, locale: str
) -> None:
    """Take the pictures of the ends and refusals."""
    bob, charlie, dora = guests
    dora.press("leave")
    dora.wait_ended("left")
    album.take(dora.chromium, "ended-left")
    alice.open_panel("people")
    row = alice.chromium.page.locator("li.person").filter(has_text="Charlie")
    row.get_by_role("button").first.click()
    album.take(alice.chromium, "remove")
    alice.chromium.page.get_by_role("alertdialog").get_by_role("button").last.click()
    charlie.wait_ended("removed")
    album.take(charlie.chromium, "ended-removed")
    alice.press("leave")
    alice.chromium.page.get_by_role("dialog").get_by_role("button").nth(1).click()
    album.take(alice.chromium, "end")
    alice.chromium.page.get_by_role("alertdialog").get_by_role("button").last.click()
    bob.wait_ended("ended")
    album.take(bob.chromium, "ended-ended")
    refused = browsers["silent"].window(locale=locale)
    refused.open(link)
    refused.page.locator(".lobby .note, .lobby [data-tone=heed]").first.wait_for()
    album.take(refused, "lobby-refused")
    refused.open(re.sub("#.*", "", link))
    album.take(refused, "link-incomplete")
    unfit = browsers["Bob"].window(locale=locale, init_script=WITHOUT_TRANSFORMS)
    unfit.open(link)
    unfit.page.locator("[data-ended], [data-control=join]").first.wait_for()
    album.take(unfit, "browser-unfit")
    for window in (refused, unfit, *(guest.chromium for guest in guests)):
        window.close()


if __name__ == "__main__":
    main()
