"""Threads for the delivery service: the event loop never waits for the database or for a group's mathematics."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import Error, connection

P = ParamSpec("P")
T = TypeVar("T")

# SQLite has one writer and the public groups have locks: more threads would only queue.
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="delivery")
# Who arrives in a crowd must not hold up those who are inside: a commit that waits behind 500 arrivals is late for everybody.
_door = ThreadPoolExecutor(max_workers=2, thread_name_prefix="door")


async def at_the_door(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a synchronous function of somebody who arrives, as in_thread() does, in threads of its own."""
    return await asyncio.get_running_loop().run_in_executor(_door, functools.partial(_call, function, *args, **kwargs))


async def in_thread(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a synchronous function in one of the delivery threads and return what it returns.

    A thread keeps its database connection, unless the database failed it.
    """
    return await asyncio.get_running_loop().run_in_executor(_pool, functools.partial(_call, function, *args, **kwargs))


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call it; do not use a broken connection again."""
    try:
        return function(*args, **kwargs)
    except Error:
        if not connection.in_atomic_block:
            connection.close()
        raise
