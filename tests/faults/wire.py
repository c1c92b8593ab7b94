"""A wire between people and the gateway, on which every message can be seen or lost; it runs in a thread of its own."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

T = TypeVar("T")
Kind = Literal["socket", "media", "http"]

TYPE = re.compile(rb'"t":"(\w+)"')
PARTICIPANT = re.compile(rb'"participant":"([\w-]{22})"')
REQUEST = re.compile(rb"(GET|POST|HEAD|PATCH|DELETE) (\S+) HTTP/1.1\r\n")
LARGEST_HEAD = 65_536
CHUNK = 65_536
TEXT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One message on its way: a socket message by its type, or a request and its answer as `POST /path` and `200 /path`."""

    kind: Kind
    up: bool
    t: str
    text: bytes
    participant: str


@dataclass(slots=True, eq=False)
class _Line:
    """One connection of somebody's, and ours to the gateway."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    kind: Kind = "http"
    gateway: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    participant: str = ""
    asked: str = ""
    dead: bool = False
    upgraded: bool = False
    frames: dict[bool, bytearray] = field(default_factory=lambda: {True: bytearray(), False: bytearray()})

    def close(self, *, at_once: bool = False) -> None:
        """Close both ends; at once, as when a cable is cut."""
        for writer in (self.writer, self.gateway[1] if self.gateway else None):
            if writer is not None:
                with contextlib.suppress(Exception):
                    (writer.transport.abort if at_once else writer.close)()


class Wire:
    """The wire. `before` sees each message and says whether it is delivered; `after` is told of each that was."""

    def __init__(self, *, gateway_port: int) -> None:
        """Lead to a gateway on this machine."""
        self._gateway_port = gateway_port
        self._lines: set[_Line] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0
        self.refused: set[str] = set()
        self.silent: set[str] = set()
        self.replace: tuple[bytes, bytes] | None = None
        self.before: Callable[[Passed], bool] = lambda _passed: True
        self.after: Callable[[Passed], None] = lambda _passed: None

    @property
    def url(self) -> str:
        """Where people connect."""
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._server.close()
            for line in list(self._lines):
                line.close(at_once=True)
            if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(tasks, timeout=5)

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self, *kinds: Kind, stay: bool = False) -> None:
        """Break all connections of these kinds; those that `stay` cut are refused until mend()."""
        if stay:
            self.refused |= set(kinds)

        async def close() -> None:
            for line in list(self._lines):
                if line.kind in kinds:
                    line.close(at_once=True)

        self._run(close())

    def hush(self, *kinds: Kind) -> None:
        """Let nothing pass any more, and tell nobody: today's connections stay dead for good, new ones are not answered until mend()."""
        self.silent |= set(kinds)

        async def kill() -> None:
            for line in self._lines:
                line.dead = line.dead or line.kind in kinds

        self._run(kill())

    def mend(self) -> None:
        """Let new connections through again."""
        self.refused.clear()
        self.silent.clear()

    def _run(self, act: Coroutine[Any, Any, T]) -> T:
        """Do it in the wire's own thread and return its result."""
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(20)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        line = _Line(reader=reader, writer=writer)
        self._lines.add(line)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
            line.kind = _kind(head)
            if line.kind in self.refused:
                return
            if line.kind in self.silent:
                line.dead = True
                await reader.read()
                return
            line.gateway = await asyncio.open_connection("127.0.0.1", self._gateway_port)
            if await self._pass(line, head, up=True):
                await self._both_ways(line)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            if line.dead:
                await self._until_gone(line)
            self._lines.discard(line)
            line.close()

    async def _both_ways(self, line: _Line) -> None:
        """Carry until one direction ends."""
        tasks = [asyncio.create_task(self._carry(line, up=up)) for up in (True, False)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(done, Exception):
                raise done

    async def _until_gone(self, line: _Line) -> None:
        """A dead connection tells nobody that it is: it stays open until its owner gives it up."""
        with contextlib.suppress(OSError):
            while await line.reader.read(CHUNK):
                pass

    async def _carry(self, line: _Line, *, up: bool) -> None:
        """Carry one direction."""
        assert line.gateway is not None
        reader = line.reader if up else line.gateway[0]
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if line.dead:
                    return
                if not await self._pass(line, data, up=up):
                    return

    async def _pass(self, line: _Line, data: bytes, *, up: bool) -> bool:
        """Deliver what came, message by message; False when the connection is over."""
        if line.kind == "http" or not line.upgraded:
            line.upgraded = line.upgraded or (not up and b"\r\n\r\n" in data)
            return await self._deliver(line, data, _request(line, data, up=up), up=up)
        buffer = line.frames[up]
        buffer += data
        while frame := _frame(buffer):
            raw, text = frame
            if not await self._deliver(line, raw, _message(line, text, up=up) if text else None, up=up):
                return False
        return True

    async def _deliver(self, line: _Line, data: bytes, passed: Passed | None, *, up: bool) -> bool:
        """Deliver one piece, unless whoever watches says no."""
        assert line.gateway is not None
        if passed and not self.before(passed):
            return False
        if self.replace and line.kind == "media" and not up:
            data = data.replace(*self.replace)
        writer = line.gateway[1] if up else line.writer
        writer.write(data)
        await writer.drain()
        if passed:
            self.after(passed)
        return True


def _kind(head: bytes) -> Kind:
    """Return what a connection is for, by the first request."""
    if b"upgrade: websocket" not in head.lower():
        return "http"
    return "media" if head.startswith(b"GET /media/") else "socket"


def _request(line: _Line, data: bytes, *, up: bool) -> Passed | None:
    """Return the request or the answer that begins with these bytes."""
    if up:
        found = REQUEST.match(data)
        if not found:
            return None
        line.asked = found[2].decode().partition("?")[0]
        return Passed(kind=line.kind, up=True, t=f"{found[1].decode()} {line.asked}", text=data, participant="")
    if not data.startswith(b"HTTP/1.1 "):
        return None
    return Passed(kind=line.kind, up=False, t=f"{data[9:12].decode()} {line.asked}", text=data, participant="")


def _message(line: _Line, text: bytes, *, up: bool) -> Passed | None:
    """Return the socket message, and note whose socket it is."""
    found = TYPE.search(text)
    if line.kind != "socket" or not found:
        return None
    if found[1] == b"hello" and (whose := PARTICIPANT.search(text)):
        line.participant = whose[1].decode()
    return Passed(kind="socket", up=up, t=found[1].decode(), text=text, participant=line.participant)


def _frame(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """Take the next whole WebSocket frame out of the buffer: all its bytes, and its text if it is one (RFC 6455 §5.2)."""
    if len(buffer) < 2:
        return None
    size, at = buffer[1] & 127, 2
    if size >= 126:
        wide = 2 if size == 126 else 8
        size, at = int.from_bytes(buffer[2 : 2 + wide], "big"), 2 + wide
    masked = bool(buffer[1] & 128)
    start = at + (4 if masked else 0)
    if len(buffer) < start + size:
        return None
    raw = bytes(buffer[: start + size])
    del buffer[: start + size]
    if raw[0] & 15 != TEXT:
        return raw, b""
    body = raw[start:]
    if masked:
        mask = raw[at:start] * (size // 4 + 1)
        body = (int.from_bytes(body, "big") ^ int.from_bytes(mask[:size], "big")).to_bytes(size, "big")
    return raw, body
