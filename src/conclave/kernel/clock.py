"""The time: read at the edge, passed in everywhere else, kept as integer milliseconds since 1970-01-01 UTC."""

import time
from datetime import UTC, datetime

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Seldom:
    """Something that is done at most once in a while, by whoever comes first."""

    def __init__(self, *, every_ms: int) -> None:
        """Let the first one who asks do it."""
        self.every_ms = every_ms
        self._done_at: int | None = None

    def due(self, *, now: int) -> bool:
        """Tell whether it is to be done now; who is told so does it. A clock that was set back puts nothing off.

        Args:
            now: the time.
        """
        if self._done_at is not None and abs(now - self._done_at) < self.every_ms:
            return False
        self._done_at = now
        return True

    def again(self) -> None:
        """Let the next one who asks do it: it is not finished."""
        self._done_at = None


def now() -> int:
    """Return the time in milliseconds; only edges and background threads call this."""
    return time.time_ns() // 1_000_000


def to_datetime(ms: int) -> datetime:
    """Return the same instant as an aware datetime, for pages."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def to_day(ms: int) -> str:
    """Return the UTC day of this instant, as 2026-11-21."""
    return to_datetime(ms).date().isoformat()
