"""The JSON API of meetings, at /api/v1."""

from dataclasses import asdict
from typing import Annotated, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import NinjaAPI, Query, Status
from ninja.errors import AuthenticationError, HttpError, ValidationError

from conclave.accounts.api import router
from conclave.accounts.bearer import NotSignedIn, account_of, asker, browser, takes
from conclave.accounts.scopes import Scope
from conclave.accounts.tokens import TokenInvalid
from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError, Malformed, error_body
from conclave.kernel.ids import new_id
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.schema import ErrorOut
from conclave.media import placement, selftest
from conclave.media.turn import IceServer
from conclave.meetings import invitations, links, own, queries
from conclave.meetings.door import Newcomer, Pass, Shown
from conclave.meetings.entrance import Changes, is_open
from conclave.meetings.guard import StrictParser, guarded
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.knock import Seal, knock
from conclave.meetings.models import Role
from conclave.meetings.schemas import (
    ChangesIn,
    EntranceIn,
    EntranceOut,
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


api = NinjaAPI(
    title="Conclave",
    version="1",
    description="Meetings, organisations, and how a browser joins a call. The protocol is in docs/protocol/, this in words at /api/docs.",
    parser=StrictParser(),
    auth=browser,
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
api.add_decorator(guarded, mode="view")
api.add_router("", router)

_REFUSALS = dict.fromkeys((400, 403, 404, 409, 422, 429, 503), ErrorOut)
_OWN_REFUSALS = {401: ErrorOut, **_REFUSALS}
_READS, _WRITES = takes(Scope.MEETINGS_READ), takes(Scope.MEETINGS_WRITE)


@api.exception_handler(ConclaveError)
def _refusal(request: HttpRequest, error: ConclaveError) -> HttpResponse:
    """Answer a refusal with its code and sentence."""
    answer = api.create_response(request, error_body(error), status=error.status)
    if isinstance(error, TokenInvalid):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    """Answer whoever is not signed in and shows no token either."""
    return _refusal(request, NotSignedIn())


@api.exception_handler(ValidationError)
def _malformed(request: HttpRequest, _error: ValidationError) -> HttpResponse:
    """Answer a body that breaks the schema; what was sent is not quoted back."""
    return api.create_response(request, error_body(Malformed()), status=Malformed.status)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what the framework itself refuses, in our words."""
    return api.create_response(request, error_body(Malformed()), status=error.status_code)


@api.post("/join", response={200: TicketOut, **_REFUSALS}, summary=_("Ask for a seat in a meeting’s call"))
def post_join(request: HttpRequest, body: JoinIn) -> TicketOut:
    """Return a ticket (join.md)."""
    now = _limit(request, JOIN_RATE)
    newcomer = Newcomer(name=body.name, signature_key=body.signature_key, device=body.device, account=asker(request).account)
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


@api.post("/knock", response={200: KnockOut, **_REFUSALS}, summary=_("Ask a host to be let in"))
def post_knock(request: HttpRequest, body: KnockIn) -> KnockOut:
    """Return what a knock is known by (knock.md)."""
    now = _limit(request, KNOCK_RATE)
    LIMITER.check(rate=KNOCK_DEVICE_RATE, subject=f"{body.meeting} {body.device}", now=now)
    if (body.seal_key is None) != (body.seal_signature is None):
        raise Malformed
    newcomer = Newcomer(name=body.name, signature_key=body.signature_key, device=body.device, account=asker(request).account)
    seal = Seal(key=body.seal_key, signature=body.seal_signature) if body.seal_key and body.seal_signature else None
    shown = Shown(passcode=body.passcode, invitation=body.invitation, address=_address(request))
    try:
        made = knock(meeting=body.meeting, link_id=body.link_id, newcomer=newcomer, seal=seal, shown=shown, now=now)
    except queries.LinkUnknown:
        _limit(request, WRONG_LINK_RATE)
        raise
    return KnockOut(knock=made.knock, secret=made.proof)


@api.post("/lobby", response={200: LobbyOut, **_REFUSALS}, summary=_("What one may know of a meeting before joining"))
def post_lobby(request: HttpRequest, body: LobbyIn) -> LobbyOut:
    """Return title, inviter and region to somebody who holds the link; nothing changes by asking (JOIN-12)."""
    _limit(request, LOBBY_RATE)
    try:
        access = queries.access_meeting(meeting=body.meeting, link_id=body.link_id)
    except queries.LinkUnknown:
        _limit(request, WRONG_LINK_RATE)
        raise
    # KNOCK-6: who has to be let in is not told whether there is a call.
    is_anybodys = is_open(meeting=access)
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
        sign_in=access.who == "signed_in" and asker(request).account is None,
    )


@api.post("/selftest", response={200: SelftestOut, **_REFUSALS}, summary=_("Try the way to the media engine, alone, for a minute"))
def post_selftest(request: HttpRequest) -> SelftestOut:
    """Return a ticket to a room of its own: no seat, no call, and nobody to meet (SELF-1)."""
    now = _limit(request, SELFTEST_RATE)
    LIMITER.check(rate=SELFTESTS_RATE, subject="", now=now)
    region = placement.place()
    visitor = new_id()
    token = selftest.open_room(visitor=visitor, credentials=region.credentials(), now=now)
    return SelftestOut(region=_region_out(region), media=_media_out(region, token, region.ice_servers(participant=visitor, now=now)))


# Whoever holds the meet-now token needs neither session nor token.
@api.post(
    "/meetings",
    response={201: MeetingMade, **_OWN_REFUSALS},
    **takes(Scope.MEETINGS_WRITE, visitors=True),
    summary=_("Make a meeting"),
)
def post_meeting(request: HttpRequest, body: MeetingIn) -> Status[MeetingMade]:
    """Store a meeting whose link the browser made."""
    now = _limit(request, MEETINGS_RATE)
    fields = {"meeting": body.meeting, "title": body.title, "link_id": body.link_id, "host_hash": body.host_hash}
    changes = _changes(body.entrance)
    if body.now is not None:
        meeting = own.create_now(**fields, token=body.now, preset=body.preset, changes=changes, now=now)
    else:
        meeting = own.create_meeting(**fields, owner=account_of(request), preset=body.preset, changes=changes, now=now)
    return Status(201, MeetingMade(meeting=meeting, link_version=1))


@api.get("/meetings", response={200: MeetingsOut, **_OWN_REFUSALS}, **_READS, summary=_("Your meetings"))
def get_meetings(
    request: HttpRequest,
    after: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = queries.PAGE,
) -> MeetingsOut:
    """Return one's own meetings, newest first, a page at a time; `after` takes what `next` said."""
    page = queries.page_of_own(owner=account_of(request), after=after, limit=limit)
    return MeetingsOut(meetings=[_meeting_out(meeting) for meeting in page.meetings], next=page.next)


@api.get("/meetings/{meeting}", response={200: MeetingOut, **_OWN_REFUSALS}, **_READS, summary=_("One of your meetings"))
def get_meeting(request: HttpRequest, meeting: str) -> MeetingOut:
    """Return one meeting to its owner."""
    return _meeting_out(queries.own_meeting(meeting=meeting, owner=account_of(request)))


@api.patch("/meetings/{meeting}", response={200: MeetingOut, **_OWN_REFUSALS}, **_WRITES, summary=_("Change a meeting"))
def patch_meeting(request: HttpRequest, meeting: str, body: ChangesIn) -> MeetingOut:
    """Give one's own meeting another title or another entrance."""
    now = _limit(request, MEETINGS_RATE)
    changes = _changes(body.entrance)
    changed = own.change_meeting(meeting=meeting, owner=account_of(request), title=body.title, preset=body.preset, changes=changes, now=now)
    return _meeting_out(changed)


@api.post(
    "/meetings/{meeting}/link", response={200: MeetingOut, **_OWN_REFUSALS}, **_WRITES, summary=_("Replace a meeting’s link between calls")
)
def post_link(request: HttpRequest, meeting: str, body: LinkIn) -> MeetingOut:
    """Give one's own meeting another link while nobody is in it (LINK-6)."""
    now = _limit(request, MEETINGS_RATE)
    replaced = links.replace_between_calls(meeting=meeting, owner=account_of(request), link_id=body.link_id, now=now)
    return _meeting_out(replaced)


@api.get(
    "/meetings/{meeting}/invitations", response={200: InvitationsOut, **_OWN_REFUSALS}, **_READS, summary=_("Whom you invited to a meeting")
)
def get_invitations(request: HttpRequest, meeting: str) -> InvitationsOut:
    """Return the invitations to one's own meeting, newest first."""
    found = invitations.invitations(meeting=meeting, owner=account_of(request))
    return InvitationsOut(invitations=[_invitation_out(one) for one in found])


@api.post(
    "/meetings/{meeting}/invitations", response={201: InvitationOut, **_OWN_REFUSALS}, **_WRITES, summary=_("Invite somebody to a meeting")
)
def post_invitation(request: HttpRequest, meeting: str, body: InvitationIn) -> Status[InvitationOut]:
    """Store an invitation to one's own meeting that the browser drew (LINK-9)."""
    now = _limit(request, MEETINGS_RATE)
    made = invitations.invite(meeting=meeting, owner=account_of(request), digest=body.digest, whom=body.whom, days=body.days, now=now)
    return Status(201, _invitation_out(made))


@api.patch(
    "/meetings/{meeting}/invitations/{invitation}",
    response={200: InvitationOut, **_OWN_REFUSALS},
    **_WRITES,
    summary=_("Take an invitation back, or not"),
)
def patch_invitation(request: HttpRequest, meeting: str, invitation: str, body: RevokedIn) -> InvitationOut:
    """Take an invitation to one's own meeting back, or take that back."""
    now = _limit(request, MEETINGS_RATE)
    changed = invitations.change_invitation(
        meeting=meeting, owner=account_of(request), invitation=invitation, revoked=body.revoked, now=now
    )
    return _invitation_out(changed)


@api.delete("/meetings/{meeting}", response={204: None, **_OWN_REFUSALS}, **_WRITES, summary=_("Delete a meeting"))
def delete_meeting(request: HttpRequest, meeting: str) -> Status[None]:
    """Delete one's own meeting; its live call ends."""
    now = _limit(request, MEETINGS_RATE)
    own.delete_meeting(meeting=meeting, owner=account_of(request), now=now)
    return Status(204, None)


@api.get("/trees/{digest}", response=_REFUSALS, summary=_("A group’s public tree by its SHA-256"))
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
    )


def _invitation_out(invited: invitations.Invited) -> InvitationOut:
    """Return an invitation as its answer."""
    return InvitationOut.model_validate(asdict(invited))


def _changes(body: EntranceIn) -> Changes:
    """Return what a body sets."""
    return cast("Changes", body.model_dump(exclude_none=True))


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
