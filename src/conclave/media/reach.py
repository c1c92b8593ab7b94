"""Asking every region's engine whether it answers to its own key pair, as nobody else might while calls are cut off (REG-3, REG-6)."""

import asyncio
import threading

from conclave.media import placement
from conclave.media.engine import EngineRefused, EngineUnavailable, engine_api

_busy = threading.Lock()


async def look() -> None:
    """Ask them side by side, and note which answered."""
    await asyncio.gather(*(_ask(region) for region in placement.regions().values()))


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


async def _ask(region: placement.Region) -> None:
    """Note whether one answers; a machine of another region behind its address refuses the key pair, and does not."""
    try:
        async with engine_api(url=region.api_url, credentials=region.credentials()) as engine:
            await engine.ping()
    except (EngineUnavailable, EngineRefused):
        placement.report(region=region.id, up=False)
    else:
        placement.report(region=region.id, up=True)
