"""One installation, two people with a Chromium each, and the same two on the comparator's page."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.bare.page import BarePage
from tests.journeys.browsers import Chromium, ChromiumProcess
from tests.journeys.people import Owner, Person
from tests.journeys.pictures import SMALL, Camera
from tests.journeys.world import Installation, installation

# How long somebody looks at their picture before pressing Join; the same on both sides.
LOBBY_SECONDS = 3.0

# In the page, before anything else: when Join was clicked and when the first picture of somebody else was on screen.
TIMES = """
window.times = { clicked: 0, rendered: 0 };
const now = () => performance.timeOrigin + performance.now();
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest('[data-control="join"]')) window.times.clicked = now();
}, { capture: true });
const watched = new WeakSet();
new MutationObserver(() => {
  for (const video of document.querySelectorAll("article.tile:not([data-self]) video")) {
    if (watched.has(video)) continue;
    watched.add(video);
    video.requestVideoFrameCallback(() => { window.times.rendered ||= now(); });
  }
}).observe(document, { childList: true, subtree: true });
"""


@dataclass(kw_only=True)
class Stand:
    """Everything that is set up once."""

    server: Installation
    bare: BarePage
    owner: Owner
    link: str
    alice: ChromiumProcess
    bob: ChromiumProcess

    def host(self) -> Person:
        """Return Alice in a new window, before the lobby."""
        person = Person("Alice", self.owner.chromium.sibling(), server=self.server)
        person.chromium.page.add_init_script(TIMES)
        return person

    def guest(self) -> Person:
        """Return Bob in the lobby, his picture running."""
        person = Person("Bob", self.bob.window(init_script=TIMES), server=self.server)
        person.enter(self.link)
        person.wait_for('[data-preview="on"] video', what="Bob's preview")
        person.browser.fill("Your name", "Bob")
        time.sleep(LOBBY_SECONDS)
        return person

    def plain(self, process: ChromiumProcess, *, room: str, key: str = "") -> Chromium:
        """Return a window with the comparator's page, its picture running and its token at hand."""
        window = process.window()
        window.open(self.bare.address(room=room, key=key))
        window.page.wait_for_function("() => window.ready && document.getElementById('self').videoWidth > 0")
        time.sleep(LOBBY_SECONDS)
        return window


@contextmanager
def stand(*, camera: Camera = SMALL) -> Iterator[Stand]:
    """Set everything up, and take it down whatever happens."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conclave-bench-")))
        server = installation(folder / "var")
        stack.callback(server.stop)
        server.start()
        playwright = stack.enter_context(sync_playwright())
        people = [ChromiumProcess(playwright, folder, name, camera=camera) for name in ("Alice", "Bob")]
        for process in people:
            stack.callback(process.close)
        owner = Owner("Alice", people[0].window(init_script=Owner.COPIES, permissions=Owner.MAY), server=server)
        owner.use_owner_link()
        link = owner.make_meeting("Benchmark")
        bare = BarePage(engine_port=server.engine_port, state=server.state)
        stack.callback(bare.close)
        yield Stand(server=server, bare=bare, owner=owner, link=link, alice=people[0], bob=people[1])
