"""The signal gate: who may open or reopen the media engine's signalling (JOIN-9). Raw ASGI, as every byte of signalling passes here.

LiveKit revokes no tokens and refreshes them by itself, so a token alone opens nothing: each connect asks for the seat and for admission.
"""

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import structlog
from django.http import HttpRequest, HttpResponse
from websockets.asyncio.client import ClientConnection

from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError
from conclave.kernel.limits import LIMITER, Rate
from conclave.keys.threads import in_thread
from conclave.media import placement, selftest, ticket
from conclave.media.engine import EngineRefused, EngineUnavailable, engine_api
from conclave.media.relay import Receive, Send, UpstreamRefused, UpstreamUnavailable, open_upstream, pump
from conclave.meetings.join import recheck
from conclave.meetings.queries import seated
from conclave.meetings.rights import sources
from conclave.meetings.watch import watching

PREFIX = "/media/"
_PATH = re.compile(r"/media/([a-z0-9][a-z0-9-]{0,31})/(rtc(?:/v1)?)(/validate)?")
LONGEST_QUERY = 32_768
# A client that tries a way connects once and asks once why it could not.
SELFTEST_RATE = Rate(name="selftest_signal", burst=4, every_ms=clock.MINUTE)
# What livekit-client 2.23.0 sends. `publish` (a second identity), `attributes` and anything unknown never reach the engine.
_PARAMETERS = frozenset(
    {"access_token", "join_request", "reconnect", "reconnect_reason", "sid", "auto_subscribe", "adaptive_stream", "subscriber_allow_pause"}
    | {"disable_ice_lite", "sdk", "version", "protocol", "client_protocol", "network"}
    | {"device_model", "os", "os_version", "browser", "browser_version"}
)
_log = structlog.get_logger("conclave.signal")


class SignalRefused(Exception):
    """The gate stays shut: 403 for the asker's doing, 503 for ours. Never 404, which would make the client try its old path."""

    def __init__(self, *, status: int, code: str) -> None:
        """Keep the HTTP status and a stable code for the log."""
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An admitted connection: whose, and what to ask the engine for."""

    region: placement.Region
    call: str
    participant: str
    path: str
    query: str


async def admit_signal(*, path: str, query: str, now: int) -> Entry:
    """Decide whether a connection may reach the engine (JOIN-9, JOIN-10).

    Args:
        path: the request's path, percent-decoded once, as ASGI has it.
        query: the raw query string.
        now: the time.

    Returns:
        Where to connect, with nothing of the request that the engine need not know.

    Raises:
        SignalRefused: wrong path, region, token, seat, or a restriction.
    """
    region_id, rtc = _parse_path(path)
    region = placement.regions().get(region_id)
    if region is None:
        raise SignalRefused(status=403, code="region_unknown")
    parameters = _parse_query(query)
    try:
        opens = ticket.read(token=parameters["access_token"], credentials=region.credentials(), now=now)
    except ticket.TokenRefused:
        raise SignalRefused(status=403, code="token_refused") from None
    if selftest.is_selftest(room=opens.call) and not LIMITER.allows(rate=SELFTEST_RATE, subject=opens.call, now=now):
        raise SignalRefused(status=403, code="selftest_often")
    await _check_seat(call=opens.call, participant=opens.participant, region=region_id, now=now)
    if not selftest.is_selftest(room=opens.call):
        # Whenever the token was made: the engine hears what its holder may now (POL-19).
        parameters["access_token"] = await in_thread(_token, opens, region, now)
    return Entry(region=region, call=opens.call, participant=opens.participant, path=rtc, query=urlencode(parameters))


def _token(opens: ticket.Pass, region: placement.Region, now: int) -> str:
    """Return a token with what this participant may publish now."""
    allowed = sources(call=opens.call, participants=[opens.participant])[opens.participant]
    return ticket.mint(call=opens.call, participant=opens.participant, credentials=region.credentials(), now=now, sources=allowed)


class SignalGate:
    """The ASGI application of every WebSocket below /media/."""

    async def __call__(self, scope: dict[str, object], receive: Receive, send: Send) -> None:
        """Admit, connect to the engine, relay; or refuse before the handshake is answered."""
        await receive()
        try:
            entry = await admit_signal(path=str(scope["path"]), query=_text(scope.get("query_string", b"")), now=clock.now())
            upstream = await _connect(entry)
        except SignalRefused as refused:
            _log.info("signal refused", code=refused.code)
            await _refuse(scope, send, refused)
            return
        try:
            async with watching():
                # Somebody removed while we connected is not let in: the engine's own removal came too early to find them.
                await _check_seat(call=entry.call, participant=entry.participant, region=entry.region.id, now=clock.now())
                await send({"type": "websocket.accept"})
                await pump(receive=receive, send=send, upstream=upstream)
        except SignalRefused as refused:
            await _refuse(scope, send, refused)
        except OSError:
            _log.info("signal browser gone")
        finally:
            await upstream.close()


async def validate(request: HttpRequest) -> HttpResponse:
    """Answer what the client asks after a failed connect: 200, or why not; everything else below /media/ is refused alike."""
    if request.method not in {"GET", "HEAD"} or not posixpath.normpath(request.path).endswith("/validate"):
        return HttpResponse("not_a_socket", status=403, content_type="text/plain")
    try:
        await admit_signal(path=request.path, query=request.META.get("QUERY_STRING", ""), now=clock.now())
    except SignalRefused as refused:
        return HttpResponse(refused.code, status=refused.status, content_type="text/plain")
    return HttpResponse("success", content_type="text/plain")


def _parse_path(path: str) -> tuple[str, str]:
    """Return the region and `rtc` or `rtc/v1`; the engine is asked for these words, never for the path that came in."""
    found = _PATH.fullmatch(posixpath.normpath("/" + path.lstrip("/")))
    if found is None:
        raise SignalRefused(status=403, code="path_unknown")
    return found[1], found[2]


def _parse_query(query: str) -> dict[str, str]:
    """Return the known parameters; each may come once, so that we and the engine read the same token."""
    if len(query) > LONGEST_QUERY:
        raise SignalRefused(status=403, code="query_too_long")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=64, errors="strict")
    except ValueError:
        raise SignalRefused(status=403, code="query_malformed") from None
    known = [(name, value) for name, value in pairs if name in _PARAMETERS]
    if len({name for name, _ in known}) != len(known) or "access_token" not in dict(known):
        raise SignalRefused(status=403, code="query_malformed")
    return dict(known)


async def _check_seat(*, call: str, participant: str, region: str, now: int) -> None:
    """Ask for the seat, for admission and for the region; a self-test has no seat, and ends after its minute (SELF-2)."""
    if selftest.is_selftest(room=call):
        if not selftest.is_open(room=call, now=now):
            raise SignalRefused(status=403, code="selftest_over")
        return
    try:
        await in_thread(_seat_admitted, call, participant, region, now)
    except ConclaveError as error:
        raise SignalRefused(status=403, code=error.code) from None


def _seat_admitted(call: str, participant: str, region: str, now: int) -> None:
    """Raise a ConclaveError unless this participant sits in this live call, is admitted, and the call is and may be in this region."""
    recheck(seat=seated(participant=participant, call=call), region=region, now=now)


async def _connect(entry: Entry) -> ClientConnection:
    """Open the engine's side; its room is made when it is missing, which costs the first person one more try.

    An engine that was not started here may make rooms by itself, on a machine of its choice: there it is made first, each time (REG-12).
    """
    url = f"{entry.region.signal_url}/{entry.path}?{entry.query}"
    try:
        if not entry.region.here:
            await _make_room(entry)
        try:
            upstream = await open_upstream(url=url)
        except UpstreamRefused as refused:
            if refused.status != 404:
                raise
            await _make_room(entry)
            upstream = await open_upstream(url=url)
    except (UpstreamUnavailable, EngineUnavailable, EngineRefused):
        placement.report(region=entry.region.id, up=False)
        raise SignalRefused(status=503, code="media_unavailable") from None
    except UpstreamRefused as refused:
        status = 403 if refused.status in {400, 401, 403} else 503
        raise SignalRefused(status=status, code="engine_refused") from None
    placement.report(region=entry.region.id, up=True)
    return upstream


async def _make_room(entry: Entry) -> None:
    """Have the engine make the call's room unless it exists."""
    async with engine_api(url=entry.region.api_url, credentials=entry.region.credentials()) as engine:
        await engine.ensure_room(call=entry.call, most=selftest.MOST_PEOPLE if selftest.is_selftest(room=entry.call) else 0)


async def _refuse(scope: dict[str, object], send: Send, refused: SignalRefused) -> None:
    """Answer the handshake with an HTTP status; a server that cannot do that answers 403 by itself."""
    extensions = scope.get("extensions")
    if isinstance(extensions, dict) and "websocket.http.response" in extensions:
        headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
        await send({"type": "websocket.http.response.start", "status": refused.status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": refused.code.encode()})
    else:
        await send({"type": "websocket.close", "code": 1008})


def _text(raw: object) -> str:
    """Return a query string as text; what is not ASCII is not ours."""
    return raw.decode("ascii", "replace") if isinstance(raw, bytes) else ""
