"""What benchmarks call good. raid: pictures and buttons as before, little memory, and nobody let in; api: as fast with many as with few."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from benchmarks import api, june, ledger, order
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


TIMES = {"join": {"small": [9.0, 10.0, 99.0], "large": [10.0, 11.0, 12.0]}, "list": {"small": [4.0], "large": [6.0]}}
JOINS = {"ours": [400.0, 500.0, 90.0], "rest": [100.0, 100.0, 20.0]}
QUERIES = {"small": {"join": 20}, "large": {"join": 20}}


def test_an_api_that_size_does_not_slow_down_is_good() -> None:
    found = api.figures(times=TIMES, joins=JOINS, queries=QUERIES)
    assert (found["ok"], found["growth"], found["join_growth"], found["rest_ratio"]) == (True, 1.5, 1.1, 4.5)
    assert found["join_ms"] == {"small": 10.0, "large": 11.0}
    assert {"name", "goal", "ok", "growth"} <= set(found)


@pytest.mark.parametrize(
    "change",
    [
        {"times": {**TIMES, "list": {"small": [4.0], "large": [6.1]}}},
        {"joins": {**JOINS, "ours": [390.0, 390.0, 390.0], "rest": [100.0, 100.0, 100.0]}},
        {"queries": {**QUERIES, "large": {"join": 21}}},
    ],
)
def test_one_that_asks_more_or_takes_longer_is_not(change: dict[str, Any]) -> None:
    assert not api.figures(**{"times": TIMES, "joins": JOINS, "queries": QUERIES, **change})["ok"]


LEDGER: dict[str, Any] = {
    "leaves": 1000,
    "appends": [600.0, 500.0],
    "verify_s": 60.0,
    "verified": True,
    "roots": ("aa", "aa"),
    "more": {"grow_s": 1.0},
}


def test_a_ledger_that_is_fast_and_the_same_elsewhere_is_good() -> None:
    found = ledger.figures(**LEDGER)
    assert (found["ok"], found["append_per_s"], found["same_root"]) == (True, 500.0, True)
    assert {"name", "goal", "leaves", "append_per_s", "verify_s", "same_root"} <= set(found)


@pytest.mark.parametrize("change", [{"appends": [600.0, 499.0]}, {"verify_s": 60.1}, {"verified": False}, {"roots": ("aa", "ab")}])
def test_a_ledger_that_is_slow_or_another_one_is_not(change: dict[str, Any]) -> None:
    assert ledger.figures(**{**LEDGER, **change})["ok"] is False


ROUND = order.Round(cosign=0.4, acted=0.1, cuts=[0.5, 1.0], epochs=[1.0, 3.0], disconnects=[], complaints=[], load=1.0)


def test_an_order_that_is_carried_out_at_once_and_that_nobody_else_notices_is_good() -> None:
    found = order.figures([ROUND], members=200)
    assert (found["ok"], found["cosign_s"], found["covered"]) == (True, [0.4], 2)
    assert {"name", "goal", "cut_p95_s", "epoch_p95_s", "untouched_disconnects"} <= set(found)


@pytest.mark.parametrize("change", [{"cuts": [1.1]}, {"epochs": [3.1]}, {"disconnects": ["Guest 1"]}, {"complaints": ["stale"]}])
def test_an_order_that_takes_longer_or_disturbs_somebody_is_not(change: dict[str, Any]) -> None:
    assert order.figures([replace(ROUND, **change)], members=200)["ok"] is False


JUNE: dict[str, Any] = {"gap_ms": 300.0, "calm_ms": 150.0, "same_room": True, "exactly_those": True, "pictures": True}


def test_a_june_in_which_no_picture_stops_is_good() -> None:
    found = june.figures([JUNE, {**JUNE, "gap_ms": 200.0}])
    assert (found["ok"], found["worst_gap_ms"], found["gaps_ms"], found["taken_out"]) == (True, 300, [300, 200], 3)


@pytest.mark.parametrize("change", [{"gap_ms": 301.0}, {"same_room": False}, {"exactly_those": False}, {"pictures": False}])
def test_one_in_which_others_are_met_too_is_not(change: dict[str, Any]) -> None:
    assert june.figures([JUNE, {**JUNE, **change}])["ok"] is False
