"""Rooms for trying the way to the engine: one visitor alone, for a minute, with no seat, no call and nobody to meet (SELF-1)."""

from conclave.kernel.clock import SECOND
from conclave.kernel.ids import new_id
from conclave.media.credentials import EngineCredentials
from conclave.media.ticket import mint

# A call's id has no dot, so no call is ever taken for one of these.
PREFIX = "selftest."
LASTS_MS = 60 * SECOND
MOST_PEOPLE = 1


def new_room(*, now: int) -> str:
    """Return the name of a new room; it says since when the room is.

    Args:
        now: the time.
    """
    return f"{PREFIX}{now}.{new_id()}"


def open_room(*, visitor: str, credentials: EngineCredentials, now: int) -> str:
    """Return the token that opens a new room to one visitor; it opens no call, as no call has such a name.

    Args:
        visitor: their identity there.
        credentials: the key pair of the region's engine.
        now: the time.
    """
    return mint(call=new_room(now=now), participant=visitor, credentials=credentials, now=now)


def is_selftest(*, room: str) -> bool:
    """Tell whether this is the name of such a room.

    Args:
        room: the name.
    """
    return room.startswith(PREFIX)


def is_open(*, room: str, now: int) -> bool:
    """Tell whether a room's minute is not over (SELF-2).

    Args:
        room: the name of such a room; only names that this server signed ever come here.
        now: the time.
    """
    since = room.removeprefix(PREFIX).partition(".")[0]
    return since.isdecimal() and 0 <= now - int(since) < LASTS_MS
