"""Which gateways of this database are alive, and which engines their settings name: two that differ do not undo each other (REG-11)."""

import hashlib
import socket
from collections.abc import Mapping

from django.conf import settings

from conclave.kernel import canonical, clock, deadlines
from conclave.media import nodes
from conclave.media.models import Gateway, Node

SAID_MS = 10 * clock.SECOND
# A gateway that has not said so for this long is taken to be gone.
ALIVE_MS = 30 * clock.SECOND

Engines = frozenset[tuple[str, str]]

_saying = clock.Seldom(every_ms=SAID_MS)


@deadlines.settles
def settle(now: int) -> None:
    """Say every few seconds that this gateway is alive, where others may be: a file has one.

    Args:
        now: the time.
    """
    if settings.CONCLAVE.database and _saying.due(now=now):
        say(now=now)


def say(*, now: int) -> None:
    """Write down that this gateway is alive, and which engines its settings name.

    Args:
        now: the time.
    """
    engines = {region.name: digest(nodes.describe(region)) for region in settings.CONCLAVE.all_regions}
    Gateway.objects.update_or_create(name=own_name(), defaults={"at": now, "engines": engines})


def own_name() -> str:
    """Return by what this gateway is told from others, the same after a restart; a hash, as nobody needs the machine's name."""
    config = settings.CONCLAVE
    return hashlib.sha256(f"{socket.gethostname()}\0{config.state_dir}\0{config.http_port}".encode()).hexdigest()[:32]


def digest(described: Mapping[str, str]) -> str:
    """Return a hash over what an engine is, in hex.

    Args:
        described: what the settings or the ledger say of it.
    """
    return hashlib.sha256(canonical.encode({**described})).hexdigest()


def named_by_others(*, now: int) -> Engines:
    """Return the engines that the settings of other gateways name which are alive, each with its region.

    Args:
        now: the time.
    """
    others = Gateway.objects.filter(at__gt=now - ALIVE_MS).exclude(name=own_name())
    return frozenset((str(region), str(said)) for engines in others.values_list("engines", flat=True) for region, said in engines.items())


def held_by_others(*, now: int) -> frozenset[str]:
    """Return the regions whose engine the ledger names as another live gateway's settings do, and not as this one's.

    Calls there are that gateway's to move: this one knows nothing of the engine (REG-10).

    Args:
        now: the time.
    """
    named = named_by_others(now=now)
    if not named:
        return frozenset()
    own = {region.name: nodes.describe(region) for region in settings.CONCLAVE.all_regions}
    return frozenset(
        row.region
        for row in Node.objects.filter(region__in={region for region, _ in named})
        if row.described != own.get(row.region) and (row.region, digest(row.described)) in named and nodes.counts(row)
    )
