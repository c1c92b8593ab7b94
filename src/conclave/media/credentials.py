"""The key pair with which this server speaks to its media engine and signs tickets; one pair per region."""

import contextlib
import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

FINGERPRINT_LABEL = b"conclave/engine-key/1\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineCredentials:
    """An API key and its secret; the secret is kept out of every representation."""

    key: str
    secret: str

    def __repr__(self) -> str:
        return f"EngineCredentials(key={self.key!r})"

    @property
    def fingerprint(self) -> str:
        """Return what stands for the pair in public, in hex: the secret is long and random, so it cannot be found from a hash (REG-10)."""
        return hashlib.sha256(FINGERPRINT_LABEL + f"{self.key}\x00{self.secret}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What a file said when it was read, and which file that was: its time, its inode, its size."""

    path: Path
    file: tuple[int, int, int]
    pair: EngineCredentials


# By folder and region. Everybody who joins asks for pairs: a file is read again when it is another one.
_kept: dict[tuple[str, str], _Kept] = {}


def engine_credentials(*, state_dir: Path, region: str) -> EngineCredentials:
    """Return the region's key pair, made on first use and readable by the owner only.

    Args:
        state_dir: the server's state folder.
        region: the region whose engine is meant.

    Returns:
        The same pair on every call, as long as its file is the same.
    """
    kept = _kept.get((str(state_dir), region))
    if kept is not None:
        with contextlib.suppress(FileNotFoundError):
            if _which(kept.path) == kept.file:
                return kept.pair
    kept = _kept[str(state_dir), region] = _read(state_dir, region)
    return kept.pair


def _which(path: Path) -> tuple[int, int, int]:
    """Return what tells a file from another one in its place."""
    found = path.stat()
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read(state_dir: Path, region: str) -> _Kept:
    """Return what a region's file says; make it if there is none."""
    path = pair_file(state_dir=state_dir, region=region)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pair = {"key": f"conclave-{region}-{secrets.token_hex(4)}", "secret": secrets.token_urlsafe(48)}
        write_private(path, json.dumps(pair), replace=False)
    file = _which(path)
    raw = json.loads(path.read_text(encoding="utf-8"))
    return _Kept(path=path, file=file, pair=EngineCredentials(key=raw["key"], secret=raw["secret"]))


def pair_file(*, state_dir: Path, region: str) -> Path:
    """Return where a region's key pair is kept; the file may be absent.

    Args:
        state_dir: the server's state folder.
        region: the region.
    """
    return state_dir / "engine" / f"{region}.key.json"


def write_private(path: Path, text: str, *, replace: bool = True) -> None:
    """Write a file that only its owner can read, complete or not at all.

    Args:
        path: where; its folder exists.
        text: what.
        replace: what happens to an existing file: replaced, or left as the first of two writers made it.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    partial.touch(mode=0o600, exist_ok=False)
    partial.write_text(text, encoding="utf-8")
    if replace:
        partial.replace(path)
        return
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(partial)
    partial.unlink()
