"""strict: nobody new gets the key without a host's signature, and everybody is told that it is so."""

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person
from tests.journeys.test_knock import asks_in, at_door


@pytest.mark.journey("strict")
def test_a_host_signs_for_each_newcomer_and_for_nobody_else(alice: Person, people: Guests, meeting: str) -> None:
    """The meeting is open to whoever has the link until Alice says otherwise; Bob, who is inside, comes back by himself."""
    bob, dora, charlie = people("Bob"), people("Dora"), people("Charlie")
    bob.join(meeting)
    alice.panel("safety")
    alice.click('.rule[data-rule="strict"] button')
    for person in (alice, bob):
        person.reads("Alice signs for each newcomer from now on.")

    at_door(dora, meeting)
    asks_in(alice, "Dora")
    alice.click('[data-toast="knock"] [data-answer="admit"]')
    dora.wait_live()
    until(lambda: bob.names() == ["Alice", "Bob", "Dora"], what="Dora inside", seen=bob.stand)
    dora.sees(alice)

    at_door(charlie, meeting)
    asks_in(alice, "Charlie")
    alice.click('[data-toast="knock"] [data-answer="refuse"]')
    charlie.wait_ended("knock_refused")

    bob.browser.reload()
    bob.wait_back()
    alice.sees(bob)
    assert "Charlie" not in alice.names() + bob.names()
