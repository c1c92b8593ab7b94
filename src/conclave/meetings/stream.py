"""What a live socket is sent by itself: log, leases, welcome, messages; each socket reads the call's feed from its own cursor."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from conclave.keys import read
from conclave.keys.delivery import Arrival
from conclave.keys.feed import Feed, Listener, Tape
from conclave.keys.read import View
from conclave.keys.threads import in_thread

MOST_ITEMS = 128
MOST_TEXT = 768 * 1024
Send = Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class _Cursors:
    """How far a socket has got in one incarnation; None before the first epoch that it is in."""

    incarnation: str
    log: int | None = None
    said: int | None = None
    announced: int | None = None
    leases: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    welcomed: int = -1
    acked: int = 0
    created: bool = False
    keeper: bool = False


class Stream:
    """The gateway's side of one socket's reading; push() sends whatever is new, in the order that the protocol needs."""

    def __init__(self, *, participant: str, key: str, feed: Feed, ear: Listener, arrival: Arrival, send: Send) -> None:
        """Begin where the arrival says; `key` is the seat's signature key."""
        self._participant = participant
        self._key = key
        self._feed = feed
        self._ear = ear
        self._dropped = 0
        self._send = send
        self._at = _Cursors(incarnation=arrival.incarnation, created=arrival.mode != "create", announced=arrival.announced)
        if arrival.follows:
            self._at.log, self._at.said = arrival.log, arrival.said
        self._look_back = arrival.announced is not None

    def announced(self, *, incarnation: str, index: int) -> None:
        """Note at which index of the log this socket announced its key package: only a welcome for that one can be opened."""
        if incarnation == self._at.incarnation:
            self._at.announced = index
        self._ear.news.set()

    @property
    def hosting(self) -> bool:
        """Whether this seat is inside the live group, whose policy lists its key as a host's; who only says so has no leaf (KNOCK-4)."""
        view = self._feed.view
        return view is not None and view.open and self._at.log is not None and self._key in view.hosts

    async def push(self) -> None:
        """Send what is new: a welcome before the log it opens, the log before a lease that covers it (LOG-5)."""
        while self._ear.alarms:
            await self._tell(self._ear.alarms.pop(0))
        view = self._feed.view
        if view is None or view.ended:
            return
        if view.incarnation != self._at.incarnation:
            await self._renew(view, creates=not view.open and view.creator == self._participant)
        if self._ear.dropped > self._dropped:
            # POL-13: a committer left its key package out, so it announces another.
            self._dropped = self._ear.dropped
            await self._renew(view, creates=False)
        if not view.open:
            return
        if not self._at.created and view.creator == self._participant:
            self._at.created = True
            await self._tell({"t": "created", "incarnation": view.incarnation})
        await self._welcome(view.pk)
        if self._at.log is not None:
            self._at.log = await self._items(self._feed.log, self._at.log, head="entries", items="entries", pk=view.pk)
            await self._lease()
            await self._acked()
            await self._ask()
            await self._keep(view.keeper == self._participant)
        if self._at.said is not None:
            self._at.said = await self._items(self._feed.said, self._at.said, head="said", items="items", pk=view.pk)

    async def _renew(self, view: View, *, creates: bool) -> None:
        """Say which incarnation to create or to join, and forget where this one stood."""
        self._at = _Cursors(incarnation=view.incarnation, created=not creates)
        if creates:
            self._at.log = self._at.said = 0
        await self._tell({"t": "renew", "incarnation": view.incarnation, "mode": "create" if creates else "join"})

    async def _welcome(self, pk: int) -> None:
        """Send the joiner its part of a commit, once; from there on it reads the log."""
        if self._look_back:
            self._look_back = False
            for stored in await in_thread(read.admissions, pk=pk, participant=self._participant):
                self._feed.admissions[self._participant] = stored
        admission = self._feed.admissions.get(self._participant)
        if admission is None or self._at.announced is None or admission.index <= self._at.welcomed:
            return
        if admission.covers < self._at.announced:
            # It answers an earlier announcement, whose keys this client has no more; the next commit brings another.
            return
        self._at.welcomed = admission.index
        self._at.log, self._at.said = admission.covers + 1, admission.said
        told: dict[str, object] = {
            "index": admission.index,
            "covers": admission.covers,
            "epoch": admission.epoch,
            "welcome": admission.welcome,
            "tree": admission.tree,
        }
        if admission.tree_bytes is not None:
            told["tree_bytes"] = admission.tree_bytes
        await self._tell({"t": "welcome", "incarnation": self._at.incarnation, **told})

    async def _items(self, tape: Tape, at: int, *, head: str, items: str, pk: int) -> int:
        """Send a tape from the cursor on, in messages of bounded size; return the new cursor."""
        while at < tape.first:
            reader = read.entries if head == "entries" else read.said
            old = await in_thread(reader, pk=pk, start=at, most=min(MOST_ITEMS, tape.first - at))
            if not old:
                return at
            await self._send(self._message(head, items, at, ",".join(old)))
            at += len(old)
        while at < tape.next:
            stop = tape.stop(start=at, most_items=MOST_ITEMS, most_text=MOST_TEXT)
            await self._send(self._message(head, items, at, tape.slice(at, stop)))
            at = stop
        return at

    def _message(self, head: str, items: str, at: int, body: str) -> str:
        """Return a message around items that are JSON already."""
        return f'{{"t":"{head}","incarnation":"{self._at.incarnation}","from":{at},"{items}":[{body}]}}'

    async def _lease(self) -> None:
        """Hand over a lease of the live epoch, once."""
        offer = self._feed.offers.get(self._participant)
        if offer is None or offer.lease in self._at.leases or offer.covers >= (self._at.log or 0):
            return
        self._at.leases.add(offer.lease)
        told = {"lease": offer.lease, "epoch": offer.epoch, "covers": offer.covers, "policy": offer.policy}
        await self._tell({"t": "lease", "incarnation": self._at.incarnation, **told})

    async def _ask(self) -> None:
        """Ask a host for its word on whoever waits for it (KNOCK-8), once for each key package."""
        if not self.hosting:
            return
        for waits in self._feed.asked:
            if waits.reference not in self._at.asked:
                self._at.asked.add(waits.reference)
                told = {"participant": waits.participant, "key_package": waits.key_package}
                await self._tell({"t": "admit_asked", "incarnation": self._at.incarnation, **told})

    async def _acked(self) -> None:
        """Say that the live epoch may be sent in."""
        view = self._feed.view
        if view is not None and view.acked == view.epoch > self._at.acked:
            self._at.acked = view.acked
            await self._tell({"t": "acked", "incarnation": view.incarnation, "epoch": view.acked})

    async def _keep(self, keeper: bool) -> None:  # noqa: FBT001 - the one thing it says
        """Say who heartbeats from now on (LOG-15)."""
        if keeper != self._at.keeper:
            self._at.keeper = keeper
            await self._tell({"t": "keeper", "incarnation": self._at.incarnation, "on": keeper})

    async def _tell(self, message: dict[str, object]) -> None:
        """Send one small message."""
        await self._send(json.dumps(message, separators=(",", ":")))
