"""kernel/lately.py: what was found is known for a while, of so many things, and no longer."""

from conclave.kernel.lately import Lately

NOW = 1_000_000


def test_what_was_found_is_known_for_a_while_whatever_the_clock_does() -> None:
    lately: Lately[str, bool] = Lately(for_ms=100, most=9)
    assert lately.get(key="a", now=0) is None
    lately.put(key="a", value=False, now=NOW)
    for later, known in ((-100, None), (-99, False), (0, False), (99, False), (100, None)):
        assert lately.get(key="a", now=NOW + later) is known


def test_what_is_oldest_goes_first_and_found_again_is_found_anew() -> None:
    lately: Lately[str, int] = Lately(for_ms=100, most=2)
    for value, key in enumerate("abac"):
        lately.put(key=key, value=value, now=NOW + value)
    assert [lately.get(key=key, now=NOW + 4) for key in "abc"] == [2, None, 3]
    lately.put(key="d", value=4, now=NOW + 102)
    assert [*lately._found] == ["c", "d"], "nothing stays in memory that is known no more"
    assert lately.keys(now=NOW + 103) == ["d"]
    assert lately.get(key="a", now=NOW + 50) is None, "what is known no more is not kept"


def test_what_is_forgotten_is_looked_for_again() -> None:
    lately: Lately[str, int] = Lately(for_ms=100, most=9)
    for key in ("one", "two"):
        lately.put(key=key, value=1, now=NOW)
    lately.forget(which=lambda key: key == "one")
    assert lately.keys(now=NOW) == ["two"]
