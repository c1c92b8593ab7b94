"""What the outbox asks of the media engine: all who leave at once are disconnected by one event."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from django.db import transaction

from conclave.kernel import outbox
from conclave.kernel.clock import MINUTE
from conclave.kernel.models import OutboxEvent
from conclave.media import outbox as engine

pytestmark = pytest.mark.django_db
NOW = 1_800_000_000_000


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return whom the engine was asked to disconnect."""
    asked: list[tuple[str, str]] = []

    class Engine:
        async def remove(self, *, call: str, participant: str) -> None:
            asked.append((call, participant))

    @asynccontextmanager
    async def engine_api(**_where: object) -> AsyncIterator[Engine]:
        yield Engine()

    monkeypatch.setattr(engine, "engine_api", engine_api)
    return asked


def test_all_who_leave_at_once_are_disconnected_by_one_event(gone: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        engine.emit_remove(region="local", call="c", participants=["a", "b"], now=NOW)
    outbox.run_due(now=NOW + MINUTE)
    assert gone == [("c", "a"), ("c", "b")]
    assert OutboxEvent.objects.get().done_at


def test_what_was_asked_for_before_an_upgrade_is_done_after_it(gone: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        outbox.emit(kind=engine.REMOVE, payload={"region": "local", "call": "c", "participant": "a"}, now=NOW)
    outbox.run_due(now=NOW + MINUTE)
    assert gone == [("c", "a")]
