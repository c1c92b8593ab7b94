"""What `./conclave bench raid` calls good: pictures and buttons as before, little memory, and nobody let in."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.raid import GUESTS, Full, Raid, figures

INSIDE = sorted(["Alice", *GUESTS])
GOOD = Raid(
    calm=300.0,
    raided=297.0,
    pressed={"lock": [0.3, 0.4], "refuse": [0.1, 0.2]},
    growth=40.0,
    knocks=200,
    said=Counter(waiting=198, refused=2),
    inside=INSIDE,
)


def test_a_raid_that_those_inside_hardly_notice_is_good() -> None:
    found = figures(GOOD, Full(waited=1000, said=Counter(waiting=1000), shown=0.5, refused=3.0, growth=120.0))
    assert (found["ok"], found["frame_rate_kept"], found["full"]["waited"]) == (True, 0.99, 1000)
    assert found["pressed"]["lock"] == {"n": 2, "median_s": 0.35}
    assert {"name", "goal", "ok", "frame_rate_kept", "control_p95_s", "rss_growth_mb"} <= set(found)


@pytest.mark.parametrize(
    "change",
    [
        {"raided": 280.0},
        {"pressed": {"lock": [1.1, 1.2]}},
        {"growth": 64.1},
        {"said": Counter(waiting=199, admitted=1)},
        {"said": Counter(waiting=150, too_often=50)},
        {"said": Counter(waiting=150)},
        {"inside": sorted([*INSIDE, "Raider 7"])},
        {"inside": INSIDE[1:]},
    ],
)
def test_a_raid_that_gets_somewhere_is_not(change: dict[str, Any]) -> None:
    assert figures(replace(GOOD, **change), None)["ok"] is False
