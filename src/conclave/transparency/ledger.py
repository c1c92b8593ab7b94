"""The ledger: what the operator will answer for in public, as sealed entries with gapless indices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conclave.kernel import canonical
from conclave.kernel.errors import Malformed
from conclave.kernel.ids import new_id
from conclave.transparency.head import locked_head
from conclave.transparency.models import Head, LedgerEntry, Opening
from conclave.transparency.sealing import FieldOpening, seal
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
