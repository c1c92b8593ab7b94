"""lock: nobody new comes in, whoever is in stays in and may reload, and what becomes of the door is said to all."""

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person


@pytest.mark.journey("lock")
def test_a_locked_call_keeps_a_stranger_out_and_its_people_in(alice: Person, people: Guests, meeting: str) -> None:
    """Alice locks by keyboard alone."""
    bob, dora = people("Bob"), people("Dora", locale="fr-FR")
    dora.expects("403")
    bob.join(meeting)
    dora.enter(meeting)
    keyboard = alice.chromium.page.keyboard
    keyboard.press("y")
    alice.wait_for('.call[data-panel="safety"]', what="the panel")
    alice.tab_to(".rule button", text="Lock the meeting")
    keyboard.press("Enter")
    for person in (alice, bob):
        person.reads("Locked by Alice.")
    bob.panel("safety")
    bob.reads("The meeting is locked")

    dora.chromium.page.fill("input[name=name]", "Dora")
    dora.press("join")
    dora.wait_ended("call_locked")
    dora.reads("L’hôte a verrouillé cet appel.")
    assert alice.names() == ["Alice", "Bob"]

    bob.browser.reload()
    bob.wait_back()
    alice.sees(bob)
    bob.panel("safety")
    bob.reads("The meeting is locked")
    assert "Bob left." not in alice.text()

    alice.tab_to(".rule button", text="Unlock the meeting")
    keyboard.press("Enter")
    bob.reads("Unlocked by Alice.")
    dora.browser.click("button", "Réessayer")
    dora.wait_live()
    until(lambda: alice.names() == ["Alice", "Bob", "Dora"], what="Dora is in", seen=alice.stand)
