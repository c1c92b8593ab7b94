"""organisation, console: what each role is shown, what Charlie is not, and that a large organisation is asked for no more often."""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from conclave.accounts import organisation_journal
from conclave.accounts.belong import change_role
from conclave.accounts.challenge import Method
from conclave.accounts.claim import claim_domain
from conclave.accounts.invite import invite
from conclave.accounts.models import Membership, OrganisationInvitation, User
from conclave.accounts.organisation_journal import COLUMNS, PAGE
from conclave.accounts.organise import dissolve
from conclave.kernel.clock import DAY
from conclave.transparency.journal import journal
from tests.accounts.conftest import PASSWORD, signed_in
from tests.accounts.organisation import NOW, account, belongs, browser, kinds, make, person, roles, seat, token_of

pytestmark = pytest.mark.django_db
NOWHERE = "nothing-of-this-sort--"
# What an organisation's console has, for those who may see all of it.
PARTS = {
    "", "/directory", "/people", "/invitations", "/domains", "/school", "/policy", "/sign-in", "/tokens", "/meetings", "/journal",
    "/settings",
}  # fmt: skip


def addresses(organisation: str, *, membership: str, invitation: str, claim: str = NOWHERE) -> list[str]:
    """Return every address under one organisation, out of the list of all addresses."""
    found = []
    for pattern in get_resolver().reverse_dict.getlist("organisation"):
        assert pattern
    for name in sorted(str(key) for key in get_resolver().reverse_dict if str(key).startswith("organisation")):
        for possibilities, *_rest in get_resolver().reverse_dict.getlist(name):
            for template, names in possibilities:
                if "organisation" in names:
                    values = {"organisation": organisation, "membership": membership, "invitation": invitation, "claim": claim}
                    values["token"] = NOWHERE
                    found.append("/" + template % {key: values[key] for key in names})
    return sorted(set(found))


def without_tokens(page: bytes, *names: str) -> bytes:
    """Return a page without what differs by address or request."""
    for name in names:
        page = page.replace(name.encode(), b"ID")
    return re.sub(rb'value="[^"]*"', b"", page)


@pytest.mark.parametrize("method", ["get", "post"])
def test_charlie_reads_the_same_at_every_address_as_where_nothing_is(alice: User, bob: User, school: str, method: str) -> None:
    """Generated from the list of addresses, so that a new page cannot be forgotten."""
    invite(organisation=school, account=account(alice), address="x@example.net", role="member", now=NOW)
    claim = claim_domain(organisation=school, account=account(alice), domain="example.org", method=Method.DNS, now=NOW)
    ids = {"membership": seat(school, bob), "invitation": OrganisationInvitation.objects.latest("made_at").pk, "claim": claim}
    stranger = person("Charlie")
    stranger.set_password(PASSWORD)
    stranger.save()
    charlie = signed_in(stranger)
    before = roles(school), kinds(school)
    theirs, nothing = addresses(school, **ids), addresses(NOWHERE, membership=NOWHERE, invitation=NOWHERE)
    assert len(theirs) == 21
    for real, unreal in zip(sorted(theirs), sorted(nothing), strict=True):
        forms = {"act": "remove", "name": "Mine", "role": "member", "address": "y@example.net", "file": "csv"}
        answers = [getattr(charlie, method)(path, forms if method == "post" else {}) for path in (real, unreal)]
        assert answers[0].status_code == answers[1].status_code
        assert answers[0].status_code in {404, 405}, real
        known = (school, *ids.values(), NOWHERE)
        assert without_tokens(answers[0].content, *known) == without_tokens(answers[1].content, *known)
    assert (roles(school), kinds(school)) == before


def test_nobody_is_shown_anything_without_signing_in(alice: User, bob: User, school: str) -> None:
    paths = [*addresses(school, membership=seat(school, bob), invitation=NOWHERE), "/organisations", "/organisations/new"]
    for path in paths:
        for answer in (Client().get(path), Client().post(path)):
            assert answer.status_code == 405 or answer["Location"].startswith("/account/login/?next="), path
    assert alice.name not in Client().get("/organisations/join").content.decode()


def test_a_form_from_elsewhere_does_nothing(alice: User, bob: User, school: str) -> None:
    """Alice is signed in; the page that makes her browser send this is not ours."""
    hers = Client(enforce_csrf_checks=True)
    hers.force_login(alice)
    before = roles(school), kinds(school)
    for path in [*addresses(school, membership=seat(school, bob), invitation=NOWHERE), "/organisations/new", "/organisations/join"]:
        forms = {
            "act": "remove",
            "name": "Mine",
            "role": "member",
            "address": "y@example.net",
            "file": "csv",
            "token": "x",
            "accept": "yes",
        }
        assert hers.post(path, forms).status_code in {403, 405}, path
    assert (roles(school), kinds(school)) == before


@pytest.mark.parametrize(
    ("role", "open_pages"),
    [
        ("owner", PARTS),
        ("admin", PARTS - {"/sign-in"}),
        ("auditor", {"", "/directory", "/journal", "/policy", "/meetings"}),
        ("member", {"", "/directory"}),
    ],
)
def test_each_role_is_shown_what_is_for_it(alice: User, bob: User, school: str, role: str, open_pages: set[str]) -> None:
    change_role(organisation=school, account=account(alice), membership=seat(school, bob), role=role, now=NOW)
    page = browser(bob)
    for part in sorted(PARTS):
        answer = page.get(f"/organisations/{school}{part}")
        assert answer.status_code == (200 if part in open_pages else 403), part
        text = answer.content.decode()
        if answer.status_code == 200:
            links = set(re.findall(rf'href="/organisations/{school}(/[\w-]+)?"', text))
            assert links >= open_pages
            assert not (links - open_pages)
        else:
            assert "organisation_role_too_low" in text
            assert "alice@example.org" not in text


def test_alice_makes_one_and_invites_by_a_link_that_is_shown_once(alice: User, bob: User) -> None:
    hers = browser(alice)
    made = hers.post("/organisations/new", {"name": "Harbour School"})
    assert made.status_code == 302
    there = made["Location"]
    shown = hers.post(f"{there}/invitations", {"address": "Bob@Example.NET", "role": "admin"}).content.decode()
    link = re.search(r"http://localhost:8000/organisations/join#[\w-]{43}", shown)
    assert link
    assert token_of(link[0]) not in hers.get(f"{there}/invitations").content.decode()
    assert "bob@example.net" in hers.get(f"{there}/invitations").content.decode()

    his = browser(bob)
    offer = his.post("/organisations/join", {"token": link[0]})
    assert offer.status_code == 200
    for told in ("Harbour School", "bob@example.net", "bob@example.org", "Alice", "Admin"):
        assert told in offer.content.decode()
    assert roles(there.rpartition("/")[2]) == {"Alice": "owner"}
    joined = his.post("/organisations/join", {"token": token_of(link[0]), "accept": "yes"}, follow=True)
    assert joined.redirect_chain == [(there, 302)]
    assert roles(there.rpartition("/")[2]) == {"Alice": "owner", "Bob": "admin"}
    over = his.post("/organisations/join", {"token": token_of(link[0])})
    assert (over.status_code, "organisation_invitation_over" in over.content.decode()) == (404, True)


def test_a_token_is_taken_from_a_body_and_from_nowhere_else(alice: User, school: str) -> None:
    link = invite(organisation=school, account=account(alice), address="x@example.net", role="member", now=NOW)
    page = browser(person("Dora")).get(f"/organisations/join?token={token_of(link)}")
    assert "Harbour School" not in page.content.decode()
    signed_out = Client().post("/organisations/join", {"token": token_of(link), "accept": "yes"})
    assert "Harbour School" not in signed_out.content.decode()
    assert "Dora" not in roles(school)


def test_guessing_invitations_is_slowed_down(bob: User) -> None:
    guesses = [browser(bob).post("/organisations/join", {"token": f"{number:043}"}).status_code for number in range(22)]
    assert guesses == [404] * 20 + [429] * 2


def test_alice_changes_roles_hands_over_and_removes_on_the_persons_page(alice: User, bob: User, school: str) -> None:
    hers, bobs = browser(alice), f"/organisations/{school}/people/{seat(school, bob)}"
    assert hers.post(bobs, {"act": "role", "role": "king"}).status_code == 422
    assert hers.post(bobs, {"act": "dance"}).status_code == 200
    assert roles(school)["Bob"] == "member"
    assert hers.post(bobs, {"act": "role", "role": "auditor"}).status_code == 302
    assert roles(school)["Bob"] == "auditor"
    assert hers.post(bobs, {"act": "transfer"}).status_code == 302
    assert roles(school) == {"Alice": "admin", "Bob": "owner"}
    refused = hers.post(bobs, {"act": "remove"})
    assert (refused.status_code, "organisation_above_role" in refused.content.decode()) == (403, True)
    assert browser(bob).post(f"/organisations/{school}/people/{seat(school, alice)}", {"act": "remove"}).status_code == 302
    assert roles(school) == {"Bob": "owner"}
    last = browser(bob).post(f"/organisations/{school}")
    assert (last.status_code, "organisation_last_owner" in last.content.decode()) == (409, True)


def test_an_admin_is_offered_no_more_than_they_may(alice: User, bob: User, school: str) -> None:
    change_role(organisation=school, account=account(alice), membership=seat(school, bob), role="admin", now=NOW)
    his = browser(bob)
    assert set(re.findall(r'<option value="(\w+)"', his.get(f"/organisations/{school}/invitations").content.decode())) == {
        "member",
        "auditor",
    }
    alices = his.get(f"/organisations/{school}/people/{seat(school, alice)}").content.decode()
    assert 'name="act"' not in alices
    assert "dissolve" not in his.get(f"/organisations/{school}/settings").content.decode().lower()
    forged = his.post(f"/organisations/{school}/invitations", {"address": "x@example.net", "role": "admin"})
    assert forged.status_code == 422


def test_dissolving_needs_the_name_and_the_others_read_of_it_when_they_sign_in(alice: User, bob: User, school: str) -> None:
    hers = browser(alice)
    wrong = hers.post(f"/organisations/{school}/settings", {"act": "dissolve", "name": "Other"})
    assert wrong.status_code == 422
    assert roles(school)
    hers.post(f"/organisations/{school}/settings", {"act": "dissolve", "name": "Harbour School"})
    assert roles(school) == {}
    assert "was dissolved" in browser(bob).get("/organisations").content.decode()


def test_news_is_read_on_the_first_page_after_signing_in(alice: User, bob: User, school: str) -> None:
    password = "correct horse battery staple"
    bob.set_password(password)
    bob.save()
    dissolve(organisation=school, account=account(alice), name="Harbour School", now=NOW)
    page = Client().post("/account/login/", {"login": bob.email, "password": password}, follow=True).content.decode()
    assert "“Harbour School” was dissolved" in page


def test_names_are_shown_as_text(alice: User) -> None:
    made = make(alice, "<script>x</script>")
    hers = browser(alice)
    for path in ("", "/people", "/invitations", "/journal", "/settings"):
        assert "<script>x" not in hers.get(f"/organisations/{made}{path}").content.decode()
    assert "<script>x" not in hers.get("/organisations").content.decode()


# The journal


@pytest.fixture
def busy(alice: User, school: str) -> str:
    """The school after a year with 120 more rows in its journal."""
    for number in range(120):
        journal(kind="organisation_renamed", obj=school, fields={"by": alice.pk}, now=NOW + number * 1000)
    return school


def rows(page: str) -> list[str]:
    """Return the kinds of the rows on a page of the journal."""
    return re.findall(r'<tr data-kind="(\w+)"', page)


def test_the_journal_is_read_page_by_page_to_its_beginning(alice: User, busy: str) -> None:
    hers, path, seen = browser(alice), f"/organisations/{busy}/journal", []
    while path:
        page = hers.get(path).content.decode()
        seen += rows(page)
        older = re.search(r'href="(\?before=\d+)"', page)
        path = f"/organisations/{busy}/journal{older[1]}" if older else ""
    assert seen == kinds(busy)[::-1]
    assert seen[-1] == "organisation_made"


def test_the_journal_is_searched_by_words_kind_and_time(alice: User, busy: str) -> None:
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({"kind": "organisation_invited"}, ["organisation_invited"]),
        ({"words": "bob"}, ["organisation_joined", "organisation_invited"]),
        ({"words": "BOB@example.net accepted"}, ["organisation_joined"]),
        ({"words": "alice invitation"}, ["organisation_invited"]),
        ({"words": "charlie"}, []),
        ({"words": "member", "kind": "organisation_joined"}, ["organisation_joined"]),
        ({"until": "2027-01-14"}, []),
        ({"since": "2027-01-15", "until": "2027-01-15", "kind": "organisation_made"}, ["organisation_made"]),
        ({"since": "2027-01-16"}, []),
    ]
    hers = browser(alice)
    for query, found in cases:
        page = hers.get(f"/organisations/{busy}/journal?{urlencode(query)}")
        assert (query, page.status_code) == (query, 200)
        assert (query, rows(page.content.decode())) == (query, found)


def test_a_search_that_makes_no_sense_says_so(alice: User, school: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hers = browser(alice)
    assert hers.get(f"/organisations/{school}/journal?since=yesterday").status_code == 422
    assert hers.get(f"/organisations/{school}/journal?kind=other_things").status_code == 422
    assert hers.get(f"/organisations/{school}/journal?before=minus+one").status_code == 200
    monkeypatch.setattr("conclave.accounts.organisation_journal.MOST_MEANT", 1)
    assert hers.get(f"/organisations/{school}/journal?words=example").status_code == 422


def test_the_journal_of_another_organisation_is_never_among_it(alice: User, bob: User, school: str) -> None:
    other = make(bob, "Other")
    page = browser(alice).get(f"/organisations/{school}/journal").content.decode()
    assert len(rows(page)) == len(kinds(school)) == 3
    assert other not in page


@pytest.mark.django_db(transaction=True)
async def test_the_journal_is_taken_along_as_a_table_without_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    from asgiref.sync import sync_to_async

    def before() -> tuple[str, User]:
        owner, evil = person("Alice"), person("Evil")
        User.objects.filter(pk=evil.pk).update(name='=HYPERLINK("http://evil.example","x")')
        made = make(owner)
        belongs(made, owner, evil)
        for number in range(120):
            _renamed(made, owner, number)
        return made, owner

    monkeypatch.setattr("conclave.accounts.organisation_journal.BATCH", 50)
    school, alice = await sync_to_async(before)()
    client = AsyncClient()
    await client.aforce_login(alice)
    taken: dict[str, str] = {}
    for file in ("csv", "jsonl"):
        answer = await client.post(f"/organisations/{school}/journal/file", {"file": file})
        assert answer["Content-Disposition"].endswith(f'.{file}"')
        taken[file] = b"".join([part async for part in cast("StreamingHttpResponse", answer)]).decode()
    assert taken["csv"].startswith("\ufefftime,kind")
    table = list(csv.reader(io.StringIO(taken["csv"].removeprefix("\ufeff"))))
    assert tuple(table[0]) == COLUMNS
    assert len(table) == 1 + 1 + 120 + 3
    assert not [cell for row in table[1:] for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert "'=HYPERLINK" in taken["csv"]
    lines = [json.loads(line) for line in taken["jsonl"].splitlines()]
    assert [line["kind"] for line in lines][-3:] == ["organisation_joined", "organisation_invited", "organisation_made"]
    assert lines[0]["kind"] == lines[1]["kind"] == "organisation_journal_taken"
    assert lines[-1]["fields"] == {"by": alice.pk}


@pytest.mark.django_db(transaction=True)
async def test_no_connection_waits_for_whoever_takes_the_journal_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    from asgiref.sync import sync_to_async

    from conclave.transparency.journal import read as rows_read

    used: list[BaseDatabaseWrapper] = []

    def read(**wanted: Any) -> object:
        found = rows_read(**wanted)
        used.append(connections["default"])
        assert used[-1].connection is not None
        return found

    monkeypatch.setattr(organisation_journal, "read", read)
    monkeypatch.setattr(organisation_journal, "BATCH", 2)
    owner = await sync_to_async(person)("Alice")
    school = await sync_to_async(make)(owner)
    client = AsyncClient()
    await client.aforce_login(owner)
    answer = await client.post(f"/organisations/{school}/journal/file", {"file": "jsonl"})
    async for part in cast("StreamingHttpResponse", answer):
        assert part
        assert used[-1].connection is None, "given back before the next piece is asked for"
    assert used


def _renamed(school: str, by: User, number: int) -> None:
    """Write a row as a change of the name does."""
    from django.db import transaction

    with transaction.atomic():
        journal(kind="organisation_renamed", obj=school, fields={"by": by.pk}, now=NOW + number)


def test_only_those_who_read_the_journal_take_it(alice: User, bob: User, school: str) -> None:
    path = f"/organisations/{school}/journal/file"
    assert browser(bob).post(path, {"file": "csv"}).status_code == 403
    assert browser(alice).get(path).status_code == 405
    assert "organisation_journal_taken" not in kinds(school)


# Many people


def crowd(school: str, number: int) -> None:
    """Let that many more people belong, without a journal of it."""
    users = User.objects.bulk_create(
        [User(email=f"p{n}@example.org", name=f"Person {n:04}", created_at=1, password="!") for n in range(number)]
    )
    Membership.objects.bulk_create([Membership(organisation_id=school, user=user, role="member", accepted_at=NOW) for user in users])
    OrganisationInvitation.objects.bulk_create(
        [
            OrganisationInvitation(
                organisation_id=school, address=f"i{n}@example.org", role="member", token_hash=f"{n:064}", made_at=NOW, expires_at=NOW + DAY
            )
            for n in range(number)
        ]
    )


@pytest.mark.parametrize("path", ["", "/people", "/people?words=p", "/invitations", "/journal", "/journal?words=bob"])
def test_a_large_organisation_is_asked_for_no_more_often(alice: User, school: str, path: str) -> None:
    hers = browser(alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page = hers.get(f"/organisations/{school}{path}")
        assert page.status_code == 200
        assert len(page.content) < 60_000
        return len(captured)

    queries()  # The first page of a session notes the device too.
    small = queries()
    crowd(school, 200)
    for number in range(2 * PAGE):
        journal(kind="organisation_renamed", obj=school, fields={"by": alice.pk}, now=NOW + number)
    assert queries() <= small <= 13


def test_people_are_found_by_name_or_address_and_listed_page_by_page(alice: User, school: str) -> None:
    crowd(school, 120)
    hers = browser(alice)
    assert hers.get(f"/organisations/{school}/people?words=person+0007").content.decode().count("<tr>") == 2
    assert "bob@example.org" in hers.get(f"/organisations/{school}/people?words=BOB@").content.decode()
    seen: list[str] = []
    for page in _pages(hers, f"/organisations/{school}/people"):
        seen += re.findall(r"/people/([\w-]{22})", page)
    assert len(seen) == len(set(seen)) == 122
    assert hers.get(f"/organisations/{school}/people?page=999999").status_code == 200


def _pages(client: Client, path: str) -> Iterator[str]:
    """Yield a list's pages by following its links."""
    query = ""
    while True:
        page = client.get(f"{path}{query}").content.decode()
        yield page
        following = re.search(r'rel="next" href="(\?page=\d+)"', page)
        if following is None:
            return
        query = following[1]
