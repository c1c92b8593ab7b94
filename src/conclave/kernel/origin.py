"""Same origin for sockets: a page of another site cannot open one in a visitor's name (JOIN-3)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


def is_same_origin(*, origin: str | None, host: str | None) -> bool:
    """Tell whether a browser's Origin names the host it speaks to; without an Origin no browser page is behind it."""
    return origin is None or (bool(host) and urlsplit(origin).netloc.lower() == str(host).lower())


class SameOrigin:
    """Refuse (403) a WebSocket whose Origin is not this host."""

    def __init__(self, inner: Asgi) -> None:
        """Wrap the application that serves the sockets."""
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the connection on, or close it before it is accepted."""
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
        if is_same_origin(origin=headers.get(b"origin"), host=headers.get(b"host")):
            await self._inner(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008})
