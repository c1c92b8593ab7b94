"""The signal gate and the watch against the real engine, through the gateway as it is served."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import jwt
import pytest
import pytest_asyncio
import uvicorn
from asgiref.sync import sync_to_async
from livekit.protocol.rtc import SignalResponse
from pytest_django import Settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from conclave.kernel import clock, outbox
from conclave.media import selftest, ticket
from conclave.media.engine import engine_api
from conclave.meetings import watch
from conclave.meetings.join import Ticket
from conclave.meetings.leave import leave
from conclave.transparency.models import JournalEntry
from tests.media.live import LiveEngine, free_port, live_engine
from tests.meetings.conftest import Joins, removed

pytestmark = pytest.mark.django_db(transaction=True)
CLIENT = "auto_subscribe=1&protocol=16&sdk=js&version=2.23.0"


@pytest_asyncio.fixture
async def engine(tmp_path: Path, settings: Settings) -> AsyncIterator[LiveEngine]:
    """A real engine that the settings point to."""
    async with live_engine(tmp_path) as live:
        settings.CONCLAVE = dataclasses.replace(settings.CONCLAVE, state_dir=tmp_path, engine_port=live.port)
        yield live


@pytest_asyncio.fixture
async def gateway(engine: LiveEngine) -> AsyncIterator[str]:
    """The gateway as `./conclave run` serves it, without its background threads; returns its host."""
    port = free_port()
    assert engine.port
    config = uvicorn.Config(
        "conclave.asgi:application",
        port=port,
        ws="websockets-sansio",
        proxy_headers=False,
        access_log=False,
        log_config=None,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def test_bob_connects_through_the_gate_and_is_put_out_by_a_removal(joins: Joins, gateway: str, engine: LiveEngine) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await sync_to_async(joins)("Alice", at=clock.now())
    socket = await _connect(gateway, bob)
    join = SignalResponse.FromString(await socket.recv(decode=False)).join
    assert (join.room.name, join.participant.identity, join.participant.name) == (bob.call, bob.participant, "")
    await sync_to_async(removed)(bob)
    async with engine_api(url=engine.url, credentials=engine.credentials) as api:
        await watch.compare(engine=api, region="local", now=clock.now())
        assert await api.list(call=bob.call) == {}
    async for _ in socket:
        pass
    with pytest.raises(InvalidStatus) as refused:
        await _connect(gateway, bob)
    assert refused.value.response.status_code == 403
    assert await _validate(gateway, "/media/local/rtc/v1/validate", bob) == (403, "seat_unknown")


async def test_what_leaving_asks_of_the_engine_is_done_by_the_outbox(joins: Joins, gateway: str, engine: LiveEngine) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    alice = await sync_to_async(joins)("Alice", at=clock.now())
    socket = await _connect(gateway, bob)
    await sync_to_async(leave)(participant=bob.participant, now=clock.now())
    assert await asyncio.to_thread(outbox.run_due, now=clock.now()) == 1
    async for _ in socket:
        pass
    async with engine_api(url=engine.url, credentials=engine.credentials) as api:
        assert await api.rooms() == {bob.call}
        await sync_to_async(leave)(participant=alice.participant, now=clock.now())
        assert await asyncio.to_thread(outbox.run_due, now=clock.now()) == 2
        assert await api.rooms() == frozenset()


async def test_the_engines_refreshed_token_opens_the_gate_until_its_holder_leaves(joins: Joins, gateway: str) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    socket = await _connect(gateway, bob)
    fresh = ""
    while not fresh:
        fresh = SignalResponse.FromString(await socket.recv(decode=False)).refresh_token
    renewed = dataclasses.replace(bob, media_token=fresh)
    await socket.close()
    await (await _connect(gateway, renewed)).close()
    await sync_to_async(leave)(participant=bob.participant, now=clock.now())
    with pytest.raises(InvalidStatus):
        await _connect(gateway, renewed)


async def test_a_long_join_request_fits_through_the_gateway(joins: Joins, gateway: str) -> None:
    """livekit-client may put its first offer into the address."""
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await (await _connect(gateway, bob, more="&device_model=" + "x" * 6000)).close()


@pytest.mark.parametrize("path", ["/media/local/rtc/v1/validate", "/media/local/rtc/validate", "//media/local/rtc/validate"])
async def test_validate_says_what_the_gate_would_say(joins: Joins, gateway: str, path: str) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert await _validate(gateway, path, bob) == (200, "success")
    assert await _validate(gateway, path, dataclasses.replace(bob, media_token="x")) == (403, "token_refused")


@pytest.mark.parametrize(
    "path", ["/media/local/rtc/v1", "/media/local/twirp", "/media", "/media/fr/rtc/validate", "/media/local/rtc/v3/validate"]
)
async def test_nothing_else_below_media_is_found_or_not_found(joins: Joins, gateway: str, path: str) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert (await _validate(gateway, path, bob))[0] == 403


async def test_a_page_of_another_site_cannot_open_signalling(joins: Joins, gateway: str) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    with pytest.raises(InvalidStatus) as refused:
        await _connect(gateway, bob, origin="https://evil.example")
    assert refused.value.response.status_code == 403


async def test_a_stranger_who_stole_the_engines_key_is_put_out(joins: Joins, engine: LiveEngine) -> None:
    alice = await sync_to_async(joins)("Alice", at=clock.now())
    stolen = ticket.mint(call=alice.call, participant="charlie", credentials=engine.credentials, now=clock.now())
    async with engine_api(url=engine.url, credentials=engine.credentials) as api:
        await api.ensure_room(call=alice.call)
        async with connect(f"ws://127.0.0.1:{engine.port}/rtc?access_token={stolen}&{CLIENT}", proxy=None) as charlie:
            await charlie.recv()
            assert await watch.compare(engine=api, region="local", now=clock.now()) == 1
            assert await api.list(call=alice.call) == {}
            async for _ in charlie:
                pass


@pytest.mark.parametrize("power", ["hidden", "recorder", "agent"])
async def test_whoever_signs_themselves_a_power_with_the_engines_secret_is_put_out(joins: Joins, engine: LiveEngine, power: str) -> None:
    """JOIN-14: the engine shows a hidden one to nobody in the room, and to the watch all the same, even under the id of somebody seated."""
    alice = await sync_to_async(joins)("Alice", at=clock.now())
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    async with engine_api(url=engine.url, credentials=engine.credentials) as api:
        await api.ensure_room(call=alice.call)
        async with _signed(engine, alice.call, alice.participant) as honest, _signed(engine, bob.call, bob.participant, power) as bent:
            assert await api.list(call=alice.call) == {alice.participant: "", bob.participant: power}
            assert await watch.compare(engine=api, region="local", now=clock.now()) == 1
            async for _ in bent:
                pass
            assert await api.list(call=alice.call) == {alice.participant: ""}
            assert honest.close_code is None
    assert await sync_to_async(_intruders)() == [power]


@asynccontextmanager
async def _signed(engine: LiveEngine, call: str, identity: str, power: str = "") -> AsyncIterator[ClientConnection]:
    """Enter the engine's own door with a token made with its secret, past the gateway."""
    plain = ticket.mint(call=call, participant=identity, credentials=engine.credentials, now=clock.now())
    claims = jwt.decode(plain, options={"verify_signature": False})
    claims["video"] |= {power: True} if power else {}
    token = jwt.encode(claims, engine.credentials.secret, algorithm="HS256")
    async with connect(f"ws://127.0.0.1:{engine.port}/rtc?access_token={token}&{CLIENT}", proxy=None) as socket:
        await socket.recv()
        yield socket


def _intruders() -> list[str]:
    rows = JournalEntry.objects.filter(kind="intruder_put_out").order_by("index")
    return [str(opening.value) for row in rows for opening in row.openings.all()]


async def test_a_self_test_comes_in_alone_and_ends_after_its_minute(gateway: str, engine: LiveEngine) -> None:
    """SELF-1, SELF-2."""
    now = clock.now()
    room = selftest.new_room(now=now)

    async def knock(participant: str, *, into: str = room) -> ClientConnection:
        token = ticket.mint(call=into, participant=participant, credentials=engine.credentials, now=clock.now())
        return await connect(f"ws://{gateway}/media/local/rtc?access_token={token}&{CLIENT}", proxy=None)

    visitor = await knock("visitor")
    assert SignalResponse.FromString(await visitor.recv(decode=False)).join.room.name == room
    async with engine_api(url=engine.url, credentials=engine.credentials) as api:
        assert await watch.compare(engine=api, region="local", now=now) == 0
        for answer in (b"engine_refused", b"engine_refused", b"engine_refused", b"selftest_often"):
            with pytest.raises(InvalidStatus) as refused:
                await knock("second")
            assert refused.value.response.body == answer
        assert await api.list(call=room) == {"visitor": ""}
        assert await watch.compare(engine=api, region="local", now=now + selftest.LASTS_MS) == 1
        async for _ in visitor:
            pass
        assert await api.list(call=room) == {}
    with pytest.raises(InvalidStatus) as over:
        await knock("visitor", into=selftest.new_room(now=now - selftest.LASTS_MS))
    assert (over.value.response.status_code, over.value.response.body) == (403, b"selftest_over")


async def _connect(gateway: str, ticket: Ticket, *, more: str = "", origin: str | None = None) -> ClientConnection:
    url = f"ws://{gateway}/media/local/rtc?access_token={ticket.media_token}&{CLIENT}{more}"
    return await connect(url, proxy=None, additional_headers={"Origin": origin} if origin else None)


async def _validate(gateway: str, path: str, ticket: Ticket) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://{gateway}{path}?access_token={ticket.media_token}") as answer:
        return answer.status, await answer.text()
