"""I3: who is shown as being in the call are the leaves of the current tree; a connection without a leaf is shown as such."""

import pytest

from tests.hostile.conftest import Mallory, Victims
from tests.hostile.wire import Wire
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person


@pytest.mark.journey("padlock")
def test_i3_a_connection_without_a_leaf_is_a_stranger_without_a_name(alice: Person, people: Guests, meeting: str, mallory: Mallory) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    room = mallory.room(alice)
    mallory.seat(room=room, identity="Bob")
    mallory.enter(room=room, identity="Bob")
    for person in (alice, bob):
        until(lambda person=person: person.lock("Unknown connection") == "stranger", what="the stranger's tile")  # type: ignore[misc]
        person.panel("security")
        person.reads("One connection is here without a key. It can see and hear nothing.")
        person.reads("2 people here hold the key. The server does not.")
        members = [tile.name for tile in person.tiles() if tile.lock in {"locked", "quiet"}]
        assert sorted(members) == ["Alice", "Bob"]
        assert all(person.shown_by(tile.participant) != "Charlie" for tile in person.tiles())
    assert alice.code() == bob.code() != ""
    alice.sees(bob)


@pytest.mark.journey("padlock")
def test_i3_nobody_asks_for_the_tracks_of_a_connection_without_a_leaf(
    alice: Person, victims: Victims, wire: Wire, mallory: Mallory, meeting: str
) -> None:
    studio = mallory.studio(room=mallory.room(alice))
    studio.send()
    bob = victims.join("Bob", meeting)
    bob.sees(alice)
    until(lambda: bob.lock("Unknown connection") == "stranger", what="the stranger's tile", seen=bob.stand)
    wanted = {track for ask in wire.asked if ask.subscription.subscribe for track in ask.subscription.track_sids}
    offered = {track for what, track in wire.names(mallory.name).items() if what != "connection"}
    assert len(offered) == len(wanted) == 2
    assert not offered & wanted


@pytest.mark.journey("padlock")
def test_i3_everybody_shows_the_same_people_after_joins_and_leaves(alice: Person, people: Guests, meeting: str) -> None:
    bob, charlie = people("Bob"), people("Charlie")
    bob.join(meeting)
    charlie.join(meeting)
    until(lambda: alice.names() == bob.names() == charlie.names() == ["Alice", "Bob", "Charlie"], what="three people everywhere")
    bob.leave()
    until(lambda: alice.names() == charlie.names() == ["Alice", "Charlie"], what="two people everywhere")
    alice.panel("security")
    alice.reads("Everyone here holds the key: 2 people. The server does not.")
