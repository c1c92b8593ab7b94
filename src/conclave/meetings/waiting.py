"""Who waits at a meeting's door and who may open it, pushed: one reader of the database for a meeting's sockets at this gateway.

The waiting socket (docs/protocol/knock.md) is told of its own knock and of nothing else (KNOCK-6); a host's meeting socket, who waits.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from channels.layers import get_channel_layer

from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError, Malformed
from conclave.kernel.ids import new_id
from conclave.keys.threads import at_the_door, in_thread
from conclave.meetings import doorbell
from conclave.meetings.door import Pass
from conclave.meetings.knock import MOST_AT_ONCE, News, State, attend, cancel, door_channel, news, stands, still_there, waits_elsewhere

WAIT_SECONDS = 10.0
STILL_SECONDS = 10.0
LOOK_SECONDS = 1.0
# KNOCK-4: what comes within this time is told together.
COALESCE_SECONDS = 0.25
MOST_TOLD = 100
STILL_THERE_MS = 10 * clock.SECOND
_log = structlog.get_logger("conclave.waiting")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Tell = Callable[[dict[str, object]], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Ear:
    """One socket that listens at a door: `knock` is its own, and empty for a host's."""

    knock: str = ""
    socket: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Door:
    """One meeting's door at this gateway."""

    def __init__(self, *, meeting: str) -> None:
        """Start with nothing read."""
        self.meeting = meeting
        self.waiting: dict[str, News] = {}
        # Of the knocks whose sockets are here.
        self.own: dict[str, News] = {}
        self.ears: set[Ear] = set()
        # Up to which change it has read.
        self.version = -1
        self._said_at = 0
        self._hint = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen and to look."""
        self._hint.set()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._run())]

    def stop(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()

    async def look(self) -> None:
        """Read what is new and tell the sockets."""
        found = await in_thread(news, meeting=self.meeting, after=self.version)
        if not found:
            return
        self.version = found[-1].version
        mine = {ear.knock for ear in self.ears}
        for one in found:
            if one.state == State.WAITING:
                self.waiting[one.id] = one
            else:
                self.waiting.pop(one.id, None)
            if one.id in mine:
                self.own[one.id] = one
        changed = {one.id for one in found}
        for ear in self.ears:
            if not ear.knock or ear.knock in changed:
                ear.news.set()

    async def _run(self) -> None:
        """Look when hinted at, and every second; at most four times a second."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._hint.wait()
            self._hint.clear()
            try:
                await self.look()
                await self._still_there()
            except Exception as error:  # noqa: BLE001 - the next look tries again
                _log.error("door could not be read", error=repr(error))
            await asyncio.sleep(COALESCE_SECONDS)

    async def _still_there(self) -> None:
        """Say every ten seconds whose sockets are open."""
        now = clock.now()
        knocks = sorted(ear.knock for ear in self.ears if ear.knock)
        if knocks and abs(now - self._said_at) >= STILL_THERE_MS:
            self._said_at = now
            for start in range(0, len(knocks), MOST_AT_ONCE):
                await in_thread(still_there, knocks=knocks[start : start + MOST_AT_ONCE], now=now)

    async def _listen(self) -> None:
        """Turn the channel layer's hints into ours."""
        layer = get_channel_layer()
        if layer is None:
            return
        name = await layer.new_channel()
        await layer.group_add(door_channel(meeting=self.meeting), name)
        try:
            while True:
                await layer.receive(name)
                self._hint.set()
        finally:
            await layer.group_discard(door_channel(meeting=self.meeting), name)


_doors: dict[str, Door] = {}


def _attach(meeting: str, ear: Ear) -> Door:
    """Let a socket listen at a meeting's door."""
    door = _doors.get(meeting)
    if door is None:
        door = _doors[meeting] = Door(meeting=meeting)
        door.start()
    door.ears.add(ear)
    return door


def _detach(door: Door, ear: Ear) -> None:
    """Let a socket go; the last one closes the door's reader."""
    door.ears.discard(ear)
    door.own.pop(ear.knock, None)
    if not door.ears and _doors.get(door.meeting) is door:
        del _doors[door.meeting]
        door.stop()


class Bell:
    """What a meeting socket is told of who waits, while its seat is a host's (KNOCK-4)."""

    def __init__(self, *, meeting: str, news: asyncio.Event, tell: Tell) -> None:
        """Listen to nothing yet; `news` is set when push() has something to say."""
        self._meeting = meeting
        self._tell = tell
        self._ear = Ear(news=news)
        self._door: Door | None = None
        self._told: set[str] = set()

    async def push(self, *, hosting: bool) -> None:
        """Tell what is new."""
        if not hosting:
            self.close()
            return
        if self._door is None:
            self._door = _attach(self._meeting, self._ear)
        while True:
            waiting = self._door.waiting
            fresh = [one for name, one in waiting.items() if name not in self._told][:MOST_TOLD]
            gone = sorted(self._told - waiting.keys())
            if not fresh and not gone:
                return
            self._told = (self._told | {one.id for one in fresh}) - set(gone)
            await self._tell({"t": "knocks", "waiting": [_told(one) for one in fresh], "gone": gone})

    def close(self) -> None:
        """Listen no longer."""
        if self._door is not None:
            _detach(self._door, self._ear)
        self._door = None
        self._told = set()


def _told(one: News) -> dict[str, object]:
    """Return a knock as hosts are told of it."""
    told: dict[str, object] = {"knock": one.id, "name": one.name, "signature_key": one.signature_key}
    if one.seal_key:
        told |= {"seal_key": one.seal_key, "seal_signature": one.seal_signature}
    return told | {"since": one.made_at, "why": one.why, "signed_in": one.signed_in}


class Over(Exception):
    """The waiting socket is to be closed."""


_open: set["WaitingSocket"] = set()


class WaitingSocket:
    """One socket of one knock: it says `wait`, then only listens; `cancel` goes away."""

    def __init__(self, receive: Receive, send: Send) -> None:
        """Wait for the connection."""
        self._receive = receive
        self._send = send
        self._ear = Ear(socket=new_id())
        self._door: Door | None = None
        # The version at which our socket was bound to the knock: what is older speaks of another.
        self._bound_at = 0

    @classmethod
    def as_asgi(cls) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """Return the ASGI application that routing mounts."""

        async def application(_scope: Scope, receive: Receive, send: Send) -> None:
            await cls(receive, send).serve()

        return application

    async def serve(self) -> None:
        """Live from connect to disconnect."""
        _open.add(self)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._receive()
            await self._send({"type": "websocket.accept"})
            await self._attend()
            tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._push())]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except (Over, TimeoutError, OSError, ConclaveError):
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            _open.discard(self)
            if self._door is not None:
                _detach(self._door, self._ear)
            with contextlib.suppress(OSError, RuntimeError):
                await self._send({"type": "websocket.close", "code": 1000})

    def end(self) -> None:
        """Let the socket be closed: the gateway restarts, and whoever waits comes back."""
        self._ear.socket = ""
        self._ear.news.set()

    async def _next(self) -> doorbell.WaiterMessage:
        """Return the next message."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Over
        try:
            return doorbell.read_waiter(text=event.get("text") or "")
        except Malformed:
            raise Over from None

    async def _attend(self) -> None:
        """Hear whose knock it is."""
        message = await asyncio.wait_for(self._next(), WAIT_SECONDS)
        if not isinstance(message, doorbell.Wait):
            raise Over
        let_in = Pass(knock=message.knock, proof=message.proof)
        try:
            meeting, stand = await at_the_door(attend, let_in=let_in, socket=self._ear.socket, now=clock.now())
        except ConclaveError:
            await self._tell({"t": "over"})
            raise
        self._ear.knock, self._bound_at = message.knock, stand.version
        self._door = _attach(meeting, self._ear)
        self._door.own[message.knock] = stand
        # The door may have read past it before we listened, an answer among what it read: then it is read by itself.
        passed = self._door.version > stand.version
        await self._tell({"t": "waiting"})
        newer = await in_thread(stands, knock=message.knock) if passed else None
        if newer is not None and newer.version >= self._door.own[message.knock].version:
            self._door.own[message.knock] = newer
        self._ear.news.set()

    async def _read(self) -> None:
        """Take messages until one ends the socket."""
        while True:
            if not isinstance(await self._next(), doorbell.Cancel):
                raise Over
            await in_thread(cancel, knock=self._ear.knock, socket=self._ear.socket, now=clock.now())
            raise Over

    async def _push(self) -> None:
        """Say what became of the knock; nothing else is ever said here (KNOCK-6)."""
        while True:
            try:
                await asyncio.wait_for(self._ear.news.wait(), STILL_SECONDS)
            except TimeoutError:
                # Whoever waits on a line that has died in silence is to find out.
                await self._tell({"t": "waiting"})
                continue
            self._ear.news.clear()
            if not self._ear.socket:
                return
            one = self._door.own.get(self._ear.knock) if self._door else None
            if one is None or one.version < self._bound_at:
                continue
            if one.socket != self._ear.socket:
                await self._tell({"t": "over"})
            elif one.state == State.WAITING:
                continue
            elif one.state == State.ADMITTED:
                await self._tell({"t": "admitted", **({"sealed": one.sealed} if one.sealed else {})})
            elif one.state == State.REFUSED:
                await self._tell({"t": "refused", "again_at": one.again_at, "blocked": one.blocked})
            else:
                elsewhere = await in_thread(waits_elsewhere, knock=self._ear.knock)
                await self._tell({"t": "over", **({"elsewhere": True} if elsewhere else {})})
            return

    async def _tell(self, message: dict[str, object]) -> None:
        """Send one message."""
        await self._send({"type": "websocket.send", "text": json.dumps(message, separators=(",", ":"))})


async def restart() -> None:
    """Close every waiting socket of this process, as the gateway restarts; who waits comes back and waits on."""
    for one in list(_open):
        one.end()
    for _ in range(50):
        if not _open:
            return
        await asyncio.sleep(0.02)
