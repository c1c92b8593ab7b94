"""At every step of join, commit and removal something dies: the act is done all the same, once, and nobody else loses the place."""

import sys
from pathlib import Path

import pytest

from tests.faults.moments import FAULTS, MOMENTS, Fault, Moment
from tests.faults.scene import Outcome, play, scene, strike
from tests.faults.wire import Wire
from tests.journeys.world import Installation, installation

pytestmark = pytest.mark.journey


async def all_moments(server: Installation, fault: Fault, moments: list[Moment]) -> list[Outcome]:
    """Strike one call at all these moments, one after the other."""
    with Wire(gateway_port=server.http_port) as wire:
        async with scene(server, wire) as made:
            return [await strike(made, moment, fault) for moment in moments]


# Every moment with the fault that loses most; of each act the middle one with the others (table.py has them all).
SOME = [[moment for moment in MOMENTS if moment.act == act] for act in ("join", "commit", "removal")]
MIDDLE = [moments[len(moments) // 2] for moments in SOME]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_what_was_begun_is_done_once_whatever_dies_in_its_midst(tmp_path: Path, fault: Fault) -> None:
    moments = MOMENTS if fault.name == "gateway killed" else MIDDLE
    server = installation(tmp_path / "var", migrated=True)
    try:
        server.start()
        outcomes = play(all_moments(server, fault, moments))
    finally:
        server.stop()
    for outcome in outcomes:
        sys.stdout.write(f"{outcome}\n")
    assert [outcome.moment for outcome in outcomes] == [moment.name for moment in moments]
