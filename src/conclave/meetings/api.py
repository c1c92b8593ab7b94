"""The JSON API of meetings, at /api/v1."""

from dataclasses import asdict
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI, Status
from ninja.errors import HttpError, ValidationError

from conclave.accounts.shown import shown_in
from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError, Malformed, Refused, error_body
from conclave.kernel.ids import UserId, new_id
from conclave.kernel.limits import LIMITER, Rate
from conclave.media import placement, selftest
from conclave.media.turn import IceServer
from conclave.meetings import invitations, links, own, plan, queries, ruled
from conclave.meetings.door import Newcomer, Pass, Shown
from conclave.meetings.entrance import Changes, is_open
from conclave.meetings.guard import StrictParser, guarded
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.knock import Seal, knock
from conclave.meetings.models import Role
from conclave.meetings.ruled import OwnRules
from conclave.meetings.schemas import (
    ChangesIn,
    EntranceIn,
    EntranceOut,
    ErrorOut,
    HouseOut,
    IceServerOut,
    InvitationIn,
    InvitationOut,
    InvitationsOut,
    JoinIn,
    KnockIn,
    KnockOut,
    LinkIn,
    LobbyIn,
    LobbyOut,
    MediaOut,
    MeetingIn,
    MeetingMade,
    MeetingOut,
    MeetingsOut,
    OwnRulesIn,
    PlanOut,
    PoliciesOut,
    PolicyOut,
    Preset,
    RegionOut,
    RevokedIn,
    SelftestOut,
    TicketOut,
)
from conclave.meetings.trees import tree_for

# JOIN-11. One address may be a school behind one router: wide enough for 1,000 people who come at the same minute.
JOIN_RATE = Rate(name="join", burst=1000, every_ms=20)
LOBBY_RATE = Rate(name="lobby", burst=1000, every_ms=20)
# KNOCK-7. As wide as a school's door, for a school may wait behind one router; one device has no reason to knock often.
KNOCK_RATE = Rate(name="knock", burst=1000, every_ms=clock.SECOND)
KNOCK_DEVICE_RATE = Rate(name="knock_device", burst=10, every_ms=20 * clock.SECOND)
# Counted only for links that open nothing.
WRONG_LINK_RATE = Rate(name="wrong_link", burst=60, every_ms=clock.SECOND)
MEETINGS_RATE = Rate(name="meetings", burst=60, every_ms=10 * clock.SECOND)
SELFTEST_RATE = Rate(name="selftest", burst=120, every_ms=clock.SECOND)
# All visitors together: nobody needs a link for it, so many addresses must not fill the engine with rooms either.
SELFTESTS_RATE = Rate(name="selftests", burst=600, every_ms=clock.SECOND // 10)
TREE_RATE = Rate(name="tree", burst=1000, every_ms=20)


class NotSignedIn(Refused):
    """This needs an account."""

    code = "not_signed_in"
    status = 401
    message = _("Sign in first.")


api = NinjaAPI(
    title="Conclave",
    version="1",
    description="Meetings: join, lobby, one's own meetings. The protocol is in docs/protocol/.",
    parser=StrictParser(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
api.add_decorator(guarded, mode="view")

_REFUSALS = dict.fromkeys((400, 403, 404, 409, 422, 429, 503), ErrorOut)
_OWN_REFUSALS = {401: ErrorOut, **_REFUSALS}


@api.exception_handler(ConclaveError)
def _refusal(request: HttpRequest, error: ConclaveError) -> HttpResponse:
    """Answer a refusal with its code and sentence."""
    return api.create_response(request, error_body(error), status=error.status)


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, _error: ValidationError) -> HttpResponse:
    """Answer a body that breaks the schema; what was sent is not quoted back."""
    return api.create_response(request, error_body(Malformed()), status=Malformed.status)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what the framework itself refuses, in our words."""
    return api.create_response(request, error_body(Malformed()), status=error.status_code)


@api.post("/join", response={200: TicketOut, **_REFUSALS}, summary="Ask for a seat in a meeting's call")
def post_join(request: HttpRequest, body: JoinIn) -> TicketOut:
    """Return a ticket (join.md)."""
    now = _limit(request, JOIN_RATE)
    newcomer = _newcomer(request, body)
    again = Again(participant=body.again.participant, seat=body.again.seat) if body.again else None
    shown = Shown(
        host=(body.host.key, body.host.signature) if body.host else None,
        passcode=body.passcode,
        let_in=Pass(knock=body.pass_.knock, proof=body.pass_.proof) if body.pass_ else None,
        invitation=body.invitation,
        address=_address(request),
    )
    try:
        return _ticket_out(join(meeting=body.meeting, link_id=body.link_id, newcomer=newcomer, again=again, now=now, shown=shown))
    except queries.LinkUnknown:
        _limit(request, WRONG_LINK_RATE)
        raise


@api.post("/knock", response={200: KnockOut, **_REFUSALS}, summary="Ask a host to be let in")
def post_knock(request: HttpRequest, body: KnockIn) -> KnockOut:
    """Return what a knock is known by (knock.md)."""
    now = _limit(request, KNOCK_RATE)
    LIMITER.check(rate=KNOCK_DEVICE_RATE, subject=f"{body.meeting} {body.device}", now=now)
    if (body.seal_key is None) != (body.seal_signature is None):
        raise Malformed
    newcomer = _newcomer(request, body)
    seal = Seal(key=body.seal_key, signature=body.seal_signature) if body.seal_key and body.seal_signature else None
    shown = Shown(passcode=body.passcode, invitation=body.invitation, address=_address(request))
    try:
        made = knock(meeting=body.meeting, link_id=body.link_id, newcomer=newcomer, seal=seal, shown=shown, now=now)
    except queries.LinkUnknown:
        _limit(request, WRONG_LINK_RATE)
        raise
    return KnockOut(knock=made.knock, secret=made.proof)


@api.post("/lobby", response={200: LobbyOut, **_REFUSALS}, summary="What one may know of a meeting before joining")
def post_lobby(request: HttpRequest, body: LobbyIn) -> LobbyOut:
    """Return title, inviter and region to somebody who holds the link; nothing changes by asking (JOIN-12)."""
    now = _limit(request, LOBBY_RATE)
    try:
        access = queries.access_meeting(meeting=body.meeting, link_id=body.link_id)
    except queries.LinkUnknown:
        _limit(request, WRONG_LINK_RATE)
        raise
    # KNOCK-6: who has to be let in is not told whether there is a call.
    is_anybodys = is_open(meeting=access, now=now)
    live = queries.live_region(meeting=access.meeting) if is_anybodys else None
    region = placement.regions().get(live or "") or placement.place()
    return LobbyOut(
        title=access.title,
        inviter=access.inviter,
        region=_region_out(region),
        live=live is not None,
        open=is_anybodys,
        link_version=access.link_version,
        passcode=access.passcode_hash != "",
        preset=cast("Preset", access.preset),
        sign_in=(access.who == "signed_in" or access.guests == "none") and not request.user.is_authenticated,
    )


@api.post("/selftest", response={200: SelftestOut, **_REFUSALS}, summary="Try the way to the media engine, alone, for a minute")
def post_selftest(request: HttpRequest) -> SelftestOut:
    """Return a ticket to a room of its own: no seat, no call, and nobody to meet (SELF-1)."""
    now = _limit(request, SELFTEST_RATE)
    LIMITER.check(rate=SELFTESTS_RATE, subject="", now=now)
    region = placement.place()
    visitor = new_id()
    token = selftest.open_room(visitor=visitor, credentials=region.credentials(), now=now)
    return SelftestOut(region=_region_out(region), media=_media_out(region, token, region.ice_servers(participant=visitor, now=now)))


@api.post("/meetings", response={201: MeetingMade, **_OWN_REFUSALS}, summary="Make a meeting")
def post_meeting(request: HttpRequest, body: MeetingIn) -> Status[MeetingMade]:
    """Store a meeting whose link the browser made."""
    now = _limit(request, MEETINGS_RATE)
    fields = {"meeting": body.meeting, "title": body.title, "link_id": body.link_id, "host_hash": body.host_hash}
    changes = _changes(body.entrance)
    if body.now is not None:
        if body.organisation is not None:
            raise Malformed("A meeting that nobody owns belongs to no organisation.")
        meeting = own.create_now(**fields, token=body.now, preset=body.preset, changes=changes, now=now)
    else:
        meeting = own.create_meeting(
            **fields,
            owner=_owner(request),
            preset=body.preset,
            changes=changes,
            organisation=body.organisation or "",
            own_rules=_own_rules(body.rules),
            shown=shown_in(request),
            now=now,
        )
    return Status(201, MeetingMade(meeting=meeting, link_version=1))


@api.get("/policies", response={200: PoliciesOut, **_OWN_REFUSALS}, summary="The organisations under whose policy one may make meetings")
def get_policies(request: HttpRequest) -> PoliciesOut:
    """Return one's organisations, with the presets that each allows, and for each in which one may not host why (RULE-2)."""
    found = ruled.policies_for(account=_owner(request), shown=shown_in(request))
    return PoliciesOut(policies=[PolicyOut.model_validate(asdict(one)) for one in found])


@api.get("/meetings", response={200: MeetingsOut, **_OWN_REFUSALS}, summary="One's own meetings")
def get_meetings(request: HttpRequest) -> MeetingsOut:
    """Return the signed-in person's meetings, newest first."""
    return MeetingsOut(meetings=[_meeting_out(meeting) for meeting in queries.own_meetings(owner=_owner(request))])


@api.get("/meetings/{meeting}", response={200: MeetingOut, **_OWN_REFUSALS}, summary="One of one's own meetings")
def get_meeting(request: HttpRequest, meeting: str) -> MeetingOut:
    """Return one meeting to its owner."""
    return _meeting_out(queries.own_meeting(meeting=meeting, owner=_owner(request)))


@api.get("/meetings/{meeting}/plan", response={200: PlanOut, **_OWN_REFUSALS}, summary="When one of one's own meetings is planned")
def get_plan(request: HttpRequest, meeting: str) -> PlanOut:
    """Return what a calendar file is made of; the browser puts the link in (MEET-18)."""
    made = plan.calendar_of(meeting=meeting, owner=_owner(request), now=clock.now())
    return PlanOut.model_validate(asdict(made))


@api.patch("/meetings/{meeting}", response={200: MeetingOut, **_OWN_REFUSALS}, summary="Change a meeting")
def patch_meeting(request: HttpRequest, meeting: str, body: ChangesIn) -> MeetingOut:
    """Give one's own meeting another title or another entrance."""
    now = _limit(request, MEETINGS_RATE)
    changed = own.change_meeting(
        meeting=meeting,
        owner=_owner(request),
        title=body.title,
        preset=body.preset,
        changes=_changes(body.entrance),
        own_rules=_own_rules(body.rules),
        shown=shown_in(request),
        now=now,
    )
    return _meeting_out(changed)


@api.post("/meetings/{meeting}/link", response={200: MeetingOut, **_OWN_REFUSALS}, summary="Replace a meeting's link between calls")
def post_link(request: HttpRequest, meeting: str, body: LinkIn) -> MeetingOut:
    """Give one's own meeting another link while nobody is in it (LINK-6)."""
    now = _limit(request, MEETINGS_RATE)
    replaced = links.replace_between_calls(meeting=meeting, owner=_owner(request), link_id=body.link_id, now=now)
    return _meeting_out(replaced)


@api.get("/meetings/{meeting}/invitations", response={200: InvitationsOut, **_OWN_REFUSALS}, summary="The invitations to a meeting")
def get_invitations(request: HttpRequest, meeting: str) -> InvitationsOut:
    """Return the invitations to one's own meeting, newest first."""
    found = invitations.invitations(meeting=meeting, owner=_owner(request))
    return InvitationsOut(invitations=[_invitation_out(one) for one in found])


@api.post("/meetings/{meeting}/invitations", response={201: InvitationOut, **_OWN_REFUSALS}, summary="Invite one person")
def post_invitation(request: HttpRequest, meeting: str, body: InvitationIn) -> Status[InvitationOut]:
    """Store an invitation to one's own meeting that the browser drew (LINK-9)."""
    now = _limit(request, MEETINGS_RATE)
    made = invitations.invite(meeting=meeting, owner=_owner(request), digest=body.digest, whom=body.whom, days=body.days, now=now)
    return Status(201, _invitation_out(made))


@api.patch("/meetings/{meeting}/invitations/{invitation}", response={200: InvitationOut, **_OWN_REFUSALS}, summary="Take one back, or not")
def patch_invitation(request: HttpRequest, meeting: str, invitation: str, body: RevokedIn) -> InvitationOut:
    """Take an invitation to one's own meeting back, or take that back."""
    now = _limit(request, MEETINGS_RATE)
    changed = invitations.change_invitation(meeting=meeting, owner=_owner(request), invitation=invitation, revoked=body.revoked, now=now)
    return _invitation_out(changed)


@api.delete("/meetings/{meeting}", response={204: None, **_OWN_REFUSALS}, summary="Delete a meeting")
def delete_meeting(request: HttpRequest, meeting: str) -> Status[None]:
    """Delete one's own meeting; its live call ends."""
    now = _limit(request, MEETINGS_RATE)
    own.delete_meeting(meeting=meeting, owner=_owner(request), now=now)
    return Status(204, None)


@api.get("/trees/{digest}", response=_REFUSALS, summary="A group's public tree by its SHA-256")
def get_tree(request: HttpRequest, digest: str) -> HttpResponse:
    """Return the tree's bytes to somebody seated in its call (delivery.md)."""
    _limit(request, TREE_RATE)
    participant, _dot, secret = request.headers.get("Conclave-Seat", "").partition(".")
    tree = tree_for(digest=digest, participant=participant, seat=secret)
    return HttpResponse(tree, content_type="application/octet-stream")


def _ticket_out(ticket: Ticket) -> TicketOut:
    """Return a ticket as its answer."""
    return TicketOut(
        meeting=ticket.meeting,
        call=ticket.call,
        participant=ticket.participant,
        seat=ticket.seat,
        name=ticket.name,
        role="host" if ticket.role is Role.HOST else "guest",
        time=ticket.time,
        attestation=ticket.attestation.text,
        attestation_signature=ticket.attestation.signature,
        attestation_key=ticket.attestation.key,
        link_version=ticket.link_version,
        region=_region_out(ticket.region),
        media=_media_out(ticket.region, ticket.media_token, ticket.ice_servers),
    )


def _media_out(region: placement.Region, token: str, servers: list[IceServer]) -> MediaOut:
    """Return the way to the media as its answer."""
    ice_servers = [IceServerOut(urls=one.urls, username=one.username, credential=one.credential) for one in servers]
    return MediaOut(url=region.path, token=token, ice_servers=ice_servers)


def _meeting_out(own: queries.OwnMeeting) -> MeetingOut:
    """Return one of the owner's meetings as its answer."""
    return MeetingOut(
        meeting=own.meeting,
        title=own.title,
        link_version=own.link_version,
        created_at=own.created_at,
        live=own.live,
        entrance=EntranceOut.model_validate(asdict(own.entrance)),
        organisation=HouseOut.model_validate(asdict(own.house)) if own.house is not None else None,
    )


def _invitation_out(invited: invitations.Invited) -> InvitationOut:
    """Return an invitation as its answer."""
    return InvitationOut.model_validate(asdict(invited))


def _changes(body: EntranceIn) -> Changes:
    """Return what a body sets."""
    return cast("Changes", body.model_dump(exclude_none=True))


def _own_rules(body: OwnRulesIn) -> OwnRules:
    """Return what a body says of the meeting's own rules; a key that is there and null takes one back."""
    return cast("OwnRules", body.model_dump(exclude_unset=True))


def _newcomer(request: HttpRequest, body: JoinIn | KnockIn) -> Newcomer:
    """Return who asks to come in, with what they have shown of themselves."""
    who = {"name": body.name, "signature_key": body.signature_key, "device": body.device}
    return Newcomer(**who, account=_account(request), shown=shown_in(request))


def _region_out(region: placement.Region) -> RegionOut:
    """Return a region as its answer."""
    return RegionOut(id=region.id, territory=region.territory)


def _address(request: HttpRequest) -> str:
    """Return the pseudonym of the asking address."""
    return LIMITER.address_key(request.META.get("REMOTE_ADDR", ""))


def _limit(request: HttpRequest, rate: Rate) -> int:
    """Take one token of a rate for the asking address; return the time."""
    now = clock.now()
    LIMITER.check(rate=rate, subject=_address(request), now=now)
    return now


def _account(request: HttpRequest) -> UserId | None:
    """Return who is signed in, if anybody."""
    return UserId(str(request.user.pk)) if request.user.is_authenticated else None


def _owner(request: HttpRequest) -> UserId:
    """Return who is signed in."""
    account = _account(request)
    if account is None:
        raise NotSignedIn
    return account
