"""Who the log is: its origin, which follows from the server's address, and the key that signs its checkpoints (LEDG-4)."""

from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.kernel import secrets
from conclave_verify.note import SIGNS, Key

# Where the log is below the server's address.
PREFIX = "transparency"
KEY_FILE = "ledger.key"
# What was signed last, which no backup holds; and that whoever runs the server wants a new log, with a new key.
SIGNED_FILE, ANEW_FILE = "ledger.signed", "ledger.anew"
# Our own witness, which `conclave run` starts: its folder in the state folder, what it listens on, the file with its public key.
OWN_FOLDER, OWN_SOCKET, OWN_KEY = "witness", "witness.sock", "vkey"


def origin(*, public_url: str) -> str:
    """Return the log's name: the address below which it is served, without the scheme (C2SP tlog-tiles).

    Args:
        public_url: the address that people type.
    """
    return f"{urlsplit(public_url).netloc}/{PREFIX}"


def log_key(*, state_dir: Path, public_url: str) -> Key:
    """Return the public key of the log's checkpoints, under the log's name.

    Args:
        state_dir: where the private key is kept; it is made on first use.
        public_url: the address that people type.
    """
    return Key(origin(public_url=public_url), SIGNS, private_key(path=state_dir / KEY_FILE).public_key().public_bytes_raw())


def private_key(*, path: Path) -> Ed25519PrivateKey:
    """Return the key in this file, made on first use, readable by the server's own user only.

    Args:
        path: where the secret is kept from which the key follows.
    """
    return secrets.signing_key(path=path, kind="log")


def own_witness(*, state_dir: Path) -> Path:
    """Return where our own witness keeps its key and what it has seen."""
    return state_dir / OWN_FOLDER
