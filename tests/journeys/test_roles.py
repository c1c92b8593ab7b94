"""roles: a host names a co-host, takes the role back, hands over; and when no host is there, all stays as it was."""

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person

DECIDES = ':is([data-rule="lock"], [data-rule="suspend"], [data-rule="hosts"]) button'


@pytest.mark.journey("roles")
def test_a_cohost_does_what_a_host_does_and_cannot_touch_the_host(alice: Person, people: Guests, meeting: str) -> None:
    bob, dora = people("Bob"), people("Dora")
    bob.join(meeting)
    dora.join(meeting)
    dora.panel("safety")
    dora.reads("Host: Alice")
    assert not dora.has(DECIDES)
    bob.panel("people")
    assert not bob.has('[data-menu="person"]')

    alice.does("Bob", "Make co-host")
    for person in (alice, bob, dora):
        person.reads("Bob is a co-host now.")
    dora.reads("Co-host: Bob")
    until(lambda: len(menus(bob)) == 1, what="Bob can act on Dora alone", seen=bob.text)
    assert menus(bob) == ["Actions for Dora"]
    assert not bob.has('button[aria-label="Remove Alice"]')

    bob.panel("safety")
    bob.browser.click("button", "Lock the meeting")
    for person in (alice, bob, dora):
        person.reads("Locked by Bob.")
    alice.does("Bob", "Take the co-host role back")
    dora.reads("Bob is not a host any more.")
    until(lambda: not bob.has(DECIDES), what="Bob decides nothing any more", seen=bob.text)
    bob.reads("The meeting is locked")


@pytest.mark.journey("roles")
def test_a_host_hands_over_and_when_no_host_is_there_all_stays_as_it_was(alice: Person, people: Guests, meeting: str) -> None:
    bob, charlie = people("Bob"), people("Charlie")
    charlie.expects("403")
    bob.join(meeting)
    alice.does("Bob", "Make co-host")
    bob.reads("Bob is a co-host now.")
    alice.panel("safety")
    alice.browser.click("button", "Step down as host")
    alice.reads("Bob will be left in charge.")
    alice.chromium.page.get_by_role("alertdialog").get_by_role("button", name="Step down").click()
    for person in (alice, bob):
        person.reads("Alice is not a host any more.")
    alice.reads("Be host again")
    assert "Lock the meeting" not in alice.text()

    bob.panel("safety")
    bob.reads("Host: Bob (you)")
    bob.browser.click("button", "Lock the meeting")
    alice.reads("Locked by Bob.")
    bob.leave()
    alice.reads("No host is here.")
    alice.reads("The meeting is locked")
    charlie.enter(meeting)
    charlie.browser.fill("Your name", "Charlie")
    charlie.press("join")
    charlie.wait_ended("call_locked")

    alice.browser.click("button", "Be host again")
    alice.reads("Host: Alice (you)")
    alice.browser.click("button", "Unlock the meeting")
    alice.reads("The meeting is open")


def menus(person: Person) -> list[str]:
    """Return whom this person can do something about."""
    shown: list[str] = person.browser.ask('() => [...document.querySelectorAll("[data-menu=person]")].map((one) => one.ariaLabel)')
    return shown
