"""I2: no frame is rendered unless it authenticated under the key of the leaf whose name is on the tile.

Neither the id nor the track names nor the encryption flags that the server gives change that (FRM-3, FRM-5, FRM-7).
"""

import time

import pytest

from tests.hostile.conftest import Insider, Mallory, Victims, dropped, identity, passed, shown_frames
from tests.hostile.wire import Wire, exchanged, renamed, withheld
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person, everybody_sees_and_hears

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


@pytest.mark.journey("padlock")
def test_i2_neither_plain_nor_random_nor_broken_frames_are_shown_under_alices_name(
    alice: Person, victims: Victims, wire: Wire, mallory: Mallory, meeting: str
) -> None:
    who = identity(alice)
    tiles = (f"{who}/camera", f"{who}/microphone")
    wire.edits.append(withheld(mallory.name))
    studio = mallory.studio(room=mallory.room(alice))
    bob = victims.join("Bob", meeting)
    bob.sees(alice)
    bob.hears(alice)
    studio.tape(who)
    wire.edits[:] = [withheld(who), renamed({mallory.name: who})]  # for Bob, Mallory's connection is now Alice's
    studio.send()
    until(lambda: bob.lock("Alice") == "quiet", what="Alice's padlock goes off at Bob's", seen=bob.stand)
    before = [passed(bob, tile) for tile in tiles]
    for how in studio.ways:
        if how != "whole":
            studio.play(whose=who, how=how)
        assert bob.shown("Alice") is None, how
    until(lambda: all({"short", "kind", "no_key", "forged"} <= dropped(bob, tile).keys() for tile in tiles), what="they were all looked at")
    assert [passed(bob, tile) for tile in tiles] == before
    assert bob.lock("Alice") == "quiet"
    bob.reads("Line lost, waiting…")
    bob.hears_nothing_of(alice)
    alice.sees(bob)
    alice.hears(bob)


@pytest.mark.journey("padlock")
@pytest.mark.parametrize("what", ["identities", "connections and tracks"])
def test_i2_people_whose_media_the_server_exchanges_are_not_shown_as_each_other(
    *, alice: Person, people: Guests, victims: Victims, wire: Wire, meeting: str, what: str
) -> None:
    charlie = people("Charlie")
    charlie.join(meeting)
    alice.sees(charlie)
    one, other = identity(alice), identity(charlie)
    names = exchanged(lambda: wire.names(one), lambda: wire.names(other))
    wire.edits.append(renamed({one: other, other: one}) if what == "identities" else names)
    bob = victims.join("Bob", meeting)
    tiles = [f"{who}/{kind}" for who in (one, other) for kind in ("camera", "microphone")]
    until(lambda: all(sum(dropped(bob, tile).values()) > 20 for tile in tiles), what="frames come to the wrong tiles", seen=bob.stand)
    for person in (alice, charlie):
        until(lambda person=person: bob.lock(person.name) == "quiet", what="no padlock")  # type: ignore[misc]
        assert bob.shown(person.name) is None
        bob.hears_nothing_of(person)
        person.sees(bob)
    bob.reads("Line lost, waiting…")
    assert {tile: passed(bob, tile) for tile in tiles} == dict.fromkeys(tiles, 0)


@pytest.mark.journey("padlock")
def test_i2_a_member_who_sends_every_kind_of_broken_frame_spoils_nobodys_call(
    alice: Person, people: Guests, victims: Victims, meeting: str
) -> None:
    charlie = people("Charlie")
    insider = Insider(charlie)
    charlie.join(meeting)
    bob = victims.join("Bob", meeting)
    bob.sees(charlie)
    bob.sees(alice)
    alice.sees(bob)
    host, other = identity(alice), identity(charlie)
    for how in insider.ways:
        insider.breaks(how)
        before = (shown_frames(bob, host), passed(bob, f"{host}/microphone"), shown_frames(alice, identity(bob)))

        def goes_on(before: tuple[int, ...] = before) -> bool:
            now = (shown_frames(bob, host), passed(bob, f"{host}/microphone"), shown_frames(alice, identity(bob)))
            return all(new > old + 8 for new, old in zip(now, before, strict=True))

        until(goes_on, what=f"the others' sound and picture go on during {how}", seen=bob.stand)
        for tile in bob.tiles():
            assert tile.participant == other or bob.shown_by(tile.participant) != "Charlie", how
    until(lambda: bob.lock("Charlie") == "quiet", what="Charlie's padlock goes off", seen=bob.stand)
    reasons = {**dropped(bob, f"{other}/camera"), **dropped(bob, f"{other}/microphone")}
    assert {"short", "kind", "no_key", "forged", "replay"} <= reasons.keys(), reasons
    assert set(dropped(bob, f"{host}/camera")) <= {"no_key"}  # while he came in
    everybody_sees_and_hears(alice, bob)
    insider.breaks("whole")
    dora = people("Dora")
    dora.join(meeting)  # a new epoch: what Charlie did to himself is over
    dora.sees(charlie)
    bob.sees(charlie)
