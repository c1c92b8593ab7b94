"""Which regions' engines the public ledger names as the settings do: no other gets a call (REG-10)."""

import time
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from conclave.media import alone, description
from conclave.media.description import Described
from conclave.media.models import Node
from conclave.regions import RegionSettings
from conclave.transparency import cosign, ledger

KIND = "NODE"
SERVES, GONE = "serves", "gone"
CONFIGURATION, TWO_PEOPLE = "configuration", "two_people"
# A row that was compared with the ledger is not again for so long: the ledger's entries do not change, and everybody who joins asks.
BELIEVED_SECONDS = 10.0
_seen: dict[tuple[int, str], float] = {}


def describe(region: RegionSettings) -> Described:
    """Return what the ledger says of a region's engine, as the settings have it now.

    Args:
        region: which one.
    """
    return description.describe(region=region, state_dir=Path(settings.CONCLAVE.state_dir))


def entered() -> frozenset[str]:
    """Return the regions in which calls may be held by the ledger: its last word on each is that this very engine serves, and it counts.

    A row alone opens nothing: the entry it names has to say the same, and where two people have decided, to be cosigned. Nor does an entry
    about an engine that was seen to share its calls with machines which none names (REG-12).
    """
    rows, shared = {row.region: row for row in Node.objects.filter(counts_at__isnull=False)}, alone.shared()
    return frozenset(
        region.name
        for region in settings.CONCLAVE.all_regions
        for row in [rows.get(region.name)]
        if row is not None and row.described == describe(region) and _is_in_the_ledger(row) and region.name not in shared
    )


def is_said(*, index: int, described: Mapping[str, str], by: str) -> bool:
    """Tell whether an entry says that this engine serves, and by whose decision.

    Args:
        index: the entry's.
        described: the engine.
        by: who has decided.
    """
    return ledger.told(kind=KIND, index=index, fields=(*described, "state", "by")) == {**described, "state": SERVES, "by": by}


def counts(row: Node) -> bool:
    """Tell whether calls may be held on the engine that a row names, whatever the settings of this gateway say.

    Args:
        row: the ledger's last word on it, as the database has it.
    """
    return row.counts_at is not None and _is_in_the_ledger(row)


def _is_in_the_ledger(row: Node) -> bool:
    """Tell whether the ledger's last word on the engine is what the row says, and cosigned where two people have decided."""
    what, now = (row.leaf, repr((row.obj, sorted(row.described.items()), row.by))), time.monotonic()
    if now - _seen.get(what, -BELIEVED_SECONDS) < BELIEVED_SECONDS:
        return True
    said = ledger.last(kind=KIND, obj=row.obj) == row.leaf and is_said(index=row.leaf, described=row.described, by=row.by)
    if not said or (row.by == TWO_PEOPLE and not cosign.was_cosigned(index=row.leaf)):
        _seen.pop(what, None)
        return False
    _seen[what] = now
    return True
