"""At the door: what somebody who asks for a seat has shown, and what the gate says to that (docs/protocol/knock.md)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NoReturn

from django.utils.translation import gettext_lazy as _

from conclave.accounts.rulebook import seat_of
from conclave.accounts.rules import reaches, sign_in_of
from conclave.gate.policy import (
    NOWHERE,
    Admit,
    Bar,
    Cause,
    Decision,
    Door,
    Evidence,
    Knock,
    Refuse,
    Scope,
    Standing,
    Subject,
    admit,
    may_host,
)
from conclave.gate.queries import admission_facts
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.keys import delivery
from conclave.media.placement import CallFull
from conclave.meetings.entrance import check_passcode, door_of, refusal_of
from conclave.meetings.invitations import invitation_of
from conclave.meetings.models import Call, Participant
from conclave.meetings.queries import MeetingAccess, Seat, access_meeting


class Removed(Refused):
    """The host removed this person from the call."""

    code = "removed"
    status = 403
    message = _("The host removed you from this call.")


class Banned(Refused):
    """A host banned this person from the meeting."""

    code = "banned"
    status = 403
    message = _("A host banned you from this meeting.")


class Ordered(Refused):
    """A public authority's order keeps whoever is in its territory out of this meeting, until `again_at` (ORD-2)."""

    code = "ordered"
    status = 451
    message = _("A public authority’s order keeps people where you are out of this meeting for a time.")
    # Which measure it is; ordered.py writes down that it was met, and says where the notice stands.
    measure: str = ""


class CallLocked(Refused):
    """A host has locked the call: nobody new comes in (POL-8)."""

    code = "call_locked"
    status = 403
    message = _("The host has locked this call. Nobody new can come in until it is unlocked.")


class KnockRequired(Refused):
    """Somebody has to let this person in (KNOCK-1)."""

    code = "knock_required"
    status = 403
    message = _("Somebody has to let you in.")


class KnockRefused(Refused):
    """A host refused this person; knocking again is possible from `again_at` on (KNOCK-5)."""

    code = "knock_refused"
    status = 403
    message = _("You were not let in. You can ask again later.")


class KnockBlocked(Refused):
    """A host refused this person for good (KNOCK-5)."""

    code = "knock_blocked"
    status = 403
    message = _("You were not let in, and cannot ask again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """What a browser says of itself when it asks to come in."""

    name: str
    signature_key: str
    device: str
    account: UserId | None
    # What they have shown beside a password when they signed in (accounts.shown).
    shown: Collection[str] = ()
    # Where they are, as two databases have their address (gate/geo.py); by nothing else (ORD-6).
    evidence: Evidence = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A knock that was answered, by its id and its secret."""

    knock: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What somebody shows to be let in: the host key's word for their leaf key, the passcode, a knock that was answered, an invitation.

    `address` is a pseudonym of where they come from, for counting what was wrong.
    """

    host: tuple[str, str] | None = None
    passcode: str | None = None
    let_in: Pass | None = None
    invitation: str | None = None
    address: str = ""


EMPTY_HANDED = Shown()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Which of what was shown is right."""

    host: bool = False
    passcode: bool = False


def check(*, meeting: str, link_id: str, newcomer: Newcomer, shown: Shown, now: int, knocking: bool = False) -> Checked:
    """Check what takes its time or a lock, before any transaction.

    Args:
        meeting: the meeting's id.
        link_id: what the browser derived from the link.
        newcomer: who asks.
        shown: what they show.
        now: the time.
        knocking: a former link will do (LINK-6).

    Raises:
        LinkUnknown: not a meeting, or not its link (LINK-4).
        PasscodeWrong, TooOften: see entrance.check_passcode.
    """
    if shown.host is None and shown.passcode is None:
        return Checked()
    access = access_meeting(meeting=meeting, link_id=link_id, knocking=knocking)
    host = shown.host is not None and delivery.holds_host_key(
        meeting=access.meeting, host_hash=access.host_hash, signature_key=newcomer.signature_key, key=shown.host[0], signature=shown.host[1]
    )
    if (host or newcomer.account == access.owner is not None) and hosts_from(access=access, newcomer=newcomer, now=now):
        return Checked(host=host)
    # Whoever may not be host where they are needs it as the others do (ORD-14).
    return Checked(host=host, passcode=check_passcode(meeting=access, passcode=shown.passcode, address=shown.address, now=now))


def invitation(*, access: MeetingAccess, newcomer: Newcomer, shown: Shown, now: int) -> str:
    """Return the invitation by which somebody comes, inside the caller's transaction; empty when by none (MEET-11).

    Args:
        access: the meeting.
        newcomer: who asks.
        shown: what they show.
        now: the time.

    Raises:
        TooOften: their address has shown too many that were worth nothing (MEET-12).
    """
    if shown.invitation is None and not access.invites_addresses:
        return ""
    return invitation_of(
        meeting=access.meeting,
        shown=shown.invitation,
        account=newcomer.account,
        device=newcomer.device,
        address=shown.address,
        now=now,
    )


def judge(
    *,
    access: MeetingAccess,
    call: Call | None,
    group: delivery.Newcomers,
    newcomer: Newcomer,
    checked: Checked,
    let_in: bool,
    invited: bool,
    now: int,
) -> Decision:
    """Ask the gate about somebody who has no seat yet.

    Args:
        access: the meeting.
        call: its live call, if there is one.
        group: what the call's policy says of whoever is new (group_of).
        newcomer: who asks.
        checked: what they have shown.
        let_in: whether a host has let them in.
        invited: whether an invitation is theirs.
        now: the time.
    """
    member = access.organisation != "" and seat_of(organisation=access.organisation, account=newcomer.account) != ("", "")
    standing = Standing(
        host=checked.host or (newcomer.account is not None and newcomer.account == access.owner),
        let_in=let_in,
        signed_in=newcomer.account is not None,
        invited=invited,
        passcode=checked.passcode,
        link_old=access.link_old,
        member=member,
        sign_in=sign_in_of(shown=newcomer.shown, organisation=access.organisation),
    )
    scopes = [(Scope.PLATFORM, ""), (Scope.MEETING, str(access.meeting)), *([(Scope.CALL, call.pk)] if call else [])]
    facts = admission_facts(
        subjects=[(Subject.DEVICE, newcomer.device), (Subject.ACCOUNT, newcomer.account)],
        scopes=scopes,
        now=now,
        evidence=newcomer.evidence,
        door=door_now(meeting=access, call=call, group=group, now=now),
        standing=standing,
    )
    if standing.host and not may_host(facts):
        # Whoever may not be host from there comes in as the others do: somebody whom the meeting knows, and who need not invite themselves.
        facts = replace(facts, standing=replace(standing, host=False, signed_in=True, invited=True))
    return admit(facts)


def hosts_from(*, access: MeetingAccess, newcomer: Newcomer, now: int) -> bool:
    """Tell whether the meeting's owner, or whoever holds its host key, is its host where they are (ORD-14).

    Args:
        access: the meeting.
        newcomer: who that is.
        now: the time.
    """
    subjects, scopes = [(Subject.ACCOUNT, newcomer.account)], [(Scope.PLATFORM, ""), (Scope.MEETING, str(access.meeting))]
    return may_host(admission_facts(subjects=subjects, scopes=scopes, now=now, evidence=newcomer.evidence))


def vouched(*, access: MeetingAccess, newcomer: Newcomer) -> bool:
    """Tell whether somebody may be told to others as the account they come with: a member or the owner only signed in as the rule asks.

    Args:
        access: the meeting.
        newcomer: who comes, as they have signed in.
    """
    owner = newcomer.account is not None and newcomer.account == access.owner
    if not owner and (access.organisation == "" or seat_of(organisation=access.organisation, account=newcomer.account) == ("", "")):
        return True
    return reaches(sign_in=sign_in_of(shown=newcomer.shown, organisation=access.organisation), asked=access.sign_in)


def group_of(*, call: Call | None) -> delivery.Newcomers:
    """Return what a call's policy says of whoever is new.

    Args:
        call: a meeting's live call, if there is one.
    """
    return delivery.newcomers(call=call.pk) if call is not None else delivery.Newcomers()


def door_now(*, meeting: MeetingAccess, call: Call | None, group: delivery.Newcomers, now: int) -> Door:
    """Return how a meeting's door stands at this moment.

    Args:
        meeting: the meeting.
        call: its live call, if there is one.
        group: what the call's policy says of whoever is new.
        now: the time.
    """
    asks = call is not None and (not meeting.before_host or meeting.capacity is not None)
    hosts = delivery.hosts_inside(call=call.pk) if call is not None and asks else set()
    # Hosts take no seat from others (MEET-8).
    others = Participant.objects.filter(call=call, left_at=None).exclude(pk__in=hosts)
    seated = others.count() if call is not None and meeting.capacity is not None else 0
    return door_of(meeting=meeting, strict=group.strict, locked=group.locked, host_inside=bool(hosts), seated=seated, now=now)


def judge_seated(*, seat: Seat, now: int) -> Decision:
    """Ask the gate about somebody who has a seat: only what forbids being in a call counts.

    Args:
        seat: theirs.
        now: the time.
    """
    return judge_returning(
        participant=seat.participant,
        call=seat.call,
        meeting=seat.meeting,
        device=seat.device,
        account=seat.account,
        evidence=seat.evidence,
        now=now,
    )


def judge_returning(
    *, participant: str, call: str | None, meeting: str, device: str, account: UserId | None, evidence: Evidence, now: int
) -> Decision:
    """Ask the gate about somebody who says which seat they had, be it true or not.

    Args:
        participant: the seat that they name; empty for none.
        call: the call; None at the door of a meeting.
        meeting: its meeting.
        device: the device that asks.
        account: the account that asks.
        evidence: where they are.
        now: the time.
    """
    facts = admission_facts(
        subjects=[(Subject.PARTICIPANT, participant), (Subject.DEVICE, device), (Subject.ACCOUNT, account)],
        scopes=[(Scope.PLATFORM, ""), (Scope.MEETING, meeting), *([(Scope.CALL, call)] if call else [])],
        now=now,
        evidence=evidence,
        standing=Standing(seated=True),
    )
    return admit(facts)


def enforce(*, decision: Decision, access: MeetingAccess | None = None) -> None:
    """Do nothing for somebody who may come in.

    Args:
        decision: what the gate said.
        access: the meeting, where its door was judged and not only restrictions.

    Raises:
        KnockRequired: somebody has to let them in.
        Removed, Banned, KnockRefused, KnockBlocked, Ordered: a restriction names them.
        SignInRequired, InvitationRequired, PasscodeRequired, CallFull, CallLocked: a bar keeps them out.
        RuleMet: a rule of the meeting's organisation does (RULE-3).
    """
    match decision:
        case Admit():
            return
        case Knock():
            raise KnockRequired
        case Refuse():
            _refuse(decision, access)


def _refuse(refuse: Refuse, access: MeetingAccess | None) -> NoReturn:
    """Raise what tells why."""
    match refuse.reason:
        case Bar.FULL:
            raise CallFull
        case Bar.LOCKED:
            raise CallLocked
        case Bar():
            raise refusal_of(bar=refuse.reason, meeting=access)
        case Cause.REMOVED_BY_HOST:
            raise Removed
        case Cause.BANNED_BY_HOST:
            raise Banned
        case Cause.ORDERED:
            ordered = Ordered()
            ordered.again_at, ordered.measure = refuse.until, refuse.notice
            raise ordered
        case Cause.REFUSED_BY_HOST | Cause.BLOCKED_BY_HOST if refuse.until is None:
            raise KnockBlocked
        case Cause.REFUSED_BY_HOST | Cause.BLOCKED_BY_HOST:
            refused = KnockRefused()
            refused.again_at = refuse.until
            raise refused
    raise Removed
