"""media/engine.py against the real engine: every act may be repeated without harm."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import jwt
import pytest
import pytest_asyncio
from livekit.protocol.rtc import SignalResponse
from websockets.asyncio.client import ClientConnection

from conclave.kernel import clock
from conclave.media import ticket
from conclave.media.credentials import EngineCredentials
from conclave.media.engine import ANSWER_SECONDS, EngineApi, EngineRefused, EngineUnavailable, engine_api
from conclave.media.relay import UpstreamRefused, UpstreamUnavailable, open_upstream
from conclave.ports import holder
from tests.media.live import LiveEngine, free_port, live_engine

CALL, BOB = "c" * 22, "b" * 22


@pytest_asyncio.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveEngine]:
    async with live_engine(tmp_path) as engine:
        yield engine


@pytest_asyncio.fixture
async def api(live: LiveEngine) -> AsyncIterator[EngineApi]:
    async with engine_api(url=live.url, credentials=live.credentials) as engine:
        yield engine


async def test_a_call_has_no_room_until_it_is_made_and_none_after_its_end(live: LiveEngine, api: EngineApi) -> None:
    with pytest.raises(UpstreamRefused) as refused:
        await _connect(live)
    assert refused.value.status == 404
    for _ in range(2):
        await api.ensure_room(call=CALL)
    assert await api.rooms() == {CALL}
    for _ in range(2):
        await api.end(call=CALL)
    assert await api.rooms() == frozenset()


async def test_a_removed_participant_is_disconnected(live: LiveEngine, api: EngineApi) -> None:
    await api.ensure_room(call=CALL)
    socket = await _connect(live)
    join = SignalResponse.FromString(await socket.recv(decode=False)).join
    assert (join.participant.identity, join.participant.name, join.participant.metadata) == (BOB, "", "")
    assert await api.list(call=CALL) == {BOB: ""}
    for _ in range(2):
        await api.remove(call=CALL, participant=BOB)
    assert await api.list(call=CALL) == {}
    async for _ in socket:
        pass
    assert socket.close_code is not None


async def test_what_is_not_there_is_gone_already(api: EngineApi) -> None:
    await api.remove(call=CALL, participant=BOB)
    await api.end(call=CALL)
    assert await api.list(call=CALL) == {}


@pytest.mark.parametrize("forgery", ["unsigned", "another secret", "another algorithm", "another key's name"])
async def test_the_engine_reads_no_forged_token_either(live: LiveEngine, api: EngineApi, forgery: str) -> None:
    await api.ensure_room(call=CALL)
    ours = live.credentials
    claims = jwt.decode(ticket.mint(call=CALL, participant=BOB, credentials=ours, now=clock.now()), options={"verify_signature": False})
    forged = {
        "unsigned": jwt.encode(claims, "", algorithm="none"),
        "another secret": jwt.encode(claims, "c" * 48, algorithm="HS256"),
        "another algorithm": jwt.encode(claims, ours.key.ljust(64), algorithm="HS512"),
        "another key's name": jwt.encode(claims | {"iss": "charlie"}, ours.secret, algorithm="HS256", headers={"kid": ours.key}),
    }[forgery]
    with pytest.raises(UpstreamRefused) as refused:
        await open_upstream(url=f"ws://127.0.0.1:{live.port}/rtc?access_token={forged}&auto_subscribe=1&protocol=16&sdk=js&version=2.23.0")
    assert refused.value.status == 401
    assert await api.list(call=CALL) == {}


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("CreateRoom", {"name": "another"}), ("ListRooms", {}), ("DeleteRoom", {"room": CALL}), ("ListParticipants", {"room": CALL}),
        ("RemoveParticipant", {"room": CALL, "identity": "a" * 22}), ("SendData", {"room": CALL, "data": "AAAA", "kind": "RELIABLE"}),
        ("UpdateParticipant", {"room": CALL, "identity": BOB, "permission": {"hidden": True}}),
    ],
)  # fmt: skip
async def test_a_ticket_is_no_key_to_the_engines_api(live: LiveEngine, api: EngineApi, method: str, body: dict[str, object]) -> None:
    """Who has a seat can neither make a room nor rule the one they are in, even where they reach the engine itself."""
    await api.ensure_room(call=CALL)
    token = ticket.mint(call=CALL, participant=BOB, credentials=live.credentials, now=clock.now())
    address = f"{live.url}/twirp/livekit.RoomService/{method}"
    async with aiohttp.ClientSession() as session, session.post(address, json=body, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status in {401, 403}
    assert await api.rooms() == {CALL}


async def test_a_wrong_key_is_a_refusal_and_an_absent_engine_is_not(live: LiveEngine) -> None:
    wrong = EngineCredentials(key="charlie", secret="c" * 48)
    async with engine_api(url=live.url, credentials=wrong) as engine:
        with pytest.raises(EngineRefused):
            await engine.ping()
    async with engine_api(url=f"http://127.0.0.1:{free_port()}", credentials=wrong) as engine:
        with pytest.raises(EngineUnavailable) as unavailable:
            await engine.ping()
    assert "127.0.0.1" not in str(unavailable.value)
    with pytest.raises(UpstreamUnavailable):
        await open_upstream(url=f"ws://127.0.0.1:{free_port()}/rtc")


@pytest.mark.slow
async def test_an_engine_that_hangs_is_unavailable_after_some_seconds(live: LiveEngine, api: EngineApi) -> None:
    pid = holder(live.port, protocol="TCP")
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(10 * ANSWER_SECONDS):
            with pytest.raises(EngineUnavailable):
                await api.ping()
    finally:
        os.kill(pid, signal.SIGCONT)
    await api.ping()


async def _connect(live: LiveEngine) -> ClientConnection:
    token = ticket.mint(call=CALL, participant=BOB, credentials=live.credentials, now=clock.now())
    return await open_upstream(
        url=f"ws://127.0.0.1:{live.port}/rtc?access_token={token}&auto_subscribe=1&protocol=16&sdk=js&version=2.23.0"
    )
