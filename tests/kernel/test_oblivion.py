"""What was deleted is not on the disk any more: neither in the database nor in its write-ahead log."""

import sqlite3
from pathlib import Path

import pytest
from django.db import connection

from conclave.kernel import clock, oblivion
from conclave.kernel.models import OutboxEvent

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "canary-of-the-write-ahead-log"


def on_disk() -> list[str]:
    """Return the files that hold the canary."""
    database = Path(str(connection.settings_dict["NAME"]))
    return [path.name for path in database.parent.glob(f"{database.name}*") if CANARY.encode() in path.read_bytes()]


@pytest.fixture(autouse=True)
def _never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a fresh process does."""
    monkeypatch.setattr(oblivion, "_cutting", clock.Seldom(every_ms=oblivion.EVERY_MS))


def test_a_deleted_row_leaves_the_write_ahead_log_too() -> None:
    OutboxEvent.objects.create(kind=CANARY, payload={}, created_at=0, due_at=clock.now() + clock.DAY)
    OutboxEvent.objects.all().delete()
    assert on_disk()
    oblivion.settle_oblivion(clock.now())
    assert on_disk() == []


def test_it_does_not_wait_for_a_reader_and_comes_again() -> None:
    OutboxEvent.objects.create(kind=CANARY, payload={}, created_at=0, due_at=clock.now() + clock.DAY)
    reader = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM kernel_outboxevent").fetchone()
    OutboxEvent.objects.all().delete()
    now = clock.now()
    oblivion.settle_oblivion(now)
    assert on_disk()
    reader.close()
    oblivion.settle_oblivion(now + oblivion.EVERY_MS)
    assert on_disk() == []
    OutboxEvent.objects.create(kind="after", payload={}, created_at=0, due_at=now + clock.DAY)
