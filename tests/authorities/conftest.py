"""The desk of orders, and the meeting of the fixed world."""

import pytest

from tests.authorities.desk import Desk, make_desk
from tests.meetings.conftest import _fresh_memory, alice, bob, joins, link, posts

__all__ = ["_fresh_memory", "alice", "bob", "joins", "link", "posts"]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A staffed desk, whose witness is there unless a test says otherwise."""
    made = make_desk()
    monkeypatch.setattr("conclave.transparency.cosign.is_cosigned", made.is_cosigned)
    monkeypatch.setattr("conclave.transparency.cosign.cosign_now", made.cosign_now)
    return made
