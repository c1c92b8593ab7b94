import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conclave import upgrade

NOW = datetime(2026, 11, 21, 22, 0, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_an_up_to_date_database_is_left_alone(tmp_path: Path) -> None:
    assert upgrade.migrate(backup_dir=tmp_path / "backup", now=NOW) is None
    assert not (tmp_path / "backup").exists()


def test_the_copy_is_complete_private_and_only_the_latest_are_kept(tmp_path: Path) -> None:
    database = tmp_path / "conclave.sqlite3"
    with closing(sqlite3.connect(database)) as open_one:
        open_one.execute("PRAGMA journal_mode=WAL")
        open_one.execute("CREATE TABLE t (x)")
        open_one.execute("INSERT INTO t VALUES (7)")
        open_one.commit()
        copies = [upgrade.copy_sqlite(database, tmp_path / "backup", NOW.replace(minute=minute)) for minute in range(7)]
    with closing(sqlite3.connect(copies[-1])) as copy:
        assert copy.execute("SELECT x FROM t").fetchall() == [(7,)]
    assert copies[-1].stat().st_mode & 0o777 == 0o600
    assert sorted((tmp_path / "backup").iterdir()) == copies[-upgrade.BACKUPS_KEPT :]
