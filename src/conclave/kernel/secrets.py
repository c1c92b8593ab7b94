"""Secrets that the server makes and keeps in its state folder, readable by its own user only, and what it stores of those it gave out."""

import functools
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.kernel.disk import sync_file


def stored_hash(*, kind: str, token: str) -> str:
    """Return what is stored of a one-time token or a seat's secret: it has 128 random bits or more, so a plain hash cannot be turned back.

    Args:
        kind: what it is for, so that none is taken for another's.
        token: as whoever holds it shows it.
    """
    return hashlib.sha256(f"conclave/{kind}/1\0{token}".encode()).hexdigest()


def text_secret(*, path: Path) -> str:
    """Return the secret in this file, making it on the first call.

    Args:
        path: the file; its folder is made (0700) when missing, the file is made with 0600.

    Returns:
        At least 256 bits as text. Two processes that start together get the same one.

    Raises:
        OSError: the folder or the file cannot be read or written.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            sync_file(file=file)
        try:
            # link, not rename: of two processes the first one wins and the second reads what it wrote.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


@functools.lru_cache(maxsize=8)
def signing_key(*, path: Path, kind: str) -> Ed25519PrivateKey:
    """Return the key that signs for one purpose, which follows from the secret in this file.

    Args:
        path: the file; made on first use, as text_secret() does.
        kind: what it signs, so that one secret never makes the same key for two purposes.

    Raises:
        OSError: the folder or the file cannot be read or written.
    """
    seed = hashlib.sha256(f"conclave/{kind}-seed/1\0{text_secret(path=path)}".encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
