"""What the sockets of one call at this gateway read: one reader of the database for all of them, each from its own cursor.

A hint says that something is new; a lost hint is healed by looking every second. Nothing is queued for a slow socket.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

import structlog
from channels.layers import get_channel_layer

from conclave.keys import arrive, read
from conclave.keys.read import Admission, Asked, Offer, View
from conclave.keys.threads import in_thread
from conclave.keys.wake import EVERYBODY, channel

LOOK_SECONDS = 1.0
# With many sockets, hints that come in a burst are answered together.
PAUSE_SECONDS_PER_SOCKET = 0.0005
LONGEST_PAUSE_SECONDS = 0.1
KEPT = 1024
MOST_ALARMS = 8
_log = structlog.get_logger("conclave.feed")


@dataclass(slots=True)
class Tape:
    """The last items of a sequence as JSON texts, and messages made of them, each once for all sockets."""

    first: int = 0
    items: list[str] = field(default_factory=list)
    _made: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def next(self) -> int:
        """The index after the last item."""
        return self.first + len(self.items)

    def extend(self, items: list[str]) -> None:
        """Add what is new, forget what is old."""
        self.items += items
        self._made.clear()
        if len(self.items) > 2 * KEPT:
            self.first += len(self.items) - KEPT
            del self.items[:-KEPT]

    def stop(self, *, start: int, most_items: int, most_text: int) -> int:
        """Return where a message that begins at start has to end: one item at least."""
        at, size = start, 0
        while at < min(self.next, start + most_items) and (at == start or size + len(self.items[at - self.first]) <= most_text):
            size += len(self.items[at - self.first])
            at += 1
        return at

    def slice(self, start: int, stop: int) -> str:
        """Return the items from start to before stop, joined by commas; the same text for every socket at the same place."""
        if (start, stop) not in self._made:
            self._made[start, stop] = ",".join(self.items[start - self.first : stop - self.first])
        return self._made[start, stop]


@dataclass(slots=True, eq=False)
class Listener:
    """One socket's ear: `news` is set when there may be something for it; `over` says why its seat is, `alarms` what all are told, and
    `hints` how often there may have been something for hosts alone.
    """

    participant: str
    socket: str
    news: asyncio.Event = field(default_factory=asyncio.Event)
    over: str = ""
    dropped: int = 0
    alarms: list[dict[str, object]] = field(default_factory=list)
    hints: int = 0


@dataclass(slots=True)
class _News:
    """What one look at the database found."""

    view: View | None
    log_first: int = 0
    said_first: int = 0
    entries: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    holders: dict[str, arrive.Holding] = field(default_factory=dict)


class Feed:
    """One call at this gateway."""

    def __init__(self, *, call: str) -> None:
        """Start with nothing read."""
        self.call = call
        self.view: View | None = None
        self.log = Tape()
        self.said = Tape()
        self.offers: dict[str, Offer] = {}
        self.asked: list[Asked] = []
        self.admissions: dict[str, Admission] = {}
        self.listeners: set[Listener] = set()
        self._hint = asyncio.Event()
        self._about: set[str] = set()
        self._looking = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen and to look."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._run())]

    def stop(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()

    def hint(self, participant: str = "") -> None:
        """Say that something is new."""
        if participant:
            self._about.add(participant)
        self._hint.set()

    async def look(self, *, everybody: bool = False) -> None:
        """Read what is new and tell the sockets."""
        async with self._looking:
            everybody = everybody or EVERYBODY in self._about
            names = {ear.participant for ear in self.listeners} if everybody else self._about
            self._about = set()
            view = self.view
            at = (view.pk, self.log.next, self.said.next) if view else (0, 0, 0)
            news = await in_thread(_look, call=self.call, at=at, names=sorted(names))
            if self._take(news):
                for ear in self.listeners:
                    ear.news.set()

    def _take(self, news: _News) -> bool:
        """Keep what is new; return whether there is anything."""
        offers = {offer.holder: offer for offer in news.offers}
        changed = news.view != self.view or offers != self.offers or news.asked != self.asked
        if news.view is not None and (self.view is None or news.view.pk != self.view.pk):
            self.log, self.said, self.admissions = Tape(first=news.log_first), Tape(first=news.said_first), {}
        self.log.extend(news.entries)
        self.said.extend(news.said)
        self.offers = offers
        self.asked = news.asked
        self.admissions |= {admission.participant: admission for admission in news.admissions}
        self.view = news.view
        for ear in self.listeners:
            held = news.holders.get(ear.participant)
            if held is not None:
                # JOIN-5: the seat may have another socket by now.
                ear.over = held.gone or ("joined_elsewhere" if held.socket != ear.socket else "")
                changed = changed or bool(ear.over) or held.dropped > ear.dropped
                ear.dropped = held.dropped
        return changed or bool(news.entries or news.said or news.admissions)

    async def _run(self) -> None:
        """Look when hinted at, and every second."""
        loop = asyncio.get_running_loop()
        checked_at = loop.time()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._hint.wait()
            self._hint.clear()
            everybody = loop.time() - checked_at >= LOOK_SECONDS
            checked_at = loop.time() if everybody else checked_at
            try:
                await self.look(everybody=everybody)
            except Exception as error:  # noqa: BLE001 - the next look tries again
                _log.error("feed could not be read", call=self.call, error=repr(error))
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, PAUSE_SECONDS_PER_SOCKET * len(self.listeners)))

    def _alarm(self, message: dict[str, object]) -> None:
        """Give every socket the alarm; whoever does not listen for long hears the first few."""
        for ear in self.listeners:
            if len(ear.alarms) < MOST_ALARMS:
                ear.alarms.append(message)
            ear.news.set()

    def _hint_hosts(self) -> None:
        """Let every socket look whether it is a host's and has something to be told."""
        for ear in self.listeners:
            ear.hints += 1
            ear.news.set()

    async def _listen(self) -> None:
        """Turn the channel layer's hints into ours."""
        layer = get_channel_layer()
        if layer is None:
            return
        name = await layer.new_channel()
        await layer.group_add(channel(call=self.call), name)
        try:
            while True:
                message = await layer.receive(name)
                if told := message.get("alarm"):
                    self._alarm(told)
                if message.get("hosts"):
                    self._hint_hosts()
                self.hint(str(message.get("participant", "")))
        finally:
            await layer.group_discard(channel(call=self.call), name)


def _look(*, call: str, at: tuple[int, int, int], names: list[str]) -> _News:
    """Read what is new since `at` (row, log index, message index): two queries when nothing is."""
    pk, log_next, said_next = at
    news = _News(view=read.latest(call=call), holders=arrive.holds(participants=names) if names else {})
    view = news.view
    if view is None:
        return news
    same = view.pk == pk
    news.log_first = log_next if same else max(0, view.log_next - KEPT)
    news.said_first = said_next if same else max(0, view.said_next - KEPT)
    if view.log_next > news.log_first:
        news.entries = read.entries(pk=view.pk, start=news.log_first, most=KEPT)
        news.admissions = read.admissions(pk=view.pk, after=log_next - 1 if same else -1)
    if view.said_next > news.said_first:
        news.said = read.said(pk=view.pk, start=news.said_first, most=KEPT)
    if view.open:
        news.offers = read.offers(pk=view.pk, epoch=view.epoch)
    if view.strict:
        news.asked = read.asked(pk=view.pk)
    return news


_feeds: dict[str, Feed] = {}


async def attach(*, call: str, listener: Listener) -> Feed:
    """Let a socket listen to a call.

    Args:
        call: the call.
        listener: the socket's ear.

    Returns:
        The call's feed, which has looked at least once since.
    """
    feed = _feeds.get(call)
    if feed is None:
        feed = _feeds[call] = Feed(call=call)
        feed.start()
    feed.listeners.add(listener)
    await feed.look()
    return feed


def listening(*, call: str) -> int:
    """Return how many sockets of a call this gateway has."""
    feed = _feeds.get(call)
    return len(feed.listeners) if feed else 0


def detach(*, call: str, listener: Listener) -> None:
    """Let a socket go; the last one ends the feed."""
    feed = _feeds.get(call)
    if feed is not None:
        feed.listeners.discard(listener)
        if not feed.listeners:
            feed.stop()
            del _feeds[call]
