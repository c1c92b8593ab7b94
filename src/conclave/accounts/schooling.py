"""How long an organisation counts as a school, and what it may say of itself. Pure.

    none ──approve──▶ approved ──a year──▶ lapsed ──approve──▶ approved
      │                  │ approve: a year more      │
      └──refuse──▶ refused      approved, lapsed ──end──▶ ended

A renewal may be asked for from sixty days before the end on; while it waits, and after it was refused, the school stands until its end.
What protects pupils holds while a school is approved and after it has lapsed: an office that forgot a form lets nobody look for minors.
What a school gets (rosters) it has only while it is approved.
"""

import re
from enum import StrEnum

DAY = 24 * 60 * 60 * 1000
YEAR_MS = 365 * DAY
# From then on a renewal can be asked for; so long before the end its owners are reminded.
RENEWABLE_MS = 60 * DAY
REMIND_MS = 30 * DAY
LONGEST_REGISTRY = 40
# What a number looks like in the registers that we know: UAI, URN, NCES.
_REGISTRIES = {"FR": r"[0-9]{7}[A-Z]", "GB": r"[0-9]{6}", "US": r"[0-9]{12}"}
_ANY = r"[0-9A-Z][0-9A-Z ./-]{0,39}"


class Standing(StrEnum):
    """How an organisation stands as a school."""

    NONE = "none"
    REFUSED = "refused"
    APPROVED = "approved"
    LAPSED = "lapsed"
    ENDED = "ended"


# Whose pupils are protected.
STANDS = (Standing.APPROVED, Standing.LAPSED)


class Verdict(StrEnum):
    """What a reviewer decides."""

    APPROVE = "approve"
    REFUSE = "refuse"
    END = "end"


def stands(*, standing: Standing, ends_at: int | None, now: int) -> Standing:
    """Return how a school stands now, whether or not its end was settled.

    Args:
        standing: as it is stored.
        ends_at: when its year is over.
        now: the time.
    """
    return Standing.LAPSED if standing is Standing.APPROVED and ends_at is not None and ends_at <= now else standing


def may_ask(*, standing: Standing, ends_at: int | None, waiting: bool, now: int) -> bool:
    """Tell whether an application or a renewal can be asked for.

    Args:
        standing: as it is stored.
        ends_at: when its year is over.
        waiting: whether one waits already.
        now: the time.
    """
    standing = stands(standing=standing, ends_at=ends_at, now=now)
    return not waiting and (standing is not Standing.APPROVED or (ends_at or 0) - RENEWABLE_MS <= now)


def decided(*, standing: Standing, ends_at: int | None, verdict: Verdict, now: int) -> tuple[Standing, int | None]:
    """Return how a school stands after a decision, and until when.

    Args:
        standing: before, as it is stored.
        ends_at: until when, before.
        verdict: what was decided.
        now: the time.
    """
    before = stands(standing=standing, ends_at=ends_at, now=now)
    if verdict is Verdict.APPROVE:
        return Standing.APPROVED, max(now, ends_at or now if before is Standing.APPROVED else now) + YEAR_MS
    if verdict is Verdict.END:
        return Standing.ENDED, None
    return (before, ends_at) if before in STANDS else (Standing.REFUSED, None)


def registry_number(*, raw: str, country: str) -> str | None:
    """Return a number in a register of schools in normal form; None for what cannot be one.

    Args:
        raw: as it was typed.
        country: whose register.
    """
    number = " ".join(raw.upper().split())
    if country in _REGISTRIES:
        number = number.replace(" ", "")
    return number if re.fullmatch(_REGISTRIES.get(country, _ANY), number, re.ASCII) else None
