"""Deadlines: columns (lease, expiry, absence) that any gateway settles by compare-and-set; nothing depends on one process's timer.

While a gateway was away (not started, stopped, waiting for a blocked database, or by a clock that was moved) nobody could meet a deadline.
So nothing is held against anybody for that time: when it is back, whoever wrote deadlines down gets to write them anew.
"""

import threading
from collections.abc import Callable

import structlog
from django.db import connection

from conclave.kernel import clock

Settle = Callable[[int], None]
TICK_SECONDS = 0.2
AWAY_MS = 5 * clock.SECOND

_settlers: list[Settle] = []
_resumers: list[Settle] = []
_told_at: dict[str, int] = {}
_ticked: dict[str, int] = {}
_log = structlog.get_logger("conclave.deadlines")


def settles(function: Settle) -> Settle:
    """Register a function that gets the time about every 200 ms and settles what has passed.

    Several gateways call it at the same time: it must settle each row by compare-and-set. Its module must be imported when the process
    starts (AppConfig.ready of its domain).
    """
    if function not in _settlers:
        _settlers.append(function)
    return function


def resumes(function: Settle) -> Settle:
    """Register a function that gets the time when this gateway is back, before anything is settled: it gives everybody a fresh deadline.

    Other gateways may have been there all the time, so it only ever grants time, and takes back what a moved clock has put too far away.
    """
    if function not in _resumers:
        _resumers.append(function)
    return function


def awake(*, now: int) -> bool:
    """Tell whether deadlines have been watched until now, as far as this process watches any.

    Args:
        now: the time.
    """
    return not _ticked or abs(now - _ticked["at"]) <= AWAY_MS


def settle_all(*, now: int) -> None:
    """Call every registered function once; one that fails does not keep the others from running."""
    _call(_settlers, now)


def _call(functions: list[Settle], now: int) -> None:
    """Call them all."""
    for function in functions:
        try:
            function(now)
        except Exception as error:  # noqa: BLE001 - the next tick tries again, the other deadlines must not wait
            _tell(f"{function.__module__}.{function.__qualname__}", error=error, now=now)
            if not connection.in_atomic_block:
                connection.close()


def tick_until(stopping: threading.Event) -> None:
    """Settle until told to stop; the body of the deadline thread."""
    _ticked["at"] = 0
    while True:
        now = clock.now()
        if not awake(now=now):
            _call(_resumers, now)
        _ticked["at"] = now
        settle_all(now=now)
        if stopping.wait(TICK_SECONDS):
            break
    _ticked.clear()
    connection.close()


def _tell(settler: str, *, error: Exception, now: int) -> None:
    """Log a failure, the same one once a minute: the next tick is 200 ms away."""
    if now - _told_at.get(settler, 0) >= clock.MINUTE:
        _told_at[settler] = now
        _log.error("deadline not settled", settler=settler, error=repr(error))
