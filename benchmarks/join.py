"""How long from the lobby's click to the first rendered picture, in both directions; the slower direction counts.

The comparator is the same with plain livekit-client defaults: no group, no encryption, its token already at hand. The two are
measured in turn, in the same run, on the same media engine.
"""

import argparse
import json
import random
import statistics
import sys

from benchmarks.browser.stand import Stand, stand
from tests.journeys.browsers import Chromium, until

GOAL_RATIO, GOAL_SECONDS = 1.5, 1.5
PAIRS = 20
WAIT_SECONDS = 30.0


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.join")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    pairs = parser.parse_args().pairs
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    with stand() as ready:
        ours(ready)  # the first of each warms caches and is not counted
        bare(ready)
        for index in range(pairs):
            for name in random.sample(["ours", "bare"], 2):
                times[name].append({"ours": ours, "bare": bare}[name](ready))
            sys.stdout.write(f"{index + 1:3}  ours {times['ours'][-1]:.3f} s   bare {times['bare'][-1]:.3f} s\n")
            sys.stdout.flush()
    ours_s, bare_s = statistics.median(times["ours"]), statistics.median(times["bare"])
    ratio = ours_s / bare_s
    result = {
        "name": "join",
        "goal": f"ratio <= {GOAL_RATIO} and ours_s <= {GOAL_SECONDS}",
        "ok": ratio <= GOAL_RATIO and ours_s <= GOAL_SECONDS,
        "ratio": round(ratio, 3),
        "ours_s": round(ours_s, 3),
        "bare_s": round(bare_s, 3),
        "ours_p95_s": round(sorted(times["ours"])[int(0.95 * (pairs - 1))], 3),
        "bare_p95_s": round(sorted(times["bare"])[int(0.95 * (pairs - 1))], 3),
        "pairs": pairs,
    }
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


def ours(ready: Stand) -> float:
    """Return the seconds until both see each other in a call of ours."""
    host = ready.host()
    host.join(ready.link)
    guest = ready.guest()
    try:
        guest.press("join")
        return slower(host.chromium, guest.chromium, "times")
    finally:
        guest.leave()
        guest.browser.close()
        host.leave()
        host.browser.close()


def bare(ready: Stand) -> float:
    """Return the seconds until both see each other with plain livekit-client."""
    room = ready.bare.room()
    host = ready.plain(ready.alice, room=room)
    host.page.click("#join")
    host.page.wait_for_function("() => window.room.localParticipant.trackPublications.size === 2")
    guest = ready.plain(ready.bob, room=room)
    try:
        guest.page.click("#join")
        return slower(host, guest, "measured")
    finally:
        guest.close()
        host.close()


def slower(host: Chromium, guest: Chromium, name: str) -> float:
    """Return the seconds from the guest's click to the later of the two first pictures; both read this machine's one clock."""

    def rendered(window: Chromium) -> float:
        return float(until(lambda: window.ask(f"() => window.{name}.rendered"), what="a first picture", seconds=WAIT_SECONDS))

    last = max(rendered(host), rendered(guest))
    return (last - float(guest.ask(f"() => window.{name}.clicked"))) / 1000


if __name__ == "__main__":
    main()
