"""The admission rule, its only copy. Pure: facts in, a decision with its reason out.

What a public authority orders is a measure: on one territory, from when until when (ORD-1). It holds for whoever two databases agree is
there, and for nobody else: evidence that is missing, disputed or of an anonymiser names no territory, and who is nowhere is let in (ORD-3).
"""

from collections.abc import Iterable
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
    ORDERED = "ordered"


class Kind(StrEnum):
    """What a measure forbids those in its territory. None ends a meeting, and none closes an account (ORD-1)."""

    DENY_JOIN_FROM = "deny_join_from"
    REMOVE_FROM = "remove_from"
    DENY_HOST_FROM = "deny_host_from"


class Confidence(StrEnum):
    """How sure it is where somebody is: both databases agree and nothing hides it; something speaks against it; nothing is known."""

    HIGH = "high"
    LOW = "low"
    NONE = "none"


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
    # Where it holds for those who are there only; empty for everywhere.
    territory: str = ""
    # By what it is taken back: of an order, the measure, whose leaf in the ledger is this one.
    notice: str = ""
    leaf: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where somebody is, as two databases have it (geo.py); all that is ever kept of an address."""

    country: str = ""
    confidence: Confidence = Confidence.NONE
    # The hash over both databases, and when the older one was built, in seconds since 1970: who has them can look it up again (ORD-7).
    database: str = ""
    built_at: int = 0


NOWHERE = Evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure as plain values: what, in which one territory, on which meeting or else which account, from when until when."""

    id: str
    kind: Kind
    territory: str
    meeting: str = ""
    account: str = ""
    starts_at: int
    ends_at: int
    # The index of its leaf in the ledger; None for one that is only tried out.
    leaf: int | None = None


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
    # By what it is taken back.
    notice: str = ""


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
        return Refuse(reason=first.cause, restriction=first.id, until=until, notice=first.notice)
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


def may_host(facts: Facts) -> bool:
    """Tell whether no restriction keeps a person from being a host here and now.

    Args:
        facts: as for admit().
    """
    return not any(restriction.what is What.HOST and _holds(restriction, facts) for restriction in facts.restrictions)


def located(evidence: Evidence) -> str:
    """Return the one territory in which somebody is, empty for who is nowhere: what is not sure is nothing (ORD-3).

    Args:
        evidence: theirs.
    """
    return evidence.country if evidence.confidence is Confidence.HIGH else ""


def restriction_of(measure: Measure) -> Restriction:
    """Return what a measure is at the gate: on a meeting, whoever is there; on an account, while it is used from there (ORD-11).

    Args:
        measure: which.
    """
    what = {Kind.DENY_JOIN_FROM: What.KNOCK, Kind.REMOVE_FROM: What.JOIN, Kind.DENY_HOST_FROM: What.HOST}[measure.kind]
    on_account = measure.account != ""
    return Restriction(
        id=0,
        subject=(Subject.ACCOUNT, measure.account) if on_account else (Subject.TERRITORY, measure.territory),
        scope=(Scope.PLATFORM, "") if on_account else (Scope.MEETING, measure.meeting),
        what=what,
        starts_at=measure.starts_at,
        ends_at=measure.ends_at,
        cause=Cause.ORDERED,
        territory=measure.territory,
        notice=measure.id,
        leaf=measure.leaf,
    )


def verdict(
    *, evidence: Evidence, measures: Iterable[Measure], meeting: str, account: str | None, now: int, seated: bool = False
) -> frozenset[str]:
    """Return which measures keep somebody out of a meeting's call; nothing for whoever is let in. Anybody can replay it (ORD-7).

    Args:
        evidence: where they are.
        measures: all that there are.
        meeting: where they want in.
        account: as whom they come, if signed in.
        now: the time.
        seated: whether they are inside already.
    """
    facts = Facts(
        subjects=subjects_at(evidence=evidence, named=[(Subject.ACCOUNT, account)]),
        scopes=frozenset({(Scope.PLATFORM, ""), (Scope.MEETING, meeting)}),
        now=now,
        standing=Standing(seated=seated),
    )
    return frozenset(measure.id for measure in measures if _forbids(restriction_of(measure), facts))


def subjects_at(*, evidence: Evidence, named: Iterable[tuple[Subject, str | None]]) -> frozenset[tuple[Subject, str]]:
    """Return everything that somebody is known by, and the territory where they surely are.

    Args:
        evidence: where they are.
        named: their names; an empty or absent one names nobody.
    """
    return frozenset((kind, name) for kind, name in (*named, (Subject.TERRITORY, located(evidence))) if name)


def _forbids(restriction: Restriction, facts: Facts) -> bool:
    """Tell whether a restriction forbids being in the call, or asking for it, to these subjects."""
    asks = restriction.what is What.JOIN or (restriction.what is What.KNOCK and not facts.standing.seated)
    return asks and _holds(restriction, facts)


def _holds(restriction: Restriction, facts: Facts) -> bool:
    """Tell whether a restriction is about these subjects, here and now; territories match exactly or not at all."""
    return (
        restriction.subject in facts.subjects
        and restriction.scope in facts.scopes
        and (restriction.territory == "" or (Subject.TERRITORY, restriction.territory) in facts.subjects)
        and restriction.starts_at <= facts.now
        and (restriction.ends_at is None or facts.now < restriction.ends_at)
    )
