"""The ledger: what the operator will answer for in public, as sealed entries with gapless indices."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from conclave.kernel import canonical
from conclave.kernel.errors import Malformed
from conclave.kernel.ids import new_id
from conclave.transparency.head import locked_head
from conclave.transparency.models import Head, LedgerEntry, Opening
from conclave.transparency.sealing import FieldOpening, opens, seal
from conclave_verify.entry import TYPE

CHAIN = "ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry that is to be appended; as append() says."""

    kind: str
    fields: Mapping[str, canonical.Json]
    obj: str | None = None
    prev: int | None = None


def append(*, kind: str, fields: Mapping[str, canonical.Json], now: int, obj: str | None = None, prev: int | None = None) -> int:
    """Add an entry in the transaction of the action it records.

    Args:
        kind: the entry's type, such as APPLICATION_COUNT; the only thing anybody can read.
        fields: what is sealed; integers, text, booleans.
        now: the time.
        obj: the random id of what it is about; a new one by default.
        prev: the index of the entry it continues.

    Returns:
        The entry's index: one more than the last one's, from 0, without gaps.

    Raises:
        RuntimeError: called outside a transaction (a bug).
        Malformed: a value has no canonical form.
    """
    return append_all(drafts=[Draft(kind=kind, fields=fields, obj=obj, prev=prev)], now=now)


def append_all(*, drafts: Sequence[Draft], now: int) -> int:
    """Add entries that one action makes, one after the other, as append() adds one.

    Args:
        drafts: at least one.
        now: the time.

    Returns:
        The index of the first one; the others follow it.

    Raises:
        RuntimeError: called outside a transaction (a bug).
        Malformed: a value has no canonical form, a type is not in capitals, or an entry continues one that does not stand before it.
    """
    head = locked_head(chain=CHAIN)
    rows: list[LedgerEntry] = []
    opened: list[Opening] = []
    for index, draft in enumerate(drafts, start=head.size):
        if not TYPE.fullmatch(draft.kind) or not (draft.prev is None or 0 <= draft.prev < index):
            raise Malformed("An entry needs a type in capitals, and continues only what stands before it.")
        obj = draft.obj or new_id()
        sealed = seal(kind=draft.kind, obj=obj, prev=draft.prev, fields=draft.fields)
        rows.append(LedgerEntry(index=index, kind=draft.kind, obj=obj, leaf=sealed.leaf.decode(), appended_at=now))
        opened += [Opening(entry_id=index, field=one.field, salt=one.salt, value=one.value) for one in sealed.openings]
    LedgerEntry.objects.bulk_create(rows)
    Opening.objects.bulk_create(opened)
    Head.objects.filter(chain=CHAIN).update(size=head.size + len(rows))
    return head.size


def last_at(*, kind: str) -> int | None:
    """Return when an entry of a type was appended last, or None.

    Args:
        kind: the type.
    """
    return LedgerEntry.objects.filter(kind=kind).order_by("-index").values_list("appended_at", flat=True).first()


def openings(*, index: int) -> tuple[FieldOpening, ...]:
    """Return what still opens this entry; fewer than its fields after an erasure, empty when there is no such entry."""
    rows = Opening.objects.filter(entry_id=index).order_by("field")
    return tuple(FieldOpening(row.field, bytes(row.salt), row.value) for row in rows)


def hold() -> None:
    """Wait for the ledger's head, inside the caller's transaction: what is read after it stays so until the transaction is over.

    Whoever needs both chains takes the ledger first and the journal then, so that no two wait for each other.
    """
    locked_head(chain=CHAIN)


def told(*, kind: str, index: int, fields: Collection[str]) -> dict[str, canonical.Json] | None:
    """Return what an entry of a kind says in some of its fields, each opening tried against the entry itself.

    Args:
        kind: the entry's type.
        index: the entry's.
        fields: which of its fields.

    Returns:
        None where there is no such entry, it is of another type or no leaf at all, or one of the fields cannot be opened any more or opens
        something else.
    """
    row = LedgerEntry.objects.filter(index=index, kind=kind).first()
    if row is None:
        return None
    wanted = [one for one in openings(index=index) if one.field in fields]
    try:
        whole = {one.field for one in wanted} == set(fields) and all(opens(leaf=row.leaf.encode(), opening=one) for one in wanted)
    except Malformed:
        return None
    return {one.field: one.value for one in wanted} if whole else None


def last_told(*, kind: str, obj: str, fields: Collection[str], after: int) -> dict[str, canonical.Json] | None:
    """Return what the last entry of a type about one thing says in some of its fields, as told() does.

    Args:
        kind: the type, of which there are few.
        obj: the random id of what it is about.
        fields: which of its fields.
        after: the index after which it stands.

    Returns:
        None where there is no such entry, or the last one cannot be opened: what an earlier one said does not count any more.
    """
    index = last(kind=kind, obj=obj, after=after)
    return None if index is None else told(kind=kind, index=index, fields=fields)


def all_told(*, kind: str, obj: str, fields: Collection[str], before: int | None = None) -> list[dict[str, canonical.Json]]:
    """Return what the entries of a type about one thing say in some of their fields, as told() does, the first one first.

    Args:
        kind: the entries' type, of which there are few.
        obj: the random id of what they are about.
        fields: which of their fields; an entry that does not open all of them is left out.
        before: the index before which they stand; by default all of them.
    """
    found = LedgerEntry.objects.filter(kind=kind, obj=obj)
    indices = found if before is None else found.filter(index__lt=before)
    said = [told(kind=kind, index=index, fields=fields) for index in indices.order_by("index").values_list("index", flat=True)]
    return [one for one in said if one is not None]


def has(*, kind: str) -> bool:
    """Tell whether there is an entry of a type.

    Args:
        kind: the type.
    """
    return LedgerEntry.objects.filter(kind=kind).exists()


def obj_of(*, index: int) -> str:
    """Return the random id of what an entry is about; empty where there is no such entry.

    Args:
        index: the entry's.
    """
    return LedgerEntry.objects.filter(index=index).values_list("obj", flat=True).first() or ""


def last(*, kind: str, obj: str, after: int = -1) -> int | None:
    """Return the index of the last entry of a type about one thing, None where there is none.

    Args:
        kind: the type, of which there are few: nobody looks for what entries are about by an index of the table.
        obj: the random id of what it is about.
        after: the index after which it stands; by default anywhere.
    """
    found = LedgerEntry.objects.filter(kind=kind, obj=obj, index__gt=after)
    return found.order_by("-index").values_list("index", flat=True).first()
