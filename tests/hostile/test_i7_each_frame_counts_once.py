"""I7: a (key, nonce) pair is used once by a sender and accepted once by a receiver (FRM-1, FRM-4)."""

import pytest

from tests.hostile.conftest import Mallory, Victims, dropped, identity, passed
from tests.hostile.wire import Wire, renamed, withheld
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person


@pytest.mark.journey("padlock")
def test_i7_taped_frames_are_taken_once_in_whatever_order_and_never_again(
    alice: Person, victims: Victims, wire: Wire, mallory: Mallory, meeting: str
) -> None:
    who = identity(alice)
    wire.edits += [withheld(who), renamed({mallory.name: who})]  # for Bob, Mallory's connection is Alice's, and there is no other
    studio = mallory.studio(room=mallory.room(alice))
    bob = victims.join("Bob", meeting)
    alice.sees(bob)
    studio.tape(who)
    once = len(studio.trailers(who))
    studio.send(whose=who, backwards=True)
    tiles = (f"{who}/camera", f"{who}/microphone")
    for tile in tiles:
        until(lambda tile=tile: passed(bob, tile) > 0, what="Bob takes what he has not had yet", seen=bob.stand)  # type: ignore[misc]
        until(lambda tile=tile: dropped(bob, tile).get("replay", 0) > 80, what="the tape is over and over", seconds=40)  # type: ignore[misc]
    taken = {tile: passed(bob, tile) for tile in tiles}
    for backwards in (False, True):
        studio.play(whose=who, backwards=backwards)
    until(lambda: bob.lock("Alice") == "quiet", what="the padlock goes off, for nothing new comes", seen=bob.stand)
    bob.reads("Line lost, waiting…")
    assert {tile: passed(bob, tile) for tile in tiles} == taken
    assert sum(taken.values()) <= once


@pytest.mark.journey("padlock")
def test_i7_no_sender_ever_uses_a_counter_twice(alice: Person, people: Guests, mallory: Mallory, meeting: str) -> None:
    studio = mallory.studio(room=mallory.room(alice))
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    who = identity(bob)
    for control in ("microphone", "camera"):
        bob.press(control)
        until(lambda control=control: bob.has(f'[data-control="{control}"][data-on="false"]'), what=f"{control} off")  # type: ignore[misc]
        bob.press(control)
    alice.sees(bob)
    alice.hears(bob)
    dora = people("Dora")
    dora.join(meeting)
    alice.sees(bob)
    dora.sees(bob)
    bob.browser.reload()
    bob.wait_back()
    alice.sees(bob)
    dora.sees(bob)
    until(lambda: len({epoch for _counter, epoch, *_rest in studio.trailers(who)}) >= 3, what="frames of three epochs on tape")
    taped = studio.trailers(who)
    used = [(epoch, leaf, counter) for counter, epoch, leaf, _kind in taped]
    assert len(used) == len(set(used))
    assert {kind for *_rest, kind in taped} == {1, 2}
