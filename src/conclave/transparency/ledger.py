"""The ledger: what the operator will answer for in public, as sealed entries with gapless indices."""

from collections.abc import Mapping

from conclave.kernel import canonical
from conclave.kernel.ids import new_id
from conclave.transparency.head import locked_head
from conclave.transparency.models import LedgerEntry, Opening
from conclave.transparency.sealing import FieldOpening, seal

CHAIN = "ledger"


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
    head = locked_head(chain=CHAIN)
    obj = obj or new_id()
    sealed = seal(kind=kind, obj=obj, prev=prev, fields=fields)
    entry = LedgerEntry.objects.create(index=head.size, kind=kind, obj=obj, leaf=sealed.leaf.decode(), appended_at=now)
    Opening.objects.bulk_create([Opening(entry=entry, field=one.field, salt=one.salt, value=one.value) for one in sealed.openings])
    head.size += 1
    head.save()
    return entry.index


def openings(*, index: int) -> tuple[FieldOpening, ...]:
    """Return what still opens this entry; fewer than its fields after an erasure, empty when there is no such entry."""
    rows = Opening.objects.filter(entry_id=index).order_by("field")
    return tuple(FieldOpening(row.field, bytes(row.salt), row.value) for row in rows)
