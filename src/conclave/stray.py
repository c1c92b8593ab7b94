"""What the database says of regions, their engines and the desks, for whoever looks at the server without Django."""

import asyncio
import contextlib
import json
import sqlite3
from collections import Counter
from typing import Any, LiteralString

from conclave.accounts.staff_policy import Role
from conclave.archive import DATABASE, PATIENCE_SECONDS
from conclave.authorities.policy import APPROVERS
from conclave.config import Config, is_own_address
from conclave.media.credentials import engine_credentials, pair_file
from conclave.media.description import describe
from conclave.media.policy import Lists, permits
from conclave.postgres import rows
from conclave.regions import RegionSettings


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


def engines_not_entered(*, config: Config) -> list[str]:
    """Return one sentence for each region that may be used and whose engine the ledger does not name, or not for good yet: it has no calls.

    Args:
        config: the operator's settings.
    """
    found = _rows(config, "SELECT region, CAST(described AS TEXT), counts_at FROM media_node")
    rows = {region: said for region, said, _ in found}
    waiting = {region for region, said, counts_at in found if counts_at is None and json.loads(said)}
    if not rows or not _was_staffed(config):
        # Before the first start, and as long as nobody has a role, the next start enters what the settings say.
        return []
    used = [region for region in config.all_regions if region.name in config.platform_regions]
    other = [region for region in used if not _is_entered(config, rows.get(region.name, "{}"), region)]
    return [
        f"No call is held in region '{region.name}', as the public ledger names another engine than the settings, or none: "
        "two people, the owner and engineers, approve it on the page /staff/nodes."
        for region in other
    ] + [
        f"No call is held in region '{region.name}' yet, as no witness of the public ledger has signed what two people approved: "
        "look whether the witness runs and can be reached."
        for region in used
        if region not in other and region.name in waiting
    ]


def shares_its_calls(*, config: Config, region: RegionSettings) -> str:
    """Return a sentence if a region's engine has a Redis, by which machines that the ledger does not name take calls from it (REG-12).

    Args:
        config: the operator's settings.
        region: whose engine; of one that does not answer, or not to our key pair, nothing is known.
    """
    from conclave.media.engine import EngineRefused, EngineShared, EngineUnavailable, engine_api  # `run` needs none of it

    async def ask() -> None:
        pair = engine_credentials(state_dir=config.state_dir, region=region.name)
        async with engine_api(url=f"http://{region.engine_host}", credentials=pair) as engine:
            await engine.check_alone()

    try:
        if pair_file(state_dir=config.state_dir, region=region.name).exists():
            asyncio.run(ask())
    except EngineShared:
        return (
            f"No call is held in region '{region.name}', as its engine has a Redis, by which machines that nobody named take calls: "
            "take the Redis out of its configuration, and make each further engine a region of its own in the same territory."
        )
    except (EngineUnavailable, EngineRefused):
        return ""
    return ""


def decided_alone(*, config: Config) -> bool:
    """Tell whether the settings alone have entered this server's engines in the ledger, as nobody but the owner has a role (REG-11).

    Args:
        config: the operator's settings.
    """
    return bool(_rows(config, "SELECT 1 FROM media_node")) and not _was_staffed(config)


def _is_entered(config: Config, said: str, region: RegionSettings) -> bool:
    """Tell whether the ledger names a region's engine as the settings do; a key pair that is yet to be made is none that it names."""
    made = pair_file(state_dir=config.state_dir, region=region.name).exists()
    return made and json.loads(said) == describe(region=region, state_dir=config.state_dir)


def _was_staffed(config: Config) -> bool:
    """Tell whether anybody has a role on this server, or ever had one."""
    query = "SELECT 1 FROM accounts_staffmember UNION ALL SELECT 1 FROM transparency_journalentry WHERE kind = 'staff_granted' LIMIT 1"
    return bool(_rows(config, query))


def unstaffed_desk(*, config: Config) -> tuple[str, bool]:
    """Return what the desk of orders lacks to be able to act, empty if nothing, and whether anybody is there (ORD-15, STAFF-5).

    Args:
        config: the operator's settings.
    """
    query: LiteralString = (
        "SELECT orders, work_country FROM accounts_staffmember JOIN accounts_user ON accounts_user.id = user_id "
        "WHERE is_active AND orders <> ''"
    )
    limits = [json.loads(text) for (text,) in _rows(config, "SELECT CAST(countries AS TEXT) FROM accounts_staffrule")]
    places = set(limits[0]) if limits else set()
    held = Counter(role for role, country in _rows(config, query) if not places or country in places)
    reviewers, approvers = held[Role.REVIEWER.value], held[Role.APPROVER.value]
    lacks = not reviewers or approvers < APPROVERS
    said = f"that of orders is not staffed: {reviewers} reviewers and {approvers} approvers, and it takes 1 and {APPROVERS}."
    return said if lacks else "", bool(held)


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
