"""Mallory's delivery service: a gateway of her own between each person's client and the real one.

What she does not touch passes. She may hold back, change, repeat, reorder or invent whatever comes by, for each person apart, and
she has what whoever runs a server has: its database, and its word on who is who. What she does not have is the link.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from conclave.kernel import b64
from conclave.keys import groups
from conclave.keys.mls import MlsError, MlsInstance
from conclave.meetings.models import Meeting
from tests.headless.clients import Client, together
from tests.hostile.rows import write
from tests.keys.members import Mind, World, new_world

T = TypeVar("T")
Message = dict[str, Any]
Edit = Callable[[Message], list[Message]]
Ends = web.WebSocketResponse | aiohttp.ClientWebSocketResponse

SOCKET = "/api/v1/socket"
WAIT_SECONDS = 20.0
DROPPED_HEADERS = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding", "keep-alive"})


def _pass(message: Message) -> list[Message]:
    return [message]


class Wire:
    """The way between one person's client and the gateway, in Mallory's hands. Edits run in her loop and must not wait."""

    def __init__(self, service: "DeliveryService", name: str) -> None:
        """Touch nothing yet."""
        self.name = name
        self.port = 0
        self.down: Edit = _pass
        self.up: Edit = _pass
        #: What becomes of the gateway's answers to requests, by path.
        self.answers: Callable[[str, Message], Message] = lambda _path, answer: answer
        #: All that the gateway said and all that the client said, as they said it.
        self.said: list[Message] = []
        self.heard: list[Message] = []
        self.held: list[Message] = []
        self._service = service
        self._held_kinds: frozenset[str] = frozenset()
        self._slips: set[asyncio.Task[None]] = set()
        self._client: web.WebSocketResponse | None = None
        self._gateway: aiohttp.ClientWebSocketResponse | None = None
        self._runner: web.AppRunner | None = None

    def hold(self, *kinds: str) -> None:
        """Keep messages of these kinds from the client until release()."""
        self._held_kinds = frozenset(kinds)

    def release(self, *, order: Callable[[list[Message]], list[Message]] = list) -> None:
        """Hand over what was held back, in this order, and hold no more."""

        async def act() -> None:
            self._held_kinds = frozenset()
            for message in order(self.held):
                await self._down(message)
            self.held = []

        self._service.run(act())

    def tell(self, *messages: Message) -> None:
        """Say something to the client, as if the gateway had."""

        async def act() -> None:
            for message in messages:
                await self._down(message)

        self._service.run(act())

    def say(self, *messages: Message) -> None:
        """Say something to the gateway, as if the client had."""

        async def act() -> None:
            assert self._gateway is not None
            for message in messages:
                await self._gateway.send_str(_text(message))

        self._service.run(act())

    def cut(self) -> None:
        """Break the line without a word; the client may come back."""

        async def act() -> None:
            for end in (self._client, self._gateway):
                if end is not None:
                    await end.close()

        self._service.run(act())

    def sent(self, kind: str, **having: Any) -> list[Message]:
        """Return what the client has said of this kind."""
        return _of(self.heard, kind, having)

    def told(self, kind: str, **having: Any) -> list[Message]:
        """Return what the gateway has said of this kind."""
        return _of(self.said, kind, having)

    @property
    def url(self) -> str:
        """Where the person believes the server to be."""
        return f"http://localhost:{self.port}"

    @property
    def participant(self) -> str:
        """The seat behind this wire."""
        return str(self.sent("hello")[-1]["participant"])

    async def open(self) -> None:
        """Listen on a port of its own."""
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Break everything and stop listening."""
        for end in (self._client, self._gateway):
            if end is not None:
                await end.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await self._socket(request)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in DROPPED_HEADERS}
        address = f"{self._service.gateway}{request.raw_path}"
        async with self._service.session.request(request.method, address, headers=headers, data=await request.read()) as found:
            passed = {name: value for name, value in found.headers.items() if name.lower() not in DROPPED_HEADERS}
            body = await found.read()
            if found.content_type == "application/json":
                body = _text(self.answers(request.path, json.loads(body))).encode()
            return web.Response(status=found.status, body=body, headers=passed)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        client = web.WebSocketResponse(max_msg_size=0)
        address = f"{self._service.gateway}{request.raw_path}"
        headers = {name: request.headers[name] for name in ("host", "origin") if name in request.headers}
        async with self._service.session.ws_connect(address, headers=headers, max_msg_size=0) as gateway:
            await client.prepare(request)
            if request.path == SOCKET:
                self._client, self._gateway = client, gateway
                ways = [self._pump_down(client, gateway), self._pump_up(client, gateway)]
            else:
                ways = [_pass_on(gateway, client), _pass_on(client, gateway)]
            pumps = [asyncio.create_task(way) for way in ways]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            results = await asyncio.gather(*pumps, return_exceptions=True)
            self._service.faults += [f"{self.name}: {one!r}" for one in results if isinstance(one, Exception) and not _is_closed(one)]
        await client.close()
        return client

    async def _pump_down(self, client: web.WebSocketResponse, gateway: aiohttp.ClientWebSocketResponse) -> None:
        async for part in gateway:
            if part.type is not aiohttp.WSMsgType.TEXT:
                return
            message = json.loads(part.data)
            self.said.append(message)
            for one in self.down(message):
                if one["t"] in self._held_kinds:
                    self.held.append(one)
                else:
                    await client.send_str(_text(one))

    async def _pump_up(self, client: web.WebSocketResponse, gateway: aiohttp.ClientWebSocketResponse) -> None:
        async for part in client:
            if part.type is not aiohttp.WSMsgType.TEXT:
                return
            message = json.loads(part.data)
            self.heard.append(message)
            for one in self.up(message):
                await gateway.send_str(_text(one))

    def slip(self, message: Message) -> None:
        """Say something to the client from within an edit."""
        task = asyncio.get_running_loop().create_task(self._down(message))
        self._slips.add(task)
        task.add_done_callback(self._slips.discard)

    async def _down(self, message: Message) -> None:
        assert self._client is not None
        await self._client.send_str(_text(message))


class DeliveryService:
    """Whoever runs the server: one meeting, a wire for each person, her database."""

    def __init__(self, *, gateway: str, state: Path) -> None:
        """Begin to run, in a thread of her own."""
        self.gateway = gateway
        self.faults: list[str] = []
        self.world = new_world()
        self.link_id = ""
        self.session: aiohttp.ClientSession
        self._state = state
        self._wires: dict[str, Wire] = {}
        self.doubles: list[Double] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self._begin())
        self._make_meeting()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in her loop and wait for it."""
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(WAIT_SECONDS)

    def wire(self, person: Client | str) -> Wire:
        """Return this person's wire."""
        name = person if isinstance(person, str) else person.name
        if name not in self._wires:
            made = self._wires[name] = Wire(self, name)
            self.run(made.open())
        return self._wires[name]

    def brings(self, person: Client, *, host: bool = False, secret: str = "", name: str = "") -> Wire:
        """Let a person open the meeting's link over her wires."""
        wire = self.wire(person)
        end = self.world.host_key if host else self.world.host_hash
        fragment = f"#{secret or self.world.secret}.{end}"
        person.ask("open", url=wire.url, meeting=self.world.meeting, fragment=fragment, name=name or person.name)
        return wire

    def gathers(self, host: Client, *others: Client) -> str:
        """Bring people into the call one after the other, the first one as its host; return the security code."""
        self.brings(host, host=True)
        together(host)
        for count, other in enumerate(others, 1):
            self.brings(other)
            together(host, *others[:count])
        return together(host, *others)

    @property
    def call(self) -> str:
        """The call that her people have seats in."""
        return str(self.doubles[0].ticket["call"])

    def another_link(self, *, secret: str = "") -> World:
        """Return a link to the same meeting with another secret, by default one of her own: she knows everything else of the real one."""
        made = MlsInstance(module=groups.module()).call("new_link", meeting=self.world.meeting)
        return replace(self.world, secret=secret or str(made["secret"]))

    def double(self, name: str, *, link: World | None = None, host: bool = False) -> "Double":
        """Take a seat under any name, which needs her server's word alone; what the double believes to be the link is `link`."""
        return Double(self, link or self.world, name, host=host)

    def close(self) -> None:
        """Stop, and say what went wrong on the wires."""
        for closing in [one.close() for one in self.doubles] + [one.close() for one in self._wires.values()]:
            self.run(closing)
        self.run(self.session.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        assert not self.faults, self.faults

    async def _begin(self) -> None:
        self.session = aiohttp.ClientSession(headers={"accept-encoding": "identity"})

    def _make_meeting(self) -> None:
        """Write the meeting into her own server's database, as if Alice's browser had registered it."""
        mind = Mind(self.world, "nobody")
        self.link_id = mind.link_id
        made = {"link_id": self.link_id, "host_hash": self.world.host_hash, "created_at": int(time.time() * 1000)}
        write(self._state, Meeting(id=self.world.meeting, title="Plans", **made))


class Double(Mind):
    """Somebody of Mallory's: a seat by her word, real MLS, and the manners of a client until a test takes them over."""

    def __init__(self, service: DeliveryService, link: World, name: str, *, host: bool = False) -> None:
        """Take the seat."""
        super().__init__(link, name, host=host)
        self.heard: list[Message] = []
        self.faults: list[str] = []
        self.pending = ""
        #: Messages of these kinds are kept unread.
        self.ignores: frozenset[str] = frozenset()
        self._service = service
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._life: asyncio.Task[None] | None = None
        self.ticket: Message = service.run(self._take_seat())
        self.participant = self.ticket["participant"]
        self._sit_down()
        service.doubles.append(self)

    def enter(self) -> None:
        """Say hello at the real gateway, and live from then on."""
        self._service.run(self._enter())

    def start_anew(self) -> None:
        """Hang up and forget the group, but neither who this is nor its seat, as a reload would."""
        self._service.run(self.close())
        self.mls = MlsInstance(module=groups.module())
        host_key = {"host_key": self.world.host_key} if self.host else {}
        about = {"meeting": self.world.meeting, "secret": self.world.secret, "host_hash": self.world.host_hash, "identity": self.identity}
        self.mls.call("open", **about, **host_key)
        self._sit_down()

    def tell(self, **message: Any) -> None:
        """Say something to the gateway."""
        self._service.run(self._tell(**message))

    def told(self, kind: str, **having: Any) -> list[Message]:
        """Return what the gateway has said of this kind."""
        return _of(self.heard, kind, having)

    async def close(self) -> None:
        """Go without a word."""
        if self._socket is not None:
            await self._socket.close()
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)

    def _sit_down(self) -> None:
        words = {key: self.ticket[key] for key in ("attestation", "attestation_signature", "attestation_key", "link_version")}
        self.mls.call("seated", **words)

    async def _take_seat(self) -> Message:
        body = {"v": 1, "meeting": self.world.meeting, "link_id": self._service.link_id, "name": self.name, "signature_key": self.key}
        body |= {"device": b64.encode(secrets.token_bytes(16))}
        async with self._service.session.post(f"{self._service.gateway}/api/v1/join", json=body) as found:
            assert found.status == 200, await found.text()
            ticket: Message = await found.json()
            return ticket

    async def _enter(self) -> None:
        self._socket = await self._service.session.ws_connect(f"{self._service.gateway}{SOCKET}", max_msg_size=0)
        seat = {"participant": self.participant, "seat": self.ticket["seat"]}
        await self._tell(t="hello", v=1, **seat, incarnation=None, log=0, said=0)
        self._life = asyncio.create_task(self._live(self._socket))

    async def _live(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for part in socket:
            if part.type is not aiohttp.WSMsgType.TEXT:
                return
            message = json.loads(part.data)
            self.heard.append(message)
            try:
                if message["t"] not in self.ignores:
                    await self._react(message)
            except MlsError as error:
                self.faults.append(error.code)

    async def _react(self, message: Message) -> None:
        match message["t"]:
            case "ready" | "renew" if message.get("mode") == "join":
                made = self.key_package(message["incarnation"])
                await self._tell(t="announce", incarnation=self.incarnation, key_package=made["key_package"], mac=made["mac"])
            case "welcome":
                tree = b64.decode(message["tree_bytes"]) if "tree_bytes" in message else await self._fetch(message["tree"])
                self.join(welcome=message["welcome"], tree=tree, covers=message["covers"], index=message["index"])
                await self._acknowledge()
            case "entries":
                events = self.entries(message["from"], message["entries"])
                if any(event["kind"] == "applied" and not event["self_removed"] for event in events):
                    await self._acknowledge()
            case "lease":
                self.pending = message["lease"]
                await self._commit(message)
            case "refused" if message["lease"] == self.pending:
                self.mls.call("forget")

    async def _fetch(self, digest: str) -> bytes:
        seat = {"Conclave-Seat": f"{self.participant}.{self.ticket['seat']}"}
        async with self._service.session.get(f"{self._service.gateway}/api/v1/trees/{digest}", headers=seat) as found:
            assert found.status == 200, await found.text()
            return await found.read()

    async def _commit(self, lease: Message) -> None:
        policy = {"policy": self.mls.call("policy", changes={"claim": True})["policy"]} if lease["policy"] else {}
        made = self.mls.call("commit", covers=lease["covers"], **policy)
        told = {key: lease[key] for key in ("incarnation", "lease", "epoch")}
        await self._tell(t="commit", **told, **{key: made[key] for key in ("commit", "welcomes", "dropped")})

    async def _acknowledge(self) -> None:
        epoch, digest = self.digest()
        await self._tell(t="ack", incarnation=self.incarnation, epoch=epoch, digest=digest)

    async def _tell(self, **message: Any) -> None:
        assert self._socket is not None
        await self._socket.send_str(_text(message))


class FalseGroup:
    """A group that Mallory makes for one person alone, on a log of her own; whoever she put on the throne lets that person in."""

    def __init__(self, creator: Double, wire: Wire, *, incarnation: str, last: str | None = None) -> None:
        """Make epoch 0, and take the person's line over: the real gateway is not heard any more."""
        self.creator = creator
        self.incarnation = incarnation
        #: Whom it let in, again and again where their client asked again.
        self.invited: list[str] = []
        self._wire = wire
        self._log: list[Message] = []
        self._public = MlsInstance(module=groups.module())
        creator.start_anew()
        creator.incarnation = incarnation
        made = creator.mls.call("create", incarnation=incarnation, **({"last": last} if last else {}))
        key = creator.ticket["attestation_key"]
        about = {"meeting": creator.world.meeting, "call": creator.ticket["call"], "incarnation": incarnation, "attestation_key": key}
        returning = json.loads(last)["keys"] if last else []
        self._public.public_open(**about, group_info=str(made["group_info"]), tree=str(made["tree"]), returning=returning)
        wire.down, wire.up = lambda message: [message] if message["t"] == "ready" else [], self._take

    def _take(self, message: Message) -> list[Message]:
        if message["t"] == "announce" and message["incarnation"] == self.incarnation:
            self._wire.slip(self.let_in(self._wire.participant, message["key_package"]))
        return [message] if message["t"] == "hello" else []

    def let_in(self, participant: str, key_package: str) -> Message:
        """Add somebody, as a replacement where it is not the first time, and return the welcome."""
        if participant in self.invited:
            self._append({"kind": "remove", "participant": participant, "reason": "replaced"})
        self.invited.append(participant)
        mac = self._mac(participant, key_package)
        covers = self._append({"kind": "add", "participant": participant, "key_package": key_package, "mac": mac})
        made = self.creator.mls.call("commit", covers=covers)
        self._public.public_stage(covers=covers, commit=str(made["commit"]), participant=self.creator.participant)
        self._public.public_merge(index=covers + 1)
        self._log.append({"kind": "commit", "participant": self.creator.participant, "commit": made["commit"]})
        self.creator.entries(covers + 1, self._log[-1:])
        welcomes = made["welcomes"]
        assert isinstance(welcomes, list)
        (part,) = welcomes
        tree = self._public.public_tree()
        told = {"index": covers + 1, "covers": covers, "epoch": len(self.invited), "welcome": part["welcome"], "tree": tree.hash}
        return {"t": "welcome", "incarnation": self.incarnation, **told, "tree_bytes": tree.tree}

    def _append(self, entry: Message) -> int:
        at = len(self._log)
        self._log.append(entry)
        self._public.public_entries(start=at, entries=[entry])
        self.creator.entries(at, [entry])
        return at

    def _mac(self, participant: str, key_package: str) -> str:
        """The link MAC as the creator's link has it: the person's own is another where the links differ."""
        link, call = self.creator.world, self.creator.ticket["call"]
        about = {"attestation_key": self.creator.ticket["attestation_key"], "meeting": link.meeting, "call": call}
        found = self._public.public_key_package(incarnation=self.incarnation, key_package=key_package, participant=participant, **about)
        return link_mac(link, reference=found.reference, call=call, incarnation=self.incarnation)


def link_mac(link: World, *, reference: str, call: str, incarnation: str) -> str:
    """Return the link MAC over a KeyPackage (docs/protocol/delivery.md), b64."""
    key = HKDF(algorithm=SHA256(), length=32, salt=b64.decode(link.meeting), info=b"conclave/link/1/mac").derive(b64.decode(link.secret))
    parts = (b64.decode(reference), call.encode(), incarnation.encode())
    text = b"conclave/link-mac/1\0" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return b64.encode(hmac.new(key, text, hashlib.sha256).digest())


async def _pass_on(source: Ends, target: Ends) -> None:
    """Pass on what is not the delivery service's."""
    async for part in source:
        if part.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(part.data)
        elif part.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(part.data)


def _of(messages: list[Message], kind: str, having: Message) -> list[Message]:
    return [one for one in messages if one["t"] == kind and all(one.get(key) == value for key, value in having.items())]


def _text(message: Message) -> str:
    return json.dumps(message, separators=(",", ":"))


def _is_closed(error: Exception) -> bool:
    """Whether a pump ended because somebody hung up."""
    return isinstance(error, (ConnectionError, aiohttp.ClientConnectionError, RuntimeError))
