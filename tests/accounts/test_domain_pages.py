"""claim, directory: the pages, in both languages, and what strangers get of them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from conclave.accounts import directory, domain_pages
from conclave.accounts.challenge import Method, Outcome
from conclave.accounts.domain_pages import FOUND
from conclave.accounts.models import DomainClaim, Membership, User
from conclave.accounts.tenure import State
from conclave.kernel import clock
from conclave.kernel.limits import Rate
from tests.accounts.colleagues import hold, member, organisation, people, person
from tests.accounts.nameserver import NameServer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_resolvers(names: list[NameServer]) -> None:
    assert names, "no test asks a resolver of the internet"


def browser(who: User, language: str = "en") -> Client:
    """A browser in which somebody is signed in."""
    client = Client(headers={"accept-language": language})
    client.force_login(who)
    return client


@pytest.fixture
def alice() -> User:
    return person("alice@example.org", "Alice Person")


@pytest.fixture
def school(alice: User) -> str:
    return organisation(alice, "Harbour School")


def test_an_admin_claims_a_domain_copies_the_record_and_checks_it(alice: User, school: str, names: list[NameServer]) -> None:
    page = browser(alice)
    assert "No domain is claimed yet." in page.get(f"/organisations/{school}/domains").content.decode()
    made = page.post(f"/organisations/{school}/domains", {"domain": " Example.ORG", "method": "dns_txt"})
    claim = DomainClaim.objects.get()
    assert made["Location"] == f"/organisations/{school}/domains/{claim.pk}"
    text = page.get(made["Location"]).content.decode()
    for shown in (">_conclave-challenge.example.org<", f">token={claim.token}<", "Name of the TXT record", "none yet"):
        assert shown in text
    assert page.post(made["Location"], {"act": "check"}).status_code == 302
    assert escape(str(FOUND[Outcome.ABSENT])) in page.get(made["Location"]).content.decode()
    for one in names:
        one.prove("example.org", claim.token)
    page.post(made["Location"], {"act": "check"})
    text = page.get(made["Location"]).content.decode()
    assert 'data-state="verified"' in text
    assert "do not belong to your organisation: 0." in text
    removed = page.post(made["Location"], {"act": "remove"}, follow=True)
    assert "The claim is removed." in removed.content.decode()
    assert page.get(made["Location"]).status_code == 404


def test_a_file_on_the_web_server_is_the_other_way(alice: User, school: str) -> None:
    page = browser(alice)
    made = page.post(f"/organisations/{school}/domains", {"domain": "example.org", "method": "well_known"})
    assert "https://example.org/.well-known/conclave-domain" in page.get(made["Location"]).content.decode()
    page.post(made["Location"], {"act": "check"})
    assert escape(str(FOUND[Outcome.UNREACHABLE])) in page.get(made["Location"]).content.decode()


@pytest.mark.parametrize("domain", ["", "https://example.org", "github.io", "gmail.com", "xs4all.nl", "x" * 301])
def test_a_refusal_is_said_beside_the_field(alice: User, school: str, domain: str) -> None:
    answer = browser(alice).post(f"/organisations/{school}/domains", {"domain": domain, "method": "dns_txt"})
    assert answer.status_code == 422
    assert "domain" in answer.context["form"].errors
    assert not DomainClaim.objects.exists()


@pytest.mark.parametrize("state", [*State])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_standing_has_its_page(alice: User, school: str, state: State, language: str) -> None:
    claim = hold(school, "example.org", now=clock.now())
    DomainClaim.objects.update(state=state)
    page = browser(alice, language)
    listed, shown = page.get(f"/organisations/{school}/domains"), page.get(f"/organisations/{school}/domains/{claim.pk}")
    assert listed.status_code == 200
    assert shown.status_code == (404 if state is State.REVOKED else 200)
    assert (f'data-state="{state}"' in shown.content.decode()) == (state is not State.REVOKED)
    assert ('name="act" value="check"' in shown.content.decode()) == (state in {State.PENDING, State.VERIFIED, State.GRACE})


def test_every_outcome_has_its_sentence() -> None:
    assert set(FOUND) == set(Outcome)


def test_a_member_searches_and_decides_whether_to_be_found(alice: User, school: str) -> None:
    hold(school, "example.org", now=clock.now())
    bob = person("bob@example.org", "Bob Person")
    member(school, bob)
    page, where = browser(bob), f"/organisations/{school}/directory"
    found = page.get(where, {"words": "pers"}).content.decode()
    assert "Alice Person" in found
    assert "bob@example.org" in found
    short = page.get(where, {"words": "pe"})
    assert (short.status_code, "at least three letters" in short.content.decode()) == (422, True)
    assert "Nobody was found." in page.get(where, {"words": "<script>abc"}).content.decode()
    assert "Nobody finds you in the directory any more." in page.post(where, {"listed": "no"}, follow=True).content.decode()
    assert "Bob Person" not in browser(alice).get(where, {"words": "pers"}).content.decode()
    page.post(where, {"listed": "yes"})
    assert "Bob Person" in browser(alice).get(where, {"words": "pers"}).content.decode()
    assert page.post(where, {"listed": "perhaps"}).status_code == 404


def test_the_directory_says_why_it_shows_nobody(alice: User, school: str) -> None:
    where = f"/organisations/{school}/directory"
    page = browser(alice)
    assert "no domain is shown to be" in page.get(where).content.decode()
    hold(school, "lab.example.org", now=clock.now())
    assert "with an address at lab.example.org. Yours is alice@example.org." in page.get(where).content.decode()
    page.post(f"/organisations/{school}/domains", {"directory": "off"})
    assert "has no directory" in page.get(where).content.decode()
    page.post(f"/organisations/{school}/domains", {"directory": "on"})
    assert "Yours is alice@example.org." in page.get(where).content.decode()


ACTS: tuple[dict[str, str], ...] = (
    {},
    {"act": "check"},
    {"act": "remove"},
    {"directory": "off"},
    {"listed": "no"},
    {"domain": "a.example", "method": "dns_txt"},
)


def test_what_somebody_else_gets_is_what_there_is_for_what_does_not_exist(school: str) -> None:
    claim = hold(school, "example.org", now=clock.now())
    charlie, bob = person("charlie@example.org", "Charlie"), person("bob@example.org", "Bob")
    member(school, bob)
    other = organisation(charlie, "Charlie's")
    stranger, plain, nobody = browser(charlie), browser(bob), Client()
    pages = [f"/organisations/{school}/domains", f"/organisations/{school}/domains/{claim.pk}", f"/organisations/{school}/directory"]
    missing = stranger.get("/organisations/nowhere/directory")
    for page in pages:
        for method in ("get", "post"):
            for acts in ACTS:
                asked = getattr(stranger, method)(page, acts)
                assert asked.status_code == 404
                assert "/account/login" in getattr(nobody, method)(page, acts)["Location"]
        assert Client(enforce_csrf_checks=True).post(page, {"act": "remove"}).status_code == 403
    assert "organisation_unknown" in missing.content.decode()
    for page in pages[:2]:
        assert (plain.get(page).status_code, plain.post(page, {"act": "remove"}).status_code) == (403, 403)
    for act in ("check", "remove", ""):
        assert stranger.post(f"/organisations/{other}/domains/{claim.pk}", {"act": act}).status_code == 404
    claim.refresh_from_db()
    assert claim.state == State.VERIFIED
    assert Membership.objects.get(user=bob).sharing


def test_d5_searches_are_counted_per_person_by_the_minute_and_by_the_day(alice: User, school: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(school, "example.org", now=clock.now())
    bob = person("bob@example.org", "Bob Person")
    member(school, bob)
    day = directory.SEARCH_RATES[1]
    monkeypatch.setattr(directory, "SEARCH_RATES", (Rate(name="searches in a test", burst=2, every_ms=clock.HOUR), day))
    where = f"/organisations/{school}/directory"

    def tries(who: User) -> list[int]:
        return [browser(who).get(where, {"words": "person"}).status_code for _ in range(4)]

    assert tries(alice) == [200, 200, 429, 429]
    assert tries(bob) == [200, 200, 429, 429], "Alice's searches are not Bob's"
    assert browser(alice).get(where).status_code == 200, "looking at the page is no search"
    more = Rate(name="more searches in a test", burst=9, every_ms=clock.HOUR)
    monkeypatch.setattr(directory, "SEARCH_RATES", (more, Rate(name="searches a day in a test", burst=1, every_ms=clock.DAY)))
    assert tries(alice) == [200, 429, 429, 429]


def test_checks_and_claims_are_limited(alice: User, school: str, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = hold(school, "example.org", method=Method.DNS, now=clock.now())
    page = browser(alice)
    for name in ("CHECK_RATE", "CLAIM_RATE"):
        monkeypatch.setattr(domain_pages, name, Rate(name=f"{name} in a test", burst=1, every_ms=clock.HOUR))
    assert [page.post(f"/organisations/{school}/domains/{claim.pk}", {"act": "check"}).status_code for _ in range(2)] == [302, 429]
    made = [page.post(f"/organisations/{school}/domains", {"domain": f"a{number}.example", "method": "dns_txt"}) for number in range(2)]
    assert [one.status_code for one in made] == [302, 429]


def test_a_large_organisation_is_asked_for_no_more_often(alice: User, school: str) -> None:
    hold(school, "example.org", now=clock.now())
    page, where = browser(alice), f"/organisations/{school}/directory"

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert page.get(where, {"words": "person"}).status_code == 200
        return len(queries)

    asked()  # The first page of a session notes the device too.
    few = asked()
    for one in people({f"p{number}@example.org": f"Person {number}" for number in range(40)}):
        member(school, one)
    assert asked() == few <= 12
