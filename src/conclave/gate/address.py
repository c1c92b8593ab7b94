"""Where a visitor comes from: the one place in which an address is taken from a header, and only from our own TLS server's."""

import ipaddress

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

FORWARDED = b"x-forwarded-for"


def is_own_proxy(server: tuple[str, int | None] | None) -> bool:
    """Tell whether a connection came over the socket file that only our own TLS server can open; those have no port."""
    return server is not None and server[1] is None


def forwarded_address(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the address that our TLS server saw, empty when it named none or more than one.

    Args:
        headers: as they came; the TLS server replaces what a visitor wrote into this one.
    """
    values = [value for name, value in headers if name.lower() == FORWARDED]
    if len(values) != 1:
        return ""
    try:
        return str(ipaddress.ip_address(values[0].decode("ascii", errors="replace").strip()))
    except ValueError:
        return ""


class VisitorAddress:
    """Puts the visitor's address where a direct connection has it; what others write into the header is dropped unread."""

    def __init__(self, inner: ASGI3Application) -> None:
        """Wrap the application."""
        self._inner = inner

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Pass the connection on with one truth about where it comes from."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        headers = list(scope["headers"])
        if is_own_proxy(scope["server"]):
            scope["client"] = (forwarded_address(headers), 0)
        scope["headers"] = [header for header in headers if header[0].lower() != FORWARDED]
        await self._inner(scope, receive, send)
