"""How fast and how well a removal holds: 50 members in a call, some of whom a host removes, one after the other.

Each who is removed has a real connection to the media engine, through the gateway, from a client that closes nothing by itself. From then
on that person hammers for a minute at every door with everything they ever had, while the next are removed. The members share this
machine's processors with the gateway, the media engine and the browser, so the figures are an upper bound.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, sync_playwright

from benchmarks.bare.page import LIBRARY, BarePage
from tests.abuse.strangers import Attempts, Belongings, Stranger, hammer
from tests.headless.people import Beside, new_meeting
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.world import Installation, installation

MEMBERS, REMOVALS, HAMMER_SECONDS = 50, 30, 60.0
MEDIA_SECONDS, EPOCH_SECONDS = 0.5, 2.0
SCRIPTS = Path(__file__).resolve().parent / "clinging"
# Media that came so recently before the click is flowing.
FLOWING_MS = 250
# Packets that are on their way or wait in the engine are all here by then.
LATE_SECONDS = 1.0


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.removal")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--removals", type=int, default=REMOVALS)
    parser.add_argument("--seconds", type=float, default=HAMMER_SECONDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="conclave-removal-") as folder:
        server = installation(Path(folder) / "var")
        server.start()
        try:
            result = measure(server, Path(folder), arguments.members, arguments.removals, arguments.seconds)
        finally:
            server.stop()
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """How one went: seconds from the click to the last media, and to the moment when all others were in an epoch without the person."""

    participant: str
    name: str
    media: float
    epoch: float
    packets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A running call: the server, its members, the page with the media connections of some, and how many the members are to be."""

    server: Installation
    beside: Beside
    page: Page
    members: int


def measure(server: Installation, folder: Path, members: int, removals: int, seconds: float) -> dict[str, Any]:
    """Fill the call, remove people, let them hammer, and return the figures."""
    world = new_meeting(url=server.url, meet_now=server.meet_now_link)
    engine = BarePage(engine_port=server.engine_port, state=server.state)
    with Beside(world) as beside, listeners(server, folder) as page, ThreadPoolExecutor(removals) as pool:
        ready = Stand(server=server, beside=beside, page=page, members=members)
        beside.ask("join", name="Alice", host=True)
        room = ticket(beside, "Alice")["call"]
        enter(ready, "Alice", publishes=True)
        for index in range(1, members - 1):
            beside.ask("join", name=f"Guest {index}")
        gone: list[tuple[Removal, Future[Attempts]]] = []
        for index in range(removals):
            who = Stranger(url=server.url, world=dict(world))
            done, had = remove_one(ready, who, f"Removed {index}")
            gone.append((done, pool.submit(hammer, who, done.name, had, seconds=seconds)))
            sys.stdout.write(f"{index + 1:3}  media {done.media:.3f} s   epoch {done.epoch:.3f} s\n")
            sys.stdout.flush()
        attempts = [hammered.result() for _, hammered in gone]
        listed = set(engine.identities(room=room))
        late = [done.name for done, _ in gone if packets(page, done.name) > done.packets or done.participant in listed]
        complaints = beside.ask("report")["refused"]
    engine.close()
    return figures([done for done, _ in gone], attempts, late, complaints, members)


def figures(gone: list[Removal], attempts: list[Attempts], late: list[str], complaints: list[str], members: int) -> dict[str, Any]:
    """Return what is printed."""
    media, epoch = p95([one.media for one in gone]), p95([one.epoch for one in gone])
    entries = [entry for one in attempts for entry in one.entries] + [f"media after the removal: {name}" for name in late]
    answers: Counter[str] = sum((one.answers for one in attempts), Counter())
    return {
        "name": "removal",
        "goal": f"media_p95_s <= {MEDIA_SECONDS}, epoch_p95_s <= {EPOCH_SECONDS}, reentries = 0",
        "ok": media <= MEDIA_SECONDS and epoch <= EPOCH_SECONDS and not entries and not complaints and bool(answers),
        "media_p95_s": round(media, 3),
        "epoch_p95_s": round(epoch, 3),
        "reentries": len(entries),
        "n": len(gone),
        "members": members,
        "media_median_s": round(statistics.median(one.media for one in gone), 3),
        "epoch_median_s": round(statistics.median(one.epoch for one in gone), 3),
        "attempts": answers.total(),
        "answers": dict(sorted(answers.items())),
        "entries": entries[:5],
        "complaints": complaints[:5],
    }


def remove_one(ready: Stand, who: Stranger, name: str) -> tuple[Removal, Belongings]:
    """Let somebody come, hear and see Alice, and be removed."""
    beside, page = ready.beside, ready.page
    beside.ask("join", name=name)
    beside.ask("settled", size=ready.members)
    token = ticket(beside, name)["media"]["token"]
    assert (who.signals(token), who.validates(token)) == (101, 200), "the doors that are hammered at open to whoever is seated"
    had = enter(ready, name)
    until(lambda: flowing(page, name), what=f"{name} hears and sees", seen=lambda: page.evaluate("(who) => received(who)", name))
    clicked = int(beside.ask("remove", name="Alice", target=had.participant)["at"])

    def others() -> list[int]:
        times: list[int] = beside.ask("report")["removed"].get(had.participant, [])
        return times if len(times) >= ready.members - 1 else []

    last_epoch = max(until(others, what=f"an epoch without {name}", seen=lambda: beside.ask("report")["states"]))
    time.sleep(LATE_SECONDS)
    found = page.evaluate("(who) => received(who)", name)
    last_media = max(one["at"] for one in found.values())
    assert last_media > clicked - FLOWING_MS, f"{name} had no media when the click came"
    seconds = max(0.0, last_media - clicked) / 1000
    done = Removal(participant=had.participant, name=name, media=seconds, epoch=(last_epoch - clicked) / 1000, packets=packets(page, name))
    return done, had


@contextmanager
def listeners(server: Installation, folder: Path) -> Iterator[Page]:
    """Open the page with everybody's media connections: one of the gateway's, as another origin's signalling is refused, and our script."""
    with sync_playwright() as playwright:
        process = ChromiumProcess(playwright, folder, "Alice")
        window = process.window(bypass_csp=True)
        window.context.route(f"{server.url}/clinging/**", _serve)
        window.open(f"{server.url}/healthz")
        window.page.add_script_tag(url=f"{server.url}/clinging/clinging.js", type="module")
        window.page.wait_for_function("() => window.ready")
        yield window.page
        process.close()


def _serve(route: Route) -> None:
    """Answer with the script, or with the pinned library."""
    name = urlsplit(route.request.url).path.rsplit("/", 1)[-1]
    route.fulfill(path=(LIBRARY if name.startswith("livekit-client.") else SCRIPTS) / name, content_type="text/javascript")


def enter(ready: Stand, name: str, *, publishes: bool = False) -> Belongings:
    """Connect a member's media with the ticket they have, and return all that they hold now."""
    page, asked = ready.page, ready.beside.ask("belongings", name=name)
    ticket = asked["ticket"]
    url = ready.server.url.replace("http", "ws", 1) + ticket["media"]["url"]
    page.evaluate("(given) => enter(given)", {"who": name, "url": url, "token": ticket["media"]["token"], "publishes": publishes})
    held = page.evaluate("(who) => holds(who)", name)
    return Belongings(
        participant=ticket["participant"],
        seat=ticket["seat"],
        signature_key=asked["signature_key"],
        device=asked["device"],
        token=ticket["media"]["token"],
        refreshed=held["refreshed"],
        connection=held["connection"],
    )


def ticket(beside: Beside, name: str) -> dict[str, Any]:
    """Return a member's ticket."""
    found: dict[str, Any] = beside.ask("belongings", name=name)["ticket"]
    return found


def flowing(page: Page, name: str) -> bool:
    """Tell whether sound and picture have come to somebody just now."""
    found = page.evaluate("(who) => received(who)", name)
    now = time.time() * 1000
    return {"audio", "video"} <= set(found) and all(now - one["at"] < FLOWING_MS for one in found.values())


def packets(page: Page, name: str) -> int:
    """Return how many packets somebody has received."""
    return sum(one["packets"] for one in page.evaluate("(who) => received(who)", name).values())


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20, method="inclusive")[18] if len(values) > 1 else values[0]


if __name__ == "__main__":
    main()
