"""Where a call may be held, the only copy of the rule (docs/protocol/regions.md). Pure: lists and facts in, an outcome with its reason out.

    lists      the platform's, the organisation's, the meeting's: each that says something must name the region or its territory (REG-1)
    entered    the regions whose engine stands in the public ledger as the settings name it: no other gets a call (REG-10)
    outcome    Placed (with full, smaller or no picture) | Wait (with a position) | Refuse (451 by the lists, 503 by what there is)

There is no nearest region, no default and no fallback: what the lists do not name does not exist here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

# Names of regions and territories; None says nothing, an empty set allows nothing (REG-2).
Names = frozenset[str] | None
# Beyond a region's capacity people may come with smaller picture, then with sound alone, up to these shares of it.
SMALL_PERCENT, SOUND_PERCENT = 125, 150
# How long somebody waits for a place with full picture before less is given.
WAIT_MS = 20_000
LONGEST_QUEUE = 500
AGAIN_DOWN_MS, AGAIN_FULL_MS = 15_000, 60_000
# How long one person's approval of an engine waits for a second one's.
WORD_MS = 7 * 24 * 60 * 60 * 1000


class Reason(StrEnum):
    """Why a call, or somebody, is not placed."""

    LISTS = "lists"
    LEDGER = "ledger"
    DOWN = "down"
    FULL = "full"
    # A call has to leave where it is, and has not yet (REG-6).
    MOVES = "moves"


class Picture(StrEnum):
    """What somebody may send: everything, smaller picture, or sound alone."""

    FULL = "full"
    SMALL = "small"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Who allows which regions; the platform's list names regions and never says nothing."""

    platform: frozenset[str]
    others: tuple[Names, ...] = ()
    # The regions whose engine is entered in the ledger; where nobody has looked, none is (REG-10).
    entered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A region as it stands: `up` when its engine answered to the region's own key pair, and how many people it has, of how many."""

    name: str
    territory: str
    up: bool
    seated: int = 0
    capacity: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """There is a place, in this region."""

    region: str
    picture: Picture = Picture.FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """There is none yet; so many are served before and with this one."""

    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """There is none; with the HTTP status and, where it may change by itself, when to ask again."""

    status: int
    reason: Reason
    again_in_ms: int | None = None


Outcome = Placed | Wait | Refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Somebody's approval of one change of what the ledger says of an engine."""

    by: str
    change: str
    at: int


def permits(*, name: str, territory: str, lists: Lists) -> bool:
    """Tell whether every list that says something allows a region (REG-1).

    Args:
        name: the region's.
        territory: where it stands, ISO 3166-1; compared as it is, as none contains another; empty stands for none.
        lists: who allows what.
    """
    named = {name, territory} - {""}
    return name in lists.platform and all(others is None or not named.isdisjoint(others) for others in lists.others)


def place(*, sites: Sequence[Site], lists: Lists, ahead: int = 0, people: int = 1, waited_ms: int = 0) -> Outcome:
    """Choose the region for a call, or judge the one that a call has, for one more person or for all of a call, which is never split.

    Args:
        sites: what there is, in the platform's order; for a call that runs, its region alone.
        lists: who allows what.
        ahead: how many wait already and go first.
        people: how many come.
        waited_ms: how long they have waited.

    Returns:
        A region that every list allows and that works, or why there is none (REG-3).
    """
    fit = [site for site in sites if permits(name=site.name, territory=site.territory, lists=lists)]
    if not fit:
        return Refuse(status=451, reason=Reason.LISTS)
    entered = [site for site in fit if site.name in lists.entered]
    if not entered:
        return Refuse(status=503, reason=Reason.LEDGER, again_in_ms=AGAIN_FULL_MS)
    working = [site for site in entered if site.up]
    if not working:
        return Refuse(status=503, reason=Reason.DOWN, again_in_ms=AGAIN_DOWN_MS)
    return _placed(working, ahead=ahead, people=people, waited_ms=waited_ms)


def _placed(working: Sequence[Site], *, ahead: int, people: int, waited_ms: int) -> Outcome:
    """Choose among regions that may be used and work, by what room they have."""
    room = _with_room(working, 100, ahead, people)
    if room:
        return Placed(region=room)
    if waited_ms < WAIT_MS and ahead < LONGEST_QUEUE:
        return Wait(position=ahead + 1)
    for percent, picture in ((SMALL_PERCENT, Picture.SMALL), (SOUND_PERCENT, Picture.NONE)):
        room = _with_room(working, percent, 0, people)
        if room:
            return Placed(region=room, picture=picture)
    return Refuse(status=503, reason=Reason.FULL, again_in_ms=AGAIN_FULL_MS)


def configuration_decides(*, entered: bool, staffed: bool) -> bool:
    """Tell whether the settings alone may enter a region's engine in the ledger, or change what stands there (REG-11).

    Args:
        entered: whether the ledger names any engine yet; before the first entry there is nothing that two people could have looked at.
        staffed: whether anybody was ever given a role on this server; from then on two people are needed.
    """
    return not (entered and staffed)


def second_word(*, first: Word | None, by: str, change: str, now: int) -> bool:
    """Tell whether somebody's approval of a change is the second one: of the same change, by another person, while the first holds.

    Args:
        first: the approval that is there.
        by: who approves now.
        change: what, as a hash over all of it.
        now: the time.
    """
    return first is not None and first.by != by and first.change == change and 0 <= now - first.at <= WORD_MS


def _with_room(sites: Iterable[Site], percent: int, ahead: int, people: int) -> str:
    """Return the first region that has places for all of these beside those who go first; empty for none."""
    for site in sites:
        free = site.capacity * percent // 100 - site.seated
        if not site.capacity or free >= ahead + people:
            return site.name
        # Whoever goes first takes what is free here; nobody goes first more than that, or a call that moves would be split.
        ahead = max(0, ahead - max(0, free))
    return ""
