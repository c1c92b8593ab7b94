"""Where a visitor comes from: our TLS server's word counts, nobody else's."""

import pytest
from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent, Scope

from conclave.gate.address import VisitorAddress, forwarded_address

TCP = ("127.0.0.1", 8000)
SOCKET_FILE = ("/var/conclave/tls/gateway.sock", None)


async def seen(*, server: tuple[str, int | None], client: tuple[str, int] | None, headers: list[tuple[bytes, bytes]]) -> Scope:
    reached: list[Scope] = []

    async def inner(scope: Scope, _receive: ASGIReceiveCallable, _send: ASGISendCallable) -> None:
        reached.append(scope)

    async def receive() -> ASGIReceiveEvent:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_event: ASGISendEvent) -> None:
        return

    await VisitorAddress(inner)({"type": "http", "server": server, "client": client, "headers": headers}, receive, send)  # type: ignore[arg-type]  # no more of a request is looked at
    return reached[0]


async def test_behind_our_tls_server_the_visitor_is_who_it_saw() -> None:
    scope = await seen(server=SOCKET_FILE, client=None, headers=[(b"host", b"meet"), (b"x-forwarded-for", b"203.0.113.9")])
    assert scope["client"] == ("203.0.113.9", 0)  # type: ignore[typeddict-item]  # not a lifespan
    assert scope["headers"] == [(b"host", b"meet")]  # type: ignore[typeddict-item]


@pytest.mark.parametrize("client", [("198.51.100.7", 50000), None])
async def test_whoever_comes_directly_cannot_choose_an_address(client: tuple[str, int] | None) -> None:
    scope = await seen(server=TCP, client=client, headers=[(b"X-Forwarded-For", b"203.0.113.9"), (b"host", b"meet")])
    assert scope["client"] == client  # type: ignore[typeddict-item]
    assert scope["headers"] == [(b"host", b"meet")]  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ([b"203.0.113.9"], "203.0.113.9"),
        ([b"2001:db8::1"], "2001:db8::1"),
        ([], ""),
        ([b"203.0.113.9", b"198.51.100.7"], ""),
        ([b"203.0.113.9, 198.51.100.7"], ""),
        ([b"someone"], ""),
        ([b"\xff"], ""),
    ],
)
def test_the_header_is_one_address_or_nothing(values: list[bytes], address: str) -> None:
    assert forwarded_address([(b"x-forwarded-for", value) for value in values]) == address
