"""The outbox: what must happen outside the database is written in the transaction that decides it, and then done at least once."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from django.db import connection, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.db.models.lookups import Contains

from conclave.kernel import clock, deadlines, retention
from conclave.kernel.models import OutboxEvent

Payload = dict[str, Any]
Handler = Callable[[Payload], Awaitable[None] | None]
H = TypeVar("H", bound=Handler)

POLL_SECONDS = 0.5
# A claim that is not finished by then is taken to be lost with its process, and the event is done again.
CLAIM_MS = 60 * clock.SECOND
FIRST_BACKOFF_MS = 500
LONGEST_BACKOFF_MS = 60 * clock.SECOND
KEPT_MS = 7 * clock.DAY

_handlers: dict[str, Handler] = {}
_work = threading.Condition()
_log = structlog.get_logger("conclave.outbox")


def handles(kind: str) -> Callable[[H], H]:
    """Register the function that does events of this kind.

    It gets the payload, may run more than once and must then change nothing (idempotent), and raises to be called again later. It may be
    `async def`. Its module must be imported when the process starts (AppConfig.ready of its domain).
    """

    def register(function: H) -> H:
        if _handlers.setdefault(kind, function) is not function:
            raise RuntimeError(f"Two handlers for the outbox kind '{kind}'.")
        return function

    return register


def emit(*, kind: str, payload: Payload, now: int, after_ms: int = 0) -> None:
    """Write an event into the current transaction; it is done soon after the commit, and never if it is rolled back.

    Args:
        kind: which handler does it.
        payload: plain JSON that the handler needs; no secrets.
        now: the time.
        after_ms: wait at least this long.

    Raises:
        RuntimeError: called outside a transaction (a bug: a crash could lose one half of the action).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("outbox.emit() belongs inside the transaction of the action.")
    OutboxEvent.objects.create(kind=kind, payload=payload, created_at=now, due_at=now + after_ms)
    transaction.on_commit(wake)


def is_waiting(*, kind: str) -> bool:
    """Tell whether an event of a kind is still to be done, or is being done.

    Args:
        kind: which.
    """
    return OutboxEvent.objects.filter(kind=kind, done_at=None).exists()


def wake() -> None:
    """Tell the workers of this process that there may be something to do."""
    with _work:
        _work.notify_all()


def wait_for_work(seconds: float) -> None:
    """Sleep until woken or until the time has passed."""
    with _work:
        _work.wait(seconds)


def run_due(*, now: int, limit: int = 50) -> int:
    """Do what is due, oldest first.

    Args:
        now: the time.
        limit: at most this many events.

    Returns:
        How many events this call claimed; another gateway's are not counted.
    """
    claimed = 0
    due = OutboxEvent.objects.filter(done_at=None, due_at__lte=now, kind__in=list(_handlers)).order_by("due_at", "id")
    for event in due[:limit]:
        if _claim(event, now=now):
            claimed += 1
            _do(event, now=now)
    return claimed


@deadlines.resumes
def resume(now: int) -> None:
    """Take every event that was claimed or put off for due: whoever claimed it may be no more, and doing it twice does no harm.

    Args:
        now: the time.
    """
    OutboxEvent.objects.filter(done_at=None, attempts__gt=0, due_at__gt=now).update(due_at=now)
    wake()


DONE = retention.keeps(name="kernel.outbox", ms=KEPT_MS, rows=lambda now: OutboxEvent.objects.filter(done_at__lt=now - KEPT_MS))


def forget(*, mentioning: str) -> None:
    """Delete every event, done or not, that says something of a person who is erased.

    Args:
        mentioning: their id or address, as it stands in the payload.
    """
    OutboxEvent.objects.filter(Contains(Cast("payload", TextField()), mentioning)).delete()


def _claim(event: OutboxEvent, *, now: int) -> bool:
    """Take the event by compare-and-set, so that of several gateways one does it."""
    same = OutboxEvent.objects.filter(pk=event.pk, attempts=event.attempts, due_at=event.due_at, done_at=None)
    return same.update(attempts=event.attempts + 1, due_at=now + CLAIM_MS) == 1


def _do(event: OutboxEvent, *, now: int) -> None:
    """Call the handler; mark the event done, or due again later."""
    mine = OutboxEvent.objects.filter(pk=event.pk, attempts=event.attempts + 1, done_at=None)
    try:
        result = _handlers[event.kind](event.payload)
        if inspect.isawaitable(result):
            asyncio.run(_wait(result))
    except Exception as error:  # noqa: BLE001 - whatever a handler raises, the event stays and is tried again
        pause = min(FIRST_BACKOFF_MS * 2 ** min(event.attempts, 10), LONGEST_BACKOFF_MS)
        mine.update(due_at=now + pause)
        _log.warning("outbox event failed", kind=event.kind, attempts=event.attempts + 1, retry_ms=pause, error=type(error).__name__)
    else:
        mine.update(done_at=clock.now())


async def _wait(result: Awaitable[None]) -> None:
    """Await a handler that is async."""
    await result


def work_until(stopping: threading.Event) -> None:
    """Do events until told to stop; the body of a worker thread."""
    # The thread keeps its connection: on SQLite, closing the last one would copy the whole write-ahead log each time.
    while not stopping.is_set():
        try:
            now = clock.now()
            busy = run_due(now=now)
        except Exception as error:  # noqa: BLE001 - a worker outlives a locked or restarting database
            _log.error("outbox could not be read", error=type(error).__name__)
            connection.close()
            busy = 0
        if not busy and not stopping.is_set():
            wait_for_work(POLL_SECONDS)
    connection.close()
