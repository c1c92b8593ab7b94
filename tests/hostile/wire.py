"""Mallory's hand on the signalling: stands between a browser and the gateway, and reads, changes, withholds and invents messages.

Everything but the media engine's signalling passes as it came. Whoever comes by this address is her victim.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

import aiohttp
from aiohttp import web
from google.protobuf.message import Message
from livekit.protocol.models import ParticipantInfo, TrackSource
from livekit.protocol.rtc import SessionDescription, SignalRequest, SignalResponse

SIGNALLING = "/media/"
NEW_PATH = "/rtc/v1"
START_SECONDS = 10
# Between two neighbours these speak of the connection itself.
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection"})
UPGRADE = frozenset({"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-accept"})

M = TypeVar("M", bound=Message)
Edit = Callable[[SignalResponse], bool | None]


def parts(message: Message, kind: type[M]) -> Iterator[M]:
    """Return every message of a kind that is somewhere inside another."""
    if isinstance(message, kind):
        yield message
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for inner in value if field.is_repeated else [value]:
            yield from parts(inner, kind)


class Wire:
    """One such place, with an address of its own."""

    def __init__(self, *, gateway: str) -> None:
        """Start listening on a free port.

        Args:
            gateway: the real server's address.
        """
        self.edits: list[Edit] = []
        self.refuses_new_path = False
        self.lets_subscribe = True
        self.asked: list[SignalRequest] = []
        self.answered: list[SignalResponse] = []
        self.paths: list[str] = []
        self._gateway = gateway
        self._victims: set[web.WebSocketResponse] = set()
        self._faults: list[Exception] = []
        self._ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self.port, self._loop, self._ended = self._ready.result(START_SECONDS)

    @property
    def url(self) -> str:
        """The address that the victim types."""
        return f"http://localhost:{self.port}"

    def say(self, message: SignalResponse) -> None:
        """Send the victims a message that the media engine never sent."""
        asyncio.run_coroutine_threadsafe(self._say(message), self._loop).result(START_SECONDS)

    def names(self, identity: str) -> dict[str, str]:
        """Return the media engine's own names of a participant's connection and tracks, as last heard, by what they name."""
        heard = [one for answer in list(self.answered) for one in parts(answer, ParticipantInfo) if one.identity == identity]
        tracks = {TrackSource.Name(track.source): track.sid for one in heard for track in one.tracks}
        return {"connection": heard[-1].sid, **tracks} if heard else {}

    def close(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(START_SECONDS)
        assert not self._faults, self._faults

    async def _serve(self) -> None:
        """Pass everything on until told to end."""
        ended = asyncio.Event()
        application = web.Application(client_max_size=0)
        async with aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as outward:

            async def pass_on(request: web.Request) -> web.StreamResponse:
                return await self._pass(request, outward)

            application.router.add_route("*", "/{path:.*}", pass_on)
            runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._ready.set_result((int(runner.addresses[0][1]), asyncio.get_running_loop(), ended))
            await ended.wait()
            for victim in list(self._victims):
                await victim.close()
            await runner.cleanup()

    async def _pass(self, request: web.Request, outward: aiohttp.ClientSession) -> web.StreamResponse:
        """Pass one request on, and its answer back."""
        path = request.rel_url.path
        if path.startswith(SIGNALLING):
            self.paths.append(path)
            if self.refuses_new_path and NEW_PATH in path:
                return web.Response(status=404)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP | UPGRADE}
        address = f"{self._gateway}{request.raw_path}"
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._relay(request, outward, address, headers, signalling=path.startswith(SIGNALLING))
        body = await request.read()
        async with outward.request(request.method, address, headers=headers, data=body or None, allow_redirects=False) as answer:
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def _relay(
        self, request: web.Request, outward: aiohttp.ClientSession, address: str, headers: dict[str, str], *, signalling: bool
    ) -> web.StreamResponse:
        """Carry a socket's messages both ways; edit those of the signalling."""
        try:
            upstream = await outward.ws_connect(address, headers=headers, max_msg_size=0, compress=0)
        except aiohttp.WSServerHandshakeError as refused:
            return web.Response(status=refused.status)
        victim = web.WebSocketResponse(max_msg_size=0, compress=False)
        await victim.prepare(request)
        if signalling:
            self._victims.add(victim)
        try:
            inward = asyncio.create_task(self._inward(victim, upstream, signalling=signalling))
            async for message in upstream:
                if message.type == aiohttp.WSMsgType.TEXT:
                    await victim.send_str(message.data)
                elif message.type == aiohttp.WSMsgType.BINARY and signalling:
                    await self._edit(victim, message.data)
                elif message.type == aiohttp.WSMsgType.BINARY:
                    await victim.send_bytes(message.data)
            inward.cancel()
        except ConnectionError:
            pass  # the victim is gone
        finally:
            self._victims.discard(victim)
            await upstream.close()
            await victim.close(code=_code(upstream.close_code))
        return victim

    async def _inward(self, victim: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse, *, signalling: bool) -> None:
        """Carry what the victim says."""
        async for message in victim:
            if message.type == aiohttp.WSMsgType.TEXT:
                await upstream.send_str(message.data)
            elif message.type == aiohttp.WSMsgType.BINARY:
                if signalling:
                    asked = SignalRequest.FromString(message.data)
                    self.asked.append(asked)
                    if asked.HasField("subscription") and not self.lets_subscribe:
                        continue
                await upstream.send_bytes(message.data)
        await upstream.close(code=_code(victim.close_code))

    async def _edit(self, victim: web.WebSocketResponse, data: bytes) -> None:
        """Pass the engine's message on as Mallory likes it; an edit that returns False keeps it back."""
        self.answered.append(SignalResponse.FromString(data))
        message = SignalResponse.FromString(data)
        try:
            kept = all(edit(message) is not False for edit in list(self.edits))
        except Exception as fault:  # noqa: BLE001 - a story's own mistake, told when it ends
            self._faults.append(fault)
            return
        if kept:
            await victim.send_bytes(message.SerializeToString())

    async def _say(self, message: SignalResponse) -> None:
        """Send one message to every victim."""
        assert self._victims, "nobody's signalling is open"
        for victim in list(self._victims):
            await victim.send_bytes(message.SerializeToString())


def renamed(names: dict[str, str]) -> Edit:
    """Return an edit that gives participants other identities."""

    def edit(message: SignalResponse) -> None:
        for participant in parts(message, ParticipantInfo):
            participant.identity = names.get(participant.identity, participant.identity)

    return edit


def _code(code: int | None) -> int:
    """Return a code with which a socket may be closed."""
    return 1000 if code is None or code in {1005, 1006, 1015} else code


def withheld(identity: str) -> Edit:
    """Return an edit that tells nothing of one participant."""

    def edit(message: SignalResponse) -> None:
        for listed in (message.join.other_participants, message.update.participants):
            for participant in [one for one in listed if one.identity == identity]:
                listed.remove(participant)

    return edit


def exchanged(one: Callable[[], dict[str, str]], other: Callable[[], dict[str, str]]) -> Edit:
    """Return an edit that exchanges two participants' connections and tracks wherever media are described.

    Args:
        one: returns the engine's names of the one's.
        other: returns those of the other.
    """

    def edit(message: SignalResponse) -> None:
        ones, others = one(), other()
        both = ones.keys() & others.keys()
        swap = {**{ones[what]: others[what] for what in both}, **{others[what]: ones[what] for what in both}}
        for description in parts(message, SessionDescription):
            description.sdp = re.sub("|".join(swap) or "(?!)", lambda found: swap[found[0]], description.sdp)
            for mid, track in description.mid_to_track_id.items():
                description.mid_to_track_id[mid] = swap.get(track, track)

    return edit
