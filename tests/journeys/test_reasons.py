"""reasons: leaving and failing are sentences, and coming back is one press where it makes sense."""

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Owner, Person
from tests.journeys.world import Installation, installation

OPEN_SOCKETS = """const Real = WebSocket;
window.sockets = [];
window.WebSocket = class extends Real { constructor(...given) { super(...given); window.sockets.push(this); } };"""


@pytest.mark.journey("reasons")
def test_who_left_can_come_back(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    bob.leave()
    bob.browser.click("button", "Come back")
    bob.wait_back()
    bob.sees(alice)
    alice.sees(bob)


@pytest.mark.journey("reasons")
def test_a_reload_takes_the_same_seat_by_replacement(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    before = alice.tile("Bob")
    assert before
    bob.browser.reload()
    bob.wait_back()
    alice.sees(bob)
    bob.sees(alice)
    after = alice.tile("Bob")
    assert after
    assert after.participant == before.participant
    assert alice.names() == ["Alice", "Bob"]
    until(lambda: alice.code() == bob.code() != "", what="one code")


@pytest.mark.journey("reasons")
def test_the_older_of_two_tabs_reads_that_the_person_joined_elsewhere(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    # A duplicated tab starts with a copy of the first one's sessionStorage: that is what window.open does for an opened page.
    with bob.chromium.context.expect_page() as opened:
        bob.browser.ask("(url) => { window.open(url, '_blank'); }", bob.browser.address())
    newer = Person("Bob", bob.chromium.adopt(opened.value), server=bob.server)
    newer.wait_back()
    bob.wait_ended("joined_elsewhere")
    bob.reads("You joined this call in another tab or on another device.")
    alice.sees(newer)
    assert alice.names() == ["Alice", "Bob"]
    bob.browser.click("button", "Come back")
    bob.wait_back()
    newer.wait_ended("joined_elsewhere")
    alice.sees(bob)
    assert alice.names() == ["Alice", "Bob"]


@pytest.mark.journey("reasons")
def test_a_second_tab_of_the_same_link_is_a_second_seat_or_says_why_not(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    second = Person("Bob", bob.chromium.sibling(), server=bob.server)
    second.join(meeting)
    alice.sees(bob)
    until(lambda: alice.names() == ["Alice", "Bob", "Bob"], what="both seats, marked as ambiguous")
    alice.reads("Somebody else here has the same or a similar name.")
    assert not second.faults()


@pytest.mark.journey("reasons")
def test_a_browser_that_talks_nonsense_is_told_and_disturbs_nobody(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob", init_script=OPEN_SOCKETS)
    bob.join(meeting)
    alice.sees(bob)
    bob.browser.ask("""() => {
      const socket = window.sockets.find(({ url }) => url.includes("/api/v1/socket"));
      for (const text of ["{", "null", '{"t":"unheard_of"}', '{"t":7}', "[]", "{}", "42", "[[[[", '"', "garbage"]) socket.send(text);
    }""")
    bob.wait_ended("misbehaved")
    bob.reads("The server closed the connection because it could not understand this browser.")
    bob.reads("Reload the page and come back.")
    assert not alice.has("[data-banner]")
    bob.browser.click("button", "Reload the page")
    bob.wait_back()
    alice.sees(bob)


@pytest.mark.journey("reasons")
def test_whose_line_is_lost_is_shown_as_such_at_once(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    # No page can tell closing from reloading, so nobody says good-bye: the seat is kept for 30 seconds (JOIN-7).
    bob.chromium.page.close()
    alice.wait_for("article.tile[data-away]", what="Bob's tile steps back")
    alice.reads("Line lost, waiting…")
    assert alice.names() == ["Alice", "Bob"]
    until(lambda: alice.lock("Bob") == "quiet", what="no padlock, as nothing arrives")


@pytest.mark.journey("reasons")
def test_a_server_that_restarts_is_a_sentence_and_people_come_back(playwright: Playwright, tmp_path: Path) -> None:
    own: Installation = installation(tmp_path / "var", migrated=True)
    processes = [ChromiumProcess(playwright, tmp_path, name) for name in ("Alice", "Bob")]
    try:
        own.start()
        alice = Owner("Alice", processes[0].window(init_script=Owner.COPIES, permissions=Owner.MAY), server=own)
        alice.use_owner_link()
        link = alice.make_meeting("Restarted")
        alice.join(link)
        bob = Person("Bob", processes[1].window(), server=own)
        bob.join(link)
        alice.sees(bob)
        own.stop()
        for person in (alice, bob):
            until(lambda person=person: person.has("[data-banner]") or person.has("[data-ended]"), what="a sentence", seconds=40)  # type: ignore[misc]
            assert any(
                sentence in person.text()
                for sentence in ("The server is restarting.", "The line to the server is lost.", "Sound and picture are interrupted.")
            ), person.text()
        own.start()
        for person in (alice, bob):
            if person.has("[data-ended]"):
                person.browser.click("button", "Come back")
            person.wait_back(seconds=60)
        alice.sees(bob, seconds=60)
        bob.sees(alice, seconds=60)
    finally:
        for process in processes:
            process.close()
        own.stop()


@pytest.mark.journey("reasons")
def test_a_server_that_cannot_be_reached_is_a_sentence(people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.expects("ERR_INTERNET_DISCONNECTED", "Failed to load resource", "net::")
    bob.enter(meeting)
    bob.wait_for('[data-preview="on"] video', what="the preview")
    bob.browser.fill("Your name", "Bob")
    bob.chromium.context.set_offline(offline=True)
    bob.press("join")
    bob.wait_ended("server_unreachable")
    bob.reads("The server cannot be reached.")
    bob.chromium.context.set_offline(offline=False)
    bob.browser.click("button", "Try again")
    bob.wait_back()
