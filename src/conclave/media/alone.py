"""Which regions' engines share their calls with other machines, by what this process saw last: no call is held there (REG-12)."""

import structlog

_shared: set[str] = set()
_log = structlog.get_logger("conclave.regions")


def note(*, region: str, alone: bool) -> None:
    """Note what a region's engine has said; what it does not say changes nothing, so that one that is away stays what it was.

    Args:
        region: the region's name.
        alone: whether it has no Redis.
    """
    if alone:
        _shared.discard(region)
    elif region not in _shared:
        _shared.add(region)
        _log.warning("engine shares its calls with machines that nobody named", region=region)


def shared() -> frozenset[str]:
    """Return the regions whose engine has a Redis, by which machines can join that the ledger does not name."""
    return frozenset(_shared)
