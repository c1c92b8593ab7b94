"""June 2020 again: nine people in four territories in one call whose host is in a fifth, a court of one of them, and the desk.

One person of each territory and the host sit in real browsers, one of whom an order is about; the other five are headless members, as ten
browsers do not fit on two cores. Everybody comes by a way of their territory (abroad.py). Cameras are on and microphones stay off: the echo
that five browsers look for takes a third of two processors.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright, ViewportSize

from benchmarks.bare.page import BarePage
from tests.headless.people import Beside, world_of
from tests.journeys.abroad import ADDRESSES, Way, databases
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.office import Office
from tests.journeys.people import Owner, Person
from tests.journeys.pictures import Camera
from tests.journeys.world import Installation, installation

# Who sits in a browser; Alice is the host.
BROWSERS = {"Alice": "FR", "Bob": "HK", "Charlie": "CN", "Dora": "US", "Emil": "TW"}
HEADLESS = {"Ming": "CN", "Lan": "CN", "Ho": "HK", "Uma": "US", "Tai": "TW"}
EVERYBODY = {**BROWSERS, **HEADLESS}
TERRITORY = "CN"
CAMERA = Camera(width=320, height=180, rate=15)
# No larger than these pictures need: browsers without a graphics card paint each pixel with the processors that carry the call.
WINDOW: ViewportSize = {"width": 800, "height": 480}
# Naming one permission refuses all others.
CAMERA_ONLY, CLIPBOARD = ("camera",), ("clipboard-read", "clipboard-write")
COVERED = {name for name, place in EVERYBODY.items() if place == TERRITORY}
# What the court demands at first: the meeting closed to everybody, wherever they are.
CLAIMED = "CN HK TW US FR"
MEET_SECONDS = 60.0
# How long pictures are watched with nothing happening, and after the last has gone.
CALM_SECONDS, AFTER_SECONDS = 3.0, 3.0
# How long nobody is asked anything after the second approval.
UNASKED_SECONDS = 2.0

# In the page, before anything else. The longest time between two pictures of each tile, from above, as the browser counts at both ends.
# The decoder tells of those since the last look how many, the sum of the times between them and the sum of their squares, which bound the
# longest and are exact for one or two; a picture that still does not come is as late as it is by now. Where a look comes late itself, that
# bound is loose. What is drawn then tells more: a pause of three times the mean of 30, and 150 ms more than it, is a freeze, whose length
# it adds up (https://www.w3.org/TR/webrtc-stats/#dom-rtcinboundrtpstreamstats-freezecount); nothing between two looks is longer than what
# froze between them, or than a freeze begins at. The lower of the two bounds over the whole time is told.
WATCHED = """(() => {
  const connections = [];
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      connections.push(this);
    }
  };
  let looks = new Map(), worst = new Map(), timer, busy = false;
  // [longest as decoded, longest as drawn]
  const late = (track, decoded, drawn) => {
    const [was, seen] = worst.get(track) ?? [0, 0];
    worst.set(track, [Math.max(was, decoded), Math.max(seen, drawn)]);
  };
  const take = (report) => {
    const { trackIdentifier: track, framesDecoded: frames = 0 } = report;
    const { totalInterFrameDelay: sum = 0, totalSquaredInterFrameDelay: squares = 0 } = report;
    const { totalFreezesDuration = 0, totalPausesDuration = 0 } = report;
    const frozen = totalFreezesDuration + totalPausesDuration;
    const now = performance.now(), taken = looks.get(track) ?? [], last = taken.at(-1);
    const more = frames - (last?.frames ?? frames);
    if (last && more > 0) {
      const mean = (sum - last.sum) / more;
      const spread = Math.max(0, (squares - last.squares) / more - mean * mean);
      const since = taken.find((one) => frames - one.frames <= 30) ?? last;
      const usual = (sum - since.sum) / (frames - since.frames);
      const froze = Math.max(frozen - last.frozen, 3 * usual, usual + 0.15);
      late(track, (mean + Math.sqrt((more - 1) * spread)) * 1000, froze * 1000);
    } else if (last) late(track, now - last.at, now - last.at);
    looks.set(track, [...taken.slice(-20), { frames, sum, squares, frozen, at: last && more === 0 ? last.at : now }]);
  };
  const look = async () => {
    if (busy) return;
    busy = true;
    for (const connection of connections.filter(({ connectionState }) => connectionState !== "closed"))
      for (const receiver of connection.getReceivers().filter(({ track }) => track.kind === "video"))
        for (const report of (await receiver.getStats()).values()) if (report.type === "inbound-rtp") take(report);
    busy = false;
  };
  window.watch = async () => {
    clearInterval(timer);
    [looks, worst] = [new Map(), new Map()];
    await look();
    timer = setInterval(look, 200);
  };
  window.watched = async () => {
    clearInterval(timer);
    await look();
    const tiles = [...document.querySelectorAll("article.tile[data-kind=camera]:not([data-self])")];
    const longest = (track) => (worst.has(track) ? Math.min(...worst.get(track)) : null);
    const shown = (tile) => tile.querySelector("video")?.srcObject?.getVideoTracks()[0]?.id;
    return Object.fromEntries(tiles.map((tile) => [tile.querySelector(".tile-name")?.textContent ?? "", longest(shown(tile))]));
  };
})()"""

Gaps = dict[str, dict[str, float | None]]


@dataclass(kw_only=True)
class June:
    """Everybody in the call, and the desk."""

    server: Installation
    owner: Owner
    people: dict[str, Person]
    beside: Beside
    office: Office
    engine: BarePage
    link: str
    ways: dict[str, Way]
    processes: dict[str, ChromiumProcess]

    @property
    def meeting(self) -> str:
        """The meeting's number."""
        return self.link.partition("/m/")[2].partition("#")[0]

    @property
    def others(self) -> dict[str, Person]:
        """Those in browsers whom the order is not about."""
        return {name: person for name, person in self.people.items() if name not in COVERED}

    @property
    def room(self) -> tuple[str, str]:
        """The engine's room: its name, which is the call's, and the number that a room has for as long as it lives."""
        (room,) = self.engine.sids().items()
        return room

    def come(self, *names: str) -> None:
        """Let these join, and wait until all see and are seen."""
        for name in names:
            if name in HEADLESS:
                self.beside.ask("join", name=name, url=self.ways[HEADLESS[name]].url)
            else:
                self.people[name] = self._person(name)
                self.people[name].enter(self.link)
                self.people[name].wait_for('[data-preview="on"] video', what=f"{name}'s camera", seconds=MEET_SECONDS)
                self.people[name].browser.fill("Your name", name)
                self.people[name].press("join")
                self.people[name].wait_for('[data-control="leave"]', what=f"{name} in the call", seconds=MEET_SECONDS)
        inside = sorted(EVERYBODY)
        for person in self.people.values():
            until(lambda: person.names() == inside, what=f"{person.name} has everybody", seconds=MEET_SECONDS, seen=person.stand)  # noqa: B023
            for other in self.people.values():
                if other is not person:
                    person.sees(other, seconds=MEET_SECONDS)
        self.beside.ask("settled", size=len(EVERYBODY))

    def go(self) -> None:
        """Let those whom an order has taken out close their windows."""
        for name in COVERED & HEADLESS.keys():
            self.beside.ask("leave", name=name)
        for name in COVERED & BROWSERS.keys():
            self.people.pop(name).browser.close()

    def headless(self) -> dict[str, dict[str, Any]]:
        """Return how each headless member stands."""
        return self.beside.states()

    def codes(self) -> set[str]:
        """Return the security codes that they read; afterwards each has the whole window for the pictures again."""
        found = set()
        for person in self.others.values():
            found.add(person.code())
            person.chromium.page.keyboard.press("Escape")
        return found

    def watch(self) -> None:
        """Begin to watch the pictures of the others at each of them."""
        for person in self.others.values():
            person.browser.ask("() => window.watch()")

    def watched(self) -> Gaps:
        """Return the longest time without a picture since then, in ms: at whom, of whom; None where none ever came."""
        return {
            name: {of: gap for of, gap in person.browser.ask("() => window.watched()").items() if of in self.others}
            for name, person in self.others.items()
        }

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.people["Alice"].chromium.page.wait_for_timeout(seconds * 1000)

    def order(self) -> str:
        """Let the court demand what it demanded then, and the desk narrow it, as far as the first approval; return the order's number."""
        order = str(self.office.ask("orders", claimed=CLAIMED)["order"])
        self.office.ask("narrows", order=order, meeting=self.meeting, territory=TERRITORY)
        self.office.ask("approves", order=order, by="Ann")
        return order

    def taken_out(self) -> None:
        """Wait until exactly those in the territory are out, and the group goes on without them; at first ask nobody anything, as the
        browsers would answer with the processors that carry their call.
        """
        self.rest(UNASKED_SECONDS)
        self.people["Charlie"].wait_ended("ordered", seconds=MEET_SECONDS)
        left = sorted(EVERYBODY.keys() - COVERED)
        for person in self.others.values():
            until(lambda: person.names() == left, what=f"{person.name} has those who are left", seconds=MEET_SECONDS, seen=person.stand)  # noqa: B023
        until(lambda: self._settled(len(left)), what="the members have those who are left", seconds=MEET_SECONDS, seen=self.headless)

    def _settled(self, size: int) -> bool:
        """Tell whether the covered headless members are out, and all others in one group of this size."""
        states = self.headless()
        out = {name for name, state in states.items() if state["gone"]}
        return out == COVERED & HEADLESS.keys() and {state["size"] for name, state in states.items() if name not in out} == {size}

    def _person(self, name: str) -> Person:
        """Return somebody in a new window of their browser."""
        window = (
            self.owner.chromium.sibling()
            if name == "Alice"
            else self.processes[name].window(init_script=WATCHED, permissions=CAMERA_ONLY, viewport=WINDOW)
        )
        return Person(name, window, server=self.server)


@contextmanager
def june(playwright: Playwright, folder: Path) -> Iterator[June]:
    """Let everybody meet; afterwards take all down, whatever happened."""
    with ExitStack() as stack:
        server = installation(folder / "var", extra={"CONCLAVE_GEO_DIR": str(databases(folder / "geo"))})
        stack.callback(server.stop)
        server.start()
        ways = {country: Way(country, server.http_port) for country in ADDRESSES}
        for way in ways.values():
            stack.callback(way.close)
        processes = {
            name: ChromiumProcess(playwright, folder, name, flags=(ways[place].flag,), camera=CAMERA, answers=False)
            for name, place in BROWSERS.items()
        }
        for process in processes.values():
            stack.callback(process.close)
        script = f"{Owner.COPIES};{WATCHED}"
        window = processes["Alice"].window(init_script=script, permissions=(*CAMERA_ONLY, *CLIPBOARD), viewport=WINDOW)
        owner = Owner("Alice", window, server=server)
        owner.use_owner_link()
        link = owner.make_meeting("4 June")
        owner.chromium.page.goto("about:blank")
        office = stack.enter_context(Office(server))
        beside = stack.enter_context(Beside(world_of(url=server.url, link=link)))
        engine = BarePage(engine_port=server.engine_port, state=server.state)
        stack.callback(engine.close)
        met = June(
            server=server, owner=owner, people={}, beside=beside, office=office, engine=engine, link=link, ways=ways, processes=processes
        )
        met.come(*EVERYBODY)
        yield met
