"""I1: no plaintext frame leaves a client, in any state. A spy with a valid media token and no key decodes nothing of what it receives."""

import time

import pytest

from tests.hostile.conftest import Mallory
from tests.journeys import pictures
from tests.journeys.browsers import Chromium, until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person

LISTEN_SECONDS = 8


def tones(spy: Chromium) -> list[str | None]:
    """Return whose tone sounds in each sound that the spy plays."""
    body = f"""async (tones) => {{
      const all = [...document.querySelectorAll("audio")].map((one) => ({pictures.SOUND})(one, {{ tones, ms: 3000 }}));
      return Promise.all(all);
    }}"""
    return [pictures.whose_sound(levels) for levels in spy.ask(body, [look.tone for look in pictures.LOOKS.values()])]


def packets(spy: Chromium, kind: str) -> int:
    """Return how many packets of this kind reached the spy."""
    return sum(int(part["packets"]) for part in spy.ask("() => window.received()") if part["kind"] == kind)


@pytest.mark.journey("padlock")
def test_i1_a_spy_who_was_there_from_the_beginning_decodes_no_frame(alice: Person, people: Guests, meeting: str, mallory: Mallory) -> None:
    room = mallory.room(alice)
    mallory.seat(room=room, identity="the-spy")
    spy = mallory.enter(room=room, identity="the-spy", listen=True)
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    bob.sees(alice)
    bob.hears(alice)
    until(lambda: packets(spy, "video") > 50, what="the spy receives pictures")
    until(lambda: packets(spy, "audio") > 50, what="the spy receives sound")
    time.sleep(LISTEN_SECONDS)
    received = spy.ask("() => window.received()")
    assert sum(part["decoded"] for part in received if part["kind"] == "video") == 0, received
    heard = tones(spy)
    assert heard
    assert set(heard) == {None}
    alice.sees(bob)
