"""People: what they press, read, see and hear in a meeting, in whichever browser they sit."""

import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator

from tests.journeys import pictures
from tests.journeys.browsers import Browser, Chromium, Firefox, until
from tests.journeys.world import Installation

PASSWORD = "correct horse battery staple 7"
LIVE_SECONDS = 30.0
SETTLE_SECONDS = 5.0
LINK = re.compile(r"/m/[A-Za-z0-9_-]{22}#[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}$")
PERSONAL = re.compile(LINK.pattern.removesuffix("$") + r"\.[A-Za-z0-9_-]{22}$")
OWN_SCHEMES = ("data", "blob", "about", "chrome-extension", "moz-extension", "chrome", "resource")

TILES = """() => [...document.querySelectorAll("article.tile")].map((tile) => ({
  participant: tile.dataset.participant, kind: tile.dataset.kind, self: tile.dataset.self !== undefined, lock: tile.dataset.lock ?? "",
  name: tile.querySelector(".tile-name")?.textContent ?? "",
  marks: [...tile.querySelectorAll("[data-mark]")].map((mark) => mark.dataset.mark),
}))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One tile as it stands on screen."""

    participant: str
    kind: str
    self: bool
    name: str
    lock: str
    marks: list[str]


class Person:
    """Somebody with a browser."""

    def __init__(self, name: str, browser: Chromium | Firefox, *, server: Installation) -> None:
        self.name = name
        self.browser: Browser = browser
        self.server = server
        self.secrets: set[str] = set()
        self._expected: list[str] = []

    @property
    def chromium(self) -> Chromium:
        """The browser, where only Chromium will do."""
        assert isinstance(self.browser, Chromium)
        return self.browser

    @property
    def look(self) -> pictures.Look:
        """What this person's camera and microphone give."""
        return pictures.LOOKS[self.name]

    # Moving about

    def enter(self, link: str) -> None:
        """Open a meeting's link and wait for the lobby."""
        self.secrets.add(link.partition("#")[2])
        self.browser.open(link)
        self.wait_for('[data-control="join"]', what="the lobby's Join button")

    def join(self, link: str = "", *, name: str = "") -> None:
        """Open the link, if given, press Join under this name, and wait until the call is live."""
        if link:
            self.enter(link)
        self.browser.fill("Your name", name or self.name)
        self.press("join")
        self.wait_live()

    def wait_live(self) -> None:
        """Wait until the call is on screen and this person holds the key."""
        self.wait_for('[data-control="leave"]', what=f"{self.name} in the call", seconds=LIVE_SECONDS)

    def wait_back(self, *, seconds: float = LIVE_SECONDS) -> None:
        """Wait until the call is on screen again; where the lobby asks once more, press Join there."""
        inside, asked = '[data-control="leave"]', '[data-control="join"]:not([data-pending])'
        until(lambda: self.has(inside) or self.has(asked), what=f"{self.name} back in the call", seconds=seconds, seen=self.text)
        end = time.monotonic() + SETTLE_SECONDS  # a reload stands in the lobby for a moment, then goes on by itself
        while time.monotonic() < end and not self.has(inside):
            time.sleep(0.1)
        if self.has(asked):
            self.press("join")
        self.wait_for(inside, what=f"{self.name} back in the call", seconds=seconds)

    def press(self, control: str) -> None:
        """Press a control of the call or the lobby by its id."""
        self.click(f'[data-control="{control}"]')

    def click(self, css: str) -> None:
        """Press what this selector finds."""
        if isinstance(self.browser, Chromium):
            self.browser.page.locator(css).locator("visible=true").first.click()
        else:
            assert isinstance(self.browser, Firefox)
            self.browser.click_css(css)

    def leave(self) -> None:
        """Leave; a host, who has two ways out, is asked which."""
        self.press("leave")
        until(lambda: self.has('[data-ended="left"]') or "Leave the call?" in self.text(), what="the end, or the question")
        if not self.has('[data-ended="left"]'):
            self.browser.click("button", "Leave")
        self.wait_ended("left")

    # Reading the page

    def text(self) -> str:
        """Return all text on screen."""
        return str(self.browser.ask("() => document.body?.innerText ?? ''"))

    def reads(self, sentence: str, *, seconds: float = 15.0) -> None:
        """Wait until a sentence is on screen."""
        until(lambda: sentence in self.text(), what=f"{self.name} reads “{sentence}”", seconds=seconds, seen=self.text)

    def has(self, css: str) -> bool:
        """Tell whether the page has what this selector finds."""
        return bool(self.browser.ask("(css) => document.querySelector(css) !== null", css))

    def wait_for(self, css: str, *, what: str, seconds: float = 15.0) -> None:
        """Wait until the page has it."""
        until(lambda: self.has(css), what=what, seconds=seconds, seen=self.text)

    def wait_ended(self, reason: str, *, seconds: float = 20.0) -> None:
        """Wait for the page that says why the call is over."""
        self.wait_for(f'[data-ended="{reason}"]', what=f"{self.name}'s call is over: {reason}", seconds=seconds)

    # Seeing and hearing

    def tiles(self) -> list[Tile]:
        """Return the tiles on screen."""
        return [Tile(**tile) for tile in self.browser.ask(TILES)]

    def stand(self) -> str:
        """Return tiles and text, for a failure's message."""
        return f"{self.tiles()}\n{self.text()}"

    def tile(self, name: str, *, kind: str = "camera") -> Tile | None:
        """Return the tile with this name under it."""
        return next((tile for tile in self.tiles() if tile.name == name and tile.kind == kind), None)

    def names(self) -> list[str]:
        """Return the names under the tiles, sorted."""
        return sorted(tile.name for tile in self.tiles() if tile.kind == "camera")

    def picture(self, participant: str, *, kind: str = "camera") -> dict[str, Any] | None:
        """Return the colours on one tile."""
        body = f"""({{ participant, kind }}) => {{
          const tiles = [...document.querySelectorAll("article.tile")];
          const video = tiles.find((one) => one.dataset.participant === participant && one.dataset.kind === kind)?.querySelector("video");
          return video ? ({pictures.PICTURE})(video) : null;
        }}"""
        seen: dict[str, Any] | None = self.browser.ask(body, {"participant": participant, "kind": kind})
        return seen

    def shown(self, name: str) -> str | None:
        """Return whose camera is on the tile that carries this name."""
        tile = self.tile(name)
        return pictures.whose_picture(self.picture(tile.participant)) if tile else None

    def shown_by(self, participant: str, *, kind: str = "camera") -> str | None:
        """Return whose picture is on one tile."""
        return pictures.whose_picture(self.picture(participant, kind=kind))

    def own_preview(self) -> str | None:
        """Return whose picture is in the lobby's preview."""
        body = (
            f"() => {{ const video = document.querySelector('[data-preview] video'); return video ? ({pictures.PICTURE})(video) : null; }}"
        )
        return pictures.whose_picture(self.browser.ask(body))

    def sees(self, other: "Person", *, seconds: float = LIVE_SECONDS) -> None:
        """Wait until the tile with the other's name shows the other's camera, moving, with its padlock on."""
        if isinstance(other.browser, Firefox):
            until(
                lambda: self._sees_firefox(other), what=f"{self.name} sees the changing picture of {other.name} (Firefox)", seconds=seconds
            )
        else:
            until(lambda: self.shown(other.name) == other.name, what=f"{self.name} sees {other.name}", seconds=seconds, seen=self.stand)
        until(
            lambda: self.lock(other.name) == "locked",
            what=f"the padlock of {other.name} at {self.name}'s",
            seconds=seconds,
            seen=self.stand,
        )

    def _sees_firefox(self, other: "Person") -> bool:
        """Tell whether the other's tile shows one even colour that is nobody else's and changes."""
        tile = self.tile(other.name)
        first = self.picture(tile.participant) if tile else None
        if tile is None or first is None or first["top"] == [0, 0, 0]:
            return False
        even = all(abs(a - b) < 12 for a, b in zip(first["top"], first["bottom"], strict=True))

        def changed() -> bool:
            now = self.picture(tile.participant)
            return now is not None and max(abs(a - b) for a, b in zip(first["top"], now["top"], strict=True)) > 12

        return even and until(changed, what=f"{other.name}'s picture changes", seconds=10)

    def sees_no(self, other: "Person") -> None:
        """Assert that nobody's tile shows the other's camera."""
        assert all(pictures.whose_picture(self.picture(tile.participant)) != other.name for tile in self.tiles() if not tile.self)

    def lock(self, name: str) -> str:
        """Return how the padlock of the tile with this name stands."""
        tile = self.tile(name)
        return tile.lock if tile else "no tile"

    def heard(self, participant: str, *, kind: str = "microphone", ms: int = 1500) -> str | None:
        """Return whose tone sounds in what is played for one participant."""
        self.listens(participant, kind=kind, ms=ms)
        return self.has_heard()[participant]

    def listens(self, *participants: str, kind: str = "microphone", ms: int = 1500) -> None:
        """Begin to listen to what is played for these participants, to all at once; has_heard() waits for the end."""
        tones = [look.tone for look in pictures.LOOKS.values()]
        measure = pictures.SOUND if isinstance(self.browser, Chromium) else pictures.SOUND_RECORDED
        body = f"""({{ participants, kind, tones, ms }}) => {{
          const elements = [...document.querySelectorAll("audio")].filter((one) => one.dataset.kind === kind);
          window.listened = Promise.all(participants.map(async (participant) => {{
            const played = elements.find((one) => one.dataset.participant === participant);
            return [participant, played ? await ({measure})(played, {{ tones, ms }}) : null];
          }}));
        }}"""
        self.browser.ask(body, {"participants": participants, "kind": kind, "tones": tones, "ms": ms})

    def has_heard(self) -> dict[str, str | None]:
        """Return whose tone sounded in what was played for each of them."""
        return {participant: pictures.whose_sound(levels) for participant, levels in self.browser.ask("() => window.listened")}

    def hears(self, other: "Person", *, seconds: float = LIVE_SECONDS) -> None:
        """Wait until what is played for the other's tile is the other's tone."""

        def look() -> bool:
            tile = self.tile(other.name)
            return tile is not None and self.heard(tile.participant) == other.name

        until(look, what=f"{self.name} hears {other.name}", seconds=seconds, seen=self.stand)

    def hears_nothing_of(self, other: "Person") -> None:
        """Assert that what is played for the other's tile is not the other's tone for a while."""
        tile = self.tile(other.name)
        assert tile is None or self.heard(tile.participant, ms=3000) is None

    # Panels

    def panel(self, name: str) -> None:
        """Open a panel, if it is not open."""
        if not self.has(f'.call[data-panel="{name}"]'):
            self.press(name)
        self.wait_for(f'.call[data-panel="{name}"]', what=f"the panel {name}")

    def open_panel(self, name: str) -> None:
        """Open a panel; on a phone some stand behind "more"."""
        if not self.has(f'.call[data-panel="{name}"]'):
            if not self.shows(f'[data-control="{name}"]'):
                self.press("more")
                self.wait_for('.call[data-panel="more"]', what="the panel more")
            self.press(name)
        self.wait_for(f'.call[data-panel="{name}"]', what=f"the panel {name}")

    def shows(self, css: str) -> bool:
        """Tell whether what this selector finds can be seen."""
        return self.chromium.page.locator(css).locator("visible=true").count() > 0

    def code(self) -> str:
        """Return the security code, 30 digits."""
        self.panel("security")
        # In one look, as it may change at any moment.
        digits, shown = self.browser.ask(
            '() => { const code = document.querySelector("[data-code]"); return [code?.dataset.code ?? "", code?.textContent ?? ""]; }'
        )
        assert digits == re.sub(r"\s", "", shown)
        assert re.fullmatch(r"(\d{30})?", digits)
        return str(digits)

    def says(self, text: str) -> None:
        """Write a chat message."""
        self.panel("chat")
        self.browser.fill("Write to everybody", text)
        self.browser.click("button", "Send")

    def remove(self, name: str) -> None:
        """As host, remove somebody, and confirm."""
        self.panel("people")
        self.browser.click("button", f"Remove {name}")
        self.chromium.page.get_by_role("alertdialog").get_by_role("button", name=f"Remove {name}").click()

    def does(self, name: str, act: str) -> None:
        """As host, choose what to do about somebody in the list of people."""
        self.panel("people")
        page = self.chromium.page
        page.get_by_role("button", name=f"Actions for {name}").click()
        page.get_by_role("menuitem", name=act).click()

    def tab_to(self, css: str, *, text: str = "") -> None:
        """Press Tab until the focus is on what this selector finds, as somebody without a pointer does."""
        for _ in range(80):
            if self.browser.ask(
                "({ css, text }) => document.activeElement.matches(css) && document.activeElement.textContent.includes(text)",
                {"css": css, "text": text},
            ):
                return
            self.chromium.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {css} {text}")

    # Rules that every journey keeps

    def expects(self, *parts: str) -> None:
        """Allow console errors that contain one of these texts."""
        self._expected += parts

    def faults(self) -> list[str]:
        """Return what no journey may do: errors in the console, requests to other hosts, a link's secret in a request."""
        found = [f"{self.name}: {problem}" for problem in self.browser.problems() if not any(part in problem for part in self._expected)]
        own = urlsplit(self.server.url)
        for address in self.browser.requests():
            parts = urlsplit(address)
            if parts.scheme not in OWN_SCHEMES and parts.netloc != own.netloc:
                found.append(f"{self.name} asked another host: {address}")
            for secret in self.secrets:
                found += [
                    f"a secret was in a request: {address}" for part in secret.split(".") if part and part in address.partition("#")[0]
                ]
        return found


def everybody_sees_and_hears(*people: Person) -> None:
    """Wait until each of them sees and hears each other one; they listen at the same time, as a tone takes its while."""
    for one in people:
        for other in people:
            if one is not other:
                one.sees(other)

    def look() -> bool:
        seats = [{tile.name: tile.participant for tile in person.tiles() if tile.kind == "camera"} for person in people]
        if any({person.name for person in people} - named.keys() for named in seats):
            return False
        wanted = [{named[other.name]: other.name for other in people if other is not one} for one, named in zip(people, seats, strict=True)]
        for person, tones in zip(people, wanted, strict=True):
            person.listens(*tones)
        return [person.has_heard() for person in people] == wanted

    until(look, what="everybody hears everybody", seconds=LIVE_SECONDS, seen=lambda: "\n".join(person.stand() for person in people))


class Owner(Person):
    """The person with the owner link."""

    # What is copied is also kept for the test; pages of ours may not read the clipboard.
    COPIES = """if (navigator.clipboard) {
      const write = navigator.clipboard.writeText.bind(navigator.clipboard);
      navigator.clipboard.writeText = (text) => { window.copied = text; return write(text); };
    }"""

    email = "alice@example.org"

    # Naming one permission refuses all others, so the devices are named too.
    MAY = ("clipboard-read", "clipboard-write", "camera", "microphone")

    def use_owner_link(self) -> None:
        """Make the account and arrive at My meetings."""
        page = self.chromium.page
        self.browser.open(self.server.owner_link)
        page.fill("input[name=name]", self.name)
        page.fill("input[name=email]", self.email)
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=password_again]", PASSWORD)
        self.browser.click("button", "Make my account")
        self.wait_meetings()

    def sign_in(self) -> None:
        """Sign in with the password."""
        page = self.chromium.page
        page.goto(f"{self.server.url}/account/login/")
        page.fill("input[name=login]", self.email)
        page.fill("input[name=password]", PASSWORD)
        self.browser.click("button", "Sign in")
        self.wait_meetings()

    def wait_meetings(self) -> None:
        """Wait for My meetings."""
        until(lambda: urlsplit(self.browser.address()).path == "/meetings", what="My meetings", seen=self.text)
        self.reads("My meetings")

    def make_meeting(self, title: str, *, preset: str = "open", passcode: str = "") -> str:
        """Make a meeting in which so much is asked of who comes in, and return the link that its button copies."""
        page = self.chromium.page
        if urlsplit(page.url).path != "/meetings":
            page.goto(f"{self.server.url}/meetings")
        self.browser.click("button", "New meeting")
        self.browser.fill("What is it about?", title)
        page.locator(f'[data-preset="{preset}"]').click()
        if passcode:
            self.browser.fill("Passcode", passcode)
        self.browser.click("button", "Make the meeting")
        return self.copied_link(title)

    def card(self, title: str) -> Locator:
        """Return the newest meeting of exactly this title; other tests' titles may contain it."""
        page = self.chromium.page
        return page.locator("[data-meeting]").filter(has=page.get_by_role("heading", name=title, exact=True)).first

    def copied_link(self, title: str) -> str:
        """Press the copy button of a meeting and return what it copied."""
        page = self.chromium.page
        page.evaluate("() => { window.copied = undefined; }")
        self.card(title).get_by_role("button", name="Copy the link").first.click()
        link = str(until(lambda: page.evaluate("() => window.copied"), what="a copied link"))
        assert LINK.search(link), link
        self.secrets.add(link.partition("#")[2])
        return link

    def menu(self, title: str, item: str) -> None:
        """Choose something from a meeting's menu."""
        page = self.chromium.page
        if urlsplit(page.url).path != "/meetings":
            page.goto(f"{self.server.url}/meetings")
        self.card(title).get_by_role("button", name=f"More for “{title}”", exact=True).click()
        page.get_by_role("menuitem", name=item).click()

    def invites(self, whom: str) -> str:
        """In the dialog of a meeting's invitations, make one and return the link that its button copies."""
        page = self.chromium.page
        dialog = page.get_by_role("dialog")
        page.evaluate("() => { window.copied = undefined; }")
        dialog.get_by_label("For whom?").fill(whom)
        dialog.get_by_role("button", name="Make the invitation").click()
        self.reads(f"This is {whom}’s link.")
        dialog.get_by_role("button", name="Copy the invitation").click()
        link = str(until(lambda: page.evaluate("() => window.copied"), what="a copied invitation"))
        assert PERSONAL.search(link), link
        self.secrets.add(link.partition("#")[2])
        return link

    def copied_host_link(self, title: str) -> str:
        """Open the private host link of a meeting and return what its button copies."""
        page = self.chromium.page
        page.evaluate("() => { window.copied = undefined; }")
        self.menu(title, "Private host link")
        page.get_by_role("button", name="Copy the host link").click()
        link = str(until(lambda: page.evaluate("() => window.copied"), what="a copied host link"))
        self.secrets.add(link.partition("#")[2])
        page.keyboard.press("Escape")
        return link
