"""Watching the engine: whoever is in a call's media room without a seat is put out (safety.md §2.3, fact 3).

It runs in every gateway while it relays anybody's signalling; acting twice does no harm.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from conclave.kernel import clock
from conclave.keys.threads import in_thread
from conclave.media import placement, selftest
from conclave.media.engine import EngineApi, EngineRefused, EngineUnavailable, engine_api
from conclave.meetings.models import Participant

EVERY_SECONDS = 5.0
_log = structlog.get_logger("conclave.watch")


async def compare(*, engine: EngineApi, now: int) -> int:
    """Put out of every room who has no seat there; a self-test needs none for its minute (SELF-2).

    Args:
        engine: the region's engine.
        now: the time.

    Returns:
        How many were put out.

    Raises:
        EngineUnavailable, EngineRefused: the engine did not do its part.
    """
    strangers = 0
    for call in sorted(await engine.rooms()):
        if selftest.is_selftest(room=call) and selftest.is_open(room=call, now=now):
            continue
        # First the room, then the roster: a seat always exists before its connection.
        present = await engine.list(call=call)
        seated = await in_thread(_seated, call)
        for identity in sorted(present - seated):
            await engine.remove(call=call, participant=identity)
            strangers += 1
    if strangers:
        _log.warning("put out of media rooms without a seat", count=strangers)
    return strangers


@asynccontextmanager
async def watching() -> AsyncIterator[None]:
    """Keep the watch running while at least one connection is inside."""
    _watch.enter()
    try:
        yield
    finally:
        _watch.leave()


class _Watch:
    """The one watching task of this process, started by the first connection and ended with the last."""

    def __init__(self) -> None:
        self._inside = 0
        self._task: asyncio.Task[None] | None = None

    def enter(self) -> None:
        """Count one more connection."""
        self._inside += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(_repeat())

    def leave(self) -> None:
        """Count one less."""
        self._inside -= 1
        if self._inside == 0 and self._task is not None:
            self._task.cancel()
            self._task = None


_watch = _Watch()


async def _repeat() -> None:
    """Compare every region, again and again."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        for region in placement.regions().values():
            # An engine that does not answer now is asked again in five seconds; the gate says 503 meanwhile.
            with suppress(EngineUnavailable, EngineRefused):
                async with engine_api(url=region.api_url, credentials=region.credentials()) as engine:
                    await compare(engine=engine, now=clock.now())


def _seated(call: str) -> frozenset[str]:
    """Return who has a live seat in a live call."""
    return frozenset(Participant.objects.filter(call=call, left_at=None, call__ended_at=None).values_list("pk", flat=True))
