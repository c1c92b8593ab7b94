"""The pages of a policy: a change is looked at before it is made, and refused to whoever looked at what does not hold any more."""

import re
from typing import Any

import pytest
from django.test import Client

from conclave.accounts.belong import change_role
from conclave.accounts.models import PolicyVersion, User
from conclave.accounts.rulebook import current, ruling_of, save
from conclave.accounts.rules import Guests, Hosts, Policy, Rotation, Rule, SignIn
from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.kernel.limits import Rate
from conclave.meetings.own import create_meeting
from conclave.site import policy_pages
from tests.accounts.organisation import NOW, account, belongs, browser, make, person, seat

pytestmark = pytest.mark.django_db
LARGEST_PAGE = 100_000


@pytest.fixture
def alice() -> User:
    return person("Alice")


@pytest.fixture
def bob() -> User:
    return person("Bob")


@pytest.fixture
def school(alice: User, bob: User) -> str:
    """Alice's school, to which Bob belongs, with a meeting of his."""
    made = make(alice)
    belongs(made, alice, bob)
    create_meeting(
        meeting=new_id(), title="", link_id=new_id(), host_hash=new_id(), owner=account(bob), preset="open", organisation=made, now=NOW
    )
    return made


def page(school: str) -> str:
    return f"/organisations/{school}/policy"


def answers_on(answer: Any) -> dict[str, Any]:
    """Return what a browser would send of the form on a page, untouched."""
    form = answer.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    return {**{name: value for name, value in sent.items() if value not in (None, False)}, "seen": answer.context["current"].number}


def hidden(answer: Any) -> dict[str, Any]:
    """Return the hidden answers on the page of a change, as a browser would send them."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", answer.content.decode().partition('name="confirmed"')[2]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None:
            found.setdefault(name[1], []).append(value[1] if value is not None else "")
    return {**found, "seen": answer.context["current"].number, "confirmed": "yes"}


def test_a_change_is_looked_at_then_saved(alice: User, school: str) -> None:
    hers = browser(alice)
    wanted = answers_on(hers.get(page(school))) | {"guests": "none", "guests_holds": "enforced", "rotation_days": "30"}
    look = hers.post(page(school), wanted)
    assert look.status_code == 200
    assert not PolicyVersion.objects.exists()
    (guests, rotation) = look.context["changes"]
    assert (guests.before.text, guests.after.text) == ("Come in as the meeting says", "Do not come in")
    assert (guests.before.enforced, guests.after.enforced, guests.people, guests.meetings) == (False, True, 1, 1)
    assert (rotation.before.text, rotation.after.text) == ("Never by rule", "After 30 days")
    saved = hers.post(page(school), hidden(look))
    assert saved["Location"] == page(school)
    ruling = ruling_of(organisation=school)
    assert ruling is not None
    assert ruling.policy == Policy(guests=Guests.NONE, rotation=Rotation(days=30), enforced=frozenset({Rule.GUESTS}))
    assert "Nothing: this is what holds already." in hers.post(page(school), answers_on(hers.get(page(school)))).content.decode()


def test_whoever_looked_at_an_older_version_saves_nothing_and_looks_again(alice: User, bob: User, school: str) -> None:
    change_role(organisation=school, account=account(alice), membership=seat(school, bob), role="admin", now=NOW)
    hers = browser(alice)
    look = hers.post(page(school), answers_on(hers.get(page(school))) | {"guests": "admitted"})
    save(organisation=school, account=account(bob), policy=Policy(guests=Guests.NONE), seen=0, now=NOW)
    stale = hers.post(page(school), {**hidden(look), "seen": "0"})
    assert stale.status_code == 409
    assert "policy_stale" in stale.content.decode()
    assert current(organisation=school, account=account(alice)).policy.guests is Guests.NONE
    assert [(change.before.text, change.after.text) for change in stale.context["changes"]] == [
        ("Do not come in", "Are let in one by one by a host")
    ]
    assert hers.post(page(school), hidden(stale)).status_code == 302
    assert current(organisation=school, account=account(alice)).policy.guests is Guests.ADMITTED


def test_an_older_version_is_looked_at_and_comes_back(alice: User, bob: User, school: str) -> None:
    named = Policy(hosts=Hosts.PEOPLE, host_people=frozenset({seat(school, bob)}), enforced=frozenset({Rule.HOSTS}))
    save(organisation=school, account=account(alice), policy=named, seen=0, now=NOW)
    save(organisation=school, account=account(alice), policy=Policy(sign_in=SignIn.SECOND_FACTOR), seen=1, now=NOW)
    hers = browser(alice)
    look = hers.get(f"{page(school)}?version=1")
    by_rule = {change.before.rule: change for change in look.context["changes"]}
    assert by_rule["hosts"].after.text == "bob@example.org"
    assert (by_rule["hosts"].people, by_rule["sign_in"].people) == (1, 2)
    assert hers.post(page(school), {**hidden(look), "back_to": "1"}).status_code == 302
    newest = PolicyVersion.objects.get(is_current=True)
    assert (newest.number, newest.back_to) == (3, 1)
    assert "as version 1" in hers.get(page(school)).content.decode()
    assert hers.get(f"{page(school)}?version=99").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"host_people": "charlie@example.org", "hosts": "people"}, "Not the address of anybody here: charlie@example.org"),
        ({"hosts": "people"}, "Name at least one person"),
        ({"hosts": "roles"}, "Tick at least one role"),
        ({"clients": []}, "Tick at least one"),
        ({"presets": ["school"], "preset": "open"}, "It has to be one of those that may be chosen."),
        ({"regions": "<script>"}, "Write codes such as FR"),
        ({"retention_days": "366"}, "365"),
        ({"retention_days": "0"}, "1"),
        ({"rotation_days": "x"}, "Enter a whole number."),
        ({"guests": "everybody"}, "everybody is not one of the available choices."),
        ({"guests_holds": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_is_said_where_it_is(alice: User, school: str, typed: dict[str, Any], said: str) -> None:
    person("Charlie")
    hers = browser(alice)
    wanted = {name: value for name, value in (answers_on(hers.get(page(school))) | typed).items() if value != []}
    for sent in (wanted, wanted | {"confirmed": "yes"}):
        answer = hers.post(page(school), sent)
        assert answer.status_code == 422
        assert said.replace("<", "&lt;") in answer.content.decode()
    assert not PolicyVersion.objects.exists()


def test_an_auditor_reads_it_in_words_and_no_addresses(alice: User, bob: User, school: str) -> None:
    change_role(organisation=school, account=account(alice), membership=seat(school, bob), role="auditor", now=NOW)
    named = Policy(hosts=Hosts.PEOPLE, host_people=frozenset({seat(school, alice)}), retention_days=30, enforced=frozenset({Rule.HOSTS}))
    save(organisation=school, account=account(alice), policy=named, seen=0, now=NOW)
    his = browser(bob)
    for answer in (his.get(page(school)), his.get(f"{page(school)}?version=1")):
        text = answer.content.decode()
        assert answer.status_code == 200
        assert "alice@example.org" not in text
        assert "<select" not in text.partition("<main")[2].partition("</main>")[0]
    assert "Named people: 1" in his.get(page(school)).content.decode()
    before = PolicyVersion.objects.count()
    refused = his.post(page(school), {**answers_on(browser(alice).get(page(school))), "guests": "none", "confirmed": "yes"})
    assert refused.status_code == 403
    assert PolicyVersion.objects.count() == before


def test_the_page_is_small_and_french(alice: User, school: str) -> None:
    hers = Client(headers={"accept-language": "fr"})
    hers.force_login(alice)
    for number in range(60):
        save(organisation=school, account=account(alice), policy=Policy(retention_days=number + 1), seen=number, now=NOW + number)
    answer = hers.get(page(school))
    text = answer.content.decode()
    assert len(answer.content) < LARGEST_PAGE
    assert "Personnes invitées" in text
    assert "Comment cela s’applique" in text
    look = hers.post(page(school), answers_on(answer) | {"guests": "none"}).content.decode()
    assert "N’entrent pas" in look
    assert "Personnes\u00a0: 1" in look


def test_looks_at_changes_are_counted(alice: User, school: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_pages, "LOOK_RATE", Rate(name="policy_look", burst=1, every_ms=clock.HOUR))
    hers = browser(alice)
    typed = answers_on(hers.get(page(school)))
    assert [hers.post(page(school), typed).status_code for _ in range(2)] == [200, 429]
