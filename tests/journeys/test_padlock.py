"""padlock: what is shown about the encryption is what was authenticated, and everybody sees the same."""

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person


@pytest.mark.journey("padlock")
def test_the_padlock_is_on_only_while_frames_authenticate(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    alice.hears(bob)
    bob.press("camera")
    bob.press("microphone")
    until(lambda: alice.lock("Bob") == "quiet", what="the key sign: nothing is sent")
    bob.press("microphone")
    until(lambda: alice.lock("Bob") == "locked", what="the padlock, as sound authenticates again")


@pytest.mark.journey("padlock")
def test_the_code_is_the_same_everywhere_and_what_changed_since_it_was_compared_is_said(
    alice: Person, people: Guests, meeting: str
) -> None:
    bob = people("Bob")
    bob.join(meeting)
    until(lambda: alice.code() == bob.code() != "", what="one code of 30 digits on both screens")
    alice.reads("Everyone here holds the key: 2 people. The server does not.")
    first = alice.code()
    alice.browser.click("button", "The codes match")
    alice.reads("Nobody came or left since then.")

    charlie = people("Charlie")
    charlie.join(meeting)
    alice.reads("Charlie came in and now holds the key.")
    bob.reads("Charlie came in and now holds the key.")
    alice.reads("+ Charlie (guest)")
    until(lambda: alice.code() == bob.code() == charlie.code() not in {"", first}, what="a new code, the same everywhere")

    alice.browser.click("button", "The codes still match")
    charlie.leave()
    alice.reads("− Charlie (guest)")


@pytest.mark.journey("padlock")
def test_codes_that_differ_lead_to_what_to_do(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    until(lambda: alice.code() == bob.code() != "", what="a code")
    alice.browser.click("button", "They differ")
    alice.reads("Then somebody may stand between you.")


@pytest.mark.journey("padlock")
def test_a_plain_page_says_what_is_and_is_not_protected(people: Guests) -> None:
    bob = people("Bob")
    bob.browser.open(f"{bob.server.url}/protection")
    for sentence in (
        "Protected: what you say and show",
        "There is no other mode. If the encryption fails, nothing is sent.",
        "Not protected: what the server knows",
        "That you were in a call, with whom, when and how long, under which name, and from which internet address.",
        "Whoever has the whole link can come in.",
    ):
        bob.reads(sentence)
