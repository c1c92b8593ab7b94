"""Bringing the database to this version, with a copy first when there is something to lose."""

import contextlib
import sqlite3
from datetime import datetime
from pathlib import Path

BACKUPS_KEPT = 5


def migrate(*, backup_dir: Path, now: datetime) -> Path | None:
    """Apply what the database lacks.

    Args:
        backup_dir: where a copy goes before an existing SQLite database is changed; PostgreSQL is backed up by its operator.
        now: the time in the copy's name.

    Returns:
        The copy's path, None when none was needed.
    """
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return None
    is_upgrade = bool(executor.loader.applied_migrations)
    copy = (
        copy_sqlite(Path(str(connection.settings_dict["NAME"])), backup_dir, now) if is_upgrade and connection.vendor == "sqlite" else None
    )
    call_command("migrate", verbosity=0, interactive=False)
    return copy


def copy_sqlite(database: Path, folder: Path, now: datetime) -> Path:
    """Return a complete copy of a database that may be in use; only the latest few are kept."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"conclave-{now:%Y%m%dT%H%M%S}.sqlite3"
    target.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(database)) as source, contextlib.closing(sqlite3.connect(target)) as sink:
        source.backup(sink)
    for old in sorted(folder.glob("conclave-*.sqlite3"))[:-BACKUPS_KEPT]:
        old.unlink()
    return target
