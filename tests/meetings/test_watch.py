"""meetings/watch.py: it compares again and again while anybody is connected, and rests when nobody is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from conclave.media.engine import EngineUnavailable
from conclave.meetings import watch
from conclave.meetings.leave import leave
from tests.meetings.conftest import NOW, Joins


class FakeEngine:
    """An engine with the people that a test puts into its rooms."""

    def __init__(self, rooms: dict[str, set[str]], *, away: bool = False) -> None:
        self.people = rooms
        self.away = away
        self.asked = 0

    async def rooms(self) -> frozenset[str]:
        self.asked += 1
        if self.away:
            raise EngineUnavailable
        return frozenset(self.people)

    async def list(self, *, call: str) -> frozenset[str]:
        return frozenset(self.people[call])

    async def remove(self, *, call: str, participant: str) -> None:
        self.people[call].discard(participant)


@pytest.mark.django_db(transaction=True)
async def test_only_who_is_seated_stays(joins: Joins) -> None:
    alice = await sync_to_async(joins)("Alice")
    bob = await sync_to_async(joins)("Bob")
    await sync_to_async(leave)(participant=bob.participant, now=NOW)
    engine = FakeEngine({alice.call: {alice.participant, bob.participant, "hidden"}, "no such call": {"charlie"}})
    assert await watch.compare(engine=_as_api(engine), now=NOW) == 3
    assert engine.people == {alice.call: {alice.participant}, "no such call": set()}
    assert await watch.compare(engine=_as_api(engine), now=NOW) == 0


async def test_it_watches_while_somebody_is_connected_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _installed(FakeEngine({}), monkeypatch)
    async with watch.watching(), watch.watching():
        await _until(lambda: engine.asked >= 3)
    seen = engine.asked
    await asyncio.sleep(0.05)
    assert engine.asked == seen
    async with watch.watching():
        await _until(lambda: engine.asked > seen)


async def test_an_engine_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _installed(FakeEngine({}, away=True), monkeypatch)
    async with watch.watching():
        await _until(lambda: engine.asked >= 3)


def _installed(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    @asynccontextmanager
    async def opened(**_: Any) -> AsyncIterator[FakeEngine]:
        yield engine

    monkeypatch.setattr(watch, "engine_api", opened)
    monkeypatch.setattr(watch, "EVERY_SECONDS", 0.005)
    return engine


async def _until(holds: Any) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


def _as_api(engine: FakeEngine) -> Any:
    return engine
