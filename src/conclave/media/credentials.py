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


# Everybody who joins asks for pairs: a file is read when it is another one than last time, by its time, its inode and its size.
_read: dict[Path, tuple[tuple[int, int, int], EngineCredentials]] = {}


def engine_credentials(*, state_dir: Path, region: str) -> EngineCredentials:
    """Return the region's key pair, made on first use and readable by the owner only.

    Args:
        state_dir: the server's state folder.
        region: the region whose engine is meant.

    Returns:
        The same pair on every call.
    """
    path = pair_file(state_dir=state_dir, region=region)
    if not path.exists():
        _read.pop(path, None)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pair = {"key": f"conclave-{region}-{secrets.token_hex(4)}", "secret": secrets.token_urlsafe(48)}
        write_private(path, json.dumps(pair), replace=False)
    found = path.stat()
    what = (found.st_mtime_ns, found.st_ino, found.st_size)
    kept = _read.get(path)
    if kept is None or kept[0] != what:
        raw = json.loads(path.read_text(encoding="utf-8"))
        kept = _read[path] = (what, EngineCredentials(key=raw["key"], secret=raw["secret"]))
    return kept[1]


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
