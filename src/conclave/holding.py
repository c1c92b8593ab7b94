"""Which process has a state folder: two on one folder would undo each other's work."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from conclave.kernel.errors import Refused

LOCK = "run.lock"


class InstallationRunning(Refused):
    """Another process has the state folder."""

    code = "installation_running"
    status = 409
    message = "Conclave runs on this folder."


@contextlib.contextmanager
def hold(*, state_dir: Path) -> Iterator[None]:
    """Hold the state folder for this process.

    Args:
        state_dir: the folder; it exists.

    Raises:
        InstallationRunning: another process has it.
    """
    with (state_dir / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallationRunning(
                f"Conclave already runs on {state_dir} (process {_written(lock.name)}): stop that one, or set CONCLAVE_STATE_DIR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def held_by(*, state_dir: Path) -> str | None:
    """Return the process that has the state folder, None when nobody has.

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


def _written(lock: str | Path) -> str:
    """Return the process that wrote itself into the lock."""
    return Path(lock).read_text(encoding="ascii").strip()
