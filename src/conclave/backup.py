"""Backups: all that a server keeps in one file, proven by unpacking it again, and put back whole or not at all (docs/install.md).

It works beside a running server and where none starts any more, so it needs no Django: files, tar and SQLite's own online copy.
"""

import contextlib
import json
import shutil
import sqlite3
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from conclave.archive import (
    DATABASE,
    SETTINGS,
    STATE,
    BackupDamaged,
    BackupNewer,
    Manifest,
    pack,
    private_file,
    read_manifest,
    unknown_migrations,
    unpack,
)
from conclave.config import ROOT, Config
from conclave.holding import LOCK, hold
from conclave.kernel.errors import Refused, Unavailable

FOLDER = "backup"
GENERATIONS = 5
# What the ledger has signed and shown last: a copy of the database may know less, so no backup has it, and a restore puts it aside. The
# own witness would never sign again, so a restored server gets a new one.
LATEST = ("witness", "ledger.signed")
# A key that has signed more than the copy knows would sign a second history: a restored server begins a new log, and says so by this file.
LEDGER_KEY, ANEW = "ledger.key", "ledger.anew"
# Made anew, of the process or of the machine, or brought along by the database's own copy.
LEFT_OUT = {FOLDER, "cache", "log", *LATEST, LOCK, *(f"{DATABASE}{end}" for end in ("", "-wal", "-shm", "-journal"))}
STAGING, DECIDED, ASIDE = ".restoring", ".restoring.json", "before-restore-"
WEB_ROOT = ROOT / "web"


class NothingToBackUp(Refused):
    """There is no installation in the state folder."""

    code = "nothing_to_back_up"
    status = 404
    message = "There is nothing to back up."


class DatabaseElsewhere(Refused):
    """The database is PostgreSQL, which has its own means."""

    code = "database_elsewhere"
    status = 409
    message = "The database is PostgreSQL: back it up and restore it with its own tools, and copy the state folder beside it."


class BackupPlace(Refused):
    """The backup cannot be written where it was asked for."""

    code = "backup_place"
    message = "The backup cannot be written there."


class InstallationNotEmpty(Refused):
    """A restore would replace an installation, and nobody said that it may."""

    code = "installation_not_empty"
    status = 409
    message = "There is an installation already."


class BackupFailed(Unavailable):
    """The disk did not take or give what was asked."""

    code = "backup_failed"
    message = "The backup could not be written or read."


def back_up(*, config: Config, now: datetime, target: Path | None = None, settings: Path | None = None, kind: str = "conclave") -> Path:
    """Write a backup of the installation, running or not, and prove it by unpacking it beside.

    Args:
        config: whose state.
        now: the time, for name and manifest.
        target: the file to write; by default one in the state folder's own folder of backups.
        settings: the settings file; by default the checkout's. It may be absent.
        kind: how the default file's name begins.

    Returns:
        The file.

    Raises:
        DatabaseElsewhere: the database is PostgreSQL.
        NothingToBackUp: there is no database.
        BackupPlace: the file exists, or people could fetch it with a browser.
        BackupFailed: the disk is full or in trouble.
    """
    if config.database:
        raise DatabaseElsewhere
    if not (config.state_dir / DATABASE).exists():
        raise NothingToBackUp(f"There is nothing to back up in {config.state_dir}: run ./conclave run once.")
    target = (target or config.state_dir / FOLDER / f"{kind}-{now:%Y%m%dT%H%M%SZ}.tar").resolve()
    if target.exists():
        raise BackupPlace(f"{target} exists already: name another file.")
    if target.is_relative_to(WEB_ROOT):
        raise BackupPlace(f"{target} is among the files that browsers may fetch: name a file elsewhere.")
    with _disk_errors(target), _scratch(target.parent) as scratch:
        tree, draft = scratch / "tree", scratch / "draft.tar"
        # The database first: a key that it leads to is older than its row, so it is among the files that are copied after it.
        _copy_database(config.state_dir / DATABASE, private_file(path=tree / STATE / DATABASE))
        _copy_files(config.state_dir, tree / STATE)
        settings = settings or ROOT / SETTINGS
        if settings.is_file():
            _copy(settings, tree / SETTINGS)
        manifest = pack(tree=tree, target=draft, now=now)
        if unpack(archive=draft, into=scratch / "again") != manifest:
            raise BackupDamaged(f"The backup for {target} came back different from what was written: nothing was kept.")
        draft.rename(target)
    return target


def keep_generations(*, folder: Path, kind: str) -> None:
    """Delete all but the newest few backups of a kind.

    Args:
        folder: where they are.
        kind: how their names begin.
    """
    for old in sorted(folder.glob(f"{kind}-*.tar"))[:-GENERATIONS]:
        old.unlink()


def restore(*, archive: Path, config: Config, now: datetime, replace: bool = False, settings: Path | None = None) -> list[str]:
    """Put a backup in the place of the installation: all of it, or nothing.

    Args:
        archive: the backup.
        config: whose state folder.
        now: the time, for the name of the folder that keeps what was there.
        replace: whether what is there may be replaced; it is put aside, not deleted.
        settings: where the settings file belongs; by default in the checkout.

    Returns:
        What was done, in sentences.

    Raises:
        DatabaseElsewhere: the database is PostgreSQL.
        InstallationRunning: a server runs on the state folder.
        InstallationNotEmpty: there is something, and `replace` does not say that it may go.
        BackupDamaged: the backup is not what its manifest says.
        BackupNewer: this version would not understand it.
        BackupFailed: the disk is full or in trouble.
    """
    if config.database:
        raise DatabaseElsewhere
    state_dir = config.state_dir
    with _disk_errors(state_dir):
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with hold(state_dir=state_dir):
            finish_restore(state_dir=state_dir)
            present = [path.name for path in _parts(state_dir)]
            if present and not replace:
                raise InstallationNotEmpty(
                    f"{state_dir} has an installation already: nothing was changed. To put the backup in its place, say so with --replace; "
                    "what is there now is then put aside, not deleted."
                )
            aside = f"{ASIDE}{now:%Y%m%dT%H%M%SZ}"
            try:
                manifest = unpack(archive=archive, into=state_dir / STAGING)
                _refuse_newer(manifest, archive=archive)
                said = [f"The backup of {manifest.made_at} (version {manifest.version}) is in {state_dir}: {len(manifest.files)} files."]
                said += _put_settings(state_dir / STAGING / SETTINGS, settings or ROOT / SETTINGS, state_dir=state_dir)
                if (state_dir / STAGING / STATE / LEDGER_KEY).exists():
                    said.append(
                        f"The public ledger goes on as a new log with a new key; the old key is in {state_dir / aside}. Say so publicly, "
                        "and tell your witnesses the new key (docs/operate.md)."
                    )
                latest = [name for name in LATEST if (state_dir / name).exists()]
                _write_whole(state_dir / DECIDED, json.dumps({"aside": aside, "old": [*present, *latest]}))
            except BaseException:
                shutil.rmtree(state_dir / STAGING, ignore_errors=True)
                raise
            finish_restore(state_dir=state_dir)
            if present:
                said.append(f"What was there before is in {state_dir / aside}: delete it when you no longer need it.")
            return said


def finish_restore(*, state_dir: Path) -> None:
    """Complete a restore that was decided and then interrupted; forget one that was not decided. The caller holds the folder.

    Args:
        state_dir: the state folder.
    """
    decided, staged = state_dir / DECIDED, state_dir / STAGING / STATE
    if decided.exists():
        plan = json.loads(decided.read_text(encoding="utf-8"))
        aside = state_dir / plan["aside"]
        for name in plan["old"]:
            if (state_dir / name).exists():
                aside.mkdir(mode=0o700, exist_ok=True)
                (state_dir / name).rename(aside / name)
        # From here on what has such a name is new.
        _write_whole(decided, json.dumps({**plan, "old": []}))
        for path in sorted(staged.iterdir()):
            if path.name == LEDGER_KEY:
                aside.mkdir(mode=0o700, exist_ok=True)
                (state_dir / ANEW).touch(mode=0o600)
                path.rename(aside / f"backed-up-{LEDGER_KEY}")
            else:
                path.rename(state_dir / path.name)
        decided.unlink()
    shutil.rmtree(state_dir / STAGING, ignore_errors=True)


def _refuse_newer(manifest: Manifest, *, archive: Path) -> None:
    """Raise BackupNewer when this version would not understand the backup's database."""
    unknown = unknown_migrations(schema=manifest.schema)
    if unknown:
        raise BackupNewer(
            f"{archive} was made by version {manifest.version}, which is newer than this one (it has {', '.join(unknown)}): "
            "update Conclave first. Nothing was changed."
        )


def newest_fitting(*, folder: Path) -> Path | None:
    """Return the newest backup whose database this version understands, None when there is none.

    Args:
        folder: where backups are.
    """
    found: list[tuple[str, Path]] = []
    for path in folder.glob("*.tar"):
        with contextlib.suppress(BackupDamaged, OSError):
            manifest = read_manifest(archive=path)
            if not unknown_migrations(schema=manifest.schema):
                found.append((manifest.made_at, path))
    return max(found)[1] if found else None


def _parts(state_dir: Path) -> list[Path]:
    """Return what makes an installation in a state folder: neither what is made anew nor what earlier restores put aside."""
    made = LEFT_OUT - {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"}
    return [path for path in sorted(state_dir.iterdir()) if path.name not in made and not path.name.startswith((".", ASIDE))]


def _copy_files(state_dir: Path, target: Path) -> None:
    """Copy keys, secrets and whatever else the server keeps beside its database."""
    for part in _parts(state_dir):
        for path in [part, *sorted(part.rglob("*"))]:
            if part.name in LEFT_OUT or path.name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            with contextlib.suppress(FileNotFoundError):  # forgotten meanwhile, as old keys are
                _copy(path, target / path.relative_to(state_dir))


def _copy(path: Path, target: Path) -> None:
    """Copy one file so that only its owner can read it."""
    content = path.read_bytes()
    private_file(path=target).write_bytes(content)


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database that may be in use, as it stands at one moment; writers go on meanwhile."""
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as opened,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        opened.backup(copy)
        # A file of its own, without a log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def _put_settings(staged: Path, place: Path, *, state_dir: Path) -> list[str]:
    """Put the backup's settings where they belong, unless that would change where this installation is; return what to say."""
    if not staged.exists() or (place.exists() and place.read_bytes() == staged.read_bytes()):
        return []
    named = tomllib.loads(staged.read_text(encoding="utf-8")).get("state_dir")
    elsewhere = named is not None and (ROOT / Path(str(named)).expanduser()).resolve() != state_dir
    if place.exists() or elsewhere:
        kept = staged.rename(staged.parent / STATE / f"backed-up-{SETTINGS}")
        return [f"{place} was left as it is: the backup's settings are in {state_dir / kept.name}, to compare."]
    _write_whole(place, staged.read_text(encoding="utf-8"))
    return [f"The settings are in {place}."]


def _write_whole(path: Path, text: str) -> None:
    """Write a private file, complete or not at all."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    private_file(path=draft).write_text(text, encoding="utf-8")
    draft.replace(path)


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Make a private folder beside where the backup will be, and delete it again."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=folder) as name:
        yield Path(name)


@contextlib.contextmanager
def _disk_errors(place: Path) -> Iterator[None]:
    """Turn a full or broken disk into a sentence."""
    try:
        yield
    except OSError as error:
        raise BackupFailed(f"{place} cannot be written or read: {error.strerror or error}. Nothing was changed.") from error
    except sqlite3.Error as error:
        raise BackupFailed(f"The database cannot be copied: {error}. Nothing was changed.") from error
