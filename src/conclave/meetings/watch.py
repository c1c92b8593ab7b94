"""Watching the engine: whoever is in a call's media room without a seat, or hidden, or as a recorder or an agent, is put out and told of.

It runs in every gateway while it relays anybody's signalling; acting twice does no harm.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from django.db.models import Q

from conclave.kernel import clock
from conclave.keys.locks import writing
from conclave.keys.threads import in_thread
from conclave.keys.wake import tell_all
from conclave.media import placement, reach, selftest
from conclave.media.engine import EngineApi
from conclave.meetings.models import Call, Participant
from conclave.meetings.rights import correct
from conclave.transparency.journal import journal

EVERY_SECONDS = 5.0
# Whoever left so lately is disconnected by the outbox at the same time, and is no intruder.
GOING_MS = 10 * clock.SECOND
UNKNOWN, LATE = "unknown", "late"
_log = structlog.get_logger("conclave.watch")


async def compare(*, engine: EngineApi, region: str, now: int) -> int:
    """Put out of every room who does not belong there, and tell the call (JOIN-14); a self-test needs no seat for its minute (SELF-2).

    The room of a call that is held elsewhere by now is closed: an engine that was away while the call moved may not have heard (REG-6).

    Args:
        engine: the region's engine.
        region: its name.
        now: the time.

    Returns:
        How many were put out.

    Raises:
        EngineUnavailable, EngineRefused: the engine did not do its part.
    """
    put_out = 0
    for call in sorted(await engine.rooms()):
        if selftest.is_selftest(room=call) and selftest.is_open(room=call, now=now):
            continue
        # First the room, then the roster: a seat always exists before its connection.
        present = await engine.list(call=call)
        if await in_thread(_is_elsewhere, call, region):
            await engine.end(call=call)
            continue
        seats = await in_thread(_seats, call, now)
        wrong = {identity: besides or seats.get(identity, UNKNOWN) for identity, besides in sorted(present.items())}
        for identity in [identity for identity, why in wrong.items() if why]:
            await engine.remove(call=call, participant=identity)
            put_out += 1
        if intruders := sorted(set(wrong.values()) - {"", LATE}):
            await in_thread(_tell, call, intruders, now)
        if not selftest.is_selftest(room=call):
            await correct(engine=engine, call=call)
    if put_out:
        _log.warning("put out of media rooms", count=put_out)
    return put_out


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
            await reach.ask(region=region, then=_comparing(region))


def _comparing(region: placement.Region) -> Callable[[EngineApi], Awaitable[int]]:
    """Return what is done at the engine of a region."""
    return lambda engine: compare(engine=engine, region=region.id, now=clock.now())


def _is_elsewhere(call: str, region: str) -> bool:
    """Tell whether a live call is held in another region."""
    return Call.objects.filter(pk=call, ended_at=None).exclude(region=region).exists()


def _seats(call: str, now: int) -> dict[str, str]:
    """Return who has a live seat in a live call, with nothing to say against them, and who left so lately that they may still be going."""
    seats = Participant.objects.filter(Q(left_at=None) | Q(left_at__gt=now - GOING_MS), call=call, call__ended_at=None)
    return {participant: "" if left_at is None else LATE for participant, left_at in seats.values_list("pk", "left_at")}


def _tell(call: str, intruders: list[str], now: int) -> None:
    """Write down that somebody was put out of a call, and tell its members; an identity is whatever the intruder likes, and is not kept."""
    if not Call.objects.filter(pk=call, ended_at=None).exists():
        return
    with writing():
        for why in intruders:
            journal(kind="intruder_put_out", obj=call, fields={"why": why}, now=now)
            tell_all(call=call, message={"t": "intruder", "why": why})
