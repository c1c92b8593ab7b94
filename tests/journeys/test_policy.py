"""policy: Alice tightens what holds for her organisation's meetings; Bob, a member, and Charlie, a guest, meet the rules and read whose."""

import subprocess
import sys

import pytest

from tests.journeys.browsers import until
from tests.journeys.people import Owner
from tests.journeys.test_access import check
from tests.journeys.test_organisation import Signed, accounts, alice, bob, charlie
from tests.journeys.world import Installation

__all__ = ["accounts", "alice", "bob", "charlie"]
# That Alice has an organisation to which Bob belongs is another journey.
SCHOOL = """
import django
django.setup()
from conclave.accounts.invite import accept, invite
from conclave.accounts.models import User
from conclave.accounts.organise import found
from conclave.kernel import clock
alice, bob = (User.objects.get(email=address).pk for address in ("alice@example.org", "bob@example.net"))
school = found(name="Lycée du Port", account=alice, now=clock.now())
link = invite(organisation=school, account=alice, address="bob@example.net", role="member", now=clock.now())
accept(token=link.partition("#")[2], account=bob, now=clock.now())
print(school)
"""


@pytest.fixture(scope="module")
def school(owner: Owner, server: Installation, accounts: None) -> str:  # noqa: ARG001 - the people have to be there
    """The address of Alice's school."""
    environment = {**server.environment(), "DJANGO_SETTINGS_MODULE": "conclave.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SCHOOL], env=environment, cwd=server.checkout, check=True, timeout=60, capture_output=True, text=True
    )
    return f"/organisations/{done.stdout.split()[-1]}"


def changes(person: Signed, school: str, **answers: str) -> None:
    """Fill in the form of the policy as far as named, and look at what that changes."""
    page = person.chromium.page
    page.goto(f"{person.server.url}{school}/policy")
    for name, value in answers.items():
        if page.locator(f"[name={name}][type=checkbox]").count():
            page.locator(f"[name={name}][value={value}]").check()
        else:
            page.select_option(f"select[name={name}]", value)
    person.browser.click("button", "Look at what changes")
    person.wait_for("#changes", what="the page of what changes")


def saves(person: Signed) -> None:
    """Confirm the change."""
    person.browser.click("button", "Save the policy")
    person.reads("The policy is saved. It holds from now on.")


def row(person: Signed, rule: str) -> str:
    """Return what the page of a change says of one rule."""
    return person.chromium.page.locator(f"#changes [data-rule={rule}]").inner_text()


@pytest.mark.journey("policy")
def test_alice_tightens_a_rule_and_bob_and_charlie_read_which_and_whose(alice: Signed, bob: Signed, charlie: Signed, school: str) -> None:
    # Bob makes a meeting of the school, as open as he likes.
    bob.chromium.page.add_init_script(Owner.COPIES)
    bob.browser.open(f"{bob.server.url}/account/login/")
    bob.signs_in_here()
    bob.wait_path("/meetings")
    his = bob.chromium.page
    bob.browser.click("button", "New meeting")
    bob.browser.fill("What is it about?", "Staff")
    choose(bob, "Lycée du Port")
    his.locator('[data-preset="open"]').click()
    check(bob, "a new meeting of an organisation")
    bob.browser.click("button", "Make the meeting")
    link = bob.copied_link("Staff")
    for person in (alice, charlie):
        person.secrets.add(link.partition("#")[2])
    bob.reads("Meeting of “Lycée du Port”.")

    # Alice shuts guests out, and reads for whom that makes a difference before she does.
    changes(alice, school, guests="none", guests_holds="enforced")
    told = row(alice, "guests")
    assert all(word in told for word in ("Come in as the meeting says", "Do not come in", "Enforced", "People: 1", "Meetings: 1")), told
    check(alice, "a change of policy")
    saves(alice)

    # Charlie has the link and is no member: on a phone, in French, he reads which rule and whose.
    charlie.enter(link)
    charlie.browser.fill("Votre nom", "Charlie")
    charlie.expects("403")
    charlie.press("join")
    charlie.wait_ended("organisation_guests")
    charlie.reads("La politique de «\u00a0Lycée du Port\u00a0» ne laisse entrer que ses membres dans cette réunion.")
    charlie.reads("Connectez-vous avec le compte qui en fait partie")
    check(charlie, "a guest at a rule, French, phone")

    # Next, only owners host, and members need a second factor: Bob meets both.
    changes(alice, school, hosts="roles", host_roles="owner", hosts_holds="enforced", sign_in="second_factor", sign_in_holds="enforced")
    assert "People: 1" in row(alice, "hosts")
    assert "People: 2" in row(alice, "sign_in")
    saves(alice)
    bob.enter(link)
    bob.browser.fill("Your name", "Bob")
    bob.expects("403")
    bob.press("join")
    bob.wait_ended("organisation_sign_in")
    bob.reads("The policy of “Lycée du Port” asks its members for a second factor.")
    bob.browser.open(f"{bob.server.url}/meetings")
    bob.browser.click("button", "New meeting")
    choose(bob, "Lycée du Port")
    bob.reads("The policy of “Lycée du Port” says who may host its meetings, and you are not among them. Ask one of its owners.")
    assert his.get_by_role("button", name="Make the meeting").is_disabled()
    check(bob, "a rule in the way of a new meeting")

    # Alice goes back to what held before, and Bob comes in.
    alice.browser.open(f"{alice.server.url}{school}/policy")
    check(alice, "the policy")
    alice.browser.click("link", "Version 1")
    alice.reads("Back to version 1")
    saves(alice)
    alice.reads("as version 1")
    bob.join(link)
    bob.leave()


def choose(person: Owner, organisation: str) -> None:
    """In the dialog of a new meeting, choose whose it is."""
    page = person.chromium.page
    picker = page.get_by_role("dialog").get_by_role("button", name="Whose meeting")
    until(lambda: picker.count() == 1, what="the choice of whose meeting it is", seen=person.text)
    picker.click()
    page.get_by_role("option", name=organisation).click()
