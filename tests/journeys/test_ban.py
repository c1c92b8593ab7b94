"""ban, links: who is banned stays out whatever they try, and the link that they had opens nothing; all others have the new one."""

import re

import pytest

from tests.headless.people import Beside, world_of
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Owner, Person
from tests.journeys.test_access import check


def copied(person: Person) -> str:
    """Press "copy link" in the call and return what it copied."""
    person.panel("people")
    person.browser.ask("() => { window.copied = undefined; }")
    person.browser.click("button", "Copy the link")
    link = str(until(lambda: person.browser.ask("() => window.copied ?? null"), what=f"the link that {person.name} copies"))
    person.secrets.add(link.partition("#")[2])
    return link


def ban(host: Person, name: str) -> None:
    """As host, ban somebody, and confirm what that means."""
    host.panel("people")
    host.browser.click("button", f"Remove {name}")
    dialog = host.chromium.page.get_by_role("alertdialog")
    dialog.get_by_role("button", name="Ban…").click()
    host.reads("A private window counts as another browser.")
    dialog.get_by_role("button", name=f"Ban {name}").click()


def admit(host: Person, name: str) -> None:
    """As host, let in who knocks."""
    host.panel("people")
    host.browser.click("button", f"Admit {name}")


def refused(person: Person, link: str, *, reason: str, joins: bool = False) -> None:
    """Open a link that does not open the meeting, and read why."""
    person.expects("403")
    person.secrets.add(link.partition("#")[2])
    person.browser.open("about:blank")
    person.browser.open(link)
    if joins:
        person.wait_for('[data-control="join"]', what="the lobby's Join button")
        person.browser.fill("Your name", "Somebody else")
        person.press("join")
    person.wait_ended(reason)


@pytest.mark.journey("ban", "links")
def test_who_is_banned_stays_out_and_everybody_else_has_the_new_link(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob", init_script=Owner.COPIES, permissions=Owner.MAY)
    charlie = people("Charlie")
    bob.join(meeting)
    charlie.join(meeting)
    alice.sees(charlie)
    ban(alice, "Charlie")
    charlie.expects("403")
    charlie.wait_ended("banned")
    charlie.reads("Alice banned you from this meeting.")
    until(lambda: alice.names() == bob.names() == ["Alice", "Bob"], what="Charlie's tile goes everywhere")
    bob.reads("The link was replaced.")
    alice.sees(bob)
    bob.hears(alice)
    link = copied(bob)
    assert link.partition("#")[0] == meeting.partition("#")[0]
    assert link.partition("#")[2] != meeting.partition("#")[2]

    # What Charlie tries: the seat of before, a new tab, a private window with the link of before, and the new link under another name.
    charlie.browser.reload()
    charlie.wait_ended("banned")
    refused(charlie, meeting, reason="banned")
    tab = Person("Charlie", charlie.chromium.sibling(), server=charlie.server)
    people.present.append(tab)
    refused(tab, meeting, reason="banned", joins=True)
    refused(tab, link, reason="banned", joins=True)
    # A private window is another browser, so nothing but the link keeps it out: it stands at the door until a host answers.
    private = people("Charlie")
    private.expects("403")
    private.enter(meeting)
    private.reads("This link was replaced. You can knock")
    private.browser.fill("Your name", "Somebody else")
    private.press("join")
    alice.panel("people")
    alice.reads("Somebody else")
    assert "Somebody else" not in alice.names()

    # The new link lets in whom it is given to, and Bob comes back by it after a reload.
    dora = people("Dora")
    dora.join(link)
    bob.browser.reload()
    bob.wait_back()
    for other in (dora, bob):
        alice.sees(other)
    assert alice.names() == ["Alice", "Bob", "Dora"]

    alice.panel("safety")
    alice.reads("1 ban")
    alice.browser.click("button", "Let Charlie come again")
    alice.reads("Nobody is banned")
    # Taken back, a ban keeps nobody out of this call either.
    tab.browser.reload()
    tab.wait_for('[data-control="join"]', what="the lobby's Join button")
    tab.browser.fill("Your name", "Charlie")
    tab.press("join")
    tab.wait_live()
    alice.sees(tab)


@pytest.mark.journey("links")
def test_hosts_hear_of_a_link_that_has_reached_too_many_and_shut_the_door_with_one_press(
    alice: Person, people: Guests, meeting: str
) -> None:
    dora = people("Dora")
    dora.expects("403")
    with Beside(world_of(url=alice.server.url, link=meeting)) as crowd:
        for number in range(5):
            assert not alice.has('[data-toast="at_risk"]')
            crowd.ask("join", name=f"Stranger {number}")
        alice.reads("5 people with typed names came in by the link within two minutes. Did you expect them?", seconds=30)
        alice.click('[data-toast="at_risk"] [data-answer="strict"]')
        alice.panel("safety")
        alice.reads("A host signs for each newcomer")
        dora.enter(meeting)
        dora.browser.fill("Your name", "Dora")
        dora.press("join")
        dora.wait_for("[data-waiting]", what="Dora waits at the door")


@pytest.mark.journey("links")
def test_a_pasted_link_is_looked_at_without_telling_its_secret(owner: Owner, people: Guests) -> None:
    open_link, guarded = owner.make_meeting("Open to all"), owner.make_meeting("Behind a door", preset="guarded")
    bob = people("Bob")
    bob.expects("404")
    bob.browser.open(bob.server.url)
    bob.click('a[href="/check"]')
    bob.wait_for("#check form", what="the place to paste a link")
    check(bob, "check")

    def pastes(link: str, kind: str) -> None:
        bob.secrets.add(link.partition("#")[2])
        bob.browser.fill("The link", link)
        bob.browser.click("button", "Check it")
        bob.wait_for(f'[data-checked="{kind}"]', what=f"the answer {kind} about {link}")

    pastes(open_link, "good")
    bob.reads("This link opens the meeting “Open to all”.")
    bob.reads("Whoever has it comes in at once: nobody is asked.")
    pastes(open_link[:-1], "cut")
    pastes(guarded, "good")
    bob.reads("The link alone does not let everybody in")
    pastes(guarded.replace("#A", "#B") if "#A" in guarded else re.sub("#.", "#A", guarded), "unknown")
    pastes("https://elsewhere.example" + open_link[len(bob.server.url) :], "elsewhere")


@pytest.mark.journey("links")
def test_a_host_replaces_the_link_and_who_has_kept_a_newer_one_needs_no_other(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob", init_script=Owner.COPIES, permissions=Owner.MAY)
    bob.join(meeting)
    alice.sees(bob)
    alice.panel("safety")
    alice.browser.click("button", "Replace the link")
    alice.reads("The link was replaced.")
    bob.reads("The link was replaced.")
    assert copied(bob).partition("#")[2] != meeting.partition("#")[2]
    bob.leave()
    # Bob opens the link of the invitation again: his browser has kept the newer one.
    bob.expects("403")
    bob.browser.open("about:blank")
    bob.join(meeting)
    alice.sees(bob)
    # Who was invited and comes late has the former link: she knocks, and is handed the new one with the answer.
    dora = people("Dora", init_script=Owner.COPIES, permissions=Owner.MAY)
    dora.expects("403")
    dora.enter(meeting)
    dora.reads("This link was replaced. You can knock")
    dora.browser.fill("Your name", "Dora")
    dora.press("join")
    admit(alice, "Dora")
    dora.wait_live()
    alice.sees(dora)
    assert copied(dora) == copied(bob)
