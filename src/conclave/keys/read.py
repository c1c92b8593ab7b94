"""Reading for sockets: what is new since a cursor, in few queries for a whole call (LOG-5)."""

import json
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Length

from conclave.kernel import b64
from conclave.kernel.statements import written_once
from conclave.keys.models import Group, Held, Lease, LogEntry, Said, Seat, Tree, Welcome

MOST_ENTRIES = 256
# A tree of up to about twenty members comes with the welcome; a larger one is fetched, once for all that ask a cache.
SMALL_TREE = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where a call's latest incarnation stands."""

    pk: int
    incarnation: str
    state: str
    creator: str
    epoch: int
    acked: int
    log_next: int
    said_next: int
    keeper: str
    # Leaf keys that the policy lists as hosts'.
    hosts: list[str]
    strict: bool

    @property
    def open(self) -> bool:
        """Whether it has an epoch."""
        return self.state == Group.State.OPEN

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state == Group.State.ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A lease as its holder is told."""

    lease: str
    holder: str
    epoch: int
    covers: int
    policy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom a host is asked to admit, by the KeyPackage that waits for it (KNOCK-8)."""

    participant: str
    reference: str
    key_package: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A joiner's welcome, and the first message index that it gets; `tree_bytes` is b64, and None for a tree to be fetched."""

    participant: str
    index: int
    covers: int
    epoch: int
    said: int
    welcome: str
    tree: str
    tree_bytes: str | None


_SAID = ("index", "participant", "message", "received", "kid", "tag")
_VIEW = ("pk", "incarnation", "state", "creator", "epoch", "acked", "log_next", "said_next", "keeper", "hosts", "strict")


def latest(*, call: str) -> View | None:
    """Return where the call's latest incarnation stands, or None before the first."""
    row = Group.objects.filter(call=call).order_by("-number").values(*_VIEW).first()
    return View(**row) if row else None


def entries(*, pk: int, start: int, most: int = MOST_ENTRIES) -> list[str]:
    """Return the log from an index on, each entry as its JSON text."""
    return list(LogEntry.objects.filter(group=pk, index__gte=start).order_by("index").values_list("body", flat=True)[:most])


def said(*, pk: int, start: int, most: int = MOST_ENTRIES) -> list[str]:
    """Return what was said from an index on, each item as its JSON text."""
    rows = Said.objects.filter(group=pk, index__gte=start).order_by("index").values(*_SAID)
    return [json.dumps(row, separators=(",", ":")) for row in rows[:most]]


def offers(*, pk: int, epoch: int) -> list[Offer]:
    """Return the leases that stand."""
    rows = Lease.objects.filter(group=pk, epoch=epoch).order_by("id")
    return [Offer(**row) for row in rows.values("lease", "holder", "epoch", "covers", "policy")]


def asked(*, pk: int) -> list[Asked]:
    """Return whose announcement waits for a host's word."""
    rows = Held.objects.filter(group=pk).order_by("id")
    return [Asked(**row) for row in rows.values("participant", "reference", "key_package")]


def admissions(*, pk: int, after: int = -1, participant: str | None = None) -> list[Admission]:
    """Return the welcomes of commits after a log index that nobody has acknowledged yet, of all or of one joiner."""
    rows = Welcome.objects.filter(group=pk, index__gt=after)
    rows = rows.filter(participant=participant) if participant else rows
    found = list(rows.order_by("index").values_list("participant", "index", "covers", "epoch", "said", "body", "tree"))
    small = _small_trees(pk=pk, digests={row[-1] for row in found})
    return [
        Admission(
            participant=name, index=index, covers=covers, epoch=epoch, said=first, welcome=body, tree=digest, tree_bytes=small.get(digest)
        )
        for name, index, covers, epoch, first, body, digest in found
    ]


def _small_trees(*, pk: int, digests: set[str]) -> dict[str, str]:
    """Return the trees, b64, that are small enough to come with a welcome."""
    if not digests:
        return {}
    rows = Tree.objects.filter(group=pk, hash__in=digests).annotate(size=Length("body")).filter(size__lte=SMALL_TREE)
    return {digest: b64.encode(bytes(body)) for digest, body in rows.values_list("hash", "body")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """What a call's policy says of whoever is new."""

    # Nobody comes in; nobody whom no host admitted (POL-8). Only of a group that is not over.
    locked: bool = False
    strict: bool = False
    # What they may (POL-19); None while no group has said so.
    may: frozenset[str] | None = None


def newcomers(*, call: str) -> Newcomers:
    """Return what the policy of the call's last group says of whoever is new.

    Args:
        call: the call.
    """
    for state, locked, strict, may in _newcomers(call=call):
        over = state == Group.State.ENDED
        return Newcomers(locked=locked and not over, strict=strict and not over, may=None if may is None else frozenset(map(str, may)))
    return Newcomers()


@written_once
def _newcomers(*, call: str) -> QuerySet[Group, tuple[str, bool, bool, list[str] | None]]:
    return Group.objects.filter(call=call).order_by("-number").values_list("state", "locked", "strict", "newcomer")[:1]


def hosts_inside(*, call: str) -> set[str]:
    """Return the participants with a leaf and a seat whose keys the live group's policy lists, as far as the gateway sees."""
    listed = Group.objects.filter(call=call, state=Group.State.OPEN).values_list("hosts", flat=True).first() or []
    seats = Seat.objects.filter(call=call, leaf=True, gone="", signature_key__in=listed)
    return set(seats.values_list("participant", flat=True))


def has_leaf(*, call: str, participant: str) -> bool:
    """Tell whether a participant's leaf is in the call's live group, as far as the gateway sees."""
    return Seat.objects.filter(call=call, participant=participant, leaf=True).exclude(group__state=Group.State.ENDED).exists()
