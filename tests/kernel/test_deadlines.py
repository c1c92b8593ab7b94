"""Deadlines are settled again and again, and one that fails holds up no other."""

import threading
import time

import pytest

from conclave.kernel import deadlines


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_settlers", [])


def test_every_function_gets_the_time_even_after_one_that_fails() -> None:
    seen: list[int] = []

    @deadlines.settles
    def broken(_now: int) -> None:
        raise ConnectionError

    deadlines.settles(seen.append)
    deadlines.settle_all(now=7)
    deadlines.settle_all(now=8)
    assert seen == [7, 8]


@pytest.mark.django_db(transaction=True)
def test_the_thread_ticks_several_times_a_second() -> None:
    seen: list[int] = []
    deadlines.settles(seen.append)
    stopping = threading.Event()
    thread = threading.Thread(target=deadlines.tick_until, args=(stopping,))
    thread.start()
    time.sleep(1.0)
    stopping.set()
    thread.join()
    assert len(seen) >= 2
