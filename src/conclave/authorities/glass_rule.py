"""When staff may look at what is behind the glass: logs, an account's addresses, a meeting's metadata (GLASS-1 to GLASS-3). Pure.

Closed is how it is. One person asks, another one agrees, and for an hour from then the one who asked may look, if the witness has signed.
"""

from dataclasses import dataclass
from enum import StrEnum

HOUR = 60 * 60 * 1000
DAY = 24 * HOUR
OPEN_MS = HOUR
# What nobody has agreed to by then is asked for anew.
ASKED_MS = DAY
# So much of a log at once.
LONGEST_RANGE_MS = DAY


class Scope(StrEnum):
    """What is looked at."""

    LOG = "log"
    ADDRESSES = "addresses"
    MEETING = "meeting"


class Stand(StrEnum):
    """How it stands."""

    ASKED = "asked"
    LAPSED = "lapsed"
    # Agreed to, and the leaf is not cosigned yet.
    WAITS = "waits"
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """One request, as it is at a time."""

    asked_at: int
    opened_at: int | None = None
    cosigned: bool = False


def stands(*, pane: Pane, now: int) -> Stand:
    """Return how a request stands; nothing but the clock ends it, and nobody has to do anything for that (GLASS-2).

    Args:
        pane: the request.
        now: the time.
    """
    if pane.opened_at is None:
        return Stand.ASKED if now < pane.asked_at + ASKED_MS else Stand.LAPSED
    if now >= pane.opened_at + OPEN_MS:
        return Stand.OVER
    return Stand.OPEN if pane.cosigned else Stand.WAITS


def may_agree(*, asker: str, account: str, stand: Stand) -> bool:
    """Tell whether somebody may be the second person: never the same one (GLASS-1).

    Args:
        asker: who has asked.
        account: who would agree.
        stand: how it stands.
    """
    return stand is Stand.ASKED and asker != account


def may_look(*, asker: str, account: str, stand: Stand) -> bool:
    """Tell whether somebody may look now: nobody but who has asked, and only through an open glass (GLASS-2).

    Args:
        asker: who has asked.
        account: who would look.
        stand: how it stands.
    """
    return stand is Stand.OPEN and asker == account


def range_fits(*, since: int, until: int, now: int) -> bool:
    """Tell whether a range of a log is one: not empty, at most a day, and past to its end, so that whom it concerns is known (GLASS-1).

    Args:
        since: its beginning.
        until: its end, not included.
        now: the time.
    """
    return since < until <= min(since + LONGEST_RANGE_MS, now)
