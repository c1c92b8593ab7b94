"""The admission rule, its only copy. Pure: facts in, a decision with its reason out."""

from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """Whom a restriction names."""

    ACCOUNT = "account"
    DEVICE = "device"
    PARTICIPANT = "participant"
    TERRITORY = "territory"


class Scope(StrEnum):
    """Where a restriction holds."""

    PLATFORM = "platform"
    ORGANISATION = "organisation"
    MEETING = "meeting"
    CALL = "call"


class What(StrEnum):
    """What a restriction forbids; none forbids signing in."""

    JOIN = "join"
    HOST = "host"
    SHARE = "share"
    CHAT = "chat"
    UNMUTE = "unmute"


class Cause(StrEnum):
    """Why a restriction was imposed."""

    REMOVED_BY_HOST = "removed_by_host"
    BANNED_BY_HOST = "banned_by_host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """One restriction as plain values."""

    id: int
    subject: tuple[Subject, str]
    scope: tuple[Scope, str]
    what: What
    starts_at: int
    ends_at: int | None
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who wants in, where, when, and the restrictions that might concern them."""

    subjects: frozenset[tuple[Subject, str]]
    scopes: frozenset[tuple[Scope, str]]
    now: int
    restrictions: tuple[Restriction, ...] = ()
    #: The call's group lets in nobody but who sits in it already (POL-8); False for somebody who does.
    shut: bool = False


@dataclass(frozen=True, slots=True)
class Admit:
    """The person may enter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The person may not enter, because of this restriction."""

    reason: Cause
    restriction: int


@dataclass(frozen=True, slots=True)
class Locked:
    """The person may not enter as long as the call is locked."""


Decision = Admit | Locked | Refuse
# Knock, the third answer of design.md §7, comes with the waiting room: nothing asks for it yet.


def admit(facts: Facts) -> Decision:
    """Decide whether a person may be in a call now.

    Args:
        facts: everything the rule may look at.

    Returns:
        Refuse with the earliest restriction on joining that names the person, the place and the time; else Locked where the call is
        shut to them; else Admit.
    """
    matching = [restriction for restriction in facts.restrictions if _forbids(restriction, facts)]
    if not matching:
        return Locked() if facts.shut else Admit()
    first = min(matching, key=lambda restriction: (restriction.starts_at, restriction.id))
    return Refuse(reason=first.cause, restriction=first.id)


def _forbids(restriction: Restriction, facts: Facts) -> bool:
    """Tell whether a restriction forbids joining to these subjects, here and now; territories match exactly or not at all."""
    return (
        restriction.what == What.JOIN
        and restriction.subject in facts.subjects
        and restriction.scope in facts.scopes
        and restriction.starts_at <= facts.now
        and (restriction.ends_at is None or facts.now < restriction.ends_at)
    )
