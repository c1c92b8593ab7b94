"""Whether the server lives, and whether it can hold a call."""

import asyncio
import functools
from collections.abc import Callable

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from conclave.media import placement
from conclave.media.engine import engine_api

SECONDS = 3.0
_log = structlog.get_logger("conclave.health")


@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """Answer that the process serves."""
    return JsonResponse({"ok": True})


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer which parts work; 503 when one does not."""
    checks: dict[str, Callable[[], object]] = {"database": _database, "channel_layer": _channel_layer}
    several = len(placement.regions()) > 1
    for region in placement.regions().values():
        checks[f"engine_{region.id}" if several else "engine"] = functools.partial(_engine, region)
    parts = {part: _works(part, check) for part, check in checks.items()}
    ok = all(parts.values())
    return JsonResponse({"ok": ok, **parts}, status=200 if ok else 503)


def _works(part: str, check: Callable[[], object]) -> bool:
    """Run one check; False and a log line when it fails."""
    try:
        return check() is not False
    except Exception as error:  # noqa: BLE001 - any failure means: not ready
        _log.warning("not ready", part=part, error=type(error).__name__)
        return False


def _engine(region: placement.Region) -> None:
    """Ask a region's media engine for an answer to its own key pair."""
    async_to_sync(_ask_engine)(region)


async def _ask_engine(region: placement.Region) -> None:
    """Return when it has answered."""
    async with engine_api(url=region.api_url, credentials=region.credentials()) as engine:
        await engine.ping()


def _database() -> None:
    """Read one value."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _channel_layer() -> None:
    """Send a message to nobody and get it back."""
    async_to_sync(_echo)()


async def _echo() -> None:
    """Pass one message through the channel layer."""
    layer = get_channel_layer()
    if layer is None:
        raise RuntimeError("There is no channel layer.")
    async with asyncio.timeout(SECONDS):
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "ready"})
        await layer.receive(channel)
