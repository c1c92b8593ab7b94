"""What holds now and has to be in the ledger whenever it changes: the platform's public keys (KEY), the client it gives (RELEASE).

Each domain registers what it knows (`says`). At a start the gateway asks for all of it to be compared with the ledger's last word, once it
serves (the outbox does it): what is the same makes no entry, what is new, changed or gone makes one, whichever gateway comes first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import transaction

from conclave.kernel import canonical, clock, outbox
from conclave.kernel.canonical import Json
from conclave.kernel.ids import new_id
from conclave.transparency import ledger
from conclave.transparency.ledger import Draft
from conclave.transparency.models import Current

WORK = "transparency.current"
# Field by field what there is, by its name; a name that is there no more is gone.
Says = Callable[[], Mapping[str, Mapping[str, str]]]

_sayers: list[tuple[str, Says]] = []


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of one thing now; without fields it is gone."""

    kind: str
    name: str
    fields: Mapping[str, str]


def says(kind: str) -> Callable[[Says], Says]:
    """Register a function that returns what there is of a kind now, all that its domain knows, by name.

    Its module must be imported when the process starts (AppConfig.ready of its domain).

    Args:
        kind: the entries' type.
    """

    def register(function: Says) -> Says:
        if (kind, function) not in _sayers:
            _sayers.append((kind, function))
        return function

    return register


def emit(*, now: int) -> None:
    """Have everything compared with the ledger soon, by whoever does the outbox's work.

    Args:
        now: the time.
    """
    with transaction.atomic():
        outbox.emit(kind=WORK, payload={}, now=now)


@outbox.handles(WORK)
def _work(_payload: outbox.Payload) -> None:
    """Compare, and enter what differs."""
    enter_current(now=clock.now())


def enter_current(*, now: int) -> int:
    """Enter in the ledger whatever is other than its last word on it.

    Args:
        now: the time.

    Returns:
        How many entries were made; none when it is done again.
    """
    found = [Standing(kind, name, fields) for kind, say in _sayers for name, fields in say().items()]
    names = {(one.kind, one.name) for one in found}
    with transaction.atomic():
        ledger.hold()
        rows = {(row.kind, row.name): row for row in Current.objects.all()}
        gone = [Standing(kind, name, {}) for (kind, name), row in rows.items() if (kind, name) not in names and row.fields]
        changed = [one for one in (*found, *gone) if _differs(rows.get((one.kind, one.name)), one)]
        if not changed:
            return 0
        objects = [row.obj if row else new_id() for one in changed for row in [rows.get((one.kind, one.name))]]
        first = ledger.append_all(drafts=[_draft(one, rows, obj, now) for one, obj in zip(changed, objects, strict=True)], now=now)
        for leaf, (one, obj) in enumerate(zip(changed, objects, strict=True), start=first):
            said = {"obj": obj, "fields": {**one.fields}, "leaf": leaf, "since": now}
            Current.objects.update_or_create(kind=one.kind, name=one.name, defaults=said)
    return len(changed)


def leaf_of(*, kind: str, name: str) -> int | None:
    """Return the index of the ledger's last word on something, None where it has none.

    Args:
        kind: the entries' type.
        name: which.
    """
    return Current.objects.filter(kind=kind, name=name).values_list("leaf", flat=True).first()


def _differs(row: Current | None, one: Standing) -> bool:
    """Tell whether the ledger says something else; compared as it would be sealed."""
    return canonical.encode({**(row.fields if row else {})}) != canonical.encode({**one.fields})


def _draft(one: Standing, rows: Mapping[tuple[str, str], Current], obj: str, now: int) -> Draft:
    """Return the entry."""
    row = rows.get((one.kind, one.name))
    state = "gone" if not one.fields else "changed" if row is not None and row.fields else "new"
    fields: dict[str, Json] = {**one.fields, "name": one.name, "state": state, "day": clock.to_day(now)}
    return Draft(kind=one.kind, fields=fields, obj=obj, prev=row.leaf if row else None)
