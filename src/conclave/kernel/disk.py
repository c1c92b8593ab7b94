"""Having on the disk what must not be lost with the power."""

import os
from pathlib import Path
from typing import IO


def sync_file(*, file: IO[str] | IO[bytes]) -> None:
    """Return when what was written to a file is on the disk: a power failure does not undo it.

    Args:
        file: open for writing.
    """
    file.flush()
    os.fsync(file.fileno())


def sync_folder(*, folder: Path) -> None:
    """Return when the names in a folder are on the disk, such as that of a file that was just put in another one's place.

    Args:
        folder: which.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
