"""Members and their call, at a fixed time."""

import pytest

from conclave.kernel import clock
from tests.keys.members import Member, World, new_world


@pytest.fixture
def now() -> int:
    """The real time: leaves' lifetimes are checked against it."""
    return clock.now()


@pytest.fixture(autouse=True)
def nothing_settled_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test be the first to settle: one that ran before may have done so at a later time."""
    monkeypatch.setattr("conclave.keys.settle._last", {"beat": 0, "tidy": 0})


@pytest.fixture
def world() -> World:
    """A fresh call."""
    return new_world()


@pytest.fixture
def alice(world: World) -> Member:
    return Member(world, "Alice", host=True)


@pytest.fixture
def bob(world: World) -> Member:
    return Member(world, "Bob")
