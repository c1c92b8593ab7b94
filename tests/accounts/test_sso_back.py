"""sso: the way there tells nobody who has an account, and the way back is good for one browser, once (SSO-4, SSO-5, SSO-7, SSO-9)."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from conclave.accounts import provider, sso, sso_pages
from conclave.accounts.models import DomainClaim, User
from conclave.accounts.tenure import State
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate
from tests.accounts.arrivals import BOB, code_of, comes, goes, who
from tests.accounts.colleagues import account, organisation, person
from tests.accounts.conftest import PASSWORD
from tests.accounts.openid import Provider
from tests.accounts.organisation import browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]


@pytest.mark.usefixtures("harbour")
def test_sso_4_an_answer_is_good_once(idp: Provider) -> None:
    page = Client()
    back = idp.answer(goes(page))
    assert page.get(back).status_code == 302
    assert code_of(page.get(back)) == "sso_answer_unknown"
    assert idp.asked.count("/token") == 1, "nor is the provider asked about it again"
    page.logout()
    assert code_of(page.get(back)) == "sso_answer_unknown"
    assert who(page) == ""


def test_sso_4_an_answer_that_nobody_asked_for_or_from_another_browser_is_none(harbour: str, idp: Provider) -> None:
    """Mallory's answer in Bob's browser would let Bob work in Mallory's account."""
    mallory, bob = Client(), Client()
    back = idp.answer(goes(mallory))
    assert code_of(bob.get(back)) == "sso_answer_unknown"
    goes(bob)
    assert code_of(bob.get(back)) == "sso_answer_unknown"
    assert who(bob) == ""
    for query in ("", "code=x", "state=", "code=x&state=x", "state=x&error=access_denied"):
        assert code_of(bob.get(f"/account/sso/{harbour}/back?{query}")) == "sso_answer_unknown"


@pytest.mark.usefixtures("harbour")
def test_sso_4_an_answer_is_too_old_after_ten_minutes(idp: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Client()
    back = idp.answer(goes(page))
    later = clock.now() + sso.TRIP_MS + 1
    monkeypatch.setattr(clock, "now", lambda: later)
    assert code_of(page.get(back)) == "sso_answer_unknown"


def test_sso_4_a_provider_does_not_answer_for_another(harbour: str, idp: Provider) -> None:
    """Mix-up: by its own address of ours, and by the name in its answer."""
    mallory = person("mallory@evil.example", "Mallory")
    theirs = organisation(mallory, "Evil")
    page = Client()
    back = idp.answer(goes(page))
    assert code_of(page.get(back.replace(harbour, theirs))) == "sso_answer_unknown"
    for name in ("https://login.evil.example", ""):
        back = idp.answer(goes(page), iss=name)
        assert code_of(page.get(back)) == "sso_answer_unknown"
    assert who(page) == ""
    assert "/token" not in idp.asked


@pytest.mark.usefixtures("harbour")
def test_who_is_not_let_in_there_is_told(idp: Provider) -> None:
    page = Client()
    back = idp.answer(goes(page), error="access_denied", code="")
    answer = page.get(back)
    assert (answer.status_code, code_of(answer)) == (403, "sso_denied")


@pytest.mark.parametrize("claims", [{"aud": "x"}, {"nonce": "x"}, {"iss": "https://x.example"}, {"exp": 1}, {"email": None}])
@pytest.mark.usefixtures("harbour")
def test_sso_5_an_answer_that_proves_nothing_signs_nobody_in(idp: Provider, claims: dict[str, Any]) -> None:
    idp.claims |= claims
    page = Client()
    answer = comes(page, idp)
    assert (answer.status_code, code_of(answer)) == (403, "sso_answer_invalid")
    assert who(page) == ""


@pytest.mark.usefixtures("harbour")
def test_a_provider_that_does_not_answer_is_said_to_be_so(idp: Provider) -> None:
    idp.raw = {"/.well-known/openid-configuration": (500, b"", {})}
    answer = Client().post("/account/sso/", {"email": BOB})
    assert (answer.status_code, code_of(answer)) == (502, "sso_unreachable")


@pytest.mark.usefixtures("harbour")
def test_five_windows_find_back_and_older_ones_do_not(idp: Provider) -> None:
    page = Client()
    backs = [idp.answer(goes(page)) for _ in range(6)]
    assert code_of(page.get(backs[0])) == "sso_answer_unknown"
    assert page.get(backs[1]).status_code == 302


# The session, and where it leads


@pytest.mark.usefixtures("harbour")
def test_sso_9_the_session_has_another_id_after_signing_in(idp: Provider) -> None:
    """Fixation: whoever planted a session in Bob's browser holds one that is worth nothing."""
    page = Client()
    back = idp.answer(goes(page))
    planted = page.session.session_key
    assert planted
    page.get(back)
    assert page.session.session_key != planted
    other = Client()
    other.cookies["conclave_session"] = planted
    assert who(other) == ""
    assert other.get("/meetings").status_code == 302


@pytest.mark.usefixtures("harbour")
def test_sso_9_another_person_in_the_same_browser_gets_a_session_of_their_own(idp: Provider) -> None:
    comes(Client(), idp)
    page = browser(person("dora@example.org"))
    session = page.session
    session["left by Dora"] = "x"
    session.save()
    comes(page, idp)
    assert who(page) == BOB
    assert "left by Dora" not in page.session


@pytest.mark.usefixtures("harbour")
def test_a_session_made_for_a_visit_is_short_and_a_signed_in_one_is_not(idp: Provider, settings: Settings) -> None:
    page = Client()
    back = idp.answer(goes(page))
    assert page.session.get_expiry_age() == sso_pages.VISIT_SECONDS
    page.get(back)
    assert page.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


ELSEWHERE = [
    *("https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "http:evil.example"),
    *(
        "javascript:alert(1)",
        "#@evil.example",
        "?next=x",
        "evil",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/%0d\r\nX: y",
    ),
    *("https://localhost:8000/meetings", "//localhost:8000/meetings"),
]


@pytest.mark.parametrize("where", ELSEWHERE)
def test_sso_9_the_way_leads_to_no_other_site(where: str) -> None:
    assert not sso_pages._own_page(where)


def test_sso_9_no_page_leads_there(harbour: str, idp: Provider) -> None:
    page = Client()
    answer = comes(page, idp, next=ELSEWHERE[1])
    assert answer["Location"] == f"/organisations/{harbour}/welcome?next="
    evil = page.get(f"/organisations/{harbour}/welcome", {"next": ELSEWHERE[1]}).content.decode()
    assert "evil.example" not in evil
    assert page.post(f"/organisations/{harbour}/welcome", {"next": ELSEWHERE[1]})["Location"] == f"/organisations/{harbour}"
    assert comes(Client(), idp, next=ELSEWHERE[1])["Location"] == "/meetings"


def test_sso_9_a_fragment_of_ours_is_kept_and_stays_ours(harbour: str, idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    page.post(f"/organisations/{harbour}/welcome")
    assert comes(Client(), idp, next="/organisations/join#//evil.example")["Location"] == "/organisations/join#//evil.example"


@pytest.mark.usefixtures("harbour")
def test_the_session_remembers_by_whose_provider_somebody_came(idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    text = page.get("/account").content.decode()
    assert "you came by it" in text
    bob = User.objects.get(email=BOB)
    bob.set_password(PASSWORD)
    bob.save()
    other = Client()
    other.post("/account/login/", {"login": BOB, "password": PASSWORD})
    text = other.get("/account").content.decode()
    assert "Harbour School" in text
    assert "you came by it" not in text


def test_the_query_for_a_rule_that_demands_it(harbour: str, alice: User) -> None:
    assert provider.is_ready(organisation=harbour, now=clock.now())
    provider.switch(organisation=harbour, account=account(alice), on=False, now=clock.now())
    assert not provider.is_ready(organisation=harbour, now=clock.now())
    provider.switch(organisation=harbour, account=account(alice), on=True, now=clock.now())
    DomainClaim.objects.update(state=State.LAPSED)
    assert not provider.is_ready(organisation=harbour, now=clock.now())


# The page that asks for an address


@pytest.mark.usefixtures("harbour")
def test_sso_7_the_page_says_the_same_whoever_has_an_account() -> None:
    person("known@harbour.example")
    person("known@nobody.example")

    def said(address: str) -> tuple[int, str]:
        answer = Client().post("/account/sso/", {"email": address})
        text = re.sub(r'(state|nonce|code_challenge|csrfmiddlewaretoken)(=|" value=")[\w-]+', "", answer.content.decode())
        return answer.status_code, text.replace(urlencode({"": address})[1:], "ADDRESS").replace(address, "ADDRESS")

    assert said("known@harbour.example") == said("stranger@harbour.example")
    assert said("known@nobody.example") == said("stranger@nobody.example")
    assert said("known@nobody.example")[0] == 422
    assert said("no address")[0] == 422


@pytest.mark.usefixtures("harbour")
def test_sso_7_it_asks_the_tables_the_same() -> None:
    person("known@harbour.example")
    counts = []
    for address in ("known@harbour.example", "stranger@harbour.example"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            Client().post("/account/sso/", {"email": address})
        counts.append([re.sub(r"'[^']*'", "?", one["sql"]) for one in asked.captured_queries])
        assert not [one for one in counts[-1] if "accounts_user" in one]
    assert len(counts[0]) == len(counts[1])


def test_the_page_that_leads_on_names_where_it_leads(harbour: str, idp: Provider) -> None:
    text = Client().post("/account/sso/", {"email": BOB}).content.decode()
    assert f"You sign in at 127.0.0.1:{idp.port}." in text
    query = dict(parse_qsl(urlsplit(goes(Client())).query))
    assert query["redirect_uri"] == f"http://localhost:8000/account/sso/{harbour}/back"
    assert query["login_hint"] == BOB


@pytest.mark.usefixtures("harbour")
def test_too_many_trips_are_slowed_down(idp: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sso, "NEW_RATE", Rate(name="test_sso_new", burst=1, every_ms=clock.DAY))
    comes(Client(), idp)
    idp.claims |= {"sub": "s-2", "email": "dora@harbour.example"}
    assert code_of(comes(Client(), idp)) == "too_often"
    assert not User.objects.filter(email="dora@harbour.example").exists()
    while LIMITER.allows(rate=sso_pages.TRIP_RATE, subject=LIMITER.address_key("127.0.0.1"), now=clock.now()):
        pass
    assert Client().post("/account/sso/", {"email": BOB}).status_code == 429
