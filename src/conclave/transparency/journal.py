"""The journal: the one audit table, sealed rows chained by hash; kept by the operator, not public."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from conclave.kernel import canonical
from conclave.kernel.ids import new_id
from conclave.kernel.statements import insert
from conclave.transparency.head import locked_head
from conclave.transparency.models import Head, JournalEntry, JournalOpening
from conclave.transparency.sealing import chain, seal

CHAIN = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row as whoever may read it sees it; a field whose opening was destroyed is missing."""

    index: int
    kind: str
    at: int
    fields: Mapping[str, canonical.Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a word may stand for: a row of one of these kinds, or with one of these values in any field."""

    kinds: frozenset[str]
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which rows are looked for: of one kind, from and until when, and such that each word matches; nothing narrows nothing."""

    kind: str = ""
    since: int | None = None
    until: int | None = None
    words: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row that is to be added: what was done, to what, and what is known of it."""

    kind: str
    obj: str
    fields: Mapping[str, canonical.Json]


def journal(*, kind: str, fields: Mapping[str, canonical.Json], now: int, obj: str | None = None) -> int:
    """Add a row in the transaction of the action it records.

    Args:
        kind: what was done, such as owner_made.
        fields: who, to what, why; internal ids, never names, addresses or tokens.
        now: the time.
        obj: the random id of what it is about; a new one by default.

    Returns:
        The row's index, from 0, without gaps.

    Raises:
        RuntimeError: called outside a transaction (a bug).
        Malformed: a value has no canonical form.
    """
    return journal_lines(lines=[Line(kind=kind, obj=obj or new_id(), fields=fields)], now=now)


def journal_lines(*, lines: Sequence[Line], now: int) -> int:
    """Add the rows of an action that has several, in its transaction; whoever else writes waits until it is over, so do it last.

    Args:
        lines: what is said, in order.
        now: the time.

    Returns:
        The first row's index.

    Raises:
        RuntimeError: called outside a transaction (a bug).
        Malformed: a value has no canonical form.
    """
    head = locked_head(chain=CHAIN)
    first = head.size
    entries, openings = list[JournalEntry](), list[JournalOpening]()
    for line in lines:
        sealed = seal(kind=line.kind, obj=line.obj, prev=None, fields=line.fields)
        head.tip = chain(before=head.tip, leaf=sealed.leaf)
        entry = JournalEntry(index=head.size, kind=line.kind, obj=line.obj, leaf=sealed.leaf.decode(), link=head.tip, appended_at=now)
        head.size += 1
        entries.append(entry)
        openings += [JournalOpening(entry=entry, field=one.field, salt=one.salt, value=one.value) for one in sealed.openings]
    insert(entries)
    if openings:
        insert(openings)
    head.save()
    return first


def read(*, obj: str, search: Search, before: int | None, limit: int) -> list[Entry]:
    """Return rows about one thing, the newest first. Whether the asker may read them is the caller's to know.

    Args:
        obj: the random id of what they are about.
        search: which of them.
        before: only rows with a lower index, for the next page.
        limit: at most this many.
    """
    rows = JournalEntry.objects.filter(obj=obj)
    if before is not None:
        rows = rows.filter(index__lt=before)
    if search.kind:
        rows = rows.filter(kind=search.kind)
    if search.since is not None:
        rows = rows.filter(appended_at__gte=search.since)
    if search.until is not None:
        rows = rows.filter(appended_at__lt=search.until)
    for word in search.words:
        rows = rows.filter(Q(kind__in=word.kinds) | Exists(_with_value(word.values)))
    found = rows.order_by("-index").prefetch_related("openings")[:limit]
    return [_told(row) for row in found]


def has(*, kind: str) -> bool:
    """Tell whether something of a kind was ever done.

    Args:
        kind: such as staff_granted.
    """
    return JournalEntry.objects.filter(kind=kind).exists()


def first_broken() -> int | None:
    """Return the index of the first row that was changed, removed or put in, or None when the chain holds."""
    tip, size = "", 0
    for row in JournalEntry.objects.order_by("index").iterator():
        tip = chain(before=tip, leaf=row.leaf.encode())
        if row.index != size or row.link != tip:
            return size
        size += 1
    head = Head.objects.filter(chain=CHAIN).first()
    return None if (head.size if head else 0) == size else size


def _with_value(values: Collection[str]) -> QuerySet[JournalOpening]:
    """Return the openings of a row in which one of these values stands."""
    return JournalOpening.objects.filter(entry=OuterRef("pk"), value__in=values)


def _told(row: JournalEntry) -> Entry:
    """Return a row as plain values."""
    return Entry(index=row.index, kind=row.kind, at=row.appended_at, fields={one.field: one.value for one in row.openings.all()})
