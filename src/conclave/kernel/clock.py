"""The time: read at the edge, passed in everywhere else, kept as integer milliseconds since 1970-01-01 UTC."""

import time
from datetime import UTC, datetime

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """Return the time in milliseconds; only edges and background threads call this."""
    return time.time_ns() // 1_000_000


def to_datetime(ms: int) -> datetime:
    """Return the same instant as an aware datetime, for pages."""
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def to_day(ms: int) -> str:
    """Return the UTC day of this instant, as 2026-11-21."""
    return to_datetime(ms).date().isoformat()
