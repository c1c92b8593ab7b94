"""What is over goes by itself, once in a while, and a dry run says how much that would be."""

import pytest

from conclave.kernel import clock, deadlines, retention
from conclave.kernel.models import OutboxEvent

pytestmark = pytest.mark.django_db
WEEK = 7 * clock.DAY


@pytest.fixture
def rule(monkeypatch: pytest.MonkeyPatch) -> retention.Rule:
    """A rule of its own: what is a week old goes."""
    monkeypatch.setattr(retention, "_rules", {})
    monkeypatch.setattr(deadlines, "_settlers", [])
    return retention.keeps(name="test.week", ms=WEEK, rows=lambda now: OutboxEvent.objects.filter(created_at__lte=now - WEEK))


def event(*, at: int) -> None:
    OutboxEvent.objects.create(kind="test", payload={}, created_at=at, due_at=at)


def test_what_is_over_goes_on_time_and_the_rest_stays(rule: retention.Rule) -> None:
    event(at=0)
    event(at=clock.DAY)
    deadlines.settle_all(now=WEEK - 1)
    assert OutboxEvent.objects.count() == 2
    deadlines.settle_all(now=WEEK + retention.EVERY_MS)
    assert list(OutboxEvent.objects.values_list("created_at", flat=True)) == [clock.DAY]
    assert retention.would_go(now=WEEK) == {rule.name: 0}


def test_a_dry_run_counts_and_changes_nothing(rule: retention.Rule) -> None:
    event(at=0)
    event(at=clock.DAY)
    assert [retention.would_go(now=now)[rule.name] for now in (WEEK - 1, WEEK, WEEK + clock.DAY)] == [0, 1, 2]
    assert OutboxEvent.objects.count() == 2


def test_a_years_worth_goes_piece_by_piece(rule: retention.Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 2)
    for _ in range(3):
        event(at=0)
    assert [rule.sweep(now=WEEK) for _ in range(3)] == [2, 1, 0]
    for _ in range(50):
        event(at=0)
    rule.settle(WEEK)
    assert OutboxEvent.objects.count() == 50 - 2 * retention.ROUNDS


def test_it_looks_once_an_hour_and_a_clock_that_goes_back_puts_nothing_off(rule: retention.Rule) -> None:
    event(at=0)
    rule.settle(10 * WEEK)
    event(at=0)
    rule.settle(10 * WEEK + retention.EVERY_MS - 1)
    assert OutboxEvent.objects.count() == 1
    rule.settle(9 * WEEK)
    assert not OutboxEvent.objects.exists()


def test_what_is_kept_for_a_day_is_looked_at_once_a_minute() -> None:
    assert retention.Rule(name="short", ms=clock.DAY)._pace.every_ms == retention.EVERY_SHORT_MS


def test_what_can_be_done_once_in_a_while_is_done_by_whoever_comes_first() -> None:
    seldom = clock.Seldom(every_ms=clock.MINUTE)
    assert [seldom.due(now=now) for now in (5, 6, 5 + clock.MINUTE, 6 + clock.MINUTE)] == [True, False, True, False]
