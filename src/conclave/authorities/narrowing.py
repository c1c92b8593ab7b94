"""What of a data order is left: which fields of whom may be told, and why the rest is not (ORD-16, ORD-17). Pure: facts in, a decision out.

Of fields only those that the inventory marks disclosable; of people only those who two databases agree are in the one territory now,
with every seat they have. Content is no field at all: the inventory marks none of it, and a test keeps that so.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conclave.authorities.policy import DAY, Reason
from conclave.gate.policy import NOWHERE, Evidence, located
from conclave.kernel.territories import CODES

# So long after it was narrowed something may be handed out; what is asked for later takes two approvals anew.
LONGEST_TOLD_MS = 30 * DAY
# So long after that the person it is about may be left without a word (ORD-19).
LONGEST_DEFERRED_MS = 90 * DAY

# What in a text may be an address of mail.
ADDRESS = re.compile(r"[^\s<>(),;:\"'«»]+@[^\s<>(),;:\"'«»]+")
# For how many days people are not told, as it is published.
DEFERRED = ((7, "1-7"), (30, "8-30"), (90, "31-90"))


class Why(StrEnum):
    """Why something that was asked for is not told."""

    NOT_KEPT = "not_kept"
    NOT_DISCLOSABLE = "not_disclosable"
    NOT_PERSONAL = "not_personal"
    # Nobody has the address, or nothing shows that they are in the territory: which of the two is not said to whoever asks.
    NOT_THERE = "not_there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who was named: by what, whose account that is, and where each of their seats is now."""

    named: str
    account: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody who may be told of, and the evidence that they are there."""

    account: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that was asked for and is not told."""

    what: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowed:
    """What is left of a data order."""

    fields: tuple[str, ...]
    people: tuple[Found, ...]
    left_out: tuple[LeftOut, ...]


def narrowed(
    *, fields: Iterable[str], people: Iterable[Person], territory: str, marks: Mapping[str, bool], personal: Collection[str]
) -> Narrowed:
    """Narrow what is asked for to what may be told.

    Args:
        fields: as the inventory names them ("accounts.User.email"), or whatever else was asked for.
        people: who was named.
        territory: where the order is to hold.
        marks: every field that is kept, and whether the inventory marks it disclosable.
        personal: the tables whose rows are one person's.
    """
    given, left = [], []
    for field in dict.fromkeys(fields):
        why = _unfit(field, marks, personal)
        if why is None:
            given.append(field)
        else:
            left.append(LeftOut(what=field, why=why))
    found = dict[str, Found]()
    for person in people:
        evidence = there(evidence=person.evidence, territory=territory) if person.account else NOWHERE
        if evidence is NOWHERE:
            left.append(LeftOut(what=person.named, why=Why.NOT_THERE))
        else:
            found[person.account] = Found(account=person.account, evidence=evidence)
    return Narrowed(fields=tuple(sorted(given)), people=tuple(found.values()), left_out=tuple(left))


def are_named(*, people: Iterable[str], target: str) -> bool:
    """Tell whether everybody who is looked for is named in the order, where it names anybody by an address of mail (ORD-17).

    Args:
        people: addresses.
        target: what the order says it is about.
    """
    named = {one.rstrip(".").lower() for one in ADDRESS.findall(target)}
    return not named or {one.strip().lower() for one in people} <= named


def there(*, evidence: Iterable[Evidence], territory: str) -> Evidence:
    """Return the evidence that somebody is in a territory; nowhere unless every seat that they have is surely there (ORD-2, ORD-3).

    Args:
        evidence: of each of their seats.
        territory: where.
    """
    seats = tuple(evidence)
    if not territory or not seats or {located(one) for one in seats} != {territory}:
        return NOWHERE
    return seats[0]


def fault_of(
    *, territory: str, ends_at: int, deferred_until: int | None, basis: str, claimed: Iterable[str], competent: str, now: int
) -> Reason | None:
    """Return what is wrong with a disclosure, or None: its one territory is claimed, and its authority competent there (ORD-17); it has
    an end that is not far (ORD-18); and whoever it is about is told, at the latest at an end that is not far either (ORD-19).

    Args:
        territory: where the order is to hold.
        ends_at: until when something may be handed out.
        deferred_until: until when nobody is told, if somebody may ask for that.
        basis: which law says so.
        claimed: the territories that the order names.
        competent: the one in which its authority is competent, as the reviewer found.
        now: the time.
    """
    if territory not in CODES or territory not in set(claimed):
        return Reason.NOT_CLAIMED
    if territory != competent:
        return Reason.NOT_COMPETENT
    if not now < ends_at <= now + LONGEST_TOLD_MS:
        return Reason.PERIOD_TOLD
    if deferred_until is not None and (not now < deferred_until <= now + LONGEST_DEFERRED_MS or not basis.strip()):
        return Reason.DEFERRAL
    return None


def _unfit(field: str, marks: Mapping[str, bool], personal: Collection[str]) -> Why | None:
    """Return why a field may not be told, or None."""
    if field not in marks:
        return Why.NOT_KEPT
    if not marks[field]:
        return Why.NOT_DISCLOSABLE
    return None if field.rpartition(".")[0] in personal else Why.NOT_PERSONAL


def deferral_band(*, until: int | None, now: int) -> str:
    """Return for how many days those are not told of whom something is handed out, as it is published (ORD-19).

    Args:
        until: until when they are not; None where nobody waits.
        now: the time at which it is handed out.

    Returns:
        "0" where they are told at once, else between how many days and how many.
    """
    days = 0 if until is None else -(-(until - now) // DAY)
    return "0" if days <= 0 else next((band for most, band in DEFERRED if days <= most), DEFERRED[-1][1])
