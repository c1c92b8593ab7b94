"""Deadlines are settled again and again, and one that fails holds up no other."""

import threading
import time

import pytest

from conclave.kernel import deadlines


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "_settlers", [])
    monkeypatch.setattr(deadlines, "_resumers", [])


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moved_ms", [3_600_000, -3_600_000])
def test_after_a_pause_or_a_moved_clock_deadlines_are_written_anew_before_any_is_settled(
    monkeypatch: pytest.MonkeyPatch, moved_ms: int
) -> None:
    seen: list[tuple[str, int]] = []
    deadlines.resumes(lambda now: seen.append(("resume", now)))
    deadlines.settles(lambda now: seen.append(("settle", now)))
    start = 1_800_000_000_000
    times = iter([start, start + 200, start + 400 + moved_ms, start + 600 + moved_ms])
    monkeypatch.setattr("conclave.kernel.clock.now", lambda: next(times))

    class FourTimes(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - an Event's
            return len([kind for kind, _ in seen if kind == "settle"]) == 4

    deadlines.tick_until(FourTimes())
    back = start + 400 + moved_ms
    assert [seen[0], *seen[3:5]] == [("resume", start), ("resume", back), ("settle", back)]
    assert [kind for kind, _ in seen].count("resume") == 2


def test_who_watches_no_deadlines_is_always_awake() -> None:
    assert deadlines.awake(now=7)
