"""The threads run exactly as long as the server serves."""

import asyncio
import threading

import pytest
from asgiref.typing import ASGIReceiveEvent, ASGISendEvent

from conclave.kernel import bus
from conclave.kernel.background import Lifespan


def ours() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith(("outbox-", "deadlines")))


@pytest.mark.django_db(transaction=True)
async def test_they_start_with_the_server_and_end_with_it() -> None:
    incoming: asyncio.Queue[ASGIReceiveEvent] = asyncio.Queue()
    outgoing: asyncio.Queue[ASGISendEvent] = asyncio.Queue()
    server = asyncio.create_task(
        Lifespan()({"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}, incoming.get, outgoing.put)
    )
    await incoming.put({"type": "lifespan.startup"})
    assert (await outgoing.get())["type"] == "lifespan.startup.complete"
    assert ours() == ["deadlines", "outbox-0", "outbox-1", "outbox-2"]
    assert bus._loop is not None
    await incoming.put({"type": "lifespan.shutdown"})
    assert (await outgoing.get())["type"] == "lifespan.shutdown.complete"
    await server
    assert ours() == []
    assert bus._loop is None
