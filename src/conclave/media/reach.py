"""Asking every region's engine whether it answers to its own key pair and works alone, as nobody else might (REG-3, REG-6, REG-12)."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

from conclave.media import alone, placement
from conclave.media.engine import EngineApi, EngineRefused, EngineShared, EngineUnavailable, engine_api

_busy = threading.Lock()


async def look() -> None:
    """Ask them side by side, and note which answered."""
    await asyncio.gather(*(ask(region=region) for region in placement.regions().values()))


def look_aside() -> None:
    """Do so in a thread of its own, unless one is at it: no deadline waits for an engine that does not answer."""
    if _busy.acquire(blocking=False):
        threading.Thread(target=_look_once, name="regions", daemon=True).start()


def _look_once() -> None:
    """Look, and let the next one."""
    try:
        asyncio.run(look())
    finally:
        _busy.release()


async def ask(*, region: placement.Region, then: Callable[[EngineApi], Awaitable[object]] | None = None) -> None:
    """Note whether one answers, and whether it works alone; a machine of another region behind its address refuses the key pair.

    Args:
        region: whose engine.
        then: what else is to be done there; it does not answer if this fails.
    """
    try:
        async with engine_api(url=region.api_url, credentials=region.credentials()) as engine:
            try:
                await engine.ping()
                alone.note(region=region.id, alone=True)
            except EngineShared:
                alone.note(region=region.id, alone=False)
            if then is not None:
                await then(engine)
    except (EngineUnavailable, EngineRefused):
        placement.report(region=region.id, up=False)
    else:
        placement.report(region=region.id, up=True)
