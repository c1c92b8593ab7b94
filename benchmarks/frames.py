"""What encrypting frames costs: CPU time of both people's whole renderer processes, camera and microphone both ways.

The comparator is livekit-client's own encryption worker with the same key size (128 bit) and otherwise the same options. The two are
measured in turn, in the same run, on the same media engine.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from pathlib import Path

from benchmarks.browser.stand import Stand, stand
from tests.journeys.browsers import Chromium, until
from tests.journeys.pictures import Camera

GOAL_RATIO = 1.05
SECONDS = 60.0
SETTLE_SECONDS = 8.0
PAIRS = 3
KEY = "sixteen bytes of key material for the comparator"
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.frames")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    cores: dict[str, list[float]] = {"ours": [], "stock": []}
    with stand(camera=Camera(width=640, height=360, rate=30)) as ready:
        for index in range(arguments.pairs):
            for name in random.sample(["ours", "stock"], 2):
                cores[name].append({"ours": ours, "stock": stock}[name](ready, arguments.seconds))
            sys.stdout.write(f"{index + 1:3}  ours {cores['ours'][-1]:.3f}   stock {cores['stock'][-1]:.3f} cores\n")
            sys.stdout.flush()
    mine, theirs = statistics.median(cores["ours"]), statistics.median(cores["stock"])
    result = {
        "name": "frames",
        "goal": f"ratio <= {GOAL_RATIO}",
        "ok": mine / theirs <= GOAL_RATIO,
        "ratio": round(mine / theirs, 3),
        "ours_cores": round(mine, 3),
        "stock_cores": round(theirs, 3),
        "seconds": arguments.seconds,
        "pairs": arguments.pairs,
    }
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


def ours(ready: Stand, seconds: float) -> float:
    """Return the cores that two people in a call of ours keep busy."""
    host = ready.host()
    ready.owner.chromium.page.goto("about:blank")  # one page per process, so that its renderer is the only one that works
    host.join(ready.link)
    guest = ready.guest()
    try:
        guest.press("join")
        host.sees(guest)
        guest.sees(host)
        return busy(seconds)
    finally:
        guest.leave()
        guest.browser.close()
        host.leave()
        host.browser.close()


def stock(ready: Stand, seconds: float) -> float:
    """Return the cores that the same two keep busy with the library's own worker."""
    room = ready.bare.room()
    windows: list[Chromium] = []
    try:
        for process in (ready.alice, ready.bob):
            window = ready.plain(process, room=room, key=KEY)
            window.page.click("#join")
            windows.append(window)
        for window in windows:
            until(lambda window=window: window.ask("() => window.measured.rendered"), what="a first picture")  # type: ignore[misc]
        return busy(seconds)
    finally:
        for window in windows:
            window.close()


def busy(seconds: float) -> float:
    """Return the cores that all renderer processes below this one keep busy, after a while to settle."""
    time.sleep(SETTLE_SECONDS)
    before, start = renderers(), time.monotonic()
    time.sleep(seconds)
    after, lasted = renderers(), time.monotonic() - start
    return sum(used - before.get(pid, 0) for pid, used in after.items()) / TICKS / lasted


def renderers() -> dict[int, int]:
    """Return the CPU time, in clock ticks, of every renderer process that descends from this one."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        if b"--type=renderer" in command:
            used[int(folder.name)] = int(fields[11]) + int(fields[12])
    return {pid: ticks for pid, ticks in used.items() if _descends(pid, parents)}


def _descends(pid: int, parents: dict[int, int]) -> bool:
    """Tell whether a process descends from this one."""
    while pid in parents:
        if pid == os.getpid():
            return True
        pid = parents[pid]
    return False


if __name__ == "__main__":
    main()
