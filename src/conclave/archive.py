"""One backup as a file: a tar with a manifest that says what each file must be, and with which database versions can work."""

import contextlib
import hashlib
import json
import shutil
import sqlite3
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from conclave.config import ROOT
from conclave.kernel.errors import Refused

FORMAT = 1
DATABASE = "conclave.sqlite3"
PATIENCE_SECONDS = 10.0
MANIFEST, STATE, SETTINGS = "manifest.json", "state", "conclave.toml"
# Tables of libraries; their versions are pinned with ours.
LIBRARIES = {"account", "auth", "contenttypes", "mfa", "sessions", "usersessions"}
BLOCK = 1024 * 1024

Schema = Mapping[str, list[str]]


WITNESSES = "SELECT vkey, failure FROM transparency_witness ORDER BY vkey"


class BackupDamaged(Refused):
    """A backup is not what its manifest says."""

    code = "backup_damaged"
    status = 422
    message = "This is not a whole backup."


class BackupNewer(Refused):
    """A backup was made by a version that knows more than this one."""

    code = "backup_newer"
    status = 409
    message = "This backup was made by a newer version."


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself: format, who made it when, what its database has, and each file's SHA-256."""

    version: str
    made_at: str
    schema: dict[str, list[str]]
    files: dict[str, str]
    format: int = FORMAT


def pack(*, tree: Path, target: Path, now: datetime) -> Manifest:
    """Write what lies below a folder, and the manifest of it, into one private tar.

    Args:
        tree: the folder; it has the database, in STATE.
        target: the file to write.
        now: the time, for the manifest.

    Returns:
        The manifest.
    """
    files = {str(path.relative_to(tree)): _digest(path) for path in sorted(tree.rglob("*")) if path.is_file()}
    schema = schema_of(database=tree / STATE / DATABASE)
    manifest = Manifest(version=product_version(), made_at=now.isoformat(timespec="seconds"), schema=schema, files=files)
    (tree / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True), encoding="utf-8")
    with private_file(path=target).open("wb") as output, tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in (MANIFEST, *manifest.files):
            entry = tar.gettarinfo(tree / name, arcname=name)
            entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o600, 0, 0, "", ""
            with (tree / name).open("rb") as content:
                tar.addfile(entry, content)
    return manifest


def unpack(*, archive: Path, into: Path) -> Manifest:
    """Unpack a backup into a new folder and hold each file to the manifest.

    Args:
        archive: the backup.
        into: the folder; absent or empty.

    Returns:
        The manifest.

    Raises:
        BackupDamaged: a file is missing, too many, elsewhere or different.
    """
    manifest = read_manifest(archive=archive)
    found: dict[str, str] = {}
    with _damage(archive), tarfile.open(archive, "r:") as tar:
        for entry in tar:
            content = tar.extractfile(entry) if entry.isreg() else None
            if content is None or entry.name in found or not _is_plain(entry.name):
                raise BackupDamaged(f"{archive} is damaged: {entry.name!r} does not belong there. Nothing was changed.")
            if entry.name != MANIFEST:
                with private_file(path=into / entry.name).open("wb") as output:
                    shutil.copyfileobj(content, output, BLOCK)
                found[entry.name] = _digest(into / entry.name)
        wrong = sorted(name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name))
        if wrong or f"{STATE}/{DATABASE}" not in found:
            raise BackupDamaged(f"{archive} is damaged: {', '.join(wrong) or DATABASE} is not what its manifest says. Nothing was changed.")
        _check_database(into / STATE / DATABASE, manifest, archive=archive)
    return manifest


def read_manifest(*, archive: Path) -> Manifest:
    """Return what a backup says of itself.

    Args:
        archive: the backup.

    Raises:
        BackupDamaged: it says nothing that can be understood.
        OSError: it cannot be read.
    """
    with _damage(archive), tarfile.open(archive, "r:") as tar:
        first = tar.next()
        content = tar.extractfile(first) if first and first.name == MANIFEST else None
        if content is None:
            raise BackupDamaged(f"{archive} is no backup of Conclave: it has no manifest.")
        manifest = Manifest(**json.loads(content.read()))
        if manifest.format != FORMAT:
            raise BackupNewer(f"{archive} has format {manifest.format}, which this version does not know: update Conclave first.")
        return manifest


def schema_of(*, database: Path) -> dict[str, list[str]]:
    """Return which of our migrations a database has, by domain.

    Args:
        database: a SQLite file.

    Raises:
        sqlite3.DatabaseError: it is not a database, or a damaged one.
    """
    schema: dict[str, list[str]] = {}
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        for domain, name in opened.execute("SELECT app, name FROM django_migrations ORDER BY app, name"):
            if domain not in LIBRARIES:
                schema.setdefault(domain, []).append(name)
    return schema


def looked_through(*, database: Path) -> tuple[str, dict[str, list[str]]]:
    """Return what is wrong with a database, or ok, and which of our migrations it has.

    Args:
        database: a SQLite file.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)) as opened:
            (word,) = opened.execute("PRAGMA quick_check(1)").fetchone()
        return str(word), schema_of(database=database)
    except sqlite3.Error as error:
        return str(error), {}


def witness_failures(*, database: Path) -> list[tuple[str, str]]:
    """Return the key of each witness of the ledger and what was wrong with its last answer; none where that cannot be told.

    Args:
        database: a SQLite file.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=PATIENCE_SECONDS)) as opened:
            return [(str(vkey), str(failure)) for vkey, failure in opened.execute(WITNESSES)]
    except sqlite3.Error:
        return []


def unknown_migrations(*, schema: Schema) -> list[str]:
    """Return what a database has and this version does not know: a newer one changed it.

    Args:
        schema: its migrations by domain.
    """
    known = known_migrations()
    return sorted(f"{domain}.{name}" for domain, names in schema.items() for name in names if name not in known.get(domain, []))


def known_migrations() -> dict[str, list[str]]:
    """Return the migrations of this version by domain."""
    known: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("*/migrations/[0-9]*.py")):
        known.setdefault(path.parents[1].name, []).append(path.stem)
    return known


def product_version() -> str:
    """Return this checkout's version."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def private_file(*, path: Path) -> Path:
    """Make an empty file that only its owner can read, and its folders.

    Args:
        path: where; nothing is there yet.

    Returns:
        The same path.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600, exist_ok=False)
    return path


def _digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _check_database(database: Path, manifest: Manifest, *, archive: Path) -> None:
    """Raise BackupDamaged unless the database is whole and has what the manifest says."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        (word,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
    if word != "ok" or schema_of(database=database) != manifest.schema:
        raise BackupDamaged(f"{archive} is damaged: its database is not what its manifest says. Nothing was changed.")


def _is_plain(name: str) -> bool:
    """Tell whether a name in a backup stays below the folder it is unpacked into, and is one that backups have."""
    path = PurePosixPath(name)
    return name in {MANIFEST, SETTINGS} or (path.parts[:1] == (STATE,) and len(path.parts) > 1 and ".." not in path.parts)


@contextlib.contextmanager
def _damage(archive: Path) -> Iterator[None]:
    """Turn whatever a broken file makes the readers raise into one sentence."""
    try:
        yield
    except (tarfile.TarError, EOFError, ValueError, TypeError, KeyError, sqlite3.DatabaseError) as error:
        raise BackupDamaged(f"{archive} is damaged or no backup of Conclave ({type(error).__name__}). Nothing was changed.") from error
