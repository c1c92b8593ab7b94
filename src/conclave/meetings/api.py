"""The JSON API of meetings, at /api/v1."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from conclave.accounts.api import router as organisations
from conclave.accounts.bearer import NotSignedIn, asker, browser, has_shown
from conclave.accounts.tokens import TokenInvalid
from conclave.gate import geo
from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError, Malformed, error_body
from conclave.kernel.ids import new_id
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.schema import REFUSALS
from conclave.media import placement, selftest
from conclave.media.policy import Picture
from conclave.media.turn import IceServer
from conclave.meetings import queries, turned
from conclave.meetings.door import Newcomer, Pass, Shown
from conclave.meetings.entrance import is_open
from conclave.meetings.guard import StrictParser, guarded, limit
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.keyring_api import router as keyring
from conclave.meetings.knock import Seal, knock
from conclave.meetings.line import stand
from conclave.meetings.media_schemas import IceServerOut, MediaOut, RegionOut, SelftestOut
from conclave.meetings.models import Role
from conclave.meetings.own_api import router as own_meetings
from conclave.meetings.receipts import receipt_for
from conclave.meetings.route import outside_of
from conclave.meetings.schemas import JoinIn, KnockIn, KnockOut, LobbyIn, LobbyOut, Preset, TicketOut
from conclave.meetings.trees import tree_for

# JOIN-11. One address may be a school behind one router: wide enough for 1,000 people who come at the same minute.
JOIN_RATE = Rate(name="join", burst=1000, every_ms=20)
LOBBY_RATE = Rate(name="lobby", burst=1000, every_ms=20)
# KNOCK-7. As wide as a school's door, for a school may wait behind one router; one device has no reason to knock often.
KNOCK_RATE = Rate(name="knock", burst=1000, every_ms=clock.SECOND)
KNOCK_DEVICE_RATE = Rate(name="knock_device", burst=10, every_ms=20 * clock.SECOND)
# Counted only for links that open nothing.
WRONG_LINK_RATE = Rate(name="wrong_link", burst=60, every_ms=clock.SECOND)
SELFTEST_RATE = Rate(name="selftest", burst=120, every_ms=clock.SECOND)
# All visitors together: nobody needs a link for it, so many addresses must not fill the engine with rooms either.
SELFTESTS_RATE = Rate(name="selftests", burst=600, every_ms=clock.SECOND // 10)
TREE_RATE = Rate(name="tree", burst=1000, every_ms=20)
RECEIPT_RATE = Rate(name="receipt", burst=1000, every_ms=20)


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
api.add_router("", organisations)
api.add_router("", own_meetings)
api.add_router("", keyring)


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


@api.post("/join", response={200: TicketOut, **REFUSALS}, summary=_("Ask for a seat in a meeting’s call"))
def post_join(request: HttpRequest, body: JoinIn) -> TicketOut:
    """Return a ticket (join.md)."""
    now = limit(request, JOIN_RATE)
    newcomer = _newcomer(request, body)
    again = Again(participant=body.again.participant, seat=body.again.seat) if body.again else None
    shown = Shown(
        host=(body.host.key, body.host.signature) if body.host else None,
        passcode=body.passcode,
        let_in=Pass(knock=body.pass_.knock, proof=body.pass_.proof) if body.pass_ else None,
        invitation=body.invitation,
        address=LIMITER.visitor_key(request),
    )
    try:
        return _ticket_out(join(meeting=body.meeting, link_id=body.link_id, newcomer=newcomer, again=again, now=now, shown=shown))
    except queries.LinkUnknown:
        limit(request, WRONG_LINK_RATE)
        raise
    except placement.PlaceAwaited as waits:
        stand(meeting=body.meeting, device=body.device, region=waits.region, now=now)
        raise
    except tuple(turned.REASONS) as refused:
        turned.count(refused=refused, now=now)
        raise


@api.post("/knock", response={200: KnockOut, **REFUSALS}, summary=_("Ask a host to be let in"))
def post_knock(request: HttpRequest, body: KnockIn) -> KnockOut:
    """Return what a knock is known by (knock.md)."""
    now = limit(request, KNOCK_RATE)
    LIMITER.check(rate=KNOCK_DEVICE_RATE, subject=f"{body.meeting} {body.device}", now=now)
    if (body.seal_key is None) != (body.seal_signature is None):
        raise Malformed
    newcomer = _newcomer(request, body)
    seal = Seal(key=body.seal_key, signature=body.seal_signature) if body.seal_key and body.seal_signature else None
    shown = Shown(passcode=body.passcode, invitation=body.invitation, address=LIMITER.visitor_key(request))
    try:
        made = knock(meeting=body.meeting, link_id=body.link_id, newcomer=newcomer, seal=seal, shown=shown, now=now)
    except queries.LinkUnknown:
        limit(request, WRONG_LINK_RATE)
        raise
    return KnockOut(knock=made.knock, secret=made.proof)


@api.post("/lobby", response={200: LobbyOut, **REFUSALS}, summary=_("What one may know of a meeting before joining"))
def post_lobby(request: HttpRequest, body: LobbyIn) -> LobbyOut:
    """Return title, inviter and region to somebody who holds the link; nothing changes by asking (JOIN-12)."""
    now = limit(request, LOBBY_RATE)
    try:
        access = queries.access_meeting(meeting=body.meeting, link_id=body.link_id)
    except queries.LinkUnknown:
        limit(request, WRONG_LINK_RATE)
        raise
    # KNOCK-6: who has to be let in is not told whether there is a call.
    is_anybodys = is_open(meeting=access, now=now)
    live = queries.live_region(meeting=access.meeting) if is_anybodys else None
    lists = placement.lists_of(others=access.regions)
    region = placement.regions().get(live or "") or placement.place(lists=lists, now=now)
    others = [one for one in placement.permitted(lists=lists) if live is None and one.id != region.id]
    return LobbyOut(
        title=access.title,
        inviter=access.inviter,
        region=_region_out(region),
        other_regions=[_region_out(one) for one in others],
        outside=outside_of(account=asker(request).account, host=access.organisation, region=region),
        live=live is not None,
        open=is_anybodys,
        link_version=access.link_version,
        passcode=access.passcode_hash != "",
        preset=cast("Preset", access.preset),
        sign_in=(access.who == "signed_in" or access.guests == "none") and asker(request).account is None,
    )


@api.post("/selftest", response={200: SelftestOut, **REFUSALS}, summary=_("Try the way to the media engine, alone, for a minute"))
def post_selftest(request: HttpRequest) -> SelftestOut:
    """Return a ticket to a room of its own: no seat, no call, and nobody to meet (SELF-1)."""
    now = limit(request, SELFTEST_RATE)
    LIMITER.check(rate=SELFTESTS_RATE, subject="", now=now)
    region = placement.place(lists=placement.lists_of(others=()), now=now)
    visitor = new_id()
    token = selftest.open_room(visitor=visitor, credentials=region.credentials(), now=now)
    return SelftestOut(region=_region_out(region), media=_media_out(region, token, region.ice_servers(participant=visitor, now=now)))


@api.get("/trees/{digest}", response=REFUSALS, summary=_("A group’s public tree by its SHA-256"))
def get_tree(request: HttpRequest, digest: str) -> HttpResponse:
    """Return the tree's bytes to somebody seated in its call (delivery.md)."""
    limit(request, TREE_RATE)
    participant, _dot, secret = request.headers.get("Conclave-Seat", "").partition(".")
    tree = tree_for(digest=digest, participant=participant, seat=secret)
    return HttpResponse(tree, content_type="application/octet-stream")


@api.get("/receipt", response=REFUSALS, summary=_("Where a call’s sound and picture were carried, signed"))
def get_receipt(request: HttpRequest) -> HttpResponse:
    """Return the routing receipt to somebody who has or had a seat in the call (regions.md)."""
    now = limit(request, RECEIPT_RATE)
    participant, _dot, secret = request.headers.get("Conclave-Seat", "").partition(".")
    return HttpResponse(receipt_for(participant=participant, seat=secret, now=now), content_type="application/json")


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
        media=_media_out(ticket.region, ticket.media_token, ticket.ice_servers, ticket.picture),
    )


def _media_out(region: placement.Region, token: str, servers: list[IceServer], picture: Picture = Picture.FULL) -> MediaOut:
    """Return the way to the media as its answer."""
    ice_servers = [IceServerOut(urls=one.urls, username=one.username, credential=one.credential) for one in servers]
    return MediaOut(url=region.path, token=token, ice_servers=ice_servers, addresses=list(region.addresses), picture=picture.value)


def _region_out(region: placement.Region) -> RegionOut:
    """Return a region as its answer."""
    return RegionOut(id=region.id, territory=region.territory)


def _newcomer(request: HttpRequest, body: JoinIn | KnockIn) -> Newcomer:
    """Return who asks to come in, with what they have shown of themselves."""
    who = {"name": body.name, "signature_key": body.signature_key, "device": body.device}
    evidence = geo.locate(address=request.META.get("REMOTE_ADDR", ""))
    return Newcomer(**who, account=asker(request).account, shown=has_shown(request), evidence=evidence)
