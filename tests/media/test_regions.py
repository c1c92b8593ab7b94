"""Two real engines with key pairs of their own: neither takes the other's, and a machine in a false place counts as down (REG-3, REG-5)."""

import dataclasses
from pathlib import Path

import pytest
from pytest_django import Settings
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.media import placement, reach, ticket
from conclave.media.engine import EngineRefused, engine_api
from conclave.regions import Ports, read
from conclave.site import health
from tests.media.live import LiveEngine, live_engine


async def status_of(engine: LiveEngine, token: str) -> int:
    """Return how an engine answers a token at its signalling."""
    try:
        async with connect(f"{engine.url.replace('http', 'ws')}/rtc/validate?access_token={token}", proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_reg_5_an_engine_knows_its_own_key_pair_and_no_other_regions(tmp_path: Path, settings: Settings) -> None:
    """REG-5: not at its API, not at its signalling; and /readyz says which region's engine is not the right one (REG-3)."""
    async with live_engine(tmp_path, region="fr") as french, live_engine(tmp_path, region="de") as german:
        call = new_id()
        for engine in (french, german):
            async with engine_api(url=engine.url, credentials=engine.credentials) as api:
                await api.ensure_room(call=call)
        for engine, others in ((french, german), (german, french)):
            async with engine_api(url=engine.url, credentials=others.credentials) as api:
                with pytest.raises(EngineRefused):
                    await api.rooms()
            own, foreign = (
                ticket.mint(call=call, participant="bob", credentials=one.credentials, now=clock.now()) for one in (engine, others)
            )
            assert await status_of(engine, own) == 200
            assert await status_of(engine, foreign) == 401
        # The German machine stands behind the French region's address.
        tables = {name: {"engine": f"127.0.0.1:{german.port}", "addresses": "127.0.0.1"} for name in ("fr", "de")}
        regions = read(tables, ports=Ports(engine=1, media_tcp=2, media_udp=3, node_address="127.0.0.1"))
        settings.CONCLAVE = dataclasses.replace(settings.CONCLAVE, state_dir=tmp_path, regions=regions, allowed_regions="fr, de")
        await health._ask_engine(placement.regions()["de"])
        with pytest.raises(EngineRefused):
            await health._ask_engine(placement.regions()["fr"])
        await reach.look()
        assert [placement.has_answered(region=name) for name in ("de", "fr")] == [True, False]
        placement.report(region="fr", up=True)
