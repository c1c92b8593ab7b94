"""Joining: the server's story from a request to a ticket, each leaf visited once (docs/protocol/join.md)."""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from conclave.kernel.clock import SECOND
from conclave.kernel.errors import Malformed, Refused
from conclave.kernel.ids import CallId, MeetingId, ParticipantId, new_id
from conclave.kernel.statements import insert
from conclave.keys import delivery
from conclave.keys.attestation import Attestation, attest
from conclave.keys.locks import writing
from conclave.media import placement, ticket
from conclave.media.policy import Lists, Picture
from conclave.media.turn import IceServer
from conclave.meetings.door import (
    EMPTY_HANDED,
    Checked,
    Newcomer,
    Shown,
    check,
    enforce,
    group_of,
    hosts_from,
    invitation,
    judge,
    judge_returning,
    vouched,
)
from conclave.meetings.enforce import judge_inside
from conclave.meetings.invitations import used
from conclave.meetings.knock import take_pass
from conclave.meetings.line import Spot, serve, spot
from conclave.meetings.models import Call, Gone, Participant, Role
from conclave.meetings.names import clean_name
from conclave.meetings.ordered import noting
from conclave.meetings.pseudonyms import pseudonym
from conclave.meetings.queries import (
    LinkOld,
    LinkUnknown,
    MeetingAccess,
    Seat,
    SeatUnknown,
    access_ahead,
    access_meeting,
    access_waiting,
    hash_seat,
)
from conclave.meetings.queries import seat as find_seat
from conclave.meetings.rights import sources_of
from conclave.meetings.route import stop
from conclave.meetings.rows import live_call, seated, settle_first
from conclave.meetings.there import columns_of
from conclave.transparency.journal import Line, journal_lines

# How long a ticket waits for its socket; JOIN-7 gives a lost one the same time.
HELLO_WITHIN_MS = 30 * SECOND


class NameFixed(Refused):
    """Somebody in the call asks for another name without the right to."""

    code = "name_fixed"
    status = 403
    message = _("Names stay as they are in this meeting.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The seat that a reload or another tab takes back."""

    participant: str
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Everything a browser needs to enter: who it is here, the gateway's word on it, and the way to the media."""

    meeting: MeetingId
    call: CallId
    participant: ParticipantId
    seat: str
    name: str
    role: Role
    time: int
    attestation: Attestation
    link_version: int
    region: placement.Region
    picture: Picture
    media_token: str
    ice_servers: list[IceServer]


def join(*, meeting: str, link_id: str, newcomer: Newcomer, again: Again | None, now: int, shown: Shown = EMPTY_HANDED) -> Ticket:
    """Give a person a seat in the meeting's call, starting the call when there is none.

    Args:
        meeting: the meeting's id.
        link_id: what the browser derived from the link.
        newcomer: who asks.
        again: the seat to take back (JOIN-2), or None for a new one.
        now: the time.
        shown: what they show to be let in.

    Returns:
        The ticket.

    Raises:
        LinkUnknown: not a meeting, or not its link (LINK-4).
        NameEmpty, NameTooLong, NameForbidden: the name breaks JOIN-1.
        LinkOld: the meeting's former link (LINK-6).
        NameFixed: `again` comes with another name, which is not theirs to choose (POL-21).
        KnockRequired, Removed and the others of door.enforce: the gate does not let this person in; nothing was changed (KNOCK-1), but
            that an order kept somebody out is written down (ORD-8).
        PasscodeWrong, TooOften: see entrance.check_passcode and invitations.invitation_of.
        SeatUnknown: `again` does not name a live seat of this call with this key and secret.
        Malformed: the signature key sits in the call already.
        CallFull, RegionFull, PlaceAwaited, MediaUnavailable: there is no room, or no engine.
        RegionForbidden: the meeting may be held in no region of this server (REG-2).
    """
    name = clean_name(raw=newcomer.name)
    secret = new_id()
    with noting(newcomer=newcomer, meeting=meeting, now=now):
        # Whoever takes their own seat back has been let in already.
        checked = Checked() if again else check(meeting=meeting, link_id=link_id, newcomer=newcomer, shown=shown, now=now)
        ahead = _ahead(meeting=meeting, link_id=link_id) if again else None
        with writing():
            settle_first(meeting=meeting, account=newcomer.account, imposing=False)
            access = _access(newcomer, meeting=meeting, link_id=link_id, ahead=ahead, now=now)
            # Locked, so that it cannot end between here and the seat: the last one out locks the same row (departure.py).
            live = live_call(meeting=access.meeting, locked=True)
            former = _seat_to_replace(live, newcomer, again, now=now) if again else None
            group = group_of(call=live)
            invited = ""
            if not former:
                let_in = shown.let_in is not None and take_pass(meeting=access.meeting, newcomer=newcomer, let_in=shown.let_in, now=now)
                invited = invitation(access=access, newcomer=newcomer, shown=shown, now=now)
                by = {"let_in": let_in, "invited": invited != ""}
                decision = judge(access=access, call=live, group=group, newcomer=newcomer, checked=checked, **by, now=now)
                enforce(decision=decision, access=access)
            lists = placement.lists_of(others=access.regions)
            own = spot(meeting=access.meeting, device=newcomer.device, now=now)
            call, started = (live, []) if live else _start(access, lists, own, now=now)
            present = 0 if former or started else seated(call=call.pk)
            region = placement.check_place(region=call.region, lists=lists, present=present, now=now)
            if former:
                row = _replace(former, access, newcomer, name=name, secret=secret, now=now)
            else:
                picture = serve(own=own, region=region, lists=lists, now=now)
                row = _sit_down(call, access, newcomer, name=name, secret=secret, invited=invited, picture=picture, now=now)
            kind = "participant_replaced" if former else "participant_joined"
            journal_lines(lines=[*started, Line(kind=kind, obj=call.pk, fields={"participant": row.pk})], now=now)
        # Of a new seat no group has said anything yet.
        may = delivery.may(call=call.pk, participants=[row.pk])[row.pk] if former else group.may
        return _ticket(row, call, access, region, secret=secret, may=may, now=now)


def recheck(*, seat: Seat, region: str, now: int) -> None:
    """Ask admission again for somebody who is seated, as every connect to the media does (JOIN-9), and whether the region may be (REG-5).

    Args:
        seat: a live seat.
        region: the one whose engine they ask for.
        now: the time.

    Raises:
        MediaUnavailable: the call is not held there, or has to leave.
        RegionForbidden: it may be held nowhere any more.
        Removed, Banned and the others of door.enforce: a restriction names this person by now; whom an order does has no seat any more.
    """
    enforce(decision=judge_inside(seat=seat, now=now))
    if region != seat.region:
        raise placement.MediaUnavailable
    lists = placement.lists_of(others=access_waiting(meeting=seat.meeting).regions)
    placement.check_allowed(region=region, lists=lists, now=now)


def _ahead(*, meeting: str, link_id: str) -> int | None:
    """Return which link the call's group has, for somebody whose link is not the meeting's; None where that is it, or was.

    Members have the new link from the group (LINK-5), some before the gateway has it from a host: they take their seats back all the same,
    that very host among them. Asked before any transaction: the public group's lock is never waited for while the database is held.
    """
    try:
        access_meeting(meeting=meeting, link_id=link_id, knocking=True)
    except LinkUnknown:
        call = Call.objects.filter(meeting=meeting, ended_at=None).values_list("pk", flat=True).first()
        return delivery.link_version(call=call) if call else None
    return None


def _access(newcomer: Newcomer, *, meeting: str, link_id: str, ahead: int | None, now: int) -> MeetingAccess:
    """Return the meeting to who holds its link; who is banned reads that, rather than that the link was replaced because of it.

    `ahead` is for whom `again` lets in or nothing does.
    """
    try:
        return access_meeting(meeting=meeting, link_id=link_id)
    except LinkUnknown:
        if ahead is None:
            raise
        return access_ahead(meeting=meeting, link_version=ahead)
    except LinkOld:
        decision = judge_returning(
            participant="",
            call=None,
            meeting=meeting,
            device=newcomer.device,
            account=newcomer.account,
            evidence=newcomer.evidence,
            now=now,
        )
        enforce(decision=decision)
        raise


def _start(access: MeetingAccess, lists: Lists, own: Spot, *, now: int) -> tuple[Call, list[Line]]:
    """Start the meeting's call, unless somebody has just done so; return what the journal is to say of it."""
    ahead = own.ahead(regions=[one.id for one in placement.permitted(lists=lists)], now=now)
    region = placement.place(lists=lists, now=now, seated=own.seated, ahead=ahead, waited_ms=own.waited(now=now))
    began = stop(region=region, others=access.regions, why="began", now=now)
    new = Call(id=new_id(), meeting_id=access.meeting, region=region.id, started_at=now, route=[began])
    # Of two who start it at once, the other one waits here until the first one's transaction is over.
    Call.objects.bulk_create([new], ignore_conflicts=True)
    call = live_call(meeting=access.meeting, locked=True)
    if call is None:  # and that one is over already
        return _start(access, lists, own, now=now)
    line = Line(kind="call_started", obj=call.pk, fields={"meeting": access.meeting, "region": call.region})
    return call, [line] if call.pk == new.pk else []


def _seat_to_replace(call: Call | None, newcomer: Newcomer, again: Again, *, now: int) -> Seat:
    """Return the seat that `again` proves (JOIN-2): the secret, or the one before it, and the same signature key.

    The gate is asked first, so that whoever was removed reads that.
    """
    if call is None:
        raise SeatUnknown
    decision = judge_returning(
        participant=again.participant,
        call=call.pk,
        meeting=call.meeting_id,
        device=newcomer.device,
        account=newcomer.account,
        evidence=newcomer.evidence,
        now=now,
    )
    enforce(decision=decision)
    found = find_seat(participant=again.participant, seat=again.seat)
    if found.call != call.pk or found.signature_key != newcomer.signature_key or found.gone in set(Gone):
        raise SeatUnknown
    return found


def _sit_down(
    call: Call, access: MeetingAccess, newcomer: Newcomer, *, name: str, secret: str, invited: str, picture: Picture, now: int
) -> Participant:
    """Give a new seat."""
    row = Participant(
        id=new_id(),
        call=call,
        name=name,
        role=_role(access, newcomer, now),
        signature_key=newcomer.signature_key,
        device=newcomer.device,
        account_id=newcomer.account,
        pseudonym=pseudonym(account=newcomer.account, meeting=access.meeting) if newcomer.account else "",
        seat_hash=hash_seat(secret),
        link_version=access.link_version,
        invitation=invited,
        picture=picture,
        joined_at=now,
        awaited_until=now + HELLO_WITHIN_MS,
        **columns_of(evidence=newcomer.evidence),
    )
    try:
        # Whoever comes with a key that sits there already rolls everything back.
        insert([row])
    except IntegrityError as error:
        raise Malformed("This signature key sits in the call already.") from error
    used(invitation=invited, now=now)
    return row


def _replace(former: Seat, access: MeetingAccess, newcomer: Newcomer, *, name: str, secret: str, now: int) -> Participant:
    """Hand the seat to its new holder: same participant id and key, new secret; the tab before it keeps a way back."""
    row = Participant.objects.get(pk=former.participant)
    if row.name != name:
        _check_rename(row)
    if newcomer.account != former.account and not vouched(access=access, newcomer=newcomer):
        # They stay who they were: no seat makes more of somebody than the door would (RULE-3).
        newcomer = dataclasses.replace(newcomer, account=former.account)
    row.former_seat_hash, row.seat_hash = row.seat_hash, hash_seat(secret)
    row.name, row.role, row.generation = name, _role(access, newcomer, now), row.generation + 1
    row.link_version = access.link_version
    row.account_id = newcomer.account
    row.pseudonym = pseudonym(account=newcomer.account, meeting=access.meeting) if newcomer.account else ""
    row.awaited_until = row.awaited_until and now + HELLO_WITHIN_MS
    changed = ["former_seat_hash", "seat_hash", "name", "role", "generation", "account", "pseudonym", "awaited_until", "link_version"]
    # Whoever comes back may be somewhere else by now.
    for column, value in columns_of(evidence=newcomer.evidence).items():
        setattr(row, column, value)
        changed.append(column)
    row.save(update_fields=changed)
    return row


def _check_rename(row: Participant) -> None:
    """Raise NameFixed unless the policy lets them take another name (POL-21)."""
    may = delivery.may(call=row.call_id, participants=[row.pk])[row.pk]
    if may is not None and "rename" not in may:
        raise NameFixed


def _role(access: MeetingAccess, newcomer: Newcomer, now: int) -> Role:
    """Return the role to display: the meeting's owner is host, everybody else a guest until the group's policy says more."""
    owner = newcomer.account is not None and newcomer.account == access.owner
    return Role.HOST if owner and hosts_from(access=access, newcomer=newcomer, now=now) else Role.GUEST


def _ticket(
    row: Participant, call: Call, access: MeetingAccess, region: placement.Region, *, secret: str, may: Collection[str] | None, now: int
) -> Ticket:
    """Return the ticket for a seat, signed and sealed."""
    attestation = attest(
        meeting=access.meeting,
        call=call.pk,
        participant=row.pk,
        name=row.name,
        role=row.role,
        signature_key=row.signature_key,
        account=row.pseudonym,
    )
    return Ticket(
        meeting=access.meeting,
        call=CallId(call.pk),
        participant=ParticipantId(row.pk),
        seat=secret,
        name=row.name,
        role=Role(row.role),
        time=now,
        attestation=attestation,
        link_version=access.link_version,
        region=region,
        picture=Picture(row.picture),
        media_token=ticket.mint(
            call=call.pk,
            participant=row.pk,
            credentials=region.credentials(),
            now=now,
            sources=sources_of(may=may, heard_only=row.picture == Picture.NONE),
        ),
        ice_servers=region.ice_servers(participant=row.pk, now=now),
    )
