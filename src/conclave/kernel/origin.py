"""Same origin for sockets: a page of another site cannot open one in a visitor's name (JOIN-3)."""

from urllib.parse import urlsplit

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope


def is_same_origin(*, origin: str | None, host: str | None) -> bool:
    """Tell whether a browser's Origin names the host it speaks to; without an Origin no browser page is behind it."""
    if origin is None:
        return True
    try:
        named = urlsplit(origin).netloc.lower()
    except ValueError:  # half an IPv6 address, or a host that only normalising would make one
        return False
    return bool(host) and named == str(host).lower()


class SameOrigin:
    """Refuse (403) a WebSocket whose Origin is not this host."""

    def __init__(self, inner: ASGI3Application) -> None:
        """Wrap the application that serves the sockets."""
        self._inner = inner

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Pass the connection on, or close it before it is accepted."""
        if scope["type"] != "websocket":
            raise TypeError("SameOrigin wraps sockets only.")
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if is_same_origin(origin=headers.get(b"origin"), host=headers.get(b"host")):
            await self._inner(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": None})
