"""What holds now and has to be in the ledger whenever it changes: the platform's public keys (KEY), the client it gives (RELEASE).

Each domain registers what it knows (`says`). Each gateway that starts compares all of it with the ledger's last word, once it serves, and
does so itself, as another one may be of another release: what is the same makes no entry, what is new, changed or gone makes one.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import transaction

from conclave.kernel import canonical, clock, deadlines
from conclave.kernel.canonical import Json
from conclave.kernel.ids import new_id
from conclave.transparency import ledger
from conclave.transparency.ledger import Draft
from conclave.transparency.models import Current

# Field by field what there is, by its name; a name that is there no more is gone.
Says = Callable[[], Mapping[str, Mapping[str, str]]]

_sayers: list[tuple[str, Says]] = []
_asked = threading.Event()
_trying = clock.Seldom(every_ms=clock.SECOND)


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


def ask() -> None:
    """Have everything compared with the ledger soon, by this process: what it serves is what it has."""
    _asked.set()


@deadlines.settles
def settle(now: int) -> None:
    """Compare once, and enter what differs; again a little later if that fails.

    Args:
        now: the time.
    """
    if _asked.is_set() and _trying.due(now=now):
        enter_current(now=now)
        _asked.clear()


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


def said(*, kind: str, prefix: str) -> Mapping[str, Mapping[str, str]]:
    """Return what the ledger says already, by name, for whoever cannot see what there is now.

    Args:
        kind: the entries' type.
        prefix: with what the names begin.
    """
    rows = Current.objects.filter(kind=kind, name__startswith=prefix).values_list("name", "fields")
    return {name: fields for name, fields in rows if fields}


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
