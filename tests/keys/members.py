"""Headless members: real MLS (the same WASM as browsers), driven through the delivery service as its sockets drive it."""

import json
from dataclasses import dataclass
from typing import Any

from conclave.kernel import b64
from conclave.kernel.ids import new_id
from conclave.keys import delivery, gateway, groups
from conclave.keys import read as reading
from conclave.keys.attestation import attest
from conclave.keys.mls import MlsInstance
from conclave.keys.settle import settle


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One call of one meeting, and the link that leads to it."""

    meeting: str
    call: str
    secret: str
    host_hash: str
    host_key: str


def new_world() -> World:
    """Return a fresh meeting with a link and a call."""
    meeting = new_id()
    link = MlsInstance(module=groups.module()).call("new_link", meeting=meeting)
    return World(
        meeting=meeting, call=new_id(), secret=str(link["secret"]), host_hash=str(link["host_hash"]), host_key=str(link["host_key"])
    )


class Mind:
    """A member's MLS state: everything a browser's Worker would hold."""

    def __init__(self, world: World, name: str, *, host: bool = False, participant: str | None = None, identity: str | None = None) -> None:
        """Open the link and take a seat; `identity` is what a reload kept."""
        self.world = world
        self.name = name
        self.host = host
        self.participant = participant or new_id()
        self.mls = MlsInstance(module=groups.module())
        optional = {"host_key": world.host_key} if host else {}
        optional |= {"identity": identity} if identity else {}
        opened = self.mls.call("open", meeting=world.meeting, secret=world.secret, host_hash=world.host_hash, **optional)
        self.key = str(opened["signature_key"])
        self.identity = str(opened["identity"])
        self.link_id = str(opened["link_id"])
        self.incarnation = ""
        self.state: dict[str, Any] = {}
        self.next = 0
        self.known: dict[str, str] = {}
        self.link: dict[str, Any] = {}

    def sit(self, *, attestation: Any = None, link_version: int = 1) -> None:
        """Take the gateway's word on who this is."""
        word = attestation or attest(
            meeting=self.world.meeting,
            call=self.world.call,
            participant=self.participant,
            name=self.name,
            role="guest",
            signature_key=self.key,
        )
        self.mls.call(
            "seated", attestation=word.text, attestation_signature=word.signature, attestation_key=word.key, link_version=link_version
        )

    def create(self, incarnation: str) -> dict[str, Any]:
        """Make epoch 0."""
        self.incarnation = incarnation
        made = self.mls.call("create", incarnation=incarnation, **self.known)
        self.state = _dict(made["state"])
        return made

    def key_package(self, incarnation: str) -> dict[str, Any]:
        """Make a KeyPackage for an incarnation."""
        self.incarnation = incarnation
        return self.mls.call("key_package", incarnation=incarnation)

    def join(self, *, welcome: str, tree: bytes, covers: int, index: int) -> None:
        """Enter by a welcome."""
        where = {"incarnation": self.incarnation, "covers": covers, "index": index}
        made = self.mls.call("join", welcome=welcome, tree=b64.encode(tree), **where, **self.known)
        self.state = _dict(made["state"])

    def remember(self) -> None:
        """Keep what outlives the incarnation (LOG-12)."""
        self.known = {"last": str(self.mls.call("remember")["text"])}

    def entries(self, start: int, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Read the log."""
        answer = self.mls.call("entries", **{"from": start, "entries": entries})
        self.state = _dict(answer["state"]) if answer.get("state") else self.state
        self.link = _dict(answer["link"]) if answer.get("link") else self.link
        self.next = int(str(answer["next"]))
        return [_dict(event) for event in _list(answer["events"])]

    def digest(self) -> tuple[int, str]:
        """Return epoch and acknowledgement."""
        made = self.mls.call("acknowledgement")
        return int(str(made["epoch"])), str(made["digest"])

    @property
    def code(self) -> str:
        """The security code."""
        return str(self.state["code"])

    @property
    def names(self) -> set[str]:
        """Who is in the group, by validated leaves."""
        return {str(member["name"]) for member in self.state["roster"]}


class Member(Mind):
    """A member that speaks to the delivery service directly, without a socket, at the times that a test says."""

    def __init__(self, world: World, name: str, *, host: bool = False, participant: str | None = None, identity: str | None = None) -> None:
        """Sit down, without a socket yet."""
        super().__init__(world, name, host=host, participant=participant, identity=identity)
        self.sit()
        self.socket = ""
        self.cursor: int | None = None
        self.leases: list[reading.Offer] = []
        self.mode = ""
        self.codes: dict[int, str] = {}
        self.lazy = False

    def arrive(self, now: int, *, incarnation: str | None = None) -> delivery.Arrival:
        """Say hello."""
        self.socket = new_id()
        sitter = delivery.Sitter(
            call=self.world.call,
            meeting=self.world.meeting,
            participant=self.participant,
            signature_key=self.key,
            socket=self.socket,
            gateway=gateway.NAME,
        )
        place = delivery.Place(incarnation=incarnation, log=self.cursor or 0, said=0)
        arrival = delivery.arrive(sitter=sitter, place=place, now=now)
        self.mode = arrival.mode
        return arrival

    def enter(self, now: int) -> None:
        """Say hello, then create or announce."""
        arrival = self.arrive(now)
        if arrival.mode == "create":
            self.open(arrival.incarnation, now)
        else:
            self.announce(arrival.incarnation, now)

    def open(self, incarnation: str, now: int) -> None:
        """Send epoch 0."""
        made = self.create(incarnation)
        delivery.create(
            call=self.world.call,
            participant=self.participant,
            incarnation=incarnation,
            group_info=str(made["group_info"]),
            tree=str(made["tree"]),
            now=now,
        )
        self.cursor = 0

    def announce(self, incarnation: str, now: int) -> int:
        """Ask to be added."""
        made = self.key_package(incarnation)
        self.cursor = None
        return delivery.announce(
            call=self.world.call,
            meeting=self.world.meeting,
            participant=self.participant,
            incarnation=incarnation,
            key_package=str(made["key_package"]),
            mac=str(made["mac"]),
            now=now,
        )

    def read(self, now: int) -> bool:
        """Take in what is new, acknowledge, and commit when leased; return whether anything was done."""
        view = reading.latest(call=self.world.call)
        if view is None or not view.open or view.incarnation != self.incarnation:
            return False
        did = self._welcome(view.pk, now)
        if self.cursor is None:
            return did
        entries = [_entry(text) for text in reading.entries(pk=view.pk, start=self.cursor)]
        if entries:
            events = self.entries(self.cursor, entries)
            did = did or self.next > self.cursor
            self.cursor = self.next
            if any(event["kind"] == "applied" for event in events):
                self.acknowledge(now)
        for offer in reading.offers(pk=view.pk, epoch=view.epoch):
            if offer.holder == self.participant and offer not in self.leases and offer.covers < self.cursor and not self.lazy:
                self.leases.append(offer)
                self.commit(offer, now)
                return True
        return did

    def commit(self, offer: reading.Offer, now: int, *, policy: str | None = None) -> int:
        """Commit under a lease."""
        return self.send(self.draft(offer, policy=policy), now)

    def draft(self, offer: reading.Offer, *, policy: str | None = None) -> delivery.Commit:
        """Make a commit without sending it."""
        made = self.mls.call("commit", covers=offer.covers, **({"policy": policy} if policy else {}))
        return delivery.Commit(
            incarnation=self.incarnation,
            lease=offer.lease,
            epoch=offer.epoch,
            commit=str(made["commit"]),
            welcomes={part["participant"]: part["welcome"] for part in _list(made["welcomes"])},
            dropped={one["participant"]: one["code"] for one in _list(made["dropped"])},
        )

    def send(self, commit: delivery.Commit, now: int) -> int:
        """Send a commit; forget it when it is refused."""
        try:
            return delivery.commit(call=self.world.call, participant=self.participant, commit=commit, now=now)
        except delivery.CommitRefused:
            self.mls.call("forget")
            raise

    def acknowledge(self, now: int) -> None:
        """Say which epoch this member is in."""
        epoch, _ = self.digest()
        self.codes[epoch] = self.code
        delivery.ack_take(call=self.world.call, participant=self.participant, incarnation=self.incarnation, epoch=epoch)
        delivery.ack_flush(call=self.world.call, now=now)

    def lose(self, now: int) -> None:
        """Lose the socket."""
        delivery.lose(participant=self.participant, socket=self.socket, now=now)

    def reload(self, now: int, *, back: int) -> "Member":
        """Lose socket and group, and come back as the same seat with the same key (LOG-10); return who comes."""
        self.lose(now)
        again = Member(self.world, self.name, host=self.host, participant=self.participant, identity=self.identity)
        again.enter(back)
        return again

    def leave(self, now: int, reason: str = "left") -> None:
        """Say bye, as meetings/leave.py passes it on."""
        delivery.depart(call=self.world.call, participant=self.participant, reason=reason, now=now)

    def _welcome(self, pk: int, now: int) -> bool:
        """Enter by a welcome that waits."""
        waiting = reading.admissions(pk=pk, participant=self.participant)
        if not waiting or self.cursor is not None:
            return False
        tree = delivery.tree(call=self.world.call, digest=waiting[0].tree)
        assert tree is not None
        self.join(welcome=waiting[0].welcome, tree=tree, covers=waiting[0].covers, index=waiting[0].index)
        self.cursor = waiting[0].covers + 1
        self.acknowledge(now)
        return True


def run(members: list[Member], now: int) -> None:
    """Let everybody read until nothing is new."""
    for _ in range(200):
        if not sum(member.read(now) for member in members):
            return
    raise AssertionError("the members never came to rest")


def settled(members: list[Member], now: int) -> None:
    """Let these members enter one after the other and be in one epoch within the second."""
    for member in members:
        member.enter(now)
    for later in (0, 300, 900):
        settle(now + later)
        run(members, now + later)
    assert len({member.code for member in members}) == 1


def view_of(world: World) -> reading.View:
    """Return where the call stands."""
    view = reading.latest(call=world.call)
    assert view is not None
    return view


def _entry(text: str) -> dict[str, Any]:
    """Return a log entry."""
    return _dict(json.loads(text))


def _dict(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


def _list(value: object) -> list[Any]:
    assert isinstance(value, list)
    return value
