"""The meeting socket: an explicit state machine, connecting → hello → live → closed (docs/protocol/join.md, "The meeting socket").

It parses, makes one call in a thread, and translates; what others did reaches it through the call's feed (stream.py).
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

import structlog
from django.db import Error as DatabaseError

from conclave.gate import geo
from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError, Malformed
from conclave.kernel.ids import new_id
from conclave.keys import delivery, feed
from conclave.keys.threads import at_the_door, in_thread
from conclave.meetings import acts, socket, waiting
from conclave.meetings.farewell import farewell
from conclave.meetings.manners import Manners, manners_of
from conclave.meetings.queries import Seat, SeatUnknown
from conclave.meetings.stream import Stream
from conclave.meetings.tally import Tally
from conclave.meetings.waiting import Bell

HELLO_SECONDS = 10.0
_log = structlog.get_logger("conclave.socket")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class State(Enum):
    """Where a socket stands."""

    CONNECTING = "connecting"
    HELLO = "hello"
    LIVE = "live"
    CLOSED = "closed"


class Over(Exception):
    """The socket is to be closed; `reason` is one of JOIN-8's words, empty after `bye`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_open: set["MeetingSocket"] = set()


class MeetingSocket:
    """One socket of one seat."""

    def __init__(self, receive: Receive, send: Send, *, address: str | None = None) -> None:
        """Wait for the connection; `address` is where it comes from (gate/address.py), where that is known."""
        self.state = State.CONNECTING
        self._address = address
        self._receive = receive
        self._send_event = send
        self._sending = asyncio.Lock()
        self._id = new_id()
        self._manners = Manners()
        self._seat: Seat | None = None
        # Whose seat it is or was, once that is proven: they are told why it is over, with or without a socket at the time.
        self._proven = ""
        self._ear: feed.Listener | None = None
        self._bell: Bell | None = None
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @classmethod
    def as_asgi(cls) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """Return the ASGI application that routing mounts."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get("client")
            await cls(receive, send, address=client[0] if client else None).serve()

        return application

    async def serve(self) -> None:
        """Live from connect to disconnect."""
        _open.add(self)
        try:
            await self._accept()
            reason = await self._until_over()
            await self._close(reason)
        finally:
            self.state = State.CLOSED
            _open.discard(self)
            await asyncio.shield(self._leave())

    def end(self, reason: str) -> None:
        """Let the socket be closed with this reason."""
        if not self._over.done():
            self._over.set_result(reason)

    async def _accept(self) -> None:
        """Take the connection."""
        await self._receive()
        await self._send_event({"type": "websocket.accept"})
        self.state = State.HELLO

    async def _until_over(self) -> str | None:
        """Read and push until there is a reason to close; None when the client is gone already."""
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self) -> str:
        """Wait until somebody else ends this socket."""
        return await self._over

    async def _read(self) -> str | None:
        """Take messages until one ends the socket."""
        pushing: asyncio.Task[None] | None = None
        try:
            while True:
                event = await asyncio.wait_for(self._receive(), HELLO_SECONDS if self.state is State.HELLO else None)
                if event["type"] == "websocket.disconnect":
                    return None
                await self._take(event.get("text"))
                if pushing is None and self.state is State.LIVE:
                    pushing = asyncio.create_task(self._push())
        except Over as over:
            return over.reason
        except TimeoutError:
            # Perhaps a machine that is slow: it comes back, as after any loss.
            return ""
        finally:
            if pushing is not None:
                pushing.cancel()
                await asyncio.gather(pushing, return_exceptions=True)

    async def _take(self, text: str | None) -> None:
        """Answer one message; whatever is wrong with it concerns this socket alone (JOIN-6)."""
        now = clock.now()
        about = "?"
        try:
            if text is None:
                await self._error("malformed", about, now)
                return
            if not self._manners.may_speak(now=now):
                about = socket.kind_of(text=text)
                await self._error("too_often", about, now)
                return
            message = await self._parse(text)
            about = message.t
            await self._act(message, now)
        except Malformed:
            await self._error("malformed", socket.kind_of(text=text or ""), now)
        except ConclaveError as error:
            await self._tell({"t": "error", "code": error.code, "about": about})
        except (Over, asyncio.CancelledError):
            raise
        except DatabaseError as error:
            # Nothing of it was done: whoever comes back says it again (LOG-16), which the sender of a mere error would not.
            _log.error("database failed", about=about, error=repr(error))
            raise Over("restarting") from None
        except Exception as error:  # noqa: BLE001 - a bug of ours must not take the seat away
            _log.error("message failed", about=about, error=repr(error), exc_info=error)
            await self._tell({"t": "error", "code": "internal", "about": about})

    async def _parse(self, text: str) -> socket.ClientMessage:
        """Return the message; a large one is read in a thread."""
        return await in_thread(socket.read, text=text) if len(text) > 65_536 else socket.read(text=text)

    async def _act(self, message: socket.ClientMessage, now: int) -> None:
        """Do what the message asks, in the state in which it may be asked (JOIN-5)."""
        if self.state is State.HELLO and isinstance(message, socket.Hello):
            await self._hello(message, now)
        elif self.state is not State.LIVE or isinstance(message, socket.Hello) or self._seat is None:
            raise Malformed
        elif isinstance(message, socket.Bye):
            await in_thread(acts.bye, seat=self._seat, now=now)
            raise Over("")
        elif isinstance(message, socket.Announce):
            index = await at_the_door(acts.announce, seat=self._seat, message=message, now=now)
            self._stream.announced(incarnation=message.incarnation, index=index)
        else:
            answer = await acts.act(seat=self._seat, message=message, now=now)
            if answer is not None:
                await self._tell(answer)

    async def _hello(self, message: socket.Hello, now: int) -> None:
        """Take the seat (JOIN-5): `ready`, then whatever the feed has."""
        try:
            seat, arrival = await at_the_door(self._sit, message, now)
        except SeatUnknown:
            raise Over("seat_unknown") from None
        self._proven = seat.participant
        if arrival is None:
            raise Over(_gone_word(seat.gone))
        self._seat = seat
        self._manners = manners_of(participant=seat.participant, now=now)
        self._ear = feed.Listener(participant=seat.participant, socket=self._id)
        read = await feed.attach(call=seat.call, listener=self._ear)
        self._bell = Bell(meeting=seat.meeting, news=self._ear.news, tell=self._tell)
        self._tally = Tally(call=seat.call, ear=self._ear, tell=self._tell)
        self._stream = Stream(
            participant=seat.participant, key=seat.signature_key, feed=read, ear=self._ear, arrival=arrival, send=self._text
        )
        told = {"incarnation": arrival.incarnation, "mode": arrival.mode, "log": arrival.log, "said": arrival.said, "time": now}
        await self._tell({"t": "ready", **told})
        self._ear.news.set()
        self.state = State.LIVE

    def _sit(self, message: socket.Hello, now: int) -> tuple[Seat, delivery.Arrival | None]:
        """Take the seat, in a thread; where its holder is, is looked at again, and the address goes no further (ORD-2, ORD-6)."""
        evidence = None if self._address is None else geo.locate(address=self._address)
        return acts.hello(message=message, socket_id=self._id, now=now, evidence=evidence)

    async def _push(self) -> None:
        """Send news as they come, until the seat is over."""
        ear = self._ear
        while ear is not None:
            await ear.news.wait()
            ear.news.clear()
            if ear.over:
                self.end(_gone_word(ear.over))
                return
            try:
                await self._stream.push()
                if self._bell is not None:
                    await self._bell.push(hosting=self._stream.hosting)
                await self._tally.push(hosting=self._stream.hosting)
            except OSError:
                return
            except Exception as error:  # noqa: BLE001 - the client comes back and reads on from its cursor
                _log.error("socket could not be fed", error=repr(error), exc_info=error)
                self.end("restarting")
                return

    async def _error(self, code: str, about: str, now: int) -> None:
        """Say that a message changed nothing; the tenth within a minute is the last (JOIN-6)."""
        await self._tell({"t": "error", "code": code, "about": about})
        if self._manners.offended(now=now):
            raise Over("misbehaved")

    async def _tell(self, message: dict[str, object]) -> None:
        """Send one message."""
        await self._text(json.dumps(message, separators=(",", ":")))

    async def _text(self, text: str) -> None:
        """Send one text; messages of the two tasks do not mix."""
        async with self._sending:
            await self._send_event({"type": "websocket.send", "text": text})

    async def _close(self, reason: str | None) -> None:
        """Say why, and close (JOIN-8)."""
        if reason is None:
            return
        with contextlib.suppress(OSError, RuntimeError):
            if reason:
                await self._tell({"t": "gone", **await self._why(reason)})
            await self._send_event({"type": "websocket.close", "code": 1000})

    async def _why(self, reason: str) -> dict[str, object]:
        """Return what `gone` says (JOIN-8)."""
        if not self._proven or reason not in {"removed", "ended", "ordered", "not_securing"}:
            return {"reason": reason}
        return await in_thread(farewell, participant=self._proven, reason=reason)

    async def _leave(self) -> None:
        """Let feed and seat know that this socket is closed; the seat is kept for 30 s (JOIN-7)."""
        if self._seat is not None:
            if self._ear is not None:
                # Taken away first: a push that is still under way must not listen at the door again.
                bell, self._bell = self._bell, None
                if bell is not None:
                    bell.close()
                feed.detach(call=self._seat.call, listener=self._ear)
            with contextlib.suppress(Exception):
                await in_thread(delivery.lose, participant=self._seat.participant, socket=self._id, now=clock.now())


def _gone_word(reason: str) -> str:
    """Return JOIN-8's word for why a seat is over."""
    return reason if reason in {"removed", "ordered", "ended", "joined_elsewhere", "not_securing", "call_locked"} else "seat_unknown"


async def restart() -> None:
    """Tell every socket of this process that the gateway restarts (JOIN-8), and wait until they have heard it."""
    await waiting.restart()
    for one in list(_open):
        one.end("restarting")
    for _ in range(50):
        if not _open:
            return
        await asyncio.sleep(0.02)
