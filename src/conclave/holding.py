"""Which process has a state folder: two on one folder would undo each other's work."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conclave.kernel.errors import Refused

LOCK = "run.lock"


class InstallationRunning(Refused):
    """Another process has the state folder."""

    code = "installation_running"
    status = 409
    message = "Conclave runs on this folder."


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a state folder: the process, and the address that people type, empty when it serves nobody."""

    pid: str
    address: str


@contextlib.contextmanager
def hold(*, state_dir: Path, address: str = "") -> Iterator[None]:
    """Hold the state folder for this process.

    Args:
        state_dir: the folder; it exists.
        address: what people type while it is held; it may come from flags that no other process was given.

    Raises:
        InstallationRunning: another process has it.
    """
    with (state_dir / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallationRunning(
                f"Conclave already runs on {state_dir} (process {_written(Path(lock.name)).pid}): stop that one, or set CONCLAVE_STATE_DIR."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()} {address}".strip())
        lock.flush()
        yield


def held_by(*, state_dir: Path) -> Holder | None:
    """Return who has the state folder, None when nobody has.

    Args:
        state_dir: the folder, which may be absent.
    """
    try:
        with (state_dir / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written(state_dir / LOCK)
    except OSError:
        return None
    return None


def _written(lock: Path) -> Holder:
    """Return what its holder wrote into the lock."""
    pid, _, address = lock.read_text(encoding="ascii").partition(" ")
    return Holder(pid, address)
