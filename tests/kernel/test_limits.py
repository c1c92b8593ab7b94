"""Rates are kept, and nobody is named by them."""

import pytest

from conclave.kernel import clock, limits
from conclave.kernel.errors import TooOften
from conclave.kernel.limits import Limiter, Rate

RATE = Rate(name="knock", burst=3, every_ms=1000)


def test_a_burst_passes_and_the_next_one_waits() -> None:
    limiter = Limiter()
    assert [limiter.allows(rate=RATE, subject="alice", now=0) for _ in range(4)] == [True, True, True, False]
    assert not limiter.allows(rate=RATE, subject="alice", now=999)
    assert limiter.allows(rate=RATE, subject="alice", now=1000)
    with pytest.raises(TooOften):
        limiter.check(rate=RATE, subject="alice", now=1000)


def test_one_person_does_not_use_up_anothers_share() -> None:
    limiter = Limiter()
    for _ in range(5):
        limiter.allows(rate=RATE, subject="mallory", now=0)
    assert limiter.allows(rate=RATE, subject="alice", now=0)
    assert limiter.allows(rate=Rate(name="join", burst=1, every_ms=1000), subject="mallory", now=0)


def test_a_household_counts_as_one_and_neighbours_as_two() -> None:
    limiter = Limiter()
    assert limiter.address_key("2001:db8:1:2::1") == limiter.address_key("2001:db8:1:2:ffff::9")
    assert limiter.address_key("2001:db8:1:2::1") != limiter.address_key("2001:db8:1:3::1")
    assert limiter.address_key("::ffff:192.0.2.1") == limiter.address_key("192.0.2.1")
    assert limiter.address_key("192.0.2.1") != limiter.address_key("192.0.2.2")
    assert limiter.address_key("not an address")


def test_another_process_cannot_recognise_an_address() -> None:
    assert Limiter().address_key("192.0.2.1") != Limiter().address_key("192.0.2.1")
    assert "192.0.2.1" not in Limiter().address_key("192.0.2.1")


def test_everything_is_forgotten_after_a_day() -> None:
    limiter = Limiter()
    limiter.allows(rate=RATE, subject="alice", now=0)
    limiter.allows(rate=RATE, subject="bob", now=clock.DAY)
    limiter.allows(rate=RATE, subject="bob", now=clock.DAY + limits.SWEEP_MS)
    assert len(limiter._buckets) == 1


def test_a_flood_of_subjects_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 100)
    limiter = Limiter()
    for number in range(1000):
        limiter.allows(rate=RATE, subject=str(number), now=number)
    assert len(limiter._buckets) <= 101


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    limiter = Limiter()
    for _ in range(3):
        limiter.allows(rate=RATE, subject="alice", now=10_000)
    assert not limiter.allows(rate=RATE, subject="alice", now=0)
