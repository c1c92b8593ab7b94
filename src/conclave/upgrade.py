"""Bringing the database to this version, with a backup first when there is something to lose; and never touching a newer one."""

from datetime import datetime
from pathlib import Path

from conclave import backup
from conclave.archive import LIBRARIES, unknown_migrations
from conclave.config import Config
from conclave.kernel.errors import Refused, Unavailable

KIND = "before-upgrade"


class DatabaseNewer(Refused):
    """A newer version changed the database; this one would not understand it."""

    code = "database_newer"
    status = 409
    message = "The database was made by a newer version."


class UpgradeFailed(Unavailable):
    """The database could not be brought to this version."""

    code = "upgrade_failed"
    message = "The database could not be brought to this version."


def migrate(*, config: Config, now: datetime) -> Path | None:
    """Apply what the database lacks.

    Args:
        config: whose installation; an existing SQLite database is backed up first, PostgreSQL by its operator.
        now: the time in the backup's name.

    Returns:
        The backup, None when none was needed.

    Raises:
        DatabaseNewer: a newer version was here; the sentence names the backup to go back to.
        UpgradeFailed: a change did not go through; the sentence names the backup made before.
    """
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    _refuse_newer(list(executor.loader.applied_migrations), folder=config.state_dir / backup.FOLDER)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return None
    copy = None
    if executor.loader.applied_migrations and connection.vendor == "sqlite":
        copy = backup.back_up(config=config, now=now, kind=KIND)
        backup.keep_generations(folder=copy.parent, kind=KIND)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise UpgradeFailed(f"The database could not be brought to this version ({error}). {_way_back(copy)}") from error
    return copy


def _refuse_newer(applied: list[tuple[str, str]], *, folder: Path) -> None:
    """Raise DatabaseNewer when the database has changes that this version does not know."""
    schema: dict[str, list[str]] = {}
    for domain, name in applied:
        if domain not in LIBRARIES:
            schema.setdefault(domain, []).append(name)
    unknown = unknown_migrations(schema=schema)
    if unknown:
        raise DatabaseNewer(
            f"A newer version of Conclave has changed the database (it has {', '.join(unknown)}), so this version does not touch it. "
            + _way_back(backup.newest_fitting(folder=folder))
        )


def _way_back(copy: Path | None) -> str:
    """Return what to do about a database that this version cannot use."""
    back = "Go back to the version that was here before, or restore"
    return f"{back} the backup made before the upgrade: ./conclave admin restore {copy} --replace" if copy else f"{back} an earlier backup."
