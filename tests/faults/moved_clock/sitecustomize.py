"""Python reads this by itself when it starts: a server with this folder on its path has the clock that a test moves."""

import os
import time
from pathlib import Path

_real = time.time_ns
_moved_ms = Path(os.environ["CONCLAVE_STATE_DIR"]).parent / "moved-clock-ms"


def _moved() -> int:
    """Return the time, moved as the file says."""
    return _real() + int(_moved_ms.read_text(encoding="ascii")) * 1_000_000


time.time_ns = _moved
