"""meetings/watch.py: it compares again and again while anybody is connected, and rests when nobody is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from conclave.media import reach
from conclave.media.engine import EngineUnavailable
from conclave.media.ticket import SOURCES
from conclave.meetings import watch
from conclave.meetings.leave import leave
from conclave.meetings.models import Call
from conclave.transparency.models import JournalEntry
from tests.meetings.conftest import NOW, Joins


class FakeEngine:
    """An engine with the people that a test puts into its rooms."""

    def __init__(self, rooms: dict[str, dict[str, str]], *, away: bool = False) -> None:
        self.people = rooms
        self.away = away
        self.asked = 0
        self.allowed: list[tuple[str, str, frozenset[str]]] = []

    async def ping(self) -> None:
        """Answer, alone."""

    async def rooms(self) -> frozenset[str]:
        self.asked += 1
        if self.away:
            raise EngineUnavailable
        return frozenset(self.people)

    async def list(self, *, call: str) -> dict[str, str]:
        return dict(self.people[call])

    async def remove(self, *, call: str, participant: str) -> None:
        self.people[call].pop(participant)

    async def end(self, *, call: str) -> None:
        self.people.pop(call)

    async def publishers(self, *, call: str) -> dict[str, frozenset[str]]:
        return dict.fromkeys(self.people[call], frozenset(SOURCES))

    async def allow(self, *, call: str, participant: str, sources: frozenset[str]) -> None:
        self.allowed.append((call, participant, sources))


@pytest.mark.django_db(transaction=True)
async def test_only_who_is_seated_stays(joins: Joins) -> None:
    alice = await sync_to_async(joins)("Alice")
    bob = await sync_to_async(joins)("Bob")
    await sync_to_async(leave)(participant=bob.participant, now=NOW)
    engine = FakeEngine({alice.call: {alice.participant: "", bob.participant: "", "charlie": ""}, "no such call": {"charlie": ""}})
    assert await watch.compare(engine=_as_api(engine), region="local", now=NOW) == 3
    assert engine.people == {alice.call: {alice.participant: ""}, "no such call": {}}
    assert await watch.compare(engine=_as_api(engine), region="local", now=NOW) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("besides", ["hidden", "recorder", "agent", "egress"])
async def test_nobody_stays_hidden_or_as_more_than_a_participant_seat_or_not(joins: Joins, besides: str) -> None:
    """JOIN-14."""
    alice = await sync_to_async(joins)("Alice")
    bob = await sync_to_async(joins)("Bob")
    engine = FakeEngine({alice.call: {alice.participant: "", bob.participant: besides, "charlie": besides}})
    assert await watch.compare(engine=_as_api(engine), region="local", now=NOW) == 2
    assert engine.people == {alice.call: {alice.participant: ""}}
    assert await sync_to_async(_journaled)() == [besides]


@pytest.mark.django_db(transaction=True)
async def test_only_an_intruder_is_written_down_and_not_who_is_just_leaving(joins: Joins) -> None:
    """JOIN-14."""
    alice = await sync_to_async(joins)("Alice")
    bob = await sync_to_async(joins)("Bob")
    await sync_to_async(leave)(participant=bob.participant, now=NOW)
    for later, journaled in ((0, []), (watch.GOING_MS, ["unknown"])):
        engine = FakeEngine({alice.call: {bob.participant: ""}, "no such call": {"charlie": ""}})
        assert await watch.compare(engine=_as_api(engine), region="local", now=NOW + later) == 2
        assert await sync_to_async(_journaled)() == journaled


@pytest.mark.django_db(transaction=True)
async def test_reg_6_nobody_stays_in_the_room_that_a_call_has_left(joins: Joins) -> None:
    """REG-6: its engine was away and did not hear that the call moved; its people are no intruders."""
    alice = await sync_to_async(joins)("Alice")
    await sync_to_async(Call.objects.filter(pk=alice.call).update)(region="elsewhere")
    engine = FakeEngine({alice.call: {alice.participant: ""}})
    assert await watch.compare(engine=_as_api(engine), region="elsewhere", now=NOW) == 0
    assert engine.people == {alice.call: {alice.participant: ""}}
    assert await watch.compare(engine=_as_api(engine), region="local", now=NOW) == 0
    assert engine.people == {}
    assert await sync_to_async(_journaled)() == []


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

    monkeypatch.setattr(reach, "engine_api", opened)
    monkeypatch.setattr(watch, "EVERY_SECONDS", 0.005)
    return engine


async def _until(holds: Any) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


def _journaled() -> list[str]:
    rows = JournalEntry.objects.filter(kind="intruder_put_out").order_by("index")
    return [str(opening.value) for row in rows for opening in row.openings.all()]


def _as_api(engine: FakeEngine) -> Any:
    return engine
