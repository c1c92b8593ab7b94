"""Deadlines: columns (lease, expiry, absence) that any gateway settles by compare-and-set; nothing depends on one process's timer."""

import threading
from collections.abc import Callable

import structlog
from django.db import connection

from conclave.kernel import clock

Settle = Callable[[int], None]
TICK_SECONDS = 0.2

_settlers: list[Settle] = []
_told_at: dict[str, int] = {}
_log = structlog.get_logger("conclave.deadlines")


def settles(function: Settle) -> Settle:
    """Register a function that gets the time about every 200 ms and settles what has passed.

    Several gateways call it at the same time: it must settle each row by compare-and-set. Its module must be imported when the process
    starts (AppConfig.ready of its domain).
    """
    if function not in _settlers:
        _settlers.append(function)
    return function


def settle_all(*, now: int) -> None:
    """Call every registered function once; one that fails does not keep the others from running."""
    for function in _settlers:
        try:
            function(now)
        except Exception as error:  # noqa: BLE001 - the next tick tries again, the other deadlines must not wait
            _tell(f"{function.__module__}.{function.__qualname__}", error=error, now=now)
            if not connection.in_atomic_block:
                connection.close()


def tick_until(stopping: threading.Event) -> None:
    """Settle until told to stop; the body of the deadline thread."""
    while not stopping.wait(TICK_SECONDS):
        settle_all(now=clock.now())
    connection.close()


def _tell(settler: str, *, error: Exception, now: int) -> None:
    """Log a failure, the same one once a minute: the next tick is 200 ms away."""
    if now - _told_at.get(settler, 0) >= clock.MINUTE:
        _told_at[settler] = now
        _log.error("deadline not settled", settler=settler, error=repr(error))
