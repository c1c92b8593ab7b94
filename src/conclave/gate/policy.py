"""The admission rule, its only copy. Pure: facts in, a decision with its reason out."""

from dataclasses import dataclass
from enum import StrEnum

from conclave.accounts.rules import BROWSER, CLIENTS, Guests, SignIn, reaches


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
    """What a restriction forbids; none forbids signing in. To join is to be in a call; to knock is only to ask for it anew."""

    JOIN = "join"
    KNOCK = "knock"
    HOST = "host"
    SHARE = "share"
    CHAT = "chat"
    UNMUTE = "unmute"


class Cause(StrEnum):
    """Why a restriction was imposed."""

    REMOVED_BY_HOST = "removed_by_host"
    BANNED_BY_HOST = "banned_by_host"
    REFUSED_BY_HOST = "refused_by_host"
    BLOCKED_BY_HOST = "blocked_by_host"


class Who(StrEnum):
    """Who may ask to come in at all."""

    LINK = "link"
    SIGNED_IN = "signed_in"
    INVITED = "invited"


class Waiting(StrEnum):
    """Who waits until a host lets them in; strangers are neither signed in nor invited."""

    NOBODY = "nobody"
    STRANGERS = "strangers"
    UNINVITED = "uninvited"
    EVERYBODY = "everybody"


class Why(StrEnum):
    """Why somebody has to knock."""

    WAITING_ROOM = "waiting_room"
    LINK_OLD = "link_old"
    BEFORE_HOST = "before_host"
    GUEST = "guest"
    LINK_DUE = "link_due"


class Bar(StrEnum):
    """What keeps somebody out who is not restricted."""

    SIGN_IN = "sign_in_required"
    INVITATION = "invitation_required"
    PASSCODE = "passcode_required"
    FULL = "call_full"
    LOCKED = "call_locked"
    # An organisation's rules, for its meetings; they bind hosts too (RULE-3).
    GUESTS = "organisation_guests"
    SIGN_IN_LEVEL = "organisation_sign_in"
    CLIENT = "organisation_clients"


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
class Door:
    """How a meeting's door stands: its settings, and whether a host is inside and a seat is free. By default it is open."""

    who: Who = Who.LINK
    waiting: Waiting = Waiting.NOBODY
    passcode: bool = False
    # Whether people may be in before a host is.
    before_host: bool = True
    host_inside: bool = False
    full: bool = False
    # The call's group lets in nobody but who sits in it already (POL-8).
    locked: bool = False
    # What the meeting's organisation rules, where it has one; and whether the link is past the day on which it was to be replaced.
    guests: Guests = Guests.ALLOWED
    sign_in: SignIn = SignIn.PASSWORD
    clients: frozenset[str] = frozenset(CLIENTS)
    link_due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What somebody has shown: their own seat or the host's key, a host's word for them, an account, an invitation, the passcode; whether
    they are signed in as a member of the meeting's organisation, how, and by what kind of client they come.
    """

    seated: bool = False
    host: bool = False
    let_in: bool = False
    signed_in: bool = False
    invited: bool = False
    passcode: bool = False
    link_old: bool = False
    member: bool = False
    sign_in: SignIn = SignIn.PASSWORD
    client: str = BROWSER


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who wants in, where, when, and the restrictions that might concern them."""

    subjects: frozenset[tuple[Subject, str]]
    scopes: frozenset[tuple[Scope, str]]
    now: int
    restrictions: tuple[Restriction, ...] = ()
    door: Door = Door()
    standing: Standing = Standing()


@dataclass(frozen=True, slots=True)
class Admit:
    """The person may enter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The person may not enter, because of this restriction, until then (None: as long as it stands); or because of a bar."""

    reason: Cause | Bar
    restriction: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """The person may ask a host to let them in."""

    why: Why


Decision = Admit | Knock | Refuse


def admit(facts: Facts) -> Decision:
    """Decide whether a person may be in a call now.

    Args:
        facts: everything the rule may look at.

    Returns:
        Refuse with the earliest restriction that names the person, the place and the time; else what the door says: Refuse for a bar,
        Knock where somebody has to let them in, Admit.
    """
    matching = [restriction for restriction in facts.restrictions if _forbids(restriction, facts)]
    if matching:
        first = min(matching, key=lambda restriction: (restriction.starts_at, restriction.id))
        ends = [restriction.ends_at for restriction in matching]
        until = None if None in ends else max(end for end in ends if end is not None)
        return Refuse(reason=first.cause, restriction=first.id, until=until)
    if facts.standing.seated:
        return Admit()
    ruled = _ruled(facts.door, facts.standing)
    if ruled is not None:
        return Refuse(reason=ruled)
    # Where guests have to be let in, whoever holds the host's key and is no member is one of them (RULE-3).
    host = facts.standing.host and (facts.standing.member or facts.door.guests is Guests.ALLOWED)
    # A former link opens nothing for a host either: whoever is inside has to hand over the new one (LINK-6).
    if not host or facts.standing.link_old:
        bar = _bar(facts.door, facts.standing)
        if bar is not None:
            return Refuse(reason=bar)
        why = None if facts.standing.let_in else _waits(facts.door, facts.standing)
        if why is not None:
            return Knock(why=why)
    # The members would let nobody in either, a host with the link included (POL-8); who has to wait is not told (KNOCK-6).
    return Refuse(reason=Bar.LOCKED) if facts.door.locked else Admit()


def _ruled(door: Door, standing: Standing) -> Bar | None:
    """Return which of its organisation's rules keeps this person out of a meeting, whoever they are there."""
    if standing.client not in door.clients:
        return Bar.CLIENT
    if door.guests is Guests.NONE and not standing.member:
        return Bar.GUESTS
    if (standing.member or standing.host) and not reaches(sign_in=standing.sign_in, asked=door.sign_in):
        return Bar.SIGN_IN_LEVEL
    return None


def _bar(door: Door, standing: Standing) -> Bar | None:
    """Return what keeps this person out, however long they wait."""
    if door.who is Who.SIGNED_IN and not (standing.signed_in or standing.invited):
        return Bar.SIGN_IN
    if door.who is Who.INVITED and not standing.invited:
        return Bar.INVITATION
    if door.passcode and not (standing.passcode or standing.let_in):
        return Bar.PASSCODE
    # Who still has to wait is not told how many are inside (KNOCK-6).
    return Bar.FULL if door.full and (standing.let_in or _waits(door, standing) is None) else None


def _waits(door: Door, standing: Standing) -> Why | None:
    """Return why this person has to be let in by somebody, or None."""
    if standing.link_old:
        return Why.LINK_OLD
    known = {
        Waiting.NOBODY: True,
        Waiting.STRANGERS: standing.signed_in or standing.invited,
        Waiting.UNINVITED: standing.invited,
        Waiting.EVERYBODY: False,
    }
    if not known[door.waiting]:
        return Why.WAITING_ROOM
    if door.guests is Guests.ADMITTED and not standing.member:
        return Why.GUEST
    if door.link_due:
        return Why.LINK_DUE
    return None if door.before_host or door.host_inside else Why.BEFORE_HOST


def _forbids(restriction: Restriction, facts: Facts) -> bool:
    """Tell whether a restriction forbids this to these subjects, here and now; territories match exactly or not at all."""
    return (
        (restriction.what == What.JOIN or (restriction.what == What.KNOCK and not facts.standing.seated))
        and restriction.subject in facts.subjects
        and restriction.scope in facts.scopes
        and restriction.starts_at <= facts.now
        and (restriction.ends_at is None or facts.now < restriction.ends_at)
    )
