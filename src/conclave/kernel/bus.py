"""Telling sockets that there is something new: from any thread, without loss of correctness when a message is dropped.

What is sent is only a hint ("log has n"); the receiver reads the database from its cursor.
"""

import asyncio
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

Message = dict[str, Any]

_loop: asyncio.AbstractEventLoop | None = None


def attach(loop: asyncio.AbstractEventLoop | None) -> None:
    """Remember the loop that serves the sockets: an in-process layer's queues may only be touched from it."""
    global _loop  # noqa: PLW0603 - one process has one serving loop
    _loop = loop


def post(*, group: str, message: Message) -> None:
    """Send a hint to a group of sockets, from synchronous code of any thread; does not wait for delivery.

    Args:
        group: the channel group.
        message: `{"type": "…", …}`; `type` names the consumer's method.
    """
    if _loop is not None and _loop.is_running():
        asyncio.run_coroutine_threadsafe(_send(group, message), _loop)
    else:
        async_to_sync(_send)(group, message)


def post_on_commit(*, group: str, message: Message) -> None:
    """Send the hint when the current transaction is committed, and not at all when it is rolled back."""
    transaction.on_commit(lambda: post(group=group, message=message))


async def _send(group: str, message: Message) -> None:
    """Hand the hint to the channel layer."""
    layer = get_channel_layer()
    if layer is not None:
        await layer.group_send(group, message)
