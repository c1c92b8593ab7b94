"""Sound and picture while something dies: what lives on is not disturbed, what died comes back by itself, under the same keys."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.faults.relay import Relay
from tests.faults.wire import Wire
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums, Guests
from tests.journeys.people import Person
from tests.journeys.world import Installation

pytestmark = pytest.mark.journey
# What a browser's console says of connections that were lost, which is what these stories are about.
LOST = ("WebSocket", "Failed to load resource", "net::ERR")
JOINS_AGAIN_S, ENGINE_BACK_S = 10.0, 15.0
# Between two drawn frames of a picture that goes on, on two busy cores: a lost and found path takes several times as long.
STUTTER_MS = 2_000

# Notes the longest time for which the picture of a person stood still.
WATCH = """(participant) => {
  window.stills = window.stills ?? {};
  const seen = { frames: -1, at: performance.now(), longest: 0 };
  window.stills[participant] = seen;
  setInterval(() => {
    const tiles = [...document.querySelectorAll("article.tile")];
    const video = tiles.find((tile) => tile.dataset.participant === participant)?.querySelector("video");
    const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? seen.frames;
    const now = performance.now();
    if (frames !== seen.frames) { seen.frames = frames; seen.at = now; }
    seen.longest = Math.max(seen.longest, now - seen.at);
  }, 50);
}"""
STILL = "(participant) => window.stills[participant].longest"
MOVES = "(participant) => performance.now() - window.stills[participant].at < 300"


def participant_of(person: Person) -> str:
    return next(tile.participant for tile in person.tiles() if tile.self)


def watch(viewer: Person, other: Person) -> Callable[[], float]:
    """Watch another's picture; what is returned tells how long it stood still at most, in ms."""
    whose = participant_of(other)
    viewer.browser.ask(WATCH, whose)
    return lambda: float(viewer.browser.ask(STILL, whose))


def moves(viewer: Person, other: Person) -> bool:
    """Tell whether another's picture moves just now."""
    return bool(viewer.browser.ask(MOVES, participant_of(other)))


def is_live(*everybody: Person) -> bool:
    """Tell whether nobody's screen says that something is lost."""
    return all(person.has('[data-phase="live"]') for person in everybody)


@contextmanager
def wired(server: Installation, chromiums: Chromiums, people: Guests) -> Iterator[tuple[Person, Wire, Relay]]:
    """Bob, who reaches the server through a wire and the media engine through a relay, not yet in a call."""
    with Wire(gateway_port=server.http_port) as wire, Relay(engine_port=server.media_udp_port) as relay:
        wire.replace = relay.substitution
        bob = Person("Bob", chromiums.of("Bob").window(), server=replace(server, http_port=wire.port))
        bob.expects(*LOST)
        people.present.append(bob)
        yield bob, wire, relay


def codes(*everybody: Person) -> set[str]:
    return {person.code() for person in everybody}


def joined(alice: Person, people: Guests, meeting: str) -> Person:
    """Bob, in the call with Alice; both are about to lose connections."""
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    bob.sees(alice)
    for person in (alice, bob):
        person.expects(*LOST)
    return bob


def test_a_killed_gateway_disturbs_no_picture_and_lets_people_in_again(
    server: Installation, meeting: str, alice: Person, people: Guests
) -> None:
    bob = joined(alice, people, meeting)
    before = codes(alice, bob)
    still = [watch(alice, bob), watch(bob, alice)]
    dora = people("Dora")
    dora.expects(*LOST)
    dora.enter(meeting)
    os.kill(server.child("gateway"), signal.SIGKILL)
    struck = time.monotonic()
    dora.join()
    joined_s = time.monotonic() - struck
    alice.sees(dora)
    until(lambda: is_live(alice, bob), what="nothing is lost any more", seen=alice.text)
    assert max(each() for each in still) < STUTTER_MS
    assert joined_s < JOINS_AGAIN_S
    assert participant_of(bob) in {tile.participant for tile in alice.tiles()}
    dora.leave()
    until(lambda: len(codes(alice, bob)) == 1, what="one code")
    assert codes(alice, bob) != before


def test_a_killed_engine_is_back_with_picture_and_sound_under_the_same_code(
    server: Installation, meeting: str, alice: Person, people: Guests
) -> None:
    bob = joined(alice, people, meeting)
    before, seats = codes(alice, bob), [participant_of(alice), participant_of(bob)]
    watch(alice, bob), watch(bob, alice)
    os.kill(server.child("engine"), signal.SIGKILL)
    struck = time.monotonic()
    until(lambda: not moves(alice, bob) and not moves(bob, alice), what="the pictures stand still")
    until(lambda: moves(alice, bob) and moves(bob, alice), what="the pictures move again", seconds=40, seen=alice.stand)
    back_s = time.monotonic() - struck
    alice.hears(bob)
    bob.hears(alice)
    assert codes(alice, bob) == before
    assert [participant_of(alice), participant_of(bob)] == seats
    assert back_s < ENGINE_BACK_S


def test_a_lost_socket_disturbs_no_picture_and_changes_no_code(
    server: Installation, meeting: str, alice: Person, people: Guests, chromiums: Chromiums
) -> None:
    with wired(server, chromiums, people) as (bob, wire, _relay):
        bob.join(meeting.replace(server.url, wire.url))
        alice.sees(bob)
        bob.sees(alice)
        before = codes(alice, bob)
        still = [watch(alice, bob), watch(bob, alice)]
        wire.cut("socket", stay=True)
        until(lambda: not is_live(bob), what="Bob reads that something is lost", seen=bob.text)
        alice.says("Can you hear me?")
        time.sleep(5)
        wire.mend()
        until(lambda: is_live(bob), what="the socket is back", seen=bob.text)
        bob.panel("chat")
        bob.reads("Can you hear me?")
        assert max(each() for each in still) < STUTTER_MS
        assert codes(alice, bob) == before
        bob.browser.close()
        people.present.remove(bob)
        assert not bob.faults()


def test_a_media_path_that_is_cut_and_replaced_changes_no_code_and_chat_goes_on(
    server: Installation, meeting: str, alice: Person, people: Guests, chromiums: Chromiums
) -> None:
    with wired(server, chromiums, people) as (bob, wire, relay):
        bob.join(meeting.replace(server.url, wire.url))
        alice.sees(bob)
        bob.sees(alice)
        assert relay.carried > 0
        before = codes(alice, bob)
        watch(alice, bob), watch(bob, alice)
        relay.cut()
        wire.cut("media", stay=True)
        until(lambda: not moves(bob, alice) or not is_live(bob), what="something stands still", seen=bob.text)
        alice.says("Are you still there?")
        bob.panel("chat")
        bob.reads("Are you still there?")
        time.sleep(5)
        relay.mend()
        wire.mend()
        until(lambda: moves(alice, bob) and moves(bob, alice), what="the pictures move again", seconds=40, seen=bob.stand)
        until(lambda: is_live(bob), what="nothing is lost any more", seconds=40, seen=bob.text)
        assert codes(alice, bob) == before
        bob.browser.close()
        people.present.remove(bob)
        assert not bob.faults()
