"""knock: who has to be let in, waits; whoever hosts is told, and decides."""

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Owner, Person

# What a browser writes into its console when it is answered that it has to wait, or is not let in.
AT_THE_DOOR = "403"


def at_door(person: Person, link: str, *, name: str = "") -> None:
    """Open the link, press Join, and stand at the door."""
    person.expects(AT_THE_DOOR)
    person.enter(link)
    person.browser.fill("Your name", name or person.name)
    person.press("join")
    person.wait_for("[data-waiting]", what=f"{person.name} waits at the door")


def asks_in(host: Person, name: str) -> None:
    """Wait until the host is told that somebody asks to come in."""
    host.wait_for('[data-toast="knock"]', what=f"{name}'s knock at {host.name}'s", seconds=20)
    host.reads(f"{name} asks to come in.")


@pytest.mark.journey("knock")
def test_a_guest_waits_without_a_trace_of_the_call_and_is_let_in_with_one_press(host: Person, owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("Behind a door", preset="guarded")
    host.join(link)
    bob = people("Bob")
    at_door(bob, link)
    bob.reads("The host is told that you wait")
    asks_in(host, "Bob")
    # Neither a way to the media nor a meeting socket, nor anybody's name.
    assert not bob.tiles()
    assert "Alice" not in bob.browser.ask("() => document.querySelector('[data-waiting]').innerText")
    assert not [address for address in bob.browser.requests() if "/media/" in address]
    badge = """() => document.querySelector('[data-control="people"] .badge')?.textContent ?? ''"""
    until(lambda: host.browser.ask(badge) == "1", what="a counted badge")

    host.click('[data-toast="knock"] [data-answer="admit"]')
    bob.wait_live()
    host.sees(bob)
    bob.sees(host)
    until(lambda: not host.has('[data-toast="knock"]'), what="no knock left")
    # Whoever is inside comes back after a reload without asking.
    bob.browser.reload()
    bob.wait_back()
    bob.sees(host)


@pytest.mark.journey("knock")
def test_a_refusal_holds_and_a_stranger_who_is_blocked_cannot_ask_again(host: Person, owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("Bolted", preset="guarded")
    host.join(link)
    charlie, dora = people("Charlie"), people("Bob")
    at_door(charlie, link)
    at_door(dora, link, name="Dora")
    host.panel("people")
    for name in ("Charlie", "Dora"):
        host.wait_for(f'[data-knock="{name}"]', what=f"{name} in the list", seconds=20)
    host.click('[data-knock="Charlie"] [data-answer="block"]')
    charlie.wait_ended("knock_blocked")
    assert not charlie.has('[data-control="again"]')
    host.click('[data-knock="Dora"] [data-answer="refuse"]')
    dora.wait_ended("knock_refused")
    dora.reads("You can ask again at")
    assert dora.browser.ask("() => document.querySelector('[data-control=\"again\"]').disabled")
    # A reload, another name and another tab change nothing.
    charlie.browser.reload()
    charlie.wait_for('[data-control="join"]', what="the lobby")
    charlie.browser.fill("Your name", "Alice")
    charlie.press("join")
    charlie.wait_ended("knock_blocked")
    assert host.names() == ["Alice"]
    until(lambda: not host.has("[data-knock]"), what="nobody left in the list")
    # The host takes the block back, and whoever was blocked may ask again.
    host.panel("safety")
    host.reads("blocked at the door by Alice")
    host.browser.click("button", "Let Charlie ask again")
    host.reads("Nobody is banned")
    charlie.browser.reload()
    charlie.wait_for('[data-control="join"]', what="the lobby")
    charlie.press("join")
    charlie.wait_for("[data-waiting]", what="Charlie waits at the door again")


@pytest.mark.journey("knock")
def test_who_came_early_is_let_in_all_at_once_and_who_stops_waiting_is_off_the_list(host: Person, owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("Early", preset="guarded")
    bob, charlie, emil = people("Bob"), people("Charlie"), people("Emil")
    for early in (bob, charlie, emil):
        at_door(early, link)
    host.join(link)
    host.panel("people")
    three = "() => document.querySelectorAll('[data-knock]').length === 3"
    until(lambda: host.browser.ask(three), what="three who wait", seconds=20)
    charlie.press("cancel")
    charlie.wait_ended("stopped_waiting")
    until(lambda: not host.has('[data-knock="Charlie"]'), what="Charlie off the list", seconds=20)
    host.click('[data-answer="admit-all"]')
    for early in (bob, emil):
        early.wait_live()
    until(lambda: host.names() == ["Alice", "Bob", "Emil"], what="everybody inside", seconds=30, seen=host.stand)
