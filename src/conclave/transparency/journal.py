"""The journal: the one audit table, sealed rows chained by hash; kept by the operator, not public."""

from collections.abc import Mapping

from conclave.kernel import canonical
from conclave.kernel.ids import new_id
from conclave.transparency.head import locked_head
from conclave.transparency.models import Head, JournalEntry, JournalOpening
from conclave.transparency.sealing import chain, seal

CHAIN = "journal"


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
    head = locked_head(chain=CHAIN)
    obj = obj or new_id()
    sealed = seal(kind=kind, obj=obj, prev=None, fields=fields)
    head.tip = chain(before=head.tip, leaf=sealed.leaf)
    entry = JournalEntry.objects.create(index=head.size, kind=kind, obj=obj, leaf=sealed.leaf.decode(), link=head.tip, appended_at=now)
    JournalOpening.objects.bulk_create(
        [JournalOpening(entry=entry, field=one.field, salt=one.salt, value=one.value) for one in sealed.openings],
    )
    head.size += 1
    head.save()
    return entry.index


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
