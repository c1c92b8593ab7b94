"""Members and their call, at a fixed time."""

import pytest

from conclave.kernel import clock
from tests.keys.members import World, new_world


@pytest.fixture
def now() -> int:
    """The real time: leaves' lifetimes are checked against it."""
    return clock.now()


@pytest.fixture
def world() -> World:
    """A fresh call."""
    return new_world()
