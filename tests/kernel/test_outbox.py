"""What was decided is done: at least once, by one of several gateways, across a crash."""

import threading
import time

import pytest
from django.db import connection, transaction

from conclave.kernel import background, clock, outbox
from conclave.kernel.models import OutboxEvent
from tests.conftest import Writers


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A handler for "test" that remembers what it did, beside no other."""
    calls: list[object] = []
    monkeypatch.setattr(outbox, "_handlers", {})

    @outbox.handles("test")
    def handle(payload: outbox.Payload) -> None:
        calls.append(payload["n"])
        if payload.get("fail", 0) >= len(calls):
            raise ConnectionError("the engine is away")

    return calls


@pytest.mark.django_db
def test_an_event_is_done_once_it_is_due(done: list[object]) -> None:
    with transaction.atomic():
        outbox.emit(kind="test", payload={"n": 1}, now=1000)
        outbox.emit(kind="test", payload={"n": 2}, now=1000, after_ms=500)
    assert outbox.run_due(now=1000) == 1
    assert outbox.run_due(now=1400) == 0
    assert outbox.run_due(now=1500) == 1
    assert done == [1, 2]


@pytest.mark.django_db
def test_a_failure_is_tried_again_later(done: list[object]) -> None:
    with transaction.atomic():
        outbox.emit(kind="test", payload={"n": 1, "fail": 2}, now=0)
    assert outbox.run_due(now=0) == 1
    assert outbox.run_due(now=outbox.FIRST_BACKOFF_MS - 1) == 0
    assert outbox.run_due(now=outbox.FIRST_BACKOFF_MS) == 1
    assert outbox.run_due(now=10 * outbox.FIRST_BACKOFF_MS) == 1
    assert done == [1, 1, 1]
    assert OutboxEvent.objects.get().done_at is not None


@pytest.mark.django_db
def test_two_gateways_do_not_both_claim_it(done: list[object]) -> None:
    with transaction.atomic():
        outbox.emit(kind="test", payload={"n": 1}, now=0)
    seen_by_both = OutboxEvent.objects.get()
    assert outbox._claim(seen_by_both, now=0)
    assert not outbox._claim(seen_by_both, now=0)
    assert done == []


@pytest.mark.django_db
def test_a_claim_lost_in_a_crash_is_done_again(done: list[object]) -> None:
    with transaction.atomic():
        outbox.emit(kind="test", payload={"n": 1}, now=0)
    assert outbox._claim(OutboxEvent.objects.get(), now=0)  # and then the process was killed
    assert outbox.run_due(now=outbox.CLAIM_MS - 1) == 0
    assert outbox.run_due(now=outbox.CLAIM_MS) == 1
    assert done == [1]


@pytest.mark.django_db
def test_an_async_handler_is_awaited(done: list[object]) -> None:
    @outbox.handles("async")
    async def handle(payload: outbox.Payload) -> None:
        done.append(payload["n"])

    with transaction.atomic():
        outbox.emit(kind="async", payload={"n": 3}, now=0)
    outbox.run_due(now=0)
    assert done == [3]


@pytest.mark.django_db
def test_an_event_without_a_handler_here_waits_for_one(done: list[object]) -> None:
    with transaction.atomic():
        outbox.emit(kind="from a newer version", payload={}, now=0)
        outbox.emit(kind="test", payload={"n": 1}, now=0)
    assert outbox.run_due(now=0) == 1
    assert done == [1]


@pytest.mark.django_db
def test_done_events_are_purged_after_a_week_and_waiting_ones_never(done: list[object]) -> None:
    with transaction.atomic():
        outbox.emit(kind="test", payload={"n": 1}, now=0)
        outbox.emit(kind="other", payload={}, now=0)
    outbox.run_due(now=0)
    assert done == [1]
    assert outbox.DONE.sweep(now=clock.now()) == 0
    assert outbox.DONE.sweep(now=clock.now() + outbox.KEPT_MS + clock.SECOND) == 1
    assert OutboxEvent.objects.get().kind == "other"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_emitted_outside_a_transaction_or_from_one_rolled_back(done: list[object]) -> None:
    with pytest.raises(RuntimeError):
        outbox.emit(kind="test", payload={"n": 1}, now=0)
    with transaction.atomic():
        outbox.emit(kind="test", payload={"n": 1}, now=0)
        transaction.set_rollback(True)
    assert outbox.run_due(now=0) == 0
    assert done == []


@pytest.mark.django_db(transaction=True)
def test_the_workers_do_it_soon_and_from_several_threads_once(done: list[object]) -> None:
    background.start()
    background.start()
    try:
        started = time.monotonic()
        for number in range(20):
            with transaction.atomic():
                outbox.emit(kind="test", payload={"n": number}, now=clock.now())
        while len(done) < 20 and time.monotonic() - started < 10:
            time.sleep(0.01)
    finally:
        background.stop()
    assert sorted(map(str, done)) == sorted(map(str, range(20)))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("outbox")]


def test_one_kind_has_one_handler(done: list[object]) -> None:
    with pytest.raises(RuntimeError):
        outbox.handles("test")(lambda _payload: None)
    assert done == []


@pytest.mark.django_db(transaction=True)
def test_a_write_waits_for_another_writer_instead_of_failing(writers: Writers) -> None:
    """IMMEDIATE transactions: two read-then-write transactions at once would deadlock if they began as readers."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)

    def write() -> None:
        count = OutboxEvent.objects.count()
        OutboxEvent.objects.create(kind="x", payload={"count": count}, created_at=0, due_at=0)

    writers(write, 20)
    assert sorted(event.payload["count"] for event in OutboxEvent.objects.all()) == list(range(80))
