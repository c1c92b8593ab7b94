"""An organisation's owners, admins and auditors see that meetings exist and their settings: MEET-20."""

import base64
import re
from typing import Any

import pytest
from django.test import Client

from conclave.accounts.invite import accept
from conclave.accounts.invite import invite as offer
from conclave.accounts.models import User
from conclave.accounts.organise import found
from conclave.accounts.rulebook import save
from conclave.accounts.rules import Policy, Rotation, Rule
from conclave.accounts.scopes import Scope
from conclave.accounts.tokens import make_token
from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.meetings import lists, retention
from conclave.meetings.invitations import invite
from conclave.meetings.models import Call, Meeting
from conclave.meetings.own import create_meeting, delete_meeting
from tests.meetings.conftest import NOW, _person, account_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def harbour(alice: User) -> str:
    """Alice's organisation."""
    return found(name="Harbour School", account=account_of(alice), now=NOW)


def joined(harbour: str, alice: User, name: str, role: str) -> User:
    """Let somebody belong to Alice's organisation."""
    somebody = _person(name)
    link = offer(organisation=harbour, account=account_of(alice), address=somebody.email, role=role, now=NOW)
    accept(token=link.partition("#")[2], account=account_of(somebody), now=NOW)
    return somebody


def made(owner: User, title: str, *, organisation: str = "", **fields: Any) -> str:
    """Make a meeting, of an organisation or nobody's; return its id."""
    meeting, link_id, host_hash = new_id(), new_id(), new_id()
    create_meeting(
        meeting=meeting, title=title, link_id=link_id, host_hash=host_hash, owner=account_of(owner), organisation=organisation, now=NOW
    )
    Meeting.objects.filter(pk=meeting).update(**fields)
    return meeting


def page(person: User, harbour: str, query: str = "") -> tuple[int, str]:
    """Return what somebody is shown."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    answer = client.get(f"/organisations/{harbour}/meetings{query}")
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_meet_20_staff_see_that_there_is_one_and_its_settings_and_nothing_else(harbour: str, alice: User, role: str) -> None:
    """MEET-20."""
    dora = joined(harbour, alice, "Dora", role)
    meeting = made(alice, "Redundancies", organisation=harbour, who="invited", capacity=7)
    invite(meeting=meeting, owner=account_of(alice), digest="A" * 43, whom="Bob of the plans", days=7, now=NOW)
    row = Meeting.objects.get(pk=meeting)
    status, shown = page(dora, harbour)
    assert status == 200
    assert "Alice" in shown
    assert "who is invited" in shown
    assert "at most 7" in shown
    assert not [word for word in ("Redundancies", meeting, row.link_id, row.host_hash, "Bob of the plans") if word in shown]
    # Nor by asking for words of the title.
    assert "There is none." in page(dora, harbour, "?words=redundancies")[1]
    assert "who is invited" in page(dora, harbour, "?words=ali")[1]


def test_meet_20_a_program_of_the_organisation_reads_the_same(harbour: str, alice: User) -> None:
    """MEET-20, TOK-6."""
    meeting = made(alice, "Redundancies", organisation=harbour, who="invited", capacity=7)
    made(alice, "Private")
    token = make_token(
        account=account_of(alice), name="A program", scopes=[Scope.HOUSE_READ], days=7, organisation=harbour, now=clock.now()
    )
    program = Client(headers={"Authorization": f"Bearer {token}"})
    answer = program.get(f"/api/v1/organisations/{harbour}/meetings")
    (told,) = answer.json()["meetings"]
    assert (told["host"], told["who"], told["capacity"], told["live"]) == ("Alice", "invited", 7, False)
    assert not [word for word in ("Redundancies", meeting, Meeting.objects.get(pk=meeting).link_id) if word in answer.content.decode()]
    assert program.get(f"/api/v1/organisations/{harbour}/meetings?words=redundancies").json() == {"meetings": [], "next": None}
    assert program.get(f"/api/v1/organisations/{harbour}/meetings?shown=titles").status_code == 400
    assert program.get(f"/api/v1/organisations/{new_id()}/meetings").status_code == 404


def test_meet_20_members_and_strangers_see_nothing(harbour: str, alice: User) -> None:
    """MEET-20."""
    made(alice, "Plans", organisation=harbour)
    dora, charlie = joined(harbour, alice, "Dora", "member"), _person("Charlie")
    assert page(dora, harbour)[0] == 403
    assert 'data-label="When"' not in page(dora, harbour)[1]
    for organisation in (harbour, new_id()):
        status, shown = page(charlie, organisation)
        assert (status, "organisation_unknown" in shown) == (404, True)


def test_meet_20_meetings_of_ones_own_and_of_other_houses_are_not_there(harbour: str, alice: User, bob: User) -> None:
    """MEET-20."""
    made(alice, "Private")
    made(bob, "Bob's", organisation=found(name="Bob's house", account=account_of(bob), now=NOW))
    gone = made(alice, "Gone", organisation=harbour)
    delete_meeting(meeting=gone, owner=account_of(alice), now=NOW)
    for query in ("", "?show=now", "?show=past"):
        assert "There is none." in page(alice, harbour, query)[1]


def test_what_is_held_now_and_what_was(harbour: str, alice: User) -> None:
    live = made(alice, "Live", organisation=harbour)
    Call.objects.create(id=new_id(), meeting_id=live, region="local", started_at=NOW)
    dora = joined(harbour, alice, "Dora", "admin")
    made(dora, "Over", organisation=harbour, past_at=NOW - clock.DAY)
    told = {show: page(alice, harbour, f"?show={show}")[1].partition("<tbody>")[2] for show in ("now", "past", "")}
    assert [("Alice" in text, "Dora" in text) for text in told.values()] == [(True, False), (False, True), (True, True)]
    assert told["now"].count("held now") == 1


def test_meet_20_the_link_to_the_next_page_names_no_meeting(harbour: str, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEET-20: an id is half of a link, and nobody's but the owner's."""
    monkeypatch.setattr(lists, "PAGE", 1)
    ids = [made(alice, "Plans", organisation=harbour, created_at=NOW + number) for number in range(3)]
    seen, after = 0, ""
    for _page in range(3):
        text = page(alice, harbour, f"?after={after}" if after else "")[1]
        assert not any(one in text for one in ids)
        seen += text.partition("<tbody>")[2].count("<tr")
        after = (re.findall(r"after=([^\"&]+)", text) or [""])[-1]
        assert not any(one.encode() in base64.urlsafe_b64decode(after) for one in ids)
    assert (seen, after) == (3, "")


@pytest.mark.parametrize("many", [1, 30])
def test_the_list_costs_as_many_queries_however_long_it_is(harbour: str, alice: User, many: int, django_assert_num_queries: Any) -> None:
    rotates = Policy(rotation=Rotation(after_call=True), enforced=frozenset({Rule.ROTATION}))
    save(organisation=harbour, account=account_of(alice), policy=rotates, seen=0, now=NOW)
    for number in range(many):
        made(alice, "Plans", organisation=harbour, past_at=NOW + number)
    for shown in ("", "now", "past"):
        with django_assert_num_queries(2 if shown == "now" else 4):
            lists.of_house(organisation=harbour, account=account_of(alice), shown=shown)
    # Its owner's own list says when each link is to be replaced.
    with django_assert_num_queries(3):
        lists.mine(owner=account_of(alice))


def test_a_planned_meeting_is_not_over_because_nobody_has_been_in_it_yet(harbour: str, alice: User) -> None:
    old = {"created_at": NOW - 9 * clock.DAY, "kept_days": 7}
    coming = made(
        alice, "A year from now", organisation=harbour, next_at=NOW + clock.DAY, turn_at=NOW + 2 * clock.DAY, plan_zone="UTC", **old
    )
    idle = made(alice, "Idle", organisation=harbour, **old)
    just_over = made(alice, "Yesterday", organisation=harbour, past_at=NOW - clock.DAY, **old)
    retention.UNUSED.sweep(now=NOW)
    assert Meeting.objects.get(pk=coming).deleted_at is None
    assert Meeting.objects.get(pk=just_over).deleted_at is None
    assert Meeting.objects.get(pk=idle).deleted_at == NOW


def test_how_long_it_is_told_that_a_meeting_took_place_goes_by_its_own_days(harbour: str, alice: User) -> None:
    held = made(alice, "Held", organisation=harbour, past_at=NOW - 8 * clock.DAY, kept_days=7)
    told = made(alice, "Told", organisation=harbour, past_at=NOW - 8 * clock.DAY, kept_days=9)
    retention.PAST.sweep(now=NOW)
    assert [Meeting.objects.get(pk=one).past_at for one in (held, told)] == [None, NOW - 8 * clock.DAY]
