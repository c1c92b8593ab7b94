"""Takes the pictures of docs/screens/: every screen, in each language. `python -m tests.journeys.screens [folder [language …]]`.

Those of the help pages come from `python -m tests.journeys.screens help [language …]`.
"""

import re
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import FloatRect, sync_playwright

from tests.journeys.browsers import Chromium, ChromiumProcess, until
from tests.journeys.people import PASSWORD, Owner, Person
from tests.journeys.test_lobby import WITHOUT_TRANSFORMS
from tests.journeys.world import ROOT, Installation, installation

SCREENS = ROOT / "docs" / "screens"
HELP = ROOT / "web" / "public" / "help"
LANGUAGES = {"en": "en-GB", "fr": "fr-FR"}
SHOT_MS = 90_000
PANELS = ("people", "chat", "safety", "security", "more")


# In the page: the same picture as WebP, which is a third of the size.
SMALLER = """async (png) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const small = await canvas.convertToBlob({ type: "image/webp", quality: 0.5 });
  return btoa(Array.from(new Uint8Array(await small.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(""));
}"""
CUT_WIDTH = 400


class Album:
    """Pictures of one language."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def take(self, window: Chromium, name: str) -> None:
        """Keep a picture of the window as it stands."""
        window.page.wait_for_timeout(400)
        window.page.screenshot(path=self._folder / f"{name}.png", timeout=SHOT_MS)
        sys.stdout.write(f"{self._folder.name}/{name}\n")
        sys.stdout.flush()

    def cut(self, window: Chromium, name: str, *, height: int = 480) -> None:
        """Keep that much of the window as WebP: the panel or the question that is open, else the middle."""
        page = window.page
        page.wait_for_timeout(400)
        place = page.locator("[role=alertdialog], [role=dialog], .panel, [data-ended] .card").last.bounding_box()
        assert place is not None
        wide = page.viewport_size or {"width": CUT_WIDTH, "height": height}
        left = max(0, min(place["x"] + place["width"] / 2 - CUT_WIDTH / 2, wide["width"] - CUT_WIDTH))
        top = max(0, min(place["y"] - 16, wide["height"] - height))
        clip: FloatRect = {"x": left, "y": top, "width": CUT_WIDTH, "height": height}
        picture = page.screenshot(clip=clip, timeout=SHOT_MS)
        small = b64decode(page.evaluate(SMALLER, b64encode(picture).decode("ascii")))
        (self._folder / f"{name}.webp").write_bytes(small)
        sys.stdout.write(f"{self._folder.name}/{name} {len(small)}\n")
        sys.stdout.flush()


@contextmanager
def processes(folder: Path, stack: ExitStack) -> Iterator[dict[str, ChromiumProcess]]:
    """Start everybody's browser."""
    playwright = stack.enter_context(sync_playwright())
    running = {name: ChromiumProcess(playwright, folder, name) for name in ("Alice", "Bob", "Charlie", "Dora", "Emil")}
    running["refusing"] = ChromiumProcess(playwright, folder, "Fanny", answers=False)
    try:
        yield running
    finally:
        for process in running.values():
            process.close()


def main() -> None:
    """Take them all."""
    helps = sys.argv[1:2] == ["help"]
    target = HELP if helps else Path(sys.argv[1]) if len(sys.argv) > 1 else SCREENS
    wanted = sys.argv[2:] or list(LANGUAGES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conclave-screens-")))
        browsers = stack.enter_context(processes(folder, stack))
        for language in wanted:
            server = installation(folder / language)
            stack.callback(server.stop)
            server.start()
            shoot = Shoot(album=Album(target / language), browsers=browsers, server=server, locale=LANGUAGES[language])
            (shoot.helping if helps else shoot.everything)()
            server.stop()


@dataclass(frozen=True, kw_only=True)
class Shoot:
    """Takes the pictures of one language."""

    album: Album
    browsers: dict[str, ChromiumProcess]
    server: Installation
    locale: str

    def everything(self) -> None:
        """Take all of them, in the order in which people meet the screens."""
        owner = Owner(
            "Alice", self.browsers["Alice"].window(init_script=Owner.COPIES, permissions=Owner.MAY, locale=self.locale), server=self.server
        )
        for name, path in {"home": "/", "protection": "/protection", "sign-in": "/account/login/", "not-found": "/nowhere"}.items():
            owner.browser.open(self.server.url + path)
            self.album.take(owner.chromium, name)
        owner.browser.open(f"{self.server.url}/selftest")
        owner.wait_for("[data-verdict]", what="the verdict", seconds=60)
        self.album.take(owner.chromium, "selftest")
        owner.browser.open(self.server.owner_link)
        self.album.take(owner.chromium, "owner")
        self.make_account(owner)
        self.album.take(owner.chromium, "meetings-empty")
        self.call(owner, self.make_meeting(owner))
        owner.browser.close()

    def make_account(self, owner: Owner) -> None:
        """Fill in the owner link's form in whichever language, and arrive at My meetings."""
        page = owner.chromium.page
        page.fill("input[name=name]", "Alice")
        page.fill("input[name=email]", owner.email)
        for field in ("password", "password_again"):
            page.fill(f"input[name={field}]", PASSWORD)
        page.locator("main form button[type=submit]").last.click()
        until(lambda: page.url.endswith("/meetings"), what="My meetings", seen=owner.text)
        page.locator("[data-empty]").wait_for()

    def make_meeting(self, owner: Owner) -> str:
        """Make a meeting in whichever language, and return its link."""
        page = owner.chromium.page
        page.locator('[data-action="new"]').first.click()
        self.album.take(owner.chromium, "meetings-new")
        page.get_by_role("dialog").locator("input").first.fill("Conseil de mardi")
        page.get_by_role("dialog").locator("button[type=submit]").click()
        page.locator('[data-meeting] [data-action="copy"]').first.click()
        self.album.take(owner.chromium, "meetings")
        link = str(until(lambda: page.evaluate("() => window.copied"), what="a copied link"))
        for index, name in enumerate(("invitations", "entrance")):
            page.locator("[data-meeting] header button").click()
            page.get_by_role("menuitem").nth(index).click()
            page.get_by_role("dialog").locator("input").first.wait_for()
            if name == "invitations":
                page.keyboard.type("dora@example.org")
                page.keyboard.press("Enter")
                page.locator("[data-made]").wait_for()
            self.album.take(owner.chromium, f"meetings-{name}")
            page.keyboard.press("Escape")
        return link

    def call(self, owner: Owner, link: str) -> None:
        """Take the pictures of a call, wide and narrow, light and dark."""
        alice = Person("Alice", owner.chromium.sibling(), server=self.server)
        window = alice.chromium
        alice.enter(link)
        alice.wait_for('[data-preview="on"] video', what="the preview")
        until(lambda: alice.own_preview() == "Alice", what="her picture")
        self.album.take(window, "lobby")
        enter(alice)
        self.album.take(window, "call-alone")
        guests = [Person(name, self.browsers[name].window(locale=self.locale), server=self.server) for name in ("Bob", "Charlie", "Dora")]
        self.door(alice, guests, link)
        for guest in guests:
            alice.sees(guest)
        guests[0].press("hand")
        guests[1].press("microphone")
        guests[2].press("camera")
        window.page.wait_for_timeout(8000)
        self.album.take(window, "call")
        for panel in PANELS:
            alice.open_panel(panel)
            self.album.take(window, f"call-{panel}")
        window.page.emulate_media(color_scheme="dark")
        alice.open_panel("security")
        self.album.take(window, "call-security-dark")
        window.page.keyboard.press("Escape")
        window.page.keyboard.press("?")
        self.album.take(window, "shortcuts-dark")
        window.page.keyboard.press("Escape")
        window.page.emulate_media(color_scheme="light")
        self.emergency(alice, guests[0])
        self.phone(alice, link)
        alice.press("leave")
        self.album.take(window, "leave")
        window.page.keyboard.press("Escape")
        self.reasons(alice, guests, link)

    def door(self, alice: Person, guests: list[Person], link: str) -> None:
        """Take the pictures of the waiting room, from both sides, and let everybody in."""
        for guest in guests:
            guest.enter(link)
            ask_in(guest)
        self.album.take(guests[0].chromium, "waiting")
        alice.wait_for('[data-toast="knocks"]', what="a knock")
        self.album.take(alice.chromium, "call-knock")
        alice.open_panel("people")
        alice.wait_for('[data-answer="admit-all"]', what="the waiting room")
        self.album.take(alice.chromium, "call-waiting-room")
        alice.click('[data-answer="admit-all"]')
        for guest in guests:
            guest.wait_live()
        alice.chromium.page.keyboard.press("Escape")

    def emergency(self, alice: Person, bob: Person) -> None:
        """Take the pictures of a suspended meeting, and of a host's rules at the end of the panel."""
        alice.open_panel("safety")
        page = alice.chromium.page
        page.locator("[data-right]").last.scroll_into_view_if_needed()
        self.album.take(alice.chromium, "call-safety-rights")
        rule = page.locator('[data-rule="suspend"]')
        rule.get_by_role("button").first.click()
        for person in (alice, bob):
            person.wait_for('[data-banner="suspended"]', what="the banner")
        self.album.take(alice.chromium, "call-suspended-host")
        self.album.take(bob.chromium, "call-suspended")
        rule.get_by_role("button").first.click()
        # Suspending locks the door, and resuming leaves that to a host.
        page.locator('[data-rule="lock"]').get_by_role("button").first.click()
        page.locator('[data-rule="lock"][data-on="false"]').wait_for()
        page.keyboard.press("Escape")

    def helping(self) -> None:
        """Take the pictures of the help pages: what a host meets there, sharp and cut to where it says something."""
        window = self.browsers["Alice"].window(init_script=Owner.COPIES, permissions=Owner.MAY, locale=self.locale, sharp=True)
        owner = Owner("Alice", window, server=self.server)
        owner.browser.open(self.server.owner_link)
        self.make_account(owner)
        page = window.page
        page.set_viewport_size({"width": 400, "height": 640})
        page.locator('[data-action="new"]').first.click()
        page.locator('[data-preset="school"]').click()
        self.album.cut(window, "presets", height=640)
        page.locator('[data-preset="guarded"]').click()
        page.get_by_role("dialog").locator("button[type=submit]").click()
        page.locator('[data-meeting] [data-action="copy"]').first.click()
        self.class_hour(owner, str(until(lambda: page.evaluate("() => window.copied"), what="a copied link")))
        owner.browser.close()

    def class_hour(self, owner: Owner, link: str) -> None:
        """Take what a host meets in a call: people who wait, one who is banned, the meeting suspended, the code."""
        alice = Person("Alice", owner.chromium.sibling(), server=self.server)
        alice.enter(link)
        enter(alice)
        panel = alice.chromium.page
        guests = {
            name: Person(name, self.browsers[name].window(locale=self.locale, sharp=True), server=self.server)
            for name in ("Bob", "Charlie", "Dora")
        }
        for name, guest in guests.items():
            guest.enter(link)
            guest.chromium.page.fill("input[name=name]", name)
            guest.press("join")
            guest.wait_for("[data-waiting]", what=f"{name} waits")
        alice.open_panel("people")
        panel.locator('[data-knock="Bob"] [data-answer="admit"]').click()
        guests["Bob"].wait_live()
        alice.sees(guests["Bob"])
        for toast in panel.locator(".toast").all():
            toast.get_by_role("button").last.click()
        self.album.cut(alice.chromium, "waiting")
        panel.locator('[data-answer="admit-all"]').click()
        for guest in guests.values():
            guest.wait_live()
            alice.sees(guest)
        panel.locator("li.person").filter(has_text="Charlie").get_by_role("button").first.click()
        panel.get_by_role("alertdialog").get_by_role("button").nth(1).click()
        panel.set_viewport_size({"width": 400, "height": 560})
        self.album.cut(alice.chromium, "ban", height=560)
        panel.set_viewport_size({"width": 1280, "height": 800})
        panel.get_by_role("alertdialog").get_by_role("button").last.click()
        guests["Charlie"].wait_ended("banned")
        guests["Charlie"].chromium.page.set_viewport_size({"width": 400, "height": 560})
        self.album.cut(guests["Charlie"].chromium, "banned", height=560)
        alice.open_panel("safety")
        panel.locator('[data-rule="suspend"] button').last.click()
        alice.wait_for('[data-banner="suspended"]', what="the banner")
        panel.locator('[data-rule="suspend"]').evaluate("(rule) => rule.scrollIntoView({ block: 'start' })")
        self.album.cut(alice.chromium, "suspended")
        panel.locator('[data-rule="suspend"] button').last.click()
        until(lambda: not alice.has('[data-banner="suspended"]'), what="no banner")
        alice.open_panel("security")
        self.album.cut(alice.chromium, "code")
        for guest in guests.values():
            guest.browser.close()
        alice.browser.close()

    def phone(self, alice: Person, link: str) -> None:
        """Take the pictures of a narrow screen."""
        window = self.browsers["Emil"].window(locale=self.locale, viewport={"width": 390, "height": 780}, touch=True)
        person = Person("Emil", window, server=self.server)
        person.enter(link)
        person.wait_for('[data-preview="on"] video', what="the preview")
        self.album.take(window, "phone-lobby")
        ask_in(person)
        self.album.take(window, "phone-waiting")
        alice.wait_for('[data-toast="knock"] [data-answer="admit"]', what="a knock")
        alice.click('[data-toast="knock"] [data-answer="admit"]')
        person.wait_live()
        until(lambda: person.shown("Alice") == "Alice", what="a picture")
        self.album.take(window, "phone-call")
        for panel in ("chat", "security"):
            person.open_panel(panel)
            self.album.take(window, f"phone-{panel}")
            window.page.keyboard.press("Escape")
        person.press("leave")
        person.wait_ended("left")
        self.album.take(window, "phone-left")
        window.close()

    def reasons(self, alice: Person, guests: list[Person], link: str) -> None:
        """Take the pictures of the ends and refusals."""
        bob, charlie, dora = guests
        dora.press("leave")
        dora.wait_ended("left")
        self.album.take(dora.chromium, "ended-left")
        page = alice.chromium.page
        alice.open_panel("people")
        page.locator("li.person").filter(has_text="Charlie").get_by_role("button").first.click()
        self.album.take(alice.chromium, "remove")
        page.get_by_role("alertdialog").get_by_role("button").last.click()
        charlie.wait_ended("removed")
        self.album.take(charlie.chromium, "ended-removed")
        alice.press("leave")
        page.get_by_role("dialog").get_by_role("button").nth(1).click()
        page.get_by_role("alertdialog").wait_for()
        self.album.take(alice.chromium, "end")
        page.get_by_role("alertdialog").get_by_role("button").last.click()
        bob.wait_ended("ended")
        self.album.take(bob.chromium, "ended-ended")
        refused = self.browsers["refusing"].window(locale=self.locale, permissions=("geolocation",))
        refused.open(link)
        refused.page.locator('[data-tone="heed"]').first.wait_for()
        self.album.take(refused, "lobby-refused")
        incomplete = self.browsers["Bob"].window(locale=self.locale)
        incomplete.open(re.sub("#.*", "", link))
        incomplete.page.locator("[data-ended]").wait_for()
        self.album.take(incomplete, "link-incomplete")
        unfit = self.browsers["Bob"].window(locale=self.locale, init_script=WITHOUT_TRANSFORMS)
        unfit.open(link)
        unfit.page.locator("[data-ended]").wait_for()
        self.album.take(unfit, "browser-unfit")
        for window in (refused, incomplete, unfit, *(guest.chromium for guest in guests)):
            window.close()


def ask_in(person: Person) -> None:
    """Type the name, press Join, and stand at the door, in whichever language."""
    person.chromium.page.fill("input[name=name]", person.name)
    person.press("join")
    person.wait_for("[data-waiting]", what=f"{person.name} at the door")


def enter(person: Person) -> None:
    """Type the name and press Join, in whichever language."""
    person.chromium.page.fill("input[name=name]", person.name)
    person.press("join")
    person.wait_live()


if __name__ == "__main__":
    main()
