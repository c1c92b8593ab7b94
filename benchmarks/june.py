"""How little of June 2020 is left: nine people in four territories and a host in a fifth; those in one are taken out by its order.

The same as the journey (tests/journeys/test_june_2020.py), several times in one call: the court's order, its narrowing, two approvals, and
the end of the measure, after which they come back. Meanwhile the pictures of everybody else are watched at everybody else: the longest time
between two of them. Five browsers share this machine's processors with the gateway and the media engine, so it is an upper bound; beside it
stands the longest with nothing happening.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.journeys.june import AFTER_SECONDS, CALM_SECONDS, COVERED, EVERYBODY, Gaps, June, june

RUNS, WORST_MS = 5, 300.0


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.june")
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    with (
        tempfile.TemporaryDirectory(prefix="conclave-june-") as folder,
        sync_playwright() as playwright,
        june(playwright, Path(folder)) as met,
    ):
        result = figures([once(met) for _ in range(runs)])
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


def once(met: June) -> dict[str, Any]:
    """Let an order be carried out and end; return how it went."""
    order, room = met.order(), met.room
    met.watch()
    met.rest(CALM_SECONDS + AFTER_SECONDS)
    calm = worst(met.watched())
    met.watch()
    met.office.ask("approves", order=order, by="Ben")
    met.taken_out()
    met.rest(AFTER_SECONDS)
    gaps = met.watched()
    inside = set(met.engine.identities(room=room[0]))
    exactly = inside == {tile.participant for tile in met.people["Alice"].tiles() if tile.name in met.others}
    done = {"gap_ms": worst(gaps), "calm_ms": calm, "same_room": met.room == room, "exactly_those": exactly, "pictures": pictures(gaps)}
    met.go()
    met.office.ask("expires", order=order)
    met.come(*COVERED)
    sys.stdout.write(f"{json.dumps(done)}\n")
    sys.stdout.flush()
    return done


def figures(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is printed."""
    gap = max(run["gap_ms"] for run in runs)
    others = len([name for name in EVERYBODY if name not in COVERED])
    right = all(run["same_room"] and run["exactly_those"] and run["pictures"] for run in runs)
    return {
        "name": "june",
        "goal": f"worst_gap_ms <= {WORST_MS:.0f} in {len(runs)} runs, in the same room, for exactly those in the territory",
        "ok": gap <= WORST_MS and right,
        "worst_gap_ms": round(gap),
        "runs": len(runs),
        "gaps_ms": [round(run["gap_ms"]) for run in runs],
        "calm_gaps_ms": [round(run["calm_ms"]) for run in runs],
        "same_room": all(run["same_room"] for run in runs),
        "exactly_those": all(run["exactly_those"] for run in runs),
        "taken_out": len(COVERED),
        "others": others,
    }


def worst(gaps: Gaps) -> float:
    """Return the longest time without a picture, of anybody at anybody, in ms."""
    return max(gap for seen in gaps.values() for gap in seen.values() if gap is not None)


def pictures(gaps: Gaps) -> bool:
    """Tell whether everybody who is left saw everybody else."""
    return all(seen.keys() == gaps.keys() - {at} and None not in seen.values() for at, seen in gaps.items())


if __name__ == "__main__":
    main()
