"""Churn: 500 random joins and leaves of up to 40 headless members at a real gateway; nothing is refused, nobody's epoch has two codes."""

import asyncio
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.roster import forks, reports
from tests.headless.people import Crowd, crowds, new_meeting
from tests.journeys.world import Installation, installation

ACTS = 500
MOST, LEAST = 40, 3
AT_ONCE = 6
PATIENCE = 900


class Churn:
    """People who come and go, several at the same time."""

    def __init__(self, groups: list[Crowd], dice: random.Random) -> None:
        self.groups = groups
        self.dice = dice
        self.present: list[str] = []
        self.coming = 0
        self.came = 0
        self.most = 0
        self.few = asyncio.Semaphore(AT_ONCE)

    def crowd_of(self, name: str) -> Crowd:
        """Return the process in which somebody lives."""
        return self.groups[int(name) % len(self.groups)]

    async def act(self) -> None:
        """Let one person come or one go."""
        async with self.few:
            size = len(self.present) + self.coming
            if len(self.present) <= LEAST or (size < MOST and self.dice.random() < 0.53):
                await self.come()
            else:
                name = self.present.pop(self.dice.randrange(len(self.present)))
                await self.crowd_of(name).ask("leave", name=name)

    async def come(self) -> None:
        """Let somebody new join."""
        self.came += 1
        name = str(self.came)
        self.coming += 1
        await self.crowd_of(name).ask("join", name=name)
        self.coming -= 1
        self.present.append(name)
        self.most = max(self.most, len(self.present))


@pytest.mark.slow
def test_five_hundred_comings_and_goings_leave_one_group(tmp_path: Path) -> None:
    server = installation(tmp_path / "server", migrated=True)
    server.start()
    try:
        found, churn = asyncio.run(run(server))
    finally:
        server.stop()
        # Shown when the test fails.
        sys.stdout.write(server.output[-8000:])
    assert forks(found) == []
    assert [text for report in found for text in (*report["refused"], *report["errors"])] == []
    states = [state for report in found for state in report["states"]]
    assert {state["size"] for state in states} == {len(churn.present)}
    assert len({(state["epoch"], state["code"]) for state in states}) == 1
    assert churn.most > MOST / 2
    sys.stdout.write(f"lost: {[text for report in found for text in report['lost']]}")


async def run(server: Installation) -> tuple[list[dict[str, Any]], Churn]:
    """Churn, wait until everybody has everybody, and return what all have seen."""
    world = new_meeting(url=server.url, meet_now=server.meet_now_link)
    async with asyncio.timeout(PATIENCE), crowds(world=world, count=2) as groups:
        churn = Churn(groups, random.Random(500))  # noqa: S311 - dice, the same every time
        await churn.come()
        await asyncio.gather(*(churn.act() for _ in range(ACTS)))
        await asyncio.gather(*(crowd.ask("settled", size=len(churn.present)) for crowd in groups))
        await asyncio.sleep(1.5)
        return await reports(groups), churn
