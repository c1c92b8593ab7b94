"""meetings/signal.py: who may open the media engine's signalling (JOIN-9, JOIN-10)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from conclave.kernel import clock
from conclave.media import placement, relay, ticket
from conclave.media.credentials import EngineCredentials
from conclave.media.engine import EngineUnavailable
from conclave.meetings import signal
from conclave.meetings.join import Again, Ticket
from conclave.meetings.leave import leave
from conclave.meetings.models import Gone, Participant
from conclave.regions import Ports, read
from tests.meetings.conftest import NOW, Joins, removed

needs_rows = pytest.mark.django_db(transaction=True)
LOCAL = "/media/local/rtc/v1"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An engine that accepts everybody; returns the addresses it was asked for."""
    asked: list[str] = []

    class Upstream:
        close_code = 1000

        async def close(self) -> None:
            """Nothing to close."""

    async def connect(*, url: str) -> Upstream:
        asked.append(url)
        return Upstream()

    async def pump(*, send: Any, upstream: Upstream, **_: Any) -> None:
        await send({"type": "websocket.close", "code": upstream.close_code})

    monkeypatch.setattr(signal, "open_upstream", connect)
    monkeypatch.setattr(signal, "pump", pump)
    return asked


@needs_rows
@pytest.mark.parametrize("path", [LOCAL, "/media/local/rtc", "//media//local/./rtc/v1", "/media/x/../local/rtc/v1", "/media/local/rtc/v1/"])
async def test_a_seated_person_comes_in_by_the_normalised_path(joins: Joins, engine: list[str], path: str) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert await _knock(path, _token(bob)) == "accepted"
    assert engine[0].startswith(("ws://127.0.0.1:7880/rtc/v1?access_token=", "ws://127.0.0.1:7880/rtc?access_token="))


@pytest.mark.parametrize(
    "path",
    [
        "/media/local/rtc/v2", "/media/local/rtc/v1/twirp", "/media/local/twirp/livekit.RoomService/ListRooms", "/media/local",
        "/media/local/", "/media/", "/media/local/rtc/v1/../../../twirp", "/media/local/rtc%2Fv1", "/media/local/rtc\\v1",
        "/media/LOCAL/rtc", "/media/local/rtc/v1\n",
        "/media/fr/rtc/v1", "/media/../rtc", "/rtc", "/settings/regions", "/media/local/rtc/v1/x/..%2f", "/media/local/agent",
    ],
)  # fmt: skip
async def test_every_other_path_is_refused_and_never_not_found(engine: list[str], path: str) -> None:
    token = ticket.mint(call="c" * 22, participant="bob", credentials=placement.regions()["local"].credentials(), now=clock.now())
    assert await _knock(path, f"access_token={token}") == 403
    assert engine == []


@pytest.mark.parametrize(
    "query", ["", "access_token=", "access_token=x", "access_token=a.b.c", "access_token", "&", "%ff", "access_token=%ff"]
)
async def test_a_missing_or_broken_token_is_refused(engine: list[str], query: str) -> None:
    assert await _knock(LOCAL, query) == 403
    assert engine == []


@needs_rows
async def test_a_token_twice_is_refused_as_the_engine_might_read_the_other_one(joins: Joins, engine: list[str]) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert await _knock(LOCAL, f"access_token=x&{_token(bob)}") == 403
    assert await _knock(LOCAL, _token(bob) + "&" + "a" * signal.LONGEST_QUERY) == 403
    assert engine == []


@needs_rows
async def test_an_expired_token_is_refused(joins: Joins, engine: list[str]) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now() - 61_000)
    assert await _knock(LOCAL, _token(bob)) == 403
    assert engine == []


@needs_rows
@pytest.mark.usefixtures("engine")
async def test_a_refreshed_token_of_somebody_removed_is_refused_at_reconnect(joins: Joins) -> None:
    await sync_to_async(joins)("Alice", at=clock.now())
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert await _knock(LOCAL, _token(bob)) == "accepted"
    await sync_to_async(removed)(bob)
    assert await _knock(LOCAL, _token(bob) + "&reconnect=1") == 403


@needs_rows
@pytest.mark.usefixtures("engine")
async def test_who_left_or_whose_call_ended_is_refused(joins: Joins) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await sync_to_async(leave)(participant=bob.participant, now=NOW)
    assert await _knock(LOCAL, _token(bob)) == 403


@needs_rows
async def test_a_restriction_on_somebody_who_is_seated_is_asked_at_every_connect(joins: Joins, engine: list[str]) -> None:
    from conclave.gate.impose import restrict
    from conclave.gate.policy import Cause, Scope, Subject, What

    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await sync_to_async(restrict)(
        subjects=[(Subject.PARTICIPANT, bob.participant)],
        scope=(Scope.CALL, bob.call),
        what=What.JOIN,
        cause=Cause.REMOVED_BY_HOST,
        starts_at=NOW,
    )
    assert await _knock(LOCAL, _token(bob)) == 403
    assert engine == []


@needs_rows
async def test_charlie_cannot_use_another_regions_token_or_another_call(joins: Joins, engine: list[str]) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    elsewhere = EngineCredentials(key="conclave-fr-1", secret="f" * 48)
    ours = placement.regions()["local"].credentials()
    for token in (
        ticket.mint(call=bob.call, participant=bob.participant, credentials=elsewhere, now=clock.now()),
        ticket.mint(call="x" * 22, participant=bob.participant, credentials=ours, now=clock.now()),
        ticket.mint(call=bob.call, participant="charlie", credentials=ours, now=clock.now()),
    ):
        assert await _knock(LOCAL, f"access_token={token}") == 403
    assert engine == []


@needs_rows
async def test_only_known_parameters_reach_the_engine(joins: Joins, engine: list[str]) -> None:
    """livekit-server would make a second identity of `publish`; addresses in headers are dropped with all others."""
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    sent = _token(bob) + "&publish=ghost&attributes=e30&evil=1&auto_subscribe=1&join_request=AAAA"
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"cf-connecting-ip", b"203.0.113.9")]
    assert await _knock(LOCAL, sent, headers=headers) == "accepted"
    assert set(parse_qs(engine[0].partition("?")[2])) == {"access_token", "auto_subscribe", "join_request"}
    assert "203.0.113" not in engine[0]


@needs_rows
async def test_reg_12_an_engine_elsewhere_is_asked_for_the_room_before_anybody_is_connected(
    joins: Joins, engine: list[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """REG-12: it may make rooms by itself, on whatever machine; one that is asked for on no machine is refused where it shares calls."""
    tables = {"local": {"engine": "10.8.0.2:7880", "addresses": "203.0.113.7"}}
    regions = read(tables, ports=Ports(engine=1, media_tcp=2, media_udp=3, node_address="127.0.0.1"))
    settings.CONCLAVE = replace(settings.CONCLAVE, regions=regions, allowed_regions="local")
    made: list[str] = []
    shares: list[bool] = []

    class Elsewhere:
        async def ensure_room(self, *, call: str, **_: Any) -> None:
            assert not engine, "before"
            made.append(call)
            if shares:
                raise EngineUnavailable

    @asynccontextmanager
    async def opened(**_: Any) -> AsyncIterator[Elsewhere]:
        yield Elsewhere()

    monkeypatch.setattr(signal, "engine_api", opened)
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert await _knock(LOCAL, _token(bob)) == "accepted"
    assert (made, len(engine)) == ([bob.call], 1)
    engine.clear()
    shares.append(True)
    assert await _knock(LOCAL, _token(bob)) == 503
    assert not engine
    placement.report(region="local", up=True)


@needs_rows
async def test_an_engine_that_is_away_is_503(joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(**_: Any) -> None:
        raise relay.UpstreamUnavailable

    monkeypatch.setattr(signal, "open_upstream", away)
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert await _knock(LOCAL, _token(bob)) == 503
    assert placement.is_down(region="local")


@needs_rows
@pytest.mark.parametrize(("said", "answered"), [(400, 403), (401, 403), (500, 503), (429, 503)])
async def test_the_engines_refusals_are_translated(joins: Joins, monkeypatch: pytest.MonkeyPatch, said: int, answered: int) -> None:
    async def refuse(**_: Any) -> None:
        raise relay.UpstreamRefused(said)

    monkeypatch.setattr(signal, "open_upstream", refuse)
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert await _knock(LOCAL, _token(bob)) == answered


@needs_rows
@pytest.mark.usefixtures("engine")
async def test_somebody_removed_while_connecting_is_not_let_in(joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())

    async def slow(*, url: str) -> Any:
        await Participant.objects.filter(pk=bob.participant).aupdate(left_at=NOW, gone_reason=Gone.REMOVED)
        return await connect(url=url)

    connect = vars(signal)["open_upstream"]
    monkeypatch.setattr(signal, "open_upstream", slow)
    assert await _knock(LOCAL, _token(bob)) == 403


@needs_rows
@pytest.mark.usefixtures("engine")
async def test_the_token_is_in_no_log(joins: Joins, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await _knock(LOCAL, _token(bob))
    await _knock("/media/fr/rtc", _token(bob))
    await _knock(LOCAL, _token(bob) + "x")
    assert bob.media_token not in caplog.text


@needs_rows
async def test_a_browser_that_is_gone_when_it_is_admitted_leaves_nothing_open(joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    class Upstream:
        async def close(self) -> None:
            closed.append(True)

    async def connect(**_: Any) -> Upstream:
        return Upstream()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(_message: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(signal, "open_upstream", connect)
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await signal.SignalGate()({"path": LOCAL, "query_string": _token(bob).encode()}, receive, send)
    assert closed == [True]


async def test_a_server_without_http_refusals_closes_instead() -> None:
    assert await _knock("/media/local", "", extensions=None) == "closed"


@needs_rows
@pytest.mark.usefixtures("engine")
async def test_a_replaced_seat_keeps_its_way_to_the_media(joins: Joins) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    again = await sync_to_async(joins)("Bob", at=clock.now(), again=Again(participant=bob.participant, seat=bob.seat))
    assert await _knock(LOCAL, _token(again)) == "accepted"


def _token(ticket: Ticket) -> str:
    return urlencode({"access_token": ticket.media_token})


async def _knock(path: str, query: str, *, headers: Any = (), extensions: Any = "http") -> int | str:
    """Try to open signalling; return `accepted`, `closed` or the HTTP status of the refusal."""
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        answers.append(message)

    supported: dict[str, Any] = {"websocket.http.response": {}} if extensions else {}
    scope: dict[str, object] = {"type": "websocket", "path": path, "query_string": query.encode(), "headers": list(headers)}
    scope["extensions"] = supported
    await asyncio.wait_for(signal.SignalGate()(scope, receive, send), 5)
    if answers[0]["type"] == "websocket.http.response.start":
        return int(answers[0]["status"])
    return {"websocket.accept": "accepted", "websocket.close": "closed"}[answers[0]["type"]]
