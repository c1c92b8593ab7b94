"""Hints reach sockets from any thread, after the commit, and never from a transaction rolled back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.db import transaction

from conclave.kernel import bus


@pytest.fixture
async def channel() -> AsyncIterator[str]:
    channel_layers.backends = {}
    layer = get_channel_layer()
    assert layer is not None
    name = str(await layer.new_channel())
    await layer.group_add("call.1", name)
    yield name
    bus.attach(None)
    channel_layers.backends = {}


async def received(channel: str) -> object:
    layer = get_channel_layer()
    assert layer is not None
    async with asyncio.timeout(2):
        return await layer.receive(channel)


async def test_a_plain_thread_reaches_the_serving_loop(channel: str) -> None:
    bus.attach(asyncio.get_running_loop())
    waiting = asyncio.create_task(received(channel))
    await asyncio.sleep(0)
    await asyncio.get_running_loop().run_in_executor(None, lambda: bus.post(group="call.1", message={"type": "log.has", "n": 1}))
    assert await waiting == {"type": "log.has", "n": 1}


async def test_without_a_server_a_view_still_reaches_its_own_loop(channel: str) -> None:
    await sync_to_async(bus.post)(group="call.1", message={"type": "log.has", "n": 2})
    assert await received(channel) == {"type": "log.has", "n": 2}


@pytest.mark.django_db(transaction=True)
async def test_a_hint_waits_for_the_commit(channel: str) -> None:
    bus.attach(asyncio.get_running_loop())

    def act(*, keep: bool, n: int) -> None:
        with transaction.atomic():
            bus.post_on_commit(group="call.1", message={"type": "log.has", "n": n})
            transaction.set_rollback(not keep)

    await sync_to_async(act)(keep=False, n=3)
    await sync_to_async(act)(keep=True, n=4)
    assert await received(channel) == {"type": "log.has", "n": 4}
