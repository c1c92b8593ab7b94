"""Pumping signalling bytes between a browser's WebSocket and the engine's; it decides nothing and reads nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

OPEN_SECONDS = 5.0
CLOSE_SECONDS = 2.0
LARGEST_MESSAGE = 1024 * 1024
# How many of the engine's messages may wait for a slow browser before the engine has to wait too.
WAITING_MESSAGES = 32
_TOO_BIG, _INTERNAL = 1009, 1011

# The library would log the address, and the address holds the token.
_SILENT = logging.getLogger("conclave.media.relay.silent")
_SILENT.disabled = True


class UpstreamRefused(Exception):
    """The engine answered the handshake with this HTTP status."""

    def __init__(self, status: int) -> None:
        """Keep the status only: the engine's words may quote the token."""
        super().__init__(status)
        self.status = status


class UpstreamUnavailable(Exception):
    """The engine cannot be reached."""


async def open_upstream(*, url: str) -> ClientConnection:
    """Open the engine's WebSocket; no header of the browser's is passed on, so none can lie about an address (JOIN-9).

    Args:
        url: the engine's address with path and query.

    Returns:
        The open connection; the caller must hand it to pump() or close it.

    Raises:
        UpstreamRefused: the engine answered, but with a refusal.
        UpstreamUnavailable: it did not answer properly in time.
    """
    try:
        return await connect(
            url,
            proxy=None,
            compression=None,
            user_agent_header=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=None,
            max_size=4 * LARGEST_MESSAGE,
            max_queue=WAITING_MESSAGES,
            logger=_SILENT,
        )
    except InvalidStatus as error:
        raise UpstreamRefused(error.response.status_code) from None
    except (InvalidHandshake, OSError, TimeoutError) as error:
        raise UpstreamUnavailable(type(error).__name__) from None


async def pump(*, receive: Receive, send: Send, upstream: ClientConnection) -> None:
    """Carry messages both ways until either side ends, then close the other with the same code.

    Each direction awaits its writer before it reads on, so a slow side slows the other instead of filling memory.

    Args:
        receive: the browser's side, already accepted.
        send: the same.
        upstream: the engine's side.

    Raises:
        OSError: the browser's connection broke while it was written to; the engine's side is closed all the same.
    """
    inward = asyncio.create_task(_to_engine(receive, upstream))
    outward = asyncio.create_task(_to_browser(upstream, send))
    try:
        done, _ = await asyncio.wait({inward, outward}, return_when=asyncio.FIRST_COMPLETED)
        if outward in done:
            outward.result()
            await send({"type": "websocket.close", "code": _code(upstream.close_code)})
        else:
            too_big = inward.result()
            if too_big:
                await send({"type": "websocket.close", "code": _TOO_BIG})
    finally:
        inward.cancel()
        outward.cancel()
        await asyncio.gather(inward, outward, return_exceptions=True)
        await upstream.close()


async def _to_engine(receive: Receive, upstream: ClientConnection) -> bool:
    """Carry the browser's messages; return whether it ended because one was too big."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return False
        data = message.get("bytes")
        if data is None:
            data = message.get("text") or ""
        if len(data) > LARGEST_MESSAGE:
            return True
        try:
            await upstream.send(data)
        except ConnectionClosed:
            await asyncio.Event().wait()  # the other direction sees the end too, and knows its code


async def _to_browser(upstream: ClientConnection, send: Send) -> None:
    """Carry the engine's messages until it closes, in whatever way."""
    with suppress(ConnectionClosed):
        async for data in upstream:
            await send({"type": "websocket.send", "bytes": data} if isinstance(data, bytes) else {"type": "websocket.send", "text": data})


def _code(code: int | None) -> int:
    """Return a code that may be sent for the one the engine closed with."""
    if code is None or code in {1004, 1005, 1006, 1015}:
        return _INTERNAL
    return code
