"""Reading meetings: every access is checked here, and what was checked has its own type."""

import hmac
from dataclasses import dataclass, field, replace

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from conclave.accounts.rules import Guests, Regions, Ruling, SignIn
from conclave.gate.policy import NOWHERE, Evidence
from conclave.kernel.errors import Refused
from conclave.kernel.ids import CallId, MeetingId, ParticipantId, UserId
from conclave.kernel.secrets import stored_hash
from conclave.meetings import rows
from conclave.meetings.models import Call, FormerLink, Meeting, Participant, Role
from conclave.meetings.paging import Page, page_of
from conclave.meetings.ruled import Ruled, presets_under, ruled
from conclave.meetings.stale import entrance_version
from conclave.meetings.there import evidence_of

JOINED_ELSEWHERE = "joined_elsewhere"
PAGE = 100
# Compared with when there is no meeting, so that the answer takes the same time (LINK-4).
_NO_LINK = "A" * 22


class LinkUnknown(Refused):
    """No such meeting, a deleted one, or not its link: one answer for all (LINK-4)."""

    code = "link_unknown"
    status = 404
    message = _("This link does not open a meeting. Ask for the whole link again.")


class LinkOld(Refused):
    """The meeting's, but one that was replaced (LINK-6): it opens nothing any more."""

    code = "link_old"
    status = 403
    message = _("This link was replaced. Ask for the new one.")


class MeetingUnknown(Refused):
    """No such meeting, a deleted one, or not yours: one answer for all (MEET-4)."""

    code = "meeting_unknown"
    status = 404
    message = _("There is no such meeting among yours.")


class SeatUnknown(Refused):
    """Nobody has this seat now."""

    code = "seat_unknown"
    status = 409
    message = _("Your seat in this call is over. Join again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingAccess:
    """Proof that its bearer holds the meeting's link, or a former one that may only knock; only access_meeting and access_ahead make one,
    and access_waiting for those who have shown it before. Its settings are those that hold, with its organisation's rules (RULE-1).
    """

    meeting: MeetingId
    title: str
    owner: UserId | None
    inviter: str
    link_version: int
    host_hash: str
    link_old: bool
    preset: str
    who: str
    waiting: str
    passcode_hash: str = field(repr=False)
    before_host: bool
    capacity: int | None
    organisation: str
    organisation_name: str
    guests: Guests
    sign_in: SignIn
    clients: frozenset[str]
    # The lists of regions that speak of it, beside the platform's (REG-1).
    regions: tuple[Regions, ...]
    link_due_at: int | None
    # An account alone may be an invitation (MEET-11).
    invites_addresses: bool

    def is_due(self, *, now: int) -> bool:
        """Tell whether its organisation has the link replaced by now (RULE-5)."""
        return self.link_due_at is not None and self.link_due_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Whose policy a meeting of somebody's is under, as that person is shown it: what holds, and what it leaves to choose."""

    organisation: str
    name: str
    presets: list[str]
    guests: str
    sign_in: str
    enforced: list[str]
    link_due_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """A meeting's entrance settings as its owner sees them; of the passcode only whether there is one, a capacity of 0 is none."""

    preset: str
    who: str
    waiting: str
    passcode: bool
    before_host: bool
    capacity: int
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMeeting:
    """Proof that a meeting is its owner's; only own_meeting and page_of_own make one."""

    meeting: MeetingId
    title: str
    link_version: int
    created_at: int
    live: bool
    entrance: Entrance
    house: House | None

    @property
    def organisation(self) -> str:
        """Under whose policy it is; empty for nobody's."""
        return self.house.organisation if self.house is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A seat whose holder proved that it is theirs; `gone` says why it is over, and is empty while it is not."""

    participant: ParticipantId
    call: CallId
    meeting: MeetingId
    region: str
    name: str
    role: Role
    signature_key: str
    device: str
    account: UserId | None
    generation: int
    gone: str
    evidence: Evidence = NOWHERE


def access_meeting(*, meeting: str, link_id: str, knocking: bool = False) -> MeetingAccess:
    """Return a meeting to somebody who holds its link.

    Args:
        meeting: the meeting's id.
        link_id: what the browser derived from the link's secret.
        knocking: a former link will do, which `link_old` then says.

    Returns:
        The meeting, for use as proof.

    Raises:
        LinkUnknown: there is no such meeting, it was deleted, or the link is not its link (LINK-4).
        LinkOld: it was its link and was replaced (LINK-6).
    """
    found = rows.meeting(pk=meeting)
    right = hmac.compare_digest((found.row.link_id if found else _NO_LINK).encode(), link_id.encode())
    # Asked in every case but the right one, so that the answer takes the same time (LINK-4).
    former = not right and FormerLink.objects.filter(meeting=meeting, link_id=link_id).exists()
    if found is None or not (right or former):
        raise LinkUnknown
    if former and not knocking:
        raise LinkOld
    return _access(found, former=former)


def access_ahead(*, meeting: str, link_version: int) -> MeetingAccess:
    """Return a meeting to a member of its call whose group has moved on to a link that no host has registered yet (LINK-6).

    Args:
        meeting: the meeting's id.
        link_version: the group's.

    Raises:
        LinkUnknown: there is no such meeting, or it is not behind the group: then only its link opens it.
    """
    found = rows.meeting(pk=meeting)
    if found is None or found.row.link_version >= link_version:
        raise LinkUnknown
    return replace(_access(found, former=False), link_version=link_version)


def access_waiting(*, meeting: str) -> MeetingAccess:
    """Return a meeting to judge those by who wait at its door already.

    Args:
        meeting: the meeting's id.

    Raises:
        MeetingUnknown: it was deleted; nobody waits there any more.
    """
    found = rows.meeting(pk=meeting)
    if found is None:
        raise MeetingUnknown
    return _access(found, former=False)


def page_of_own(*, owner: UserId, after: str | None, limit: int) -> Page[OwnMeeting]:
    """Return some of a person's meetings, newest first.

    Args:
        owner: whose.
        after: where to go on, as the page before said it; None begins.
        limit: how many, at most PAGE.

    Raises:
        Malformed: no page ever said this.
    """
    place = {"key": "-created_at", "after": "" if after is None else after or "-"}
    return page_of(_mine(owner), of=owner, **place, size=min(limit, PAGE), told=_own, strictly=True)


def own_meeting(*, meeting: str, owner: UserId) -> OwnMeeting:
    """Return one meeting to its owner.

    Args:
        meeting: the meeting's id.
        owner: who asks.

    Returns:
        The meeting, for use as proof.

    Raises:
        MeetingUnknown: there is no such meeting, it was deleted, or it is somebody else's.
    """
    row = _mine(owner).filter(pk=meeting).first()
    if row is None:
        raise MeetingUnknown
    return _own(row)


def live_region(*, meeting: MeetingId) -> str | None:
    """Return where the meeting's live call is processed, or None when there is no live call.

    Args:
        meeting: an id from a proof.
    """
    return Call.objects.filter(meeting=meeting, ended_at=None).values_list("region", flat=True).first()


def seat(*, participant: str, seat: str) -> Seat:
    """Return a seat to somebody who holds its secret, even when it is over.

    Args:
        participant: the participant's id.
        seat: the secret from the ticket.

    Returns:
        The seat; `gone` is `joined_elsewhere` for the secret before the last replacement.

    Raises:
        SeatUnknown: there is no such seat, or the secret is wrong.
    """
    row = Participant.objects.select_related("call").filter(pk=participant).first()
    given = hash_seat(seat)
    current = hmac.compare_digest(row.seat_hash if row else given[::-1], given)
    former = hmac.compare_digest(row.former_seat_hash if row else "", given)
    if row is None or not (current or former):
        raise SeatUnknown
    return _seat(row, gone=row.gone_reason or ("" if current else JOINED_ELSEWHERE))


def seated(*, participant: str, call: str) -> Seat:
    """Return the live seat of a participant in a live call, for a caller whose media token was checked.

    Args:
        participant: the participant's id.
        call: the call's id.

    Returns:
        The seat.

    Raises:
        SeatUnknown: there is none, or it is over.
    """
    row = Participant.objects.select_related("call").filter(pk=participant, call=call, left_at=None, call__ended_at=None).first()
    if row is None:
        raise SeatUnknown
    return _seat(row, gone="")


def hash_seat(secret: str) -> str:
    """Return what is stored of a seat's secret."""
    return stored_hash(kind="seat", token=secret)


def _access(held: rows.Found, *, former: bool) -> MeetingAccess:
    """Return a row as proof."""
    row, found = held.row, ruled(meeting=held.row)
    holds = found.holds
    return MeetingAccess(
        meeting=MeetingId(row.pk),
        title=row.title,
        owner=UserId(row.owner_id) if row.owner_id else None,
        inviter=held.inviter,
        link_version=row.link_version,
        host_hash=row.host_hash,
        link_old=former,
        preset=holds.preset,
        who=holds.entrance.who,
        waiting=holds.entrance.waiting,
        passcode_hash=row.passcode_hash,
        before_host=holds.entrance.before_host,
        capacity=row.capacity,
        organisation=found.organisation,
        organisation_name=found.name,
        guests=holds.guests,
        sign_in=holds.sign_in,
        clients=holds.clients,
        regions=found.regions,
        link_due_at=found.link_due_at,
        invites_addresses=held.by_address,
    )


def _mine(owner: UserId) -> QuerySet[Meeting]:
    """Return the owner's meetings, each with whether it is live, as _own takes them."""
    live = Exists(Call.objects.filter(meeting=OuterRef("pk"), ended_at=None))
    return Meeting.objects.filter(owner=owner, deleted_at=None).annotate(live=live)


def _own(row: Meeting, known: dict[str, Ruling | None] | None = None) -> OwnMeeting:
    """Return a row of _mine as proof."""
    found = ruled(meeting=row, known=known)
    holds = found.holds
    return OwnMeeting(
        meeting=MeetingId(row.pk),
        title=row.title,
        link_version=row.link_version,
        created_at=row.created_at,
        live=bool(getattr(row, "live", False)),
        entrance=Entrance(
            preset=holds.preset,
            who=holds.entrance.who,
            waiting=holds.entrance.waiting,
            passcode=row.passcode_hash != "",
            before_host=holds.entrance.before_host,
            capacity=row.capacity or 0,
            version=entrance_version(row=row),
        ),
        house=_house(found),
    )


def _house(found: Ruled) -> House | None:
    """Return whose policy it is under, for its owner."""
    if found.ruling is None:
        return None
    return House(
        organisation=found.organisation,
        name=found.name,
        presets=presets_under(policy=found.ruling.policy),
        guests=found.holds.guests.value,
        sign_in=found.holds.sign_in.value,
        enforced=sorted(rule.value for rule in found.ruling.policy.enforced),
        link_due_at=found.link_due_at,
    )


def _seat(row: Participant, *, gone: str) -> Seat:
    """Return a row as plain values."""
    return Seat(
        participant=ParticipantId(row.pk),
        call=CallId(row.call_id),
        meeting=MeetingId(row.call.meeting_id),
        region=row.call.region,
        name=row.name,
        role=Role(row.role),
        signature_key=row.signature_key,
        device=row.device,
        account=UserId(row.account_id) if row.account_id else None,
        generation=row.generation,
        gone=gone,
        evidence=evidence_of(row=row),
    )
