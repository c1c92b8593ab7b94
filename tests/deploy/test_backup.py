"""Backups: what the server keeps, whole, in one private file; put back all of it or nothing."""

import dataclasses
import io
import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from conclave import archive as archives
from conclave import backup
from conclave.config import ROOT, Config
from conclave.holding import InstallationRunning, hold

NOW = datetime(2026, 11, 25, 17, 0, 0, tzinfo=UTC)
KEYS = {
    "secret.key": "the session secret",
    "attestation.key": "the attestation key",
    "franking/2026-11.key": "a franking key",
    "engine/local.key.json": '{"key": "k", "secret": "s"}',
}


def make(state: Path, *, rows: int = 3, extra: tuple[str, str] | None = None) -> Config:
    """Make what a server leaves behind: a database with our migrations, its keys, and what is made anew."""
    state.mkdir(mode=0o700)
    with closing(sqlite3.connect(state / archives.DATABASE)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE django_migrations (app TEXT, name TEXT)")
        known = [(domain, name) for domain, names in archives.known_migrations().items() for name in names]
        database.executemany("INSERT INTO django_migrations VALUES (?, ?)", [*known, ("auth", "0001_initial"), *([extra] if extra else [])])
        database.execute("CREATE TABLE said (number INTEGER)")
        database.execute("CREATE TABLE heard (number INTEGER)")
        database.executemany("INSERT INTO said VALUES (?)", [(number,) for number in range(rows)])
        database.commit()
    for name, text in {**KEYS, "log/engine.log": "a log", "cache/mls.bin": "compiled", ".half.written": "x"}.items():
        (state / name).parent.mkdir(exist_ok=True, mode=0o700)
        (state / name).write_text(text, encoding="utf-8")
        (state / name).chmod(0o600)
    return Config(state_dir=state)


@pytest.fixture
def alices(tmp_path: Path) -> Config:
    return make(tmp_path / "alices")


@pytest.fixture
def fresh(tmp_path: Path) -> Config:
    return Config(state_dir=tmp_path / "fresh")


@pytest.fixture
def archive(alices: Config, tmp_path: Path) -> Path:
    return backup.back_up(config=alices, now=NOW, target=tmp_path / "kept" / "alices.tar", settings=tmp_path / "absent.toml")


def restore(archive: Path, config: Config, *, replace: bool = False) -> list[str]:
    place = config.state_dir.parent / "conclave.toml"
    return backup.restore(archive=archive, config=config, now=NOW, replace=replace, settings=place)


def kept(state: Path) -> dict[str, str]:
    """Return all keys in a state folder."""
    return {name: (state / name).read_text(encoding="utf-8") for name in KEYS}


def numbers(state: Path) -> list[int]:
    with closing(sqlite3.connect(state / archives.DATABASE)) as database:
        return [number for (number,) in database.execute("SELECT number FROM said ORDER BY number")]


def everything(state: Path) -> dict[str, bytes]:
    """Return every file below a folder but the lock and what SQLite makes while it reads."""
    wanted = [path for path in state.rglob("*") if path.is_file() and path.name != "run.lock" and path.suffix[-4:] not in {"-wal", "-shm"}]
    return {str(path.relative_to(state)): path.read_bytes() for path in wanted}


def test_what_is_restored_is_what_was_backed_up(archive: Path, fresh: Config) -> None:
    said = restore(archive, fresh)
    assert numbers(fresh.state_dir) == [0, 1, 2]
    assert kept(fresh.state_dir) == KEYS
    version = archives.product_version()
    assert said == [f"The backup of {NOW.isoformat()} (version {version}) is in {fresh.state_dir}: 5 files."]
    made = {path.name for path in fresh.state_dir.iterdir()}
    assert made == {archives.DATABASE, "secret.key", "attestation.key", "franking", "engine", "run.lock"}
    for path in fresh.state_dir.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or path.name == "run.lock", path


def test_the_manifest_has_each_files_hash_the_schema_and_the_version(archive: Path) -> None:
    manifest = archives.read_manifest(archive=archive)
    assert set(manifest.files) == {f"state/{name}" for name in (*KEYS, archives.DATABASE)}
    assert all(len(digest) == 64 for digest in manifest.files.values())
    assert manifest.schema == archives.known_migrations()
    assert manifest.version == archives.product_version()


def test_a_backup_is_for_its_owner_only_and_nothing_is_left_beside_it(archive: Path) -> None:
    assert archive.stat().st_mode & 0o777 == 0o600
    assert archive.parent.stat().st_mode & 0o777 == 0o700
    assert list(archive.parent.iterdir()) == [archive]


def test_a_backup_made_while_others_write_is_one_moment(alices: Config, fresh: Config, tmp_path: Path) -> None:
    """Two rows are written in one transaction; no backup may hold only one of them."""
    done = threading.Event()
    written = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(alices.state_dir / archives.DATABASE, timeout=20)) as database:
            number = 100
            while not done.is_set():
                with database:
                    database.execute("INSERT INTO said VALUES (?)", (number,))
                    database.execute("INSERT INTO heard VALUES (?)", (number,))
                number += 1
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(20)
        made = [tmp_path / f"{number}.tar" for number in range(5)]
        for archive in made:
            backup.back_up(config=alices, now=NOW, target=archive, settings=tmp_path / "absent.toml")
    finally:
        done.set()
        writer.join()
    for archive in made:
        restore(archive, fresh, replace=True)
        shutil.rmtree(fresh.state_dir / f"before-restore-{NOW:%Y%m%dT%H%M%SZ}", ignore_errors=True)
        with closing(sqlite3.connect(fresh.state_dir / archives.DATABASE)) as database:
            (said,) = database.execute("SELECT count(*) FROM said WHERE number >= 100").fetchone()
            (heard,) = database.execute("SELECT count(*) FROM heard").fetchone()
        assert said == heard > 0


@pytest.mark.parametrize("replace", [True, False])
def test_a_restored_server_begins_a_new_log_with_a_new_witness(alices: Config, fresh: Config, tmp_path: Path, *, replace: bool) -> None:
    """What the old key and the old witness have signed and seen, the copy may not know."""
    state = alices.state_dir
    for name in ("ledger.key", "ledger.signed", "witness/seen.json"):
        (state / name).parent.mkdir(exist_ok=True)
        (state / name).write_text(f"old {name}", encoding="utf-8")
    archive = backup.back_up(config=alices, now=NOW, target=tmp_path / "alices.tar", settings=tmp_path / "absent.toml")
    assert not {f"state/{name}" for name in ("ledger.signed", "witness/seen.json")} & archives.read_manifest(archive=archive).files.keys()
    config = alices if replace else fresh
    said = restore(archive, config, replace=replace)
    assert any("new log with a new key" in sentence for sentence in said)
    here, aside = config.state_dir, config.state_dir / f"before-restore-{NOW:%Y%m%dT%H%M%SZ}"
    assert (here / "ledger.anew").exists()
    assert (aside / "backed-up-ledger.key").read_text(encoding="utf-8") == "old ledger.key"
    for name in ("ledger.key", "ledger.signed", "witness/seen.json"):
        assert not (here / name).exists()
        assert (aside / name).exists() == replace


@pytest.mark.parametrize("place", ["web/dist/copy.tar", "web/public/copy.tar"])
def test_a_backup_is_never_written_where_browsers_fetch_files(alices: Config, place: str) -> None:
    with pytest.raises(backup.BackupPlace, match="browsers may fetch"):
        backup.back_up(config=alices, now=NOW, target=ROOT / place)


def test_a_backup_never_takes_another_files_place(alices: Config, archive: Path) -> None:
    before = archive.read_bytes()
    with pytest.raises(backup.BackupPlace, match="exists already"):
        backup.back_up(config=alices, now=NOW, target=archive)
    assert archive.read_bytes() == before


def test_without_an_installation_there_is_nothing_to_back_up(fresh: Config) -> None:
    with pytest.raises(backup.NothingToBackUp, match=r"run \./conclave run once"):
        backup.back_up(config=fresh, now=NOW)
    assert not fresh.state_dir.exists()


def test_postgresql_is_backed_up_and_restored_by_its_own_means(alices: Config, archive: Path) -> None:
    elsewhere = dataclasses.replace(alices, database="postgresql://us:x@db.example.org/conclave")
    with pytest.raises(backup.DatabaseElsewhere):
        backup.back_up(config=elsewhere, now=NOW)
    with pytest.raises(backup.DatabaseElsewhere):
        restore(archive, elsewhere, replace=True)


def test_a_disk_that_takes_no_more_is_a_sentence(alices: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "pack", full)
    with pytest.raises(backup.BackupFailed, match="No space left on device"):
        backup.back_up(config=alices, now=NOW, target=tmp_path / "kept" / "x.tar")
    assert not list((tmp_path / "kept").iterdir())


def repacked(archive: Path, target: Path, *, change: str) -> Path:
    """Write the backup anew with one thing wrong."""
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        for entry in old:
            content = (old.extractfile(entry) or io.BytesIO()).read()
            if change == "missing" and entry.name.endswith("secret.key"):
                continue
            if change == "changed" and entry.name.endswith("secret.key"):
                content = content[::-1]
            if change == "manifest" and entry.name == archives.MANIFEST:
                content = json.dumps({**json.loads(content), "version": "9", "schema": {}}).encode()
            if change == "no-manifest" and entry.name == archives.MANIFEST:
                continue
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
        if change in {"../outside", "/outside", "state/../../outside", "more"}:
            entry = tarfile.TarInfo("state/more" if change == "more" else change)
            new.addfile(entry, io.BytesIO(b""))
        if change == "link":
            entry = tarfile.TarInfo("state/link")
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            new.addfile(entry)
    return target


WRONG = ["missing", "changed", "manifest", "no-manifest", "more", "../outside", "/outside", "state/../../outside", "link"]


@pytest.mark.parametrize("change", WRONG)
def test_a_backup_that_is_not_what_its_manifest_says_changes_nothing(archive: Path, fresh: Config, tmp_path: Path, change: str) -> None:
    wrong = repacked(archive, tmp_path / "wrong.tar", change=change)
    with pytest.raises(archives.BackupDamaged):
        restore(wrong, fresh)
    assert [path.name for path in fresh.state_dir.iterdir()] == ["run.lock"]
    assert not list(tmp_path.glob("**/outside"))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9])
def test_a_backup_that_was_cut_off_changes_nothing(archive: Path, alices: Config, tmp_path: Path, share: float) -> None:
    cut = tmp_path / "cut.tar"
    content = archive.read_bytes()
    cut.write_bytes(content[: int(len(content) * share)])
    before = everything(alices.state_dir)
    with pytest.raises(archives.BackupDamaged, match=r"Nothing was changed|no manifest"):
        restore(cut, alices, replace=True)
    assert everything(alices.state_dir) == before


def test_a_backup_that_is_not_there_is_a_sentence(fresh: Config, tmp_path: Path) -> None:
    with pytest.raises(backup.BackupFailed, match="No such file"):
        restore(tmp_path / "absent.tar", fresh)


def test_a_running_server_is_left_alone(archive: Path, alices: Config) -> None:
    before = everything(alices.state_dir)
    with hold(state_dir=alices.state_dir), pytest.raises(InstallationRunning, match=r"already runs on .*\(process \d+\): stop that one"):
        restore(archive, alices, replace=True)
    assert everything(alices.state_dir) == before


def test_an_installation_is_replaced_only_by_who_says_so_and_put_aside(archive: Path, tmp_path: Path) -> None:
    bobs = make(tmp_path / "bobs", rows=1)
    (bobs.state_dir / "only-bobs.key").write_text("bob", encoding="utf-8")
    (bobs.state_dir / backup.FOLDER).mkdir()
    (bobs.state_dir / backup.FOLDER / "older.tar").write_text("kept", encoding="utf-8")
    before = everything(bobs.state_dir)
    with pytest.raises(backup.InstallationNotEmpty, match="say so with --replace"):
        restore(archive, bobs)
    assert everything(bobs.state_dir) == before
    said = restore(archive, bobs, replace=True)
    assert numbers(bobs.state_dir) == [0, 1, 2]
    assert not (bobs.state_dir / "only-bobs.key").exists()
    aside = bobs.state_dir / f"before-restore-{NOW:%Y%m%dT%H%M%SZ}"
    assert said[-1] == f"What was there before is in {aside}: delete it when you no longer need it."
    assert numbers(aside) == [0]
    assert (aside / "only-bobs.key").read_text(encoding="utf-8") == "bob"
    assert (bobs.state_dir / backup.FOLDER / "older.tar").exists()


class PowerCut(BaseException):
    """The machine stops."""


@pytest.fixture
def cut_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Stops the machine at the so-manieth change of the folder."""
    left = [10**6]
    rename, unlink = Path.rename, Path.unlink

    def counted() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    def cut_rename(self: Path, target: Path) -> Path:
        counted()
        return rename(self, target)

    def cut_unlink(self: Path, *, missing_ok: bool = False) -> None:
        counted()
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "rename", cut_rename)
    monkeypatch.setattr(Path, "unlink", cut_unlink)
    yield left
    left[0] = 10**6


def test_a_restore_that_a_power_cut_ended_is_all_or_nothing(archive: Path, tmp_path: Path, cut_after: list[int]) -> None:
    """Cut at the first change of the folder, at the second, and so on, until one restore comes through."""
    outcomes: list[list[int]] = []
    through = False
    while not through:
        bobs = make(tmp_path / f"bobs-{len(outcomes)}", rows=1)
        cut_after[0] = len(outcomes)
        try:
            restore(archive, bobs, replace=True)
            through = True
        except PowerCut:
            pass
        cut_after[0] = 10**6
        with hold(state_dir=bobs.state_dir):  # what every start does first
            backup.finish_restore(state_dir=bobs.state_dir)
        outcomes.append(numbers(bobs.state_dir))
        assert kept(bobs.state_dir) == KEYS
        assert not list(bobs.state_dir.glob(".restoring*"))
    nothing, everything = outcomes.count([0]), outcomes.count([0, 1, 2])
    assert outcomes == [[0]] * nothing + [[0, 1, 2]] * everything
    assert nothing
    assert everything > len(KEYS)


def test_a_newer_versions_backup_is_refused_before_anything_is_changed(tmp_path: Path, fresh: Config) -> None:
    newer = make(tmp_path / "newer", extra=("meetings", "0099_from_tomorrow"))
    archive = backup.back_up(config=newer, now=NOW, target=tmp_path / "newer.tar", settings=tmp_path / "absent.toml")
    with pytest.raises(archives.BackupNewer, match=r"meetings\.0099_from_tomorrow.*update Conclave first"):
        restore(archive, fresh)
    assert [path.name for path in fresh.state_dir.iterdir()] == ["run.lock"]


def test_settings_come_along_and_never_take_others_place(alices: Config, fresh: Config, tmp_path: Path) -> None:
    settings = tmp_path / "alices.toml"
    settings.write_text('region = "fr"\n', encoding="utf-8")
    archive = backup.back_up(config=alices, now=NOW, target=tmp_path / "with.tar", settings=settings)
    place = tmp_path / "conclave.toml"
    assert f"The settings are in {place}." in restore(archive, fresh)
    assert place.read_text(encoding="utf-8") == 'region = "fr"\n'
    place.write_text('region = "de"\n', encoding="utf-8")
    said = restore(archive, fresh, replace=True)
    assert f"{place} was left as it is: the backup's settings are in {fresh.state_dir / 'backed-up-conclave.toml'}, to compare." in said
    assert place.read_text(encoding="utf-8") == 'region = "de"\n'
    assert (fresh.state_dir / "backed-up-conclave.toml").read_text(encoding="utf-8") == 'region = "fr"\n'


def test_settings_that_would_lead_elsewhere_are_kept_to_compare(alices: Config, fresh: Config, tmp_path: Path) -> None:
    settings = tmp_path / "alices.toml"
    settings.write_text(f'state_dir = "{alices.state_dir}"\n', encoding="utf-8")
    archive = backup.back_up(config=alices, now=NOW, target=tmp_path / "with.tar", settings=settings)
    restore(archive, fresh)
    assert not (tmp_path / "conclave.toml").exists()
    assert (fresh.state_dir / "backed-up-conclave.toml").exists()


def test_only_the_newest_backups_of_a_kind_are_kept(tmp_path: Path) -> None:
    names = [f"before-upgrade-2026112{day}T000000Z.tar" for day in range(8)]
    for name in [*names, "conclave-20261120T000000Z.tar"]:
        (tmp_path / name).touch()
    backup.keep_generations(folder=tmp_path, kind="before-upgrade")
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names[-backup.GENERATIONS :], "conclave-20261120T000000Z.tar"]


def test_the_domains_of_the_libraries_are_djangos() -> None:
    """backup.py reads schemas without Django, so what it takes for granted is held to Django here."""
    loader = MigrationLoader(None)
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("conclave.")}
    assert {domain for domain, _ in loader.disk_migrations} - ours == archives.LIBRARIES
    disk: dict[str, list[str]] = {}
    for domain, name in sorted(loader.disk_migrations):
        if domain in ours:
            disk.setdefault(domain, []).append(name)
    assert disk == archives.known_migrations()
