"""kernel/statements.py: what the ORM wrote once answers as it would write it anew, whatever the values."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conclave.kernel.models import OutboxEvent
from conclave.kernel.statements import Written, insert, written_once

WORDS = st.sampled_from(["keys.rights", "mail", "place 0 of a statement", "%s", "'; --", ""])
NUMBERS = st.integers(-(2**41), 2**41)


def due(*, kind: str, at: int) -> QuerySet[OutboxEvent, tuple[Any, ...]]:
    """Return a query of both kinds of places, with a constant, a converted column and a bound."""
    rows = OutboxEvent.objects.filter(kind=kind, due_at__lte=at, done_at=None).order_by("id")
    return rows.values_list("payload", "due_at", F("attempts") + 1)[:2]


kept = written_once(due)


class WrittenOnce(TestCase):
    """What is asked again and again."""

    @given(st.lists(st.tuples(WORDS, NUMBERS), max_size=5), WORDS, NUMBERS)
    def test_it_answers_as_the_orm_does(self, made: list[tuple[str, int]], kind: str, at: int) -> None:
        """Nothing is left of the values by which it was written, nor of those before."""
        OutboxEvent.objects.all().delete()
        insert_all = [OutboxEvent(kind=one, payload={"n": [number]}, created_at=0, due_at=number) for one, number in made]
        if insert_all:
            insert(insert_all)
        assert [(one.kind, one.due_at, one.payload) for one in OutboxEvent.objects.order_by("id")] == [
            (one, number, {"n": [number]}) for one, number in made
        ]
        assert kept(kind=kind, at=at) == list(due(kind=kind, at=at))
        assert Written(lambda *said: due(kind=said[0], at=said[1]), places=[str, int])(kind, at) == list(due(kind=kind, at=at))


@pytest.mark.django_db
def test_the_orm_is_asked_once() -> None:
    asked = []

    @written_once
    def one(*, kind: str) -> QuerySet[OutboxEvent, tuple[int]]:
        asked.append(kind)
        return OutboxEvent.objects.filter(kind=kind).values_list("pk")

    for kind in ("mail", "keys.rights", "mail"):
        with CaptureQueriesContext(connection) as queries:
            assert one(kind=kind) == []
        assert kind in queries[0]["sql"]
    assert len(asked) == 1


def test_a_place_is_text_or_a_number() -> None:
    with pytest.raises(TypeError):
        Written(lambda _: OutboxEvent.objects.values_list("pk"), places=[list])


@pytest.mark.django_db
def test_a_row_that_a_constraint_refuses_is_not_there() -> None:
    row = OutboxEvent(kind="mail", payload={}, created_at=0, due_at=0)
    row.due_at = None  # type: ignore[assignment] # which it may not be
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([row])
    assert not OutboxEvent.objects.exists()
