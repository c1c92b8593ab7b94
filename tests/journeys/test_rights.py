"""rights: what each person may do, in the engine's grants and at everybody else's client, so that a changed client gains nothing."""

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import aiohttp
import pytest
from livekit.api.room_service import RoomService
from livekit.protocol.models import TrackSource
from livekit.protocol.room import ListParticipantsRequest

from conclave.media.credentials import engine_credentials
from conclave.media.engine import engine_api
from conclave.media.ticket import SOURCES
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person
from tests.journeys.world import Installation

# Bob's client after Bob has changed it: whatever it asks of its list of rights, the answer is yes.
ASKS_NOBODY = """const { includes } = Array.prototype;
const RIGHTS = ["chat", "pictures", "reactions", "rename", "share", "unmute", "video"];
Array.prototype.includes = function (one, ...rest) { return includes.call(RIGHTS, one) || includes.call(this, one, ...rest); };"""
LOOKS_ON_SECONDS = 3.0
T = TypeVar("T")


def decides(host: Person, right: str, who: str) -> None:
    """The host lets these people do it, on the Safety panel."""
    host.panel("safety")
    host.click(f'[data-right="{right}"] button')
    host.chromium.page.get_by_role("option", name=who, exact=True).click()


def does(host: Person, name: str, what: str) -> None:
    """The host does something about one person, by the menu of their row."""
    host.panel("people")
    page = host.chromium.page
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=what, exact=True).click()


def barred(person: Person, control: str) -> bool:
    """Tell whether a control of the bar does nothing just now."""
    return person.has(f'.bar [data-control="{control}"][data-barred]')


def beside(work: Coroutine[Any, Any, T]) -> T:
    """Wait for it in a thread of its own: the browsers' driver has a running loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Engine:
    """The media engine's own word, and what whoever runs it can do."""

    def __init__(self, server: Installation) -> None:
        self._url = server.engine_url
        self._credentials = engine_credentials(state_dir=server.state, region="local")

    def published(self, participant: str) -> set[str]:
        """Return which sources of a participant the engine carries."""

        async def ask() -> set[str]:
            async with aiohttp.ClientSession(trust_env=False) as session:
                rooms = RoomService(session, self._url, self._credentials.key, self._credentials.secret, failover=False)
                async with engine_api(url=self._url, credentials=self._credentials) as api:
                    calls = await api.rooms()
                found = [await rooms.list_participants(ListParticipantsRequest(room=call)) for call in calls]
            people = [one for answer in found for one in answer.participants if one.identity == participant]
            return {TrackSource.Name(track.source).lower() for one in people for track in one.tracks}

        return beside(ask())

    def lets_everything(self, participant: str) -> None:
        """Let the engine allow it all again: Mallory runs it."""

        async def act() -> None:
            async with engine_api(url=self._url, credentials=self._credentials) as api:
                for call in await api.rooms():
                    await api.allow(call=call, participant=participant, sources=SOURCES)

        beside(act())


@pytest.fixture
def engine(server: Installation) -> Engine:
    return Engine(server)


def seat(person: Person, name: str) -> str:
    """Return a participant's id as somebody sees it."""
    tile = until(lambda: person.tile(name), what=f"{name}'s tile", seen=person.stand)
    assert tile
    return tile.participant


@pytest.mark.journey("rights")
def test_a_host_decides_what_everybody_may_and_takes_it_back(alice: Person, people: Guests, meeting: str, engine: Engine) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    alice.hears(bob)
    participant = seat(alice, "Bob")

    decides(alice, "video", "Hosts only")
    bob.reads("The host has turned your microphone or camera off.")
    until(lambda: alice.picture(participant) is None, what="Bob's picture goes", seen=alice.stand)
    until(lambda: barred(bob, "camera"), what="Bob's camera cannot be turned on", seen=bob.text)
    until(lambda: "camera" not in engine.published(participant), what="the engine carries no camera of Bob's")
    alice.hears(bob)
    decides(alice, "video", "Everybody")
    until(lambda: not barred(bob, "camera"), what="Bob may again", seen=bob.text)
    bob.press("camera")
    alice.sees(bob)

    decides(alice, "chat", "Nobody")
    bob.panel("chat")
    bob.reads("The host has turned chat off.")
    until(lambda: bob.has(".writer textarea:disabled"), what="nothing to write in", seen=bob.text)
    decides(alice, "chat", "Everybody")
    until(lambda: not bob.has(".writer textarea:disabled"), what="Bob may write again", seen=bob.text)
    bob.says("Thank you")
    alice.panel("chat")
    alice.reads("Thank you")

    decides(alice, "share", "Hosts only")
    until(lambda: barred(bob, "screen"), what="no screen of Bob's", seen=bob.text)
    decides(alice, "reactions", "Nobody")
    until(lambda: barred(bob, "reaction") and barred(alice, "reaction"), what="no reactions, of hosts neither", seen=bob.text)


@pytest.mark.journey("rights")
def test_a_host_mutes_asks_and_lets_one_person_and_nobody_is_turned_on_by_others(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.hears(bob)
    participant = seat(alice, "Bob")
    alice.panel("safety")
    alice.browser.click("button", "Mute everybody")
    bob.reads("Alice has turned your microphone off.")
    alice.hears_nothing_of(bob)
    does(alice, "Bob", "Ask to unmute")
    bob.reads("Alice asks you to turn your microphone on.")
    alice.hears_nothing_of(bob)
    bob.browser.click("button", "Turn it on")
    alice.hears(bob)

    does(alice, "Bob", "Stop the camera")
    until(lambda: barred(bob, "camera"), what="Bob's camera is stopped", seen=bob.text)
    until(lambda: alice.picture(participant) is None, what="Bob's picture goes", seen=alice.stand)
    does(alice, "Bob", "Ask to turn the camera on")
    bob.reads("Alice asks you to turn your camera on.")
    until(lambda: not barred(bob, "camera"), what="who is asked is let", seen=bob.text)
    bob.click('[data-toast="asked_camera"] .button:not([data-icon-only])')
    alice.sees(bob)

    bob.press("reaction")
    bob.click('.reaction[data-reaction="heart"]')
    alice.wait_for(f'article[data-participant="{participant}"] [data-reaction="heart"]', what="a heart over Bob's tile")
    until(lambda: not alice.has(".tile-reaction"), what="it goes", seen=alice.stand)

    bob.panel("people")
    bob.click('button[aria-label="Change your name"]')
    bob.browser.fill("Name", "Robert")
    bob.browser.click("button", "Change it")
    alice.reads("A new name: Bob → Robert.")
    until(lambda: alice.names() == bob.names() == ["Alice", "Robert"], what="the name everywhere", seen=alice.stand)
    assert seat(alice, "Robert") == participant
    until(lambda: alice.shown("Robert") == "Bob", what="Bob's picture under his new name", seen=alice.stand)
    assert alice.code() == bob.code() != ""
    decides(alice, "rename", "Hosts only")
    until(lambda: not bob.has('button[aria-label="Change your name"]'), what="names stay", seen=bob.text)


@pytest.mark.journey("rights")
def test_a_changed_client_gains_nothing_of_an_honest_engine_and_nothing_of_mallorys(
    alice: Person, people: Guests, meeting: str, engine: Engine
) -> None:
    """Bob's client goes on with camera and chat; then the engine carries it all the same, and Alice's client shows none of it."""
    bob = people("Bob", init_script=ASKS_NOBODY)
    bob.join(meeting)
    alice.sees(bob)
    participant = seat(alice, "Bob")
    decides(alice, "video", "Hosts only")
    decides(alice, "chat", "Hosts only")
    until(lambda: alice.picture(participant) is None, what="Bob's picture goes", seen=alice.stand)
    until(lambda: "camera" not in engine.published(participant), what="the engine takes Bob's camera away")
    bob.says("I go on")

    def carried() -> bool:
        engine.lets_everything(participant)
        return "camera" in engine.published(participant)

    until(carried, what="Mallory's engine carries Bob's camera", seconds=30, seen=bob.stand)
    end = time.monotonic() + LOOKS_ON_SECONDS
    while time.monotonic() < end:
        assert alice.picture(participant) is None
        time.sleep(0.1)
    alice.hears(bob)
    alice.panel("chat")
    assert "I go on" not in alice.text()


@pytest.mark.journey("rights")
def test_where_only_hosts_see_everybody_a_guests_camera_goes_to_the_host_alone(alice: Person, people: Guests, meeting: str) -> None:
    """POL-22."""
    bob, dora = people("Bob"), people("Dora")
    bob.join(meeting)
    dora.join(meeting)
    dora.sees(bob)
    decides(alice, "pictures", "Hosts only")
    participant = seat(dora, "Bob")
    until(lambda: dora.picture(participant) is None, what="Dora sees no camera of Bob's", seen=dora.stand)
    alice.sees(bob)
    dora.sees(alice)
    dora.hears(bob)
    decides(alice, "pictures", "Everybody")
    dora.sees(bob)
