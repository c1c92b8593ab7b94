"""suspend: one press, and nobody but the hosts is seen, heard or read; then back, piece by piece and by each person's own hand."""

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person
from tests.journeys.test_access import check


@pytest.mark.journey("suspend")
def test_a_suspended_meeting_is_silent_dark_and_shut_until_a_host_resumes(alice: Person, people: Guests, meeting: str) -> None:
    bob, charlie = people("Bob"), people("Charlie")
    charlie.expects("403")
    bob.join(meeting)
    alice.sees(bob)
    alice.hears(bob)
    bob.panel("chat")
    alice.panel("safety")
    check(alice, "a host's rules")
    alice.browser.click("button", "Suspend the meeting")
    for person in (alice, bob):
        person.wait_for('[data-banner="suspended"]', what="the banner", seconds=15)
        person.reads("Suspended by Alice.")
    for control in ("microphone", "camera", "screen", "hand"):
        until(lambda: bob.has(f'[data-control="{control}"][data-disabled]'), what=f"no {control}", seen=bob.text)  # noqa: B023 - awaited here
    bob.reads("only hosts can write")
    assert not bob.has(".writer")
    check(bob, "a suspended meeting")
    tile = alice.tile("Bob")
    assert tile
    until(lambda: alice.picture(tile.participant) is None, what="no picture of Bob's", seen=alice.stand)
    alice.hears_nothing_of(bob)
    bob.sees(alice)
    bob.chromium.page.keyboard.press("m")
    charlie.enter(meeting)
    charlie.browser.fill("Your name", "Charlie")
    charlie.press("join")
    charlie.wait_ended("call_locked")
    alice.says("Back in a moment")
    bob.reads("Back in a moment")

    # One thing at a time: the chat first, and with it nothing else.
    alice.panel("safety")
    alice.click('[data-piece="chat"]')
    bob.reads("Alice ends the suspension one step at a time.")
    alice.wait_for('[data-piece="rest"]', what="what is left", seconds=15)
    assert not alice.has('[data-piece="chat"]')
    check(alice, "a meeting half suspended")
    bob.says("May I speak?")
    for control in ("microphone", "camera", "screen"):
        assert bob.has(f'[data-control="{control}"][data-barred]')
    alice.panel("chat")
    alice.reads("May I speak?")
    alice.panel("safety")
    alice.click('[data-piece="video"]')
    until(lambda: bob.has('[data-control="camera"]:not([data-barred])'), what="Bob may show himself again", seen=bob.text)
    assert bob.has('[data-control="microphone"][data-barred]')

    # All of it, also what was not given back before the meeting was suspended once more.
    alice.browser.click("button", "Suspend the meeting")
    bob.wait_for('[data-banner="suspended"]', what="the banner once more")
    alice.wait_for('[data-banner="suspended"]', what="the banner at Alice's")
    alice.browser.click("button", "Resume")
    bob.reads("Resumed by Alice.")
    until(lambda: not alice.has("[data-piece]"), what="nothing is left", seen=alice.text)
    until(lambda: bob.has('[data-control="microphone"]:not([data-disabled])'), what="Bob may speak again", seen=bob.text)
    assert bob.has('[data-control="microphone"][data-on="false"]')
    assert "muted" in (alice.tile("Bob") or tile).marks
    bob.press("microphone")
    bob.press("camera")
    alice.sees(bob)
    alice.hears(bob)
    alice.panel("chat")
    bob.says("Thank you")
    alice.reads("Thank you")
    bob.panel("safety")
    bob.reads("The meeting is locked")
