"""desk, measure, restore: what happened in June 2020 cannot happen here. An order for all is refused, or narrowed to its own territory."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.journeys.june import AFTER_SECONDS, CLAIMED, COVERED, EVERYBODY, HEADLESS, TERRITORY, Gaps, June, june
from tests.journeys.world import ROOT

# Media that is cut comes back after seconds; a machine that is full shows less than that. `./conclave bench june` has the figures.
LONGEST_MS = 2000.0
TOO_BROAD = "It reaches beyond its court: a meeting is not closed for people in other territories."

NOTICE = ("You were taken out of a call", "Court of Somewhere", "Law 1, art. 2", "China", "nobody who is elsewhere was affected")


@pytest.fixture(scope="module")
def met(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[June]:
    """Everybody in one call."""
    with june(playwright, tmp_path_factory.mktemp("june")) as people:
        yield people


def uninterrupted(gaps: Gaps) -> None:
    """Assert that everybody saw everybody else all the time."""
    for at, seen in gaps.items():
        assert seen.keys() == gaps.keys() - {at}
        assert all(gap is not None and gap < LONGEST_MS for gap in seen.values()), gaps


@pytest.mark.journey("desk", "measure", "restore")
def test_exactly_those_in_the_territory_are_taken_out_and_nobody_else_notices(met: June) -> None:
    order, room = met.order(), met.room
    for person in met.others.values():
        person.browser.ask("() => { window.same = true; }")
    met.watch()
    met.office.ask("approves", order=order, by="Ben")
    met.people["Bob"].reads("Charlie left.")
    met.people["Alice"].reads(f"limited to one territory (China), has taken {len(COVERED)} people out of this call.")
    met.taken_out()
    met.rest(AFTER_SECONDS)
    uninterrupted(met.watched())

    # The same call in the same room, for exactly the others; nobody's page began anew, and one code is everybody's.
    assert met.room == room
    assert set(met.engine.identities(room=room[0])) == {tile.participant for tile in met.people["Alice"].tiles() if tile.name in met.others}
    assert all(person.browser.ask("() => window.same === true") for person in met.others.values())
    assert len(met.codes()) == 1
    states = met.headless()
    assert {name: state["gone"] for name, state in states.items()} == {name: "ordered" if name in COVERED else None for name in HEADLESS}
    told = {name for name, person in met.others.items() if person.has('[data-toast="ordered_out"]') or "authority" in person.text()}
    assert told == {"Alice"}, "for everybody else somebody has left"

    # Whom it met reads what was done, by whom, why, and what they can do.
    charlie = met.people["Charlie"]
    charlie.browser.click("link", "Read the notice of the order")
    charlie.reads("You were taken out of a call")
    for name in COVERED & HEADLESS.keys():
        notice = page(f"{met.server.url}/notice/{states[name]['notice']}")
        assert [words for words in NOTICE if words not in notice] == []

    # Its end comes by the clock, and they are back.
    met.go()
    assert met.office.ask("stands", order=order)["outcome"] == "narrowed"
    ended = met.office.ask("expires", order=order)
    assert (ended["state"], ended["measures"]) == ("closed", [[TERRITORY, "expired"]])
    assert "RESTORATION" in ended["leaves"]
    met.come(*COVERED)
    assert met.room == room


@pytest.mark.journey("desk")
def test_an_order_that_is_too_broad_is_refused_and_published_and_changes_nothing(met: June, tmp_path: Path) -> None:
    def stands() -> object:
        gone = {name: state["gone"] for name, state in met.headless().items()}
        return met.room, sorted(met.engine.identities(room=met.room[0])), alice.tiles(), gone

    alice = met.people["Alice"]
    before = stands()
    met.watch()
    sent = met.office.ask("orders", claimed=CLAIMED, target="Close the meeting for everybody, and the account of its host.")
    refused = met.office.ask("refuses", order=sent["order"], grounds="too_broad", explanation=TOO_BROAD)
    assert (refused["state"], refused["outcome"], refused["measures"]) == ("closed", "refused", [])
    assert {"ORDER", "ORDER_STATE"} == set(refused["leaves"])
    assert TOO_BROAD in met.office.ask("reads", receipt=sent["receipt"])["page"]
    met.rest(AFTER_SECONDS)
    uninterrupted(met.watched())
    assert stands() == before

    # Whoever has the report and the ledger's public files counts it, in each territory that it named.
    met.office.ask("reports", period="2020H1", folder=str(tmp_path))
    (tmp_path / "policy").write_text(page(f"{met.server.url}/transparency/policy"), encoding="utf-8")
    command = ["report", "report.json", f"{met.server.url}/transparency", "--policy", "policy", "--openings", "openings.jsonl"]
    told = subprocess.run(
        [sys.executable, "-m", "conclave_verify", *command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    refusals = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["tables"]["refusals"]
    assert [(row["territory"], row["reason"], row["count"]) for row in refusals] == [
        (territory, "too_broad", 1) for territory in sorted(CLAIMED.split())
    ]
    assert len(EVERYBODY) == len(alice.names())


def page(address: str) -> str:
    """Return what anybody gets there."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())
