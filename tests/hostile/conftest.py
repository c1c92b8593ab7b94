"""Mallory runs the server: she has its keys and its database, so she can put anybody into any media room under any id."""

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Route

from benchmarks.bare.page import BarePage
from conclave.meetings.models import Participant
from tests.headless.clients import Client
from tests.hostile.delivery import DeliveryService
from tests.hostile.rows import write
from tests.hostile.wire import Wire
from tests.journeys.browsers import Chromium, until
from tests.journeys.fixtures import Chromiums, Guests
from tests.journeys.people import Person
from tests.journeys.world import Installation

PAGE = Path(__file__).resolve().parent / "page"
WATCH = (PAGE / "watch.js").read_text(encoding="utf-8")


class Mallory:
    """What whoever runs the server can do to a call's media, with pages of plain livekit-client."""

    def __init__(self, page: BarePage, studio: BarePage, chromiums: Chromiums, state: Path) -> None:
        self.page = page
        self._studio = studio
        self.name = secrets.token_urlsafe(16)
        self._chromiums = chromiums
        self._state = state
        self._windows: list[Chromium] = []

    def room(self, person: Person) -> str:
        """Return the media room in which this person is, once they are: the call is on screen before the media connects."""

        def look() -> str | None:
            own = next((tile.participant for tile in person.tiles() if tile.self), None)
            return next((room for room in self.page.rooms() if own in self.page.identities(room=room)), None)

        return str(until(look, what=f"{person.name}'s media room", seen=person.stand))

    def seat(self, *, room: str, identity: str) -> None:
        """Write a seat into her own server's database, so that her own server does not put her connection out."""
        seat = {"seat_hash": secrets.token_hex(32), "joined_at": int(time.time() * 1000)}
        write(
            self._state,
            Participant(id=identity, call_id=room, name="Mallory", role="guest", signature_key=secrets.token_urlsafe(32), **seat),
        )

    def enter(self, *, room: str, identity: str, listen: bool = False) -> Chromium:
        """Put a connection into the room; its camera and microphone are Charlie's."""
        window = self._chromiums.of("Charlie").window()
        self._windows.append(window)
        window.open(self.page.address(room=room, identity=identity, listen=listen))
        window.page.wait_for_function("() => window.ready")
        window.page.click("#join")
        window.page.wait_for_function("() => window.room.state === 'connected' || window.measured.failed")
        assert window.ask("() => window.measured.failed") == ""
        return window

    def studio(self, *, room: str) -> "Studio":
        """Put a connection into the room that tapes what it hears and sends what it is told to; for now it sends nothing."""
        self.seat(room=room, identity=self.name)
        window = self._chromiums.of("Charlie").window()
        self._windows.append(window)
        window.open(self._studio.address(room=room, identity=self.name))
        window.page.wait_for_function("() => window.ready")
        window.page.click("#join")
        window.page.wait_for_function("() => window.room.state === 'connected' || window.measured.failed")
        assert window.ask("() => window.measured.failed") == ""
        return Studio(window)

    def close(self) -> None:
        """Close all her windows."""
        for window in self._windows:
            window.close()


class Studio:
    """Mallory's own page (page/mallory.js)."""

    def __init__(self, window: Chromium) -> None:
        self.window = window

    def tape(self, person: str, *, pictures: int = 30, sounds: int = 60) -> None:
        """From now on tape so many of a participant's frames, and no more."""
        count = """(who) => ["camera", "microphone"].map((source) =>
          window.tape.slice(window.start).filter((one) => one.who === who && one.source === source).length)"""
        self.window.ask("() => { window.start = window.tape.length; }")
        until(
            lambda: all(have >= wanted for have, wanted in zip(self.window.ask(count, person), (pictures, sounds), strict=True)),
            what="Mallory has tape",
            seen=lambda: self.window.ask(count, person),
        )
        self.window.ask("() => { window.taping = false; }")

    def send(self, *, whose: str = "", how: str = "whole", backwards: bool = False) -> None:
        """Begin to send a camera and a microphone, made like play()."""
        self._plan(whose, how, backwards)
        self.window.ask("() => window.send()")
        until(lambda: self.sent > 30, what="Mallory sends")

    def play(self, *, whose: str = "", how: str = "whole", backwards: bool = False) -> None:
        """From now on send her own frames, or somebody's taped ones, broken in some way, and wait until some are sent."""
        self._plan(whose, how, backwards)
        before = self.sent
        until(lambda: self.sent > before + 30, what=f"Mallory sends {how} frames")

    def _plan(self, whose: str, how: str, backwards: bool) -> None:  # noqa: FBT001 - from the two above
        self.window.ask("(plan) => { window.plan = plan; }", {"from": whose, "how": how, "backwards": backwards})

    def speak(self, text: str) -> None:
        """Send data packets of every sort."""
        self.window.ask("(text) => window.speak(text)", text)

    @property
    def sent(self) -> int:
        """How many frames she has sent."""
        return int(self.window.ask("() => window.sent"))

    @property
    def ways(self) -> list[str]:
        """All ways of breaking a frame that she knows."""
        return list(self.window.ask("() => window.ways"))

    def trailers(self, person: str) -> list[tuple[int, int, int, int]]:
        """Return counter, epoch, leaf and kind of every frame of a participant's on tape; of one that came twice, once.

        What the media engine makes by itself when somebody mutes (FRM-7) ends in no trailer: its bytes name no epoch that could be.
        """
        body = """(who) => window.tape.filter((one) => one.who === who).map(({ bytes }) => {
          let sum = 2166136261;
          for (const byte of bytes) sum = Math.imul(sum ^ byte, 16777619);
          return [sum, ...bytes.slice(-14)];
        })"""
        found = {tuple(frame) for frame in self.window.ask(body, person)}
        fields = [(bytes(tail[:6]), bytes(tail[6:10]), bytes(tail[10:13]), bytes(tail[13:])) for _sum, *tail in found]
        read = [(number(counter), number(epoch), number(leaf), number(kind)) for counter, epoch, leaf, kind in fields]
        return [trailer for trailer in read if trailer[1] < 1000]


def number(part: bytes) -> int:
    """Return a trailer's field."""
    return int.from_bytes(part)


@pytest.fixture
def mallory(server: Installation, chromiums: Chromiums) -> Iterator[Mallory]:
    """Whoever runs the server."""
    page = BarePage(engine_port=server.engine_port, state=server.state)
    studio = BarePage(engine_port=server.engine_port, state=server.state, folder=PAGE)
    somebody = Mallory(page, studio, chromiums, server.state)
    try:
        yield somebody
    finally:
        somebody.close()
        page.close()
        studio.close()


@pytest.fixture
def wire(server: Installation) -> Iterator[Wire]:
    """Mallory's hand on the signalling of whoever comes by its address."""
    somewhere = Wire(gateway=server.url)
    try:
        yield somewhere
    finally:
        somewhere.close()


class Victims(Guests):
    """Invites people to Mallory's address of the same server; beneath their pages somebody looks on."""

    def __init__(self, chromiums: Chromiums, server: Installation, wire: Wire) -> None:
        super().__init__(chromiums, replace(server, http_port=wire.port))
        self._real = server.url
        self._false = wire.url

    def join(self, who: str, link: str) -> Person:
        """Bring somebody into the call."""
        person = self.firefox(who) if who == "Fanny" else self(who, init_script=WATCH)
        person.expects("/rtc/v1")  # the browser notes where its signalling was refused or cut
        person.join(link.replace(self._real, self._false))
        return person


@pytest.fixture
def victims(chromiums: Chromiums, server: Installation, wire: Wire) -> Iterator[Victims]:
    """People whose signalling Mallory holds."""
    guests = Victims(chromiums, server, wire)
    yield guests
    guests.leave()


class Insider:
    """A member with a key and a frame worker of their own making (page/insider.js)."""

    def __init__(self, person: Person) -> None:
        """Take somebody's window before the call is opened in it."""
        self.person = person
        script = (PAGE / "broken.js").read_text(encoding="utf-8").replace("export ", "") + (PAGE / "insider.js").read_text(encoding="utf-8")
        self.ways = re.findall(r"^  (\w+): ", script, re.MULTILINE)

        def prefix(route: Route) -> None:
            answer = route.fetch()
            kept = {name: value for name, value in answer.headers.items() if name not in {"content-encoding", "content-length"}}
            route.fulfill(status=answer.status, headers=kept, body=script + answer.text())

        person.chromium.context.route("**/frames.worker-*.js", prefix)

    def breaks(self, how: str) -> None:
        """From now on send every frame broken in this way."""
        self.person.browser.ask("(how) => { new BroadcastChannel('broken').postMessage(how); }", how)


def shown_frames(person: Person, participant: str) -> int:
    """Return how many frames of somebody's camera this person's browser has drawn."""
    count = """(who) => [...document.querySelectorAll("article.tile")].find((one) => one.dataset.participant === who)
      ?.querySelector("video")?.getVideoPlaybackQuality().totalVideoFrames ?? 0"""
    return int(person.browser.ask(count, participant))


def identity(person: Person) -> str:
    """Return a person's id in the call."""
    return next(tile.participant for tile in person.tiles() if tile.self)


def passed(person: Person, tile: str) -> int:
    """Return how many frames were let through to a tile, such as `<id>/camera`, in this person's browser."""
    return int(person.browser.ask("(tile) => window.seen.passed[tile] ?? 0", tile))


def dropped(person: Person, tile: str) -> dict[str, int]:
    """Return how many were dropped before it, by reason."""
    found: dict[str, int] = person.browser.ask("(tile) => window.seen.dropped[tile] ?? {}", tile)
    return found


class Clients:
    """People without a browser, one process each, started when first needed."""

    def __init__(self) -> None:
        self._running: dict[str, Client] = {}

    def __call__(self, name: str) -> Client:
        """Return that person's."""
        if name not in self._running:
            self._running[name] = Client(name)
        return self._running[name]

    def close(self) -> None:
        """Let everybody go; the processes stay for the next test."""
        for client in self._running.values():
            client.ask("close")

    def stop(self) -> None:
        """End all."""
        for client in self._running.values():
            client.stop()


@pytest.fixture(scope="session")
def processes() -> Iterator[Clients]:
    """Everybody's process."""
    running = Clients()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def clients(processes: Clients) -> Iterator[Clients]:
    """People without a browser: `clients("Alice")`."""
    yield processes
    processes.close()


@pytest.fixture
def service(server: Installation, clients: Clients) -> Iterator[DeliveryService]:
    """Mallory's delivery service, with one meeting; `clients` go before it does."""
    somebody = DeliveryService(gateway=server.url, state=server.state)
    try:
        yield somebody
    finally:
        clients.close()
        somebody.close()
