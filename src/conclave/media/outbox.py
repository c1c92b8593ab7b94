"""What the outbox asks of the media engine: after the commit, at least once, without harm when done twice."""

import asyncio
from collections.abc import Sequence
from typing import Any

from conclave.kernel import outbox
from conclave.media.engine import engine_api
from conclave.media.placement import regions

REMOVE, END = "engine.remove", "engine.end"


def emit_remove(*, region: str, call: str, participants: Sequence[str], now: int) -> None:
    """Have participants disconnected from a call's room, all at the same time.

    Args:
        region: the call's region.
        call: the call's id.
        participants: whose connections.
        now: the time.
    """
    outbox.emit(kind=REMOVE, payload={"region": region, "call": call, "participants": list(participants)}, now=now)


def emit_end(*, region: str, call: str, now: int) -> None:
    """Have a call's room closed and everybody in it disconnected.

    Args:
        region: the call's region.
        call: the call's id.
        now: the time.
    """
    outbox.emit(kind=END, payload={"region": region, "call": call}, now=now)


@outbox.handles(REMOVE)
async def _remove(payload: dict[str, Any]) -> None:
    """Disconnect the participants; a region that is no more has nobody to disconnect."""
    # As one it was written before there were several.
    named = payload.get("participants") or [payload["participant"]]
    if region := regions().get(payload["region"]):
        async with engine_api(url=region.api_url, credentials=region.credentials()) as engine:
            await asyncio.gather(*(engine.remove(call=payload["call"], participant=one) for one in named))


@outbox.handles(END)
async def _end(payload: dict[str, Any]) -> None:
    """Close the room."""
    if region := regions().get(payload["region"]):
        async with engine_api(url=region.api_url, credentials=region.credentials()) as engine:
            await engine.end(call=payload["call"])
