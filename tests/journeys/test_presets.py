"""presets and who: what a meeting asks of whoever comes in."""

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Owner, Person
from tests.journeys.test_knock import AT_THE_DOOR, at_door

PASSCODE = "open sesame"


@pytest.mark.journey("presets")
def test_each_preset_says_what_it_means_and_guarded_is_offered_first(owner: Owner) -> None:
    page = owner.chromium.page
    page.goto(f"{owner.server.url}/meetings")
    owner.browser.click("button", "New meeting")
    meant = {
        "Guarded": "You let each person in, but for those",
        "Open": "comes in at once",
        "School": "signed in",
        "Confidential": "locked",
    }
    for name, words in meant.items():
        owner.reads(name)
        owner.reads(words)
    assert owner.browser.ask("() => document.querySelector('.preset[data-selected]').dataset.preset") == "guarded"
    page.keyboard.press("Escape")


@pytest.mark.journey("presets")
def test_into_an_open_meeting_everybody_comes_at_once(owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("Wide open", preset="open")
    bob = people("Bob")
    bob.join(link)
    until(lambda: bob.names() == ["Bob"], what="Bob alone inside", seen=bob.stand)


@pytest.mark.journey("who")
def test_a_passcode_is_asked_in_the_lobby_and_nowhere_else(host: Person, owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("With a word", preset="open", passcode=PASSCODE)
    host.join(link)  # the host's own device is not asked
    bob = people("Bob")
    bob.expects(AT_THE_DOOR)
    bob.enter(link)
    bob.browser.fill("Your name", "Bob")
    bob.press("join")
    bob.reads("Type the passcode that came with the invitation.")
    bob.browser.fill("Passcode", "open barley")
    bob.press("join")
    bob.reads("This is not the passcode.")
    bob.browser.fill("Passcode", PASSCODE)
    bob.press("join")
    bob.wait_live()
    bob.sees(host)
    # Whoever mistypes comes in with picture and sound all the same.
    host.sees(bob)
    host.hears(bob)
    assert PASSCODE not in bob.text() + host.text() + "".join(bob.browser.requests())


@pytest.mark.journey("who")
def test_a_school_waits_for_its_host_and_lets_strangers_in_one_by_one(host: Person, owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("Physics", preset="school")
    bob = people("Bob")
    at_door(bob, link)
    host.join(link)
    host.wait_for('[data-toast="knock"]', what="Bob's knock", seconds=20)
    host.click('[data-toast="knock"] [data-answer="admit"]')
    bob.wait_live()
    until(lambda: host.names() == ["Alice", "Bob"], what="both inside", seen=host.stand)
