import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder

from conclave import backup, upgrade
from conclave.archive import DATABASE
from conclave.config import Config

NOW = datetime(2026, 11, 21, 22, 0, 0, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """An installation whose files are beside the test's own database."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        database.execute("CREATE TABLE django_migrations (app TEXT, name TEXT)")
    return Config(state_dir=tmp_path)


@pytest.mark.django_db
def test_an_up_to_date_database_is_left_alone(config: Config) -> None:
    assert upgrade.migrate(config=config, now=NOW) is None
    assert not (config.state_dir / backup.FOLDER).exists()


@pytest.mark.django_db
def test_an_older_database_is_backed_up_before_it_is_changed(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the change itself goes through, with data, is shown with real versions in journeys/test_upgrade.py."""
    MigrationRecorder.Migration.objects.filter(app="gate").delete()

    def fails(*_given: object, **_named: object) -> None:
        assert list((config.state_dir / backup.FOLDER).glob("before-upgrade-*.tar"))
        raise DatabaseError("no such column")

    monkeypatch.setattr("django.core.management.call_command", fails)
    copy = config.state_dir / backup.FOLDER / "before-upgrade-20261121T220000Z.tar"
    with pytest.raises(upgrade.UpgradeFailed, match=rf"no such column.*admin restore {copy} --replace"):
        upgrade.migrate(config=config, now=NOW)
    assert copy.exists()


@pytest.mark.django_db
def test_a_newer_database_is_not_touched_and_the_way_back_is_named(config: Config) -> None:
    copy = backup.back_up(config=config, now=NOW, kind=upgrade.KIND)
    MigrationRecorder.Migration.objects.create(app="meetings", name="0099_from_tomorrow")
    with pytest.raises(upgrade.DatabaseNewer, match=rf"meetings\.0099_from_tomorrow.*\./conclave admin restore {copy} --replace"):
        upgrade.migrate(config=config, now=NOW)


@pytest.mark.django_db
def test_a_newer_database_without_a_backup_is_a_sentence_too(config: Config) -> None:
    MigrationRecorder.Migration.objects.create(app="polls", name="0001_initial")
    with pytest.raises(upgrade.DatabaseNewer, match=r"polls\.0001_initial.*Go back to the version that was here before"):
        upgrade.migrate(config=config, now=NOW)
