"""What the database says of regions that the settings do not have, for whoever looks at the server without Django."""

import contextlib
import json
import sqlite3
from collections import Counter
from typing import Any, LiteralString

from conclave.archive import DATABASE, PATIENCE_SECONDS
from conclave.config import Config, is_own_address
from conclave.media.policy import Lists, permits
from conclave.postgres import rows


def calls_left_behind(*, config: Config) -> list[str]:
    """Return one sentence for each region that the settings have no more while calls are held there on an engine that runs elsewhere.

    That engine would carry them on, and nobody could tell it to close their rooms (REG-6). One that was started here is not started again.

    Args:
        config: the operator's settings.
    """
    known = {region.name for region in config.all_regions}
    held: Counter[str] = Counter()
    for region, route in _rows(config, "SELECT region, CAST(route AS TEXT) FROM meetings_call WHERE ended_at IS NULL"):
        stops = json.loads(route)
        if region not in known and stops and not any(_is_here(config, address) for address in stops[-1]["addresses"]):
            held[region] += 1
    return [
        f"Calls are held in region '{region}' ({count}), which the settings do not have any more, and its engine runs on elsewhere: "
        f"put [regions.{region}] back, leave it out of allowed_regions, start the server, and remove it a minute later."
        for region, count in sorted(held.items())
    ]


def _is_here(config: Config, address: str) -> bool:
    """Tell whether media at an address is, or was, this server's own engine's."""
    return address == config.node_address or is_own_address(address)


def lists_without_a_region(*, config: Config) -> list[str]:
    """Return a sentence if meetings or organisations name regions, and none that may be used here: whoever joins gets 451 (REG-2).

    Args:
        config: the operator's settings.
    """
    named = _rows(config, "SELECT CAST(own_rules AS TEXT) FROM meetings_meeting WHERE deleted_at IS NULL")
    ruled = _rows(config, "SELECT CAST(rules AS TEXT) FROM accounts_policyversion WHERE is_current")
    meetings, organisations = (sum(_allows_nothing(config, rules) for (rules,) in found) for found in (named, ruled))
    if not meetings and not organisations:
        return []
    lists = f"the lists of {meetings} meetings and {organisations} organisations"
    return [
        f"No region of this server is on {lists}, so nobody can join there: whoever looks after them corrects that, or you add a region."
    ]


def _allows_nothing(config: Config, rules: str) -> bool:
    """Tell whether rules name regions, and none that there is."""
    names = json.loads(rules).get("regions")
    if names is None:
        return False
    lists = Lists(platform=config.platform_regions, others=(frozenset(names),))
    return not any(permits(name=region.name, territory=region.territory, lists=lists) for region in config.all_regions)


def _rows(config: Config, query: LiteralString) -> list[tuple[Any, ...]]:
    """Return what the database answers; nothing where there is none yet, or an older one: of that other checks speak."""
    path = config.state_dir / DATABASE
    with contextlib.suppress(ConnectionError, sqlite3.Error):
        if config.database:
            return rows(address=config.database, query=query)
        if path.exists():
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)) as opened:
                return opened.execute(query).fetchall()
    return []
