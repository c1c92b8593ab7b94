"""JOIN-3 for sockets: a page of another site cannot open one."""

import pytest
from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent, Scope, WebSocketScope

from conclave.kernel.origin import SameOrigin, is_same_origin


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://Meet.example", "meet.example", True),
        (None, "localhost:8000", True),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://localhost:8000.evil.example", "localhost:8000", False),
        ("https://evil.example", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("", "localhost:8000", False),
        ("http://localhost:8000", None, False),
    ],
)
def test_only_the_same_host_and_port_is_the_same_origin(*, origin: str | None, host: str | None, same: bool) -> None:
    assert is_same_origin(origin=origin, host=host) is same


@pytest.mark.parametrize(("origin", "passed"), [(b"http://localhost:8000", True), (b"https://evil.example", False)])
async def test_another_sites_socket_is_closed_before_it_is_accepted(*, origin: bytes, passed: bool) -> None:
    reached: list[Scope] = []
    sent: list[ASGISendEvent] = []

    async def inner(scope: Scope, _receive: ASGIReceiveCallable, _send: ASGISendCallable) -> None:
        reached.append(scope)

    async def receive() -> ASGIReceiveEvent:
        return {"type": "websocket.connect"}

    async def send(event: ASGISendEvent) -> None:
        sent.append(event)

    await SameOrigin(inner)(_scope(origin), receive, send)
    assert bool(reached) is passed
    assert [event["type"] for event in sent] == ([] if passed else ["websocket.close"])


def _scope(origin: bytes) -> WebSocketScope:
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/api/v1/socket",
        "raw_path": b"/api/v1/socket",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost:8000"), (b"Origin", origin)],
        "client": None,
        "server": None,
        "subprotocols": [],
        "state": {},
        "extensions": {},
    }
