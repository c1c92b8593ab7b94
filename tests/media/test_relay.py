"""media/relay.py: bytes both ways, back-pressure, and both sides closed properly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from conclave.media import relay


class Browser:
    """A browser's side as ASGI sees it."""

    def __init__(self) -> None:
        self.to_gateway: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_gateway: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        return await self.to_gateway.get()

    async def send(self, message: Any) -> None:
        self.from_gateway.append(dict(message))

    def says(self, data: bytes | str) -> None:
        key = "bytes" if isinstance(data, bytes) else "text"
        self.to_gateway.put_nowait({"type": "websocket.receive", key: data})

    def leaves(self) -> None:
        self.to_gateway.put_nowait({"type": "websocket.disconnect", "code": 1001})


async def test_bytes_and_text_go_both_ways_unchanged() -> None:
    async def echo(engine: ServerConnection) -> None:
        async for message in engine:
            await engine.send(message)
            if message == "bye":
                await engine.close(4001)

    browser = Browser()
    async with _engine(echo) as url:
        for data in (b"\x00\xff", b"", "text", "bye"):
            browser.says(data)
        await relay.pump(receive=browser.receive, send=browser.send, upstream=await relay.open_upstream(url=url))
    assert browser.from_gateway == [
        {"type": "websocket.send", "bytes": b"\x00\xff"},
        {"type": "websocket.send", "bytes": b""},
        {"type": "websocket.send", "text": "text"},
        {"type": "websocket.send", "text": "bye"},
        {"type": "websocket.close", "code": 4001},
    ]


async def test_a_browser_that_leaves_closes_the_engines_side() -> None:
    closed = asyncio.Event()

    async def wait(engine: ServerConnection) -> None:
        await engine.wait_closed()
        closed.set()

    browser = Browser()
    browser.leaves()
    async with _engine(wait) as url:
        await relay.pump(receive=browser.receive, send=browser.send, upstream=await relay.open_upstream(url=url))
        await asyncio.wait_for(closed.wait(), 2)
    assert browser.from_gateway == []


async def test_a_browser_that_breaks_closes_the_engines_side_too() -> None:
    closed = asyncio.Event()

    async def talk(engine: ServerConnection) -> None:
        await engine.send(b"hello")
        await engine.wait_closed()
        closed.set()

    async def broken(_message: Any) -> None:
        raise ConnectionResetError

    async with _engine(talk) as url:
        upstream = await relay.open_upstream(url=url)
        with pytest.raises(ConnectionResetError):
            await relay.pump(receive=Browser().receive, send=broken, upstream=upstream)
        await asyncio.wait_for(closed.wait(), 5)


async def test_an_engine_that_dies_is_told_as_an_error() -> None:
    async def die(engine: ServerConnection) -> None:
        engine.transport.abort()

    browser = Browser()
    async with _engine(die) as url:
        await relay.pump(receive=browser.receive, send=browser.send, upstream=await relay.open_upstream(url=url))
    assert browser.from_gateway == [{"type": "websocket.close", "code": 1011}]


@pytest.mark.parametrize("data", [b"x" * (relay.LARGEST_MESSAGE + 1), "x" * (relay.LARGEST_MESSAGE + 1)])
async def test_an_oversized_message_ends_this_connection(data: bytes | str) -> None:
    async def listen(engine: ServerConnection) -> None:
        assert [message async for message in engine] == []

    browser = Browser()
    browser.says(data)
    async with _engine(listen) as url:
        await relay.pump(receive=browser.receive, send=browser.send, upstream=await relay.open_upstream(url=url))
    assert browser.from_gateway == [{"type": "websocket.close", "code": 1009}]


@pytest.mark.slow
async def test_a_browser_that_does_not_read_makes_the_engine_wait() -> None:
    sent = 0

    async def flood(engine: ServerConnection) -> None:
        nonlocal sent
        while True:
            await engine.send(b"x" * 65536)
            sent += 1

    reads = asyncio.Event()

    async def never(_message: Any) -> None:
        await reads.wait()

    browser = Browser()
    async with _engine(flood) as url:
        upstream = await relay.open_upstream(url=url)
        pumping = asyncio.create_task(relay.pump(receive=browser.receive, send=never, upstream=upstream))
        await asyncio.sleep(0.5)
        stuck_at = sent
        await asyncio.sleep(0.3)
        assert sent == stuck_at < 1000
        browser.leaves()
        reads.set()
        await asyncio.wait_for(pumping, 5)


async def test_nothing_of_the_browser_reaches_the_engine_but_the_address_asked_for() -> None:
    seen: list[Request] = []

    def note(_connection: ServerConnection, request: Request) -> Response | None:
        seen.append(request)
        return None

    async def end(engine: ServerConnection) -> None:
        await engine.close()

    async with serve(end, "127.0.0.1", 0, process_request=note) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        upstream = await relay.open_upstream(url=f"ws://127.0.0.1:{port}/rtc?access_token=t")
        await upstream.close()
    names = {name.lower() for name, _ in seen[0].headers.raw_items()}
    assert names == {"host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}
    assert seen[0].path == "/rtc?access_token=t"


@asynccontextmanager
async def _engine(handler: Any) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, max_size=2**24) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/rtc"
