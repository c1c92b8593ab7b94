"""The tables in docs/operate.md, from runs: `… run WHAT [TIMES]` breaks things and notes what came of it, `… write` writes the page anew.

Started as `PYTHONPATH=src .conclave/venv/bin/python -m tests.faults.table`. WHAT is a fault of moments.py, for all its moments, or a
promised time below. Runs add up in runs.jsonl, so that they can be made in pieces: of less than five minutes, as then a group
renews its keys by itself and the code changes without any fault.
"""

import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.faults.moments import FAULTS, MOMENTS
from tests.faults.relay import Relay
from tests.faults.scene import STAYERS, Scene, play, scene, strike
from tests.faults.test_media import is_live, moves, watch
from tests.faults.wire import Wire
from tests.headless.people import new_meeting
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.people import Person
from tests.journeys.world import ROOT, Installation, installation

HERE = Path(__file__).resolve().parent
RUNS = HERE / "runs.jsonl"
PAGE = ROOT / "docs" / "operate.md"
BEGIN, END = "<!-- tests/faults/table.py writes from here -->", "<!-- to here -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A time that is promised: what is done, what counts as over, and how long it may take."""

    name: str
    happened: str
    at_most_s: float
    joins: bool = False


PROMISES = {
    promise.name: promise
    for promise in (
        Promise(name="sockets lost for 5 s", happened="same leaf, everybody hears everybody again", at_most_s=30),
        Promise(name="path dead for 12 s, then another", happened="same leaf, after the dead path was given up", at_most_s=30),
        Promise(name="tab in the background for 70 s", happened="same leaf, heard everything meanwhile", at_most_s=30),
        Promise(name="gateway killed while somebody joins", happened="joined, with everybody in one group", at_most_s=10, joins=True),
        Promise(name="engine killed while two see each other", happened="both pictures move again", at_most_s=15),
        Promise(name="media path cut for 5 s, then another", happened="both pictures move again", at_most_s=30),
    )
}


def main() -> None:
    """Run or write."""
    act, *rest = sys.argv[1:]
    if act == "write":
        write()
        return
    what, times = rest[0], int(rest[1]) if len(rest) > 1 else 1
    if what in FAULTS:
        for _ in range(times):
            with started() as server:
                play(_moments(server, what))
    else:
        {
            "sockets lost for 5 s": lambda: _headless(what, times, _sockets_lost),
            "path dead for 12 s, then another": lambda: _headless(what, times, _path_dead),
            "tab in the background for 70 s": lambda: _headless(what, times, _hidden),
            "gateway killed while somebody joins": lambda: _headless(what, times, _gateway_killed),
            "engine killed while two see each other": lambda: _watched(what, times, _engine_killed),
            "media path cut for 5 s, then another": lambda: _watched(what, times, _path_replaced),
        }[what]()


@contextmanager
def started() -> Iterator[Installation]:
    """A server of its own."""
    with tempfile.TemporaryDirectory(prefix="conclave-faults-") as folder:
        server = installation(Path(folder) / "var")
        try:
            server.start()
            yield server
        finally:
            server.stop()


def note(fault: str, moment: str, seconds: float, *, same_code: bool = True) -> None:
    """Write one run down."""
    row = {
        "same_code": same_code,
        "fault": fault,
        "moment": moment,
        "seconds": round(seconds, 2),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    with RUNS.open("a", encoding="utf-8") as runs:
        runs.write(json.dumps(row) + "\n")


async def _moments(server: Installation, fault: str) -> None:
    """Strike at each moment once, at the least tried first: a piece may end before the end."""
    tried = Counter((row["fault"], row["moment"]) for row in _runs())
    with Wire(gateway_port=server.http_port) as wire:
        async with scene(server, wire) as made:
            for moment in sorted(MOMENTS, key=lambda one: tried[fault, one.name]):
                outcome = await strike(made, moment, FAULTS[fault])
                note(fault, moment.name, outcome.recovered_s)


def _headless(what: str, times: int, act: Callable[[Scene], Awaitable[float]]) -> None:
    """Do it so many times in one call, and hold everybody to the same leaf and the same code."""

    async def run(server: Installation) -> None:
        with Wire(gateway_port=server.http_port) as wire:
            async with scene(server, wire) as made:
                for _ in range(times):
                    before = await made.reports()
                    seconds = await act(made)
                    after = await made.together(*STAYERS)
                    kept = ("participant", "leaf", "incarnation")
                    assert [[after[name][part] for part in kept] for name in STAYERS] == [
                        [before[name][part] for part in kept] for name in STAYERS
                    ]
                    await made.talk(*STAYERS)
                    made.judge(*STAYERS)
                    note(what, "", seconds)

    with started() as server:
        play(run(server))


async def _sockets_lost(made: Scene) -> float:
    """Break every socket, and let none through for 5 s."""
    code = (await made.together(*STAYERS))["Alice"]["code"]
    made.wire.cut("socket", stay=True)
    await asyncio.sleep(5)
    made.wire.mend()
    mended = time.monotonic()
    await made.talk_again(*STAYERS)
    seconds = time.monotonic() - mended
    assert (await made.together(*STAYERS))["Alice"]["code"] == code
    return seconds


async def _path_dead(made: Scene) -> float:
    """Let every connection die without a word; only new ones get through, after 12 s. Counted from the moment it died."""
    code = (await made.together(*STAYERS))["Alice"]["code"]
    made.wire.hush("socket")
    dead = time.monotonic()
    await asyncio.sleep(12)
    made.wire.mend()
    await made.talk_again(*STAYERS)
    seconds = time.monotonic() - dead
    assert (await made.together(*STAYERS))["Alice"]["code"] == code
    return seconds


async def _hidden(made: Scene) -> float:
    """Let Alice's and Bob's pages be in the background; counted from when they are seen again."""
    code = (await made.together(*STAYERS))["Alice"]["code"]
    await made.staying.ask("hide", text="hidden")
    await asyncio.sleep(70)
    await made.talk(*STAYERS)
    await made.staying.ask("hide", text="")
    seen = time.monotonic()
    await made.talk_again(*STAYERS)
    assert (await made.together(*STAYERS))["Alice"]["code"] == code
    return time.monotonic() - seen


async def _gateway_killed(made: Scene) -> float:
    """Kill the gateway and join at once."""
    os.kill(made.server.child("gateway"), signal.SIGKILL)
    struck = time.monotonic()
    await made.join(made.coming, "Carol")
    await made.together(*STAYERS, "Carol")
    seconds = time.monotonic() - struck
    await made.coming.ask("leave", name="Carol")
    await made.coming.ask("forget")
    return seconds


Act = Callable[[Installation, Wire, Relay, Person, Person], float]


def _watched(what: str, times: int, act: Act) -> None:
    """Do it so many times to two people in browsers, and see whether they still have the same code."""
    with started() as server, Wire(gateway_port=server.http_port) as wire, Relay(engine_port=server.media_udp_port) as relay:
        wire.replace = relay.substitution
        world = new_meeting(url=server.url, meet_now=server.meet_now_link)
        with sync_playwright() as driver, tempfile.TemporaryDirectory() as devices:
            browsers = [ChromiumProcess(driver, Path(devices), name) for name in STAYERS]
            alice, bob = (Person(name, one.window(), server=server) for name, one in zip(STAYERS, browsers, strict=True))
            try:
                for person in (alice, bob):
                    person.join(f"{wire.url}/m/{world['meeting']}#{world['secret']}.{world['host_hash']}")
                alice.sees(bob)
                bob.sees(alice)
                watch(alice, bob)
                watch(bob, alice)
                for _ in range(times):
                    code = alice.code()
                    seconds = act(server, wire, relay, alice, bob)
                    until(lambda: is_live(alice, bob), what="nothing is lost", seconds=40, seen=alice.text)
                    until(lambda: alice.code() == bob.code(), what="one code", seconds=40)
                    note(what, "", seconds, same_code=alice.code() == code)
            finally:
                for one in browsers:
                    one.close()


def _engine_killed(server: Installation, _wire: Wire, _relay: Relay, alice: Person, bob: Person) -> float:
    """Kill the engine."""
    os.kill(server.child("engine"), signal.SIGKILL)
    struck = time.monotonic()
    until(lambda: not moves(alice, bob) and not moves(bob, alice), what="the pictures stand still")
    until(lambda: moves(alice, bob) and moves(bob, alice), what="the pictures move again", seconds=60)
    return time.monotonic() - struck


def _path_replaced(_server: Installation, wire: Wire, relay: Relay, alice: Person, bob: Person) -> float:
    """Cut sound, picture and their signalling, for both, and put another path in their place; counted from then on."""
    relay.cut()
    wire.cut("media", stay=True)
    until(lambda: not (moves(bob, alice) and moves(alice, bob)) or not is_live(bob), what="something is lost")
    time.sleep(5)
    relay.mend()
    wire.mend()
    mended = time.monotonic()
    until(lambda: moves(alice, bob) and moves(bob, alice), what="the pictures move again", seconds=60)
    return time.monotonic() - mended


def write() -> None:
    """Write the page's tables anew."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n\n{tables()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _runs() -> list[dict[str, Any]]:
    """Return all runs so far."""
    return [json.loads(line) for line in RUNS.read_text(encoding="utf-8").splitlines()] if RUNS.exists() else []


def tables() -> str:
    """Return both tables, from the runs."""
    rows = _runs()
    seconds: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        seconds.setdefault((row["fault"], row["moment"]), []).append(row["seconds"])
    same = Counter(row["fault"] for row in rows if row.get("same_code"))
    until_when = max((row["date"] for row in rows), default="")
    return "\n".join([*_promised(seconds, same), "", *_by_moment(seconds), "", f"Runs until {until_when}." if rows else "No runs yet."])


Seconds = dict[tuple[str, str], list[float]]


def _promised(seconds: Seconds, same: Counter[str]) -> Iterable[str]:
    """The promised times."""
    yield "| what | what happened | promised | runs | code kept | p50 | p95 | longest |"
    yield "|---|---|---|---|---|---|---|---|"
    for promise in PROMISES.values():
        found = seconds.get((promise.name, ""), [])
        times = f"{p50(found):.1f} s | {p95(found):.1f} s | {max(found):.1f} s" if found else "not run | not run | not run"
        yield f"| {promise.name} | {promise.happened} | {promise.at_most_s:.0f} s | {len(found)} | {_kept(promise, same)} | {times} |"


def _kept(promise: Promise, same: Counter[str]) -> str:
    """In how many runs the security code stayed what it was; a join changes it by its nature."""
    return "joins change it" if promise.joins else str(same[promise.name])


def _by_moment(seconds: Seconds) -> Iterable[str]:
    """Fault × moment: seconds from the fault to the end of the act, p50 / p95 (runs)."""
    yield "| act | moment | " + " | ".join(FAULTS) + " |"
    yield "|---|---|" + "---|" * len(FAULTS)
    for moment in MOMENTS:
        cells = [seconds.get((fault, moment.name), []) for fault in FAULTS]
        yield f"| {moment.act} | {moment.name} | " + " | ".join(_cell(found) for found in cells) + " |"


def _cell(found: list[float]) -> str:
    """One cell of the table of moments."""
    return f"{p50(found):.1f} / {p95(found):.1f} s ({len(found)})" if found else "not run"


def p50(found: list[float]) -> float:
    """The median."""
    return statistics.median(found)


def p95(found: list[float]) -> float:
    """The 95th percentile, the longest where there are few."""
    return statistics.quantiles(found, n=20, method="inclusive")[18] if len(found) > 1 else found[0]


if __name__ == "__main__":
    main()
