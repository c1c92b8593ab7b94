"""An engine works alone or gets no call: by a Redis machines join it that the ledger does not name (REG-12). Real engines, sharing one."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from livekit.api.room_service import RoomService
from livekit.protocol.room import CreateRoomRequest
from pytest_django import Settings

from conclave.kernel.ids import new_id
from conclave.media import alone, placement, reach
from conclave.media.child import EngineSettings, engine_config
from conclave.media.credentials import EngineCredentials, engine_credentials
from conclave.media.engine import EngineShared, EngineUnavailable, engine_api
from conclave.regions import Ports, read
from conclave.site import health
from deploy.build import BUILDS, REDIS
from tests.media.live import PROGRAM, LiveEngine, free_port, live_engine

PORTS = Ports(engine=1, media_tcp=2, media_udp=3, node_address="127.0.0.1")
ANSWERS_SECONDS = 20.0


@pytest.fixture(autouse=True)
def _nobody_shares() -> Iterator[None]:
    """Forget what engines of a test have said."""
    yield
    alone.note(region="fr", alone=True)


@asynccontextmanager
async def running(*command: str, port: int) -> AsyncIterator[None]:
    """Run a program until the end, once it answers on its port."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(ANSWERS_SECONDS):
            while not await answers(port):
                assert process.returncode is None, command
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answers(port: int) -> bool:
    """Tell whether anybody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def sharing(folder: Path, *, redis: int, pair: EngineCredentials, makes_rooms: bool = False) -> AsyncIterator[LiveEngine]:
    """Run an engine as somebody else would start it who has the region's key pair: with a Redis."""
    port, tcp, udp = free_port(), free_port(), free_port()
    settings = EngineSettings(
        program=PROGRAM, state_dir=folder, region="fr", port=port, tcp_port=tcp, udp_port=udp,
        turn_port=None, node_address="127.0.0.1", credentials=pair,
    )  # fmt: skip
    said = engine_config(settings) | {"redis": {"address": f"127.0.0.1:{redis}"}, "room": {"auto_create": makes_rooms}}
    path = folder / "engine.yaml"
    path.write_text(json.dumps(said), encoding="utf-8")
    async with running(str(PROGRAM), "--config", str(path), port=port):
        yield LiveEngine(port=port, credentials=pair, log=folder / "engine.log")


async def any_machine(engine: LiveEngine, *, call: str) -> str:
    """Ask an engine for a room wherever it likes, as no code of ours does."""
    async with aiohttp.ClientSession(trust_env=False) as session:
        rooms = RoomService(session, engine.url, engine.credentials.key, engine.credentials.secret, failover=False)
        return (await rooms.create_room(CreateRoomRequest(name=call))).name


def serve(settings: Settings, state: Path, engine: LiveEngine) -> placement.Region:
    """Let the settings name this engine as the one of a region, elsewhere; return the region."""
    tables = {"fr": {"territory": "FR", "engine": f"127.0.0.1:{engine.port}", "addresses": "127.0.0.1"}}
    config = dataclasses.replace(settings.CONCLAVE, state_dir=state, regions=read(tables, ports=PORTS), allowed_regions="fr")
    settings.CONCLAVE = config
    return placement.regions()["fr"]


@pytest.mark.slow
async def test_reg_12_no_call_gets_to_engines_that_share_a_redis_and_that_is_seen(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    """REG-12: a machine that joined unnamed, with the right key pair, gets no room from the engine that two people named."""
    BUILDS["redis"]()
    pair = engine_credentials(state_dir=tmp_path, region="fr")
    async with AsyncExitStack() as stack:
        redis = free_port()
        await stack.enter_async_context(running(str(REDIS), f"127.0.0.1:{redis}", port=redis))
        named, stranger = [
            await stack.enter_async_context(sharing(tmp_path_factory.mktemp(name), redis=redis, pair=pair, makes_rooms=name == "named"))
            for name in ("named", "stranger")
        ]
        region = serve(settings, tmp_path, named)
        for engine in (named, stranger):
            async with engine_api(url=engine.url, credentials=pair) as api:
                for _ in range(3):
                    with pytest.raises(EngineUnavailable):
                        await api.ensure_room(call=new_id())
                assert await api.rooms() == frozenset()
                with pytest.raises(EngineShared):
                    await api.ping()
        with pytest.raises(EngineShared):
            await health._ask_engine(region)
        await reach.look()
        assert alone.shared() == {"fr"}
        # Without that, one of the two would carry it, and nobody could say which.
        assert await any_machine(named, call="anywhere") == "anywhere"
    await reach.look()
    assert alone.shared() == {"fr"}, "an engine that is away stays what it was"


async def test_reg_12_an_engine_that_works_alone_is_used_and_one_that_was_started_again_so_too(tmp_path: Path, settings: Settings) -> None:
    """REG-12: named, without a Redis."""
    async with live_engine(tmp_path, region="fr") as engine:
        region = serve(settings, tmp_path, engine)
        alone.note(region="fr", alone=False)
        await reach.look()
        assert alone.shared() == frozenset()
        assert placement.has_answered(region="fr")
        await health._ask_engine(region)
        call = new_id()
        async with engine_api(url=engine.url, credentials=engine.credentials) as api:
            for _ in range(2):
                await api.ensure_room(call=call)
            assert await api.rooms() == {call}


async def test_reg_12_no_variable_of_our_environment_gives_an_engine_a_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REG-12: nor another address or other keys, which the ledger would not name either."""
    nobody = f"127.0.0.1:{free_port()}"
    told = {"REDIS_HOST": nobody, "LIVEKIT_REDIS_ADDRESS": nobody, "NODE_IP": "203.0.113.66", "LIVEKIT_KEYS": "charlie: " + "c" * 48}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    async with live_engine(tmp_path, region="fr") as engine, engine_api(url=engine.url, credentials=engine.credentials) as api:
        await api.ping()
