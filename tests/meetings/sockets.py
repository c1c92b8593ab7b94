"""Headless members at the meeting socket: real MLS, the real consumer, no network."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.db import connection
from pydantic import TypeAdapter

from conclave.kernel import b64, bus, clock, deadlines
from conclave.keys import delivery
from conclave.keys.attestation import Attestation
from conclave.keys.threads import in_thread
from conclave.meetings import consumers, waiting
from conclave.meetings.consumers import MeetingSocket
from conclave.meetings.door import EMPTY_HANDED, Newcomer
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.models import Meeting
from conclave.meetings.socket import ServerMessage
from tests.keys.members import Mind, World, new_world

PATIENCE = 10.0
_server: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


def new_meeting() -> World:
    """Return a meeting with a link; its call begins when somebody joins."""
    world = new_world()
    mind = Mind(world, "nobody")
    Meeting.objects.create(id=world.meeting, title="Plans", link_id=mind.link_id, host_hash=world.host_hash, created_at=clock.now())
    return world


def device(name: str) -> str:
    """Return what a person's device calls itself in this meeting."""
    return b64.encode(name.encode().ljust(16)[:16])


class Wire:
    """A socket without a network (channels.testing has one too, but needs daphne)."""

    def __init__(self) -> None:
        """Connect nothing yet."""
        self._to = ApplicationCommunicator(MeetingSocket.as_asgi(), {"type": "websocket", "path": "/api/v1/socket"})

    @property
    def silent(self) -> bool:
        """Whether nothing waits to be read; reading then would end the application after its timeout."""
        return bool(self._to.output_queue.empty())

    async def connect(self) -> None:
        """Open it."""
        await self._to.send_input({"type": "websocket.connect"})
        assert (await self._to.receive_output(timeout=PATIENCE))["type"] == "websocket.accept"

    async def send(self, *, text: str | None = None, data: bytes | None = None) -> None:
        """Send a frame."""
        await self._to.send_input({"type": "websocket.receive", "text": text, "bytes": data})

    async def receive(self) -> str:
        """Return the next text."""
        event = await self._to.receive_output(timeout=PATIENCE)
        assert event["type"] == "websocket.send", event
        return str(event["text"])

    async def closed(self) -> None:
        """Read until it is closed, and wait for the application's end."""
        while (await self._to.receive_output(timeout=PATIENCE))["type"] != "websocket.close":
            pass
        await self._to.wait(timeout=PATIENCE)

    async def cut(self) -> None:
        """Lose it."""
        await self._to.send_input({"type": "websocket.disconnect", "code": 1006})
        await self._to.wait(timeout=PATIENCE)


class Guest:
    """Somebody with a browser: takes a ticket, opens a socket, does what the gateway asks."""

    mind: Mind
    ticket: Ticket
    wire: Wire

    def __init__(self, world: World, name: str, *, host: bool = False) -> None:
        """Know the link."""
        self.world = world
        self.name = name
        self.host = host
        self.heard: list[dict[str, Any]] = []
        self.lazy = False
        self.said = 0
        self.cursor: int | None = None
        self.pending = ""
        self.changes: dict[str, Any] = {}
        self.shown = EMPTY_HANDED
        # What somebody who knocked has used for it already.
        self.identity: str | None = None

    async def take_ticket(self, *, again: "Guest | None" = None) -> Ticket:
        """POST /join, without HTTP."""
        return await in_thread(self._take_ticket, again)

    def _take_ticket(self, again: "Guest | None") -> Ticket:
        identity = again.mind.identity if again else self.identity
        probe = Mind(self.world, self.name, host=self.host, identity=identity)
        who = Newcomer(name=self.name, signature_key=probe.key, device=device(self.name), account=None)
        proof = probe.mls.call("sign_entry") if self.host else {}
        shown = replace(self.shown, host=(str(proof["key"]), str(proof["signature"])) if proof else None)
        old = Again(participant=again.ticket.participant, seat=again.ticket.seat) if again else None
        ticket = join(meeting=self.world.meeting, link_id=probe.link_id, newcomer=who, again=old, now=clock.now(), shown=shown)
        there = World(
            meeting=self.world.meeting,
            call=ticket.call,
            secret=self.world.secret,
            host_hash=self.world.host_hash,
            host_key=self.world.host_key,
        )
        self.mind = Mind(there, self.name, host=self.host, participant=ticket.participant, identity=probe.identity)
        word = ticket.attestation
        self.mind.sit(attestation=Attestation(text=word.text, signature=word.signature, key=word.key), link_version=ticket.link_version)
        self.ticket = ticket
        return ticket

    async def connect(self) -> None:
        """Open the socket."""
        self.wire = Wire()
        await self.wire.connect()

    async def hello(self, *, incarnation: str | None = None, log: int = 0, said: int = 0, **changes: Any) -> None:
        """Say hello."""
        told = {"t": "hello", "v": 1, "participant": self.ticket.participant, "seat": self.ticket.seat}
        await self.tell(**{**told, "incarnation": incarnation, "log": log, "said": said, **changes})

    async def enter(self, *, again: "Guest | None" = None) -> None:
        """From the link to the socket."""
        await self.take_ticket(again=again)
        await self.connect()
        await self.hello()

    async def found(self) -> None:
        """Enter first, and wait until the group is ours: on a busy machine somebody quicker would take over (LOG-13)."""
        await self.enter()
        await self.until("created")

    async def tell(self, **message: Any) -> None:
        """Send one message."""
        await self.wire.send(text=json.dumps(message))

    async def hear(self) -> ServerMessage:
        """Return the next message, which must be the protocol's."""
        text = await self.wire.receive()
        self.heard.append(json.loads(text))
        return _server.validate_json(text)

    async def until(self, kind: str, **having: Any) -> dict[str, Any]:
        """Live until a message of this kind comes, and return it."""
        while True:
            await self.hear()
            message = self.heard[-1]
            await self.react(message)
            if message["t"] == kind and all(message[key] == value for key, value in having.items()):
                return message

    async def react(self, message: dict[str, Any]) -> None:
        """Do what a browser does."""
        act = getattr(self, f"_on_{message['t']}", None)
        if act is not None:
            await act(message)

    async def _on_ready(self, message: dict[str, Any]) -> None:
        if message["mode"] != "resume":
            await self._begin(message["incarnation"], message["mode"])

    async def _on_renew(self, message: dict[str, Any]) -> None:
        await self._begin(message["incarnation"], message["mode"])

    async def _begin(self, incarnation: str, mode: str) -> None:
        if mode == "create":
            made = await in_thread(self.mind.create, incarnation)
            self.cursor = 0
            await self.tell(t="create", incarnation=incarnation, group_info=made["group_info"], tree=made["tree"])
        else:
            made = await in_thread(self.mind.key_package, incarnation)
            await self.tell(t="announce", incarnation=incarnation, key_package=made["key_package"], mac=made["mac"])

    async def _on_welcome(self, message: dict[str, Any]) -> None:
        tree = await in_thread(delivery.tree, call=self.ticket.call, digest=message["tree"])
        assert tree is not None
        await in_thread(self.mind.join, welcome=message["welcome"], tree=tree, covers=message["covers"], index=message["index"])
        self.cursor = message["covers"] + 1
        await self._ack()

    async def _on_entries(self, message: dict[str, Any]) -> None:
        assert message["from"] == self.cursor
        events = await in_thread(self.mind.entries, message["from"], message["entries"])
        self.cursor = self.mind.next
        if any(event["kind"] == "applied" and not event["self_removed"] for event in events):
            await self._ack()

    async def _on_lease(self, message: dict[str, Any]) -> None:
        if self.lazy:
            return
        self.pending = message["lease"]
        policy: dict[str, Any] = {}
        if message["policy"] and self.changes:
            policy = await in_thread(self.mind.mls.call, "policy", changes=self.changes)
            self.changes = {}
        made = await in_thread(self.mind.mls.call, "commit", covers=message["covers"], **policy)
        await self.tell(
            t="commit",
            incarnation=message["incarnation"],
            lease=message["lease"],
            epoch=message["epoch"],
            commit=made["commit"],
            welcomes=made["welcomes"],
            dropped=made["dropped"],
        )

    async def _on_refused(self, message: dict[str, Any]) -> None:
        # One for an earlier lease says nothing about the commit that is on its way now.
        if message["lease"] == self.pending:
            await in_thread(self.mind.mls.call, "forget")

    async def _ack(self) -> None:
        epoch, digest = self.mind.digest()
        await self.tell(t="ack", incarnation=self.mind.incarnation, epoch=epoch, digest=digest)

    async def change(self, *, alone: bool = False, **changes: Any) -> None:
        """Ask, as a host, for a lease to change the policy with."""
        self.changes = changes
        await self.tell(t="policy", incarnation=self.mind.incarnation, alone=alone)

    async def say(self, text: str) -> None:
        """Say something inside the group."""
        content = json.dumps({"kind": "chat", "text": text}, separators=(",", ":"))
        sealed = await in_thread(self.mind.mls.call, "seal", content=content)
        await self.tell(t="say", incarnation=self.mind.incarnation, message=sealed["message"])

    async def leave(self) -> None:
        """Say bye and see the socket close."""
        await self.tell(t="bye")
        await self.wire.closed()

    async def vanish(self) -> None:
        """Lose the socket."""
        await self.wire.cut()


async def together(*guests: Guest, names: set[str]) -> None:
    """Let everybody live until each is in an epoch with exactly these people, and then all in the same one."""

    async def live(guest: Guest) -> None:
        while not guest.mind.state or guest.mind.names != names or len({one.mind.state.get("code") for one in guests}) > 1:
            if guest.wire.silent:
                await asyncio.sleep(0.02)
                continue
            await guest.hear()
            await guest.react(guest.heard[-1])

    async with asyncio.timeout(3 * PATIENCE):
        await asyncio.gather(*(live(guest) for guest in guests))


@asynccontextmanager
async def running_gateway() -> AsyncIterator[None]:
    """Run what every gateway runs beside its sockets; at the end no socket is left, and nobody listens at a door."""
    assert not connection.in_atomic_block, "the gateway's threads would wait for this test's transaction: mark it transaction=True"
    bus.attach(asyncio.get_running_loop())
    over = asyncio.Event()

    async def tick() -> None:
        while not over.is_set():
            await in_thread(deadlines.settle_all, now=clock.now())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 0.1)

    ticking = asyncio.create_task(tick())
    yield
    await consumers.restart()
    # What a thread has begun is let come to its end: it would hold the database of the next test.
    over.set()
    await ticking
    bus.attach(None)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):  # whoever is gone leaves the door by a task of its own
            while waiting._doors:
                await asyncio.sleep(0.01)
    left = dict(waiting._doors)
    for door in left.values():
        door.stop()
    waiting._doors.clear()
    assert not left
