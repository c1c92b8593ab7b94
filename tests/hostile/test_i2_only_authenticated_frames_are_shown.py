"""I2: no frame is rendered unless it authenticated under the key of the leaf whose name is on the tile.

Neither the id nor the track names nor the encryption flags that the server gives change that (FRM-3, FRM-5, FRM-7).
"""

import time

import pytest

from tests.hostile.conftest import Mallory
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person

WATCH_SECONDS = 10


@pytest.mark.journey("padlock")
def test_i2_plain_frames_under_bobs_id_are_never_shown_or_heard_as_bob(
    alice: Person, people: Guests, meeting: str, mallory: Mallory
) -> None:
    bob = people("Bob")
    bob.expects("")  # thrown out of the media room, his browser may say what it likes
    bob.join(meeting)
    alice.sees(bob)
    tile = alice.tile("Bob")
    assert tile
    false_bob = mallory.enter(room=mallory.room(alice), identity=tile.participant)
    until(lambda: false_bob.ask("() => window.room.localParticipant.trackPublications.size") == 2, what="the false Bob sends")
    end = time.monotonic() + WATCH_SECONDS
    while time.monotonic() < end:
        for shown in alice.tiles():
            assert shown.self or alice.shown_by(shown.participant) != "Charlie"
        now = alice.tile("Bob")
        assert now is None or alice.heard(now.participant, ms=300) != "Charlie"
    assert alice.names()[0] == "Alice"
