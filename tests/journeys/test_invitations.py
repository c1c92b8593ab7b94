"""who, links: a personal invitation opens a meeting to one person, and to nobody else with the same link."""

import sqlite3

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums, Guests
from tests.journeys.people import PASSWORD, Owner, Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_knock import AT_THE_DOOR, at_door


def kept_out(person: Person, link: str) -> None:
    """Open the link, press Join, and read that an invitation is asked for."""
    person.expects(AT_THE_DOOR)
    person.browser.open("about:blank")
    person.enter(link)
    person.browser.fill("Your name", person.name)
    person.press("join")
    person.wait_ended("invitation_required")
    person.reads("Only people with a personal invitation come into this meeting.")


def stands(owner: Owner, whom: str, state: str) -> None:
    """Wait until the list says that of somebody's invitation."""
    line = owner.chromium.page.locator(f'[data-invitation][data-state="{state}"]').filter(has_text=whom)
    until(lambda: line.count() == 1, what=f"the invitation of {whom}: {state}", seen=owner.text)


@pytest.mark.journey("who", "links")
def test_only_who_is_invited_comes_in_and_one_at_a_time(owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("By name", preset="open")
    page = owner.chromium.page
    owner.menu("By name", "Who comes in")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Who may ask to come in").click()
    page.get_by_role("option", name="Only who is invited by you").click()
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="detached")
    owner.menu("By name", "Invitations")
    owner.reads("Nobody is invited by name yet.")
    personal = owner.invites("Bob")
    assert personal.rpartition(".")[0] == link
    stands(owner, "Bob", "waiting")

    # Charlie has the meeting's link, and Bob's as well; Bob is in.
    bob, charlie = people("Bob"), people("Charlie")
    bob.join(personal)
    kept_out(charlie, link)
    kept_out(charlie, personal)
    # Taken back, it opens nothing for anybody. Undone, it does again; and Bob's browser has kept it, so that the bare link is enough.
    bob.leave()
    dialog.get_by_role("button", name="Take back the invitation of Bob").click()
    stands(owner, "Bob", "revoked")
    kept_out(bob, personal)
    dialog.get_by_role("button", name="Let the invitation of Bob hold again").click()
    stands(owner, "Bob", "used")
    bob.browser.open("about:blank")
    bob.join(link)
    page.keyboard.press("Escape")


@pytest.mark.journey("links")
def test_who_is_invited_does_not_wait_and_with_an_invitation_that_is_over_knocks(owner: Owner, people: Guests) -> None:
    owner.make_meeting("Guarded by name", preset="guarded")
    owner.menu("Guarded by name", "Invitations")
    personal = owner.invites("Bob")
    owner.chromium.page.keyboard.press("Escape")
    bob = people("Bob")
    bob.join(personal)
    bob.leave()
    # A month later.
    with sqlite3.connect(owner.server.state / "conclave.sqlite3", timeout=20) as database:
        over = "UPDATE meetings_invitation SET expires_at = made_at + 1 WHERE meeting_id = ?"
        assert database.execute(over, [personal.partition("#")[0].rpartition("/")[2]]).rowcount == 1
    database.close()
    at_door(bob, personal)
    owner.menu("Guarded by name", "Invitations")
    stands(owner, "Bob", "over")
    owner.chromium.page.keyboard.press("Escape")


@pytest.mark.journey("presets", "who")
def test_who_comes_in_is_changed_after_the_meeting_was_made(owner: Owner, people: Guests) -> None:
    link = owner.make_meeting("Changed", preset="open")
    page = owner.chromium.page
    dialog = page.get_by_role("dialog")
    owner.menu("Changed", "Who comes in")
    dialog.locator('[data-preset="school"]').click()
    owner.reads("Who is neither signed in nor invited")
    dialog.get_by_label("Passcode").fill("open sesame")
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="detached")
    bob = people("Bob")
    bob.expects(AT_THE_DOOR)
    bob.enter(link)
    bob.browser.fill("Your name", "Bob")
    bob.browser.fill("Passcode", "open sesame")
    bob.press("join")
    bob.wait_for("[data-waiting]", what="Bob waits at the door")
    # The wait is over as soon as nobody has to wait any more.
    owner.menu("Changed", "Who comes in")
    dialog.locator('[data-preset="open"]').click()
    dialog.get_by_role("radio", name="None").click()
    dialog.get_by_role("button", name="Save").click()
    dialog.wait_for(state="detached")
    bob.wait_live()
    dora = people("Dora")
    dora.join(link)
    dora.sees(bob)


@pytest.mark.journey("who", "links")
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_both_dialogs_work_on_a_phone_and_by_keyboard(owner: Owner, chromiums: Chromiums, locale: str) -> None:
    title = f"In the hand {locale}"
    owner.make_meeting(title, preset="guarded")
    host_link = owner.copied_host_link(title)
    phone = Owner("Alice", chromiums.of("Alice").window(viewport=PHONE, locale=locale, touch=True), server=owner.server)
    page = phone.chromium.page
    page.goto(f"{owner.server.url}/account/login/")
    page.fill("input[name=login]", owner.email)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    card = page.locator("[data-meeting]").filter(has_text=title)
    card.locator("input").fill(host_link)
    card.locator("button[type=submit]").click()
    more = card.locator("header button")
    for steps, screen in ((1, "invitations"), (2, "entrance")):
        more.focus()
        page.keyboard.press("Enter")
        page.get_by_role("menu").wait_for()
        for _ in range(steps - 1):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        dialog.locator("input").first.wait_for()
        check(phone, screen, part=".dialog")
        if screen == "invitations":
            page.keyboard.type("Bob")
            page.keyboard.press("Enter")
            dialog.locator("[data-made]").wait_for()
            check(phone, "an invitation", part=".dialog")
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
    phone.secrets.add(host_link.partition("#")[2])
    assert not phone.faults()
    phone.browser.close()
