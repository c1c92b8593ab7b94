"""sso: the same by SAML; its answers are posted by another site, so they find back to the session by a way of their own (SSO-10)."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from lxml import etree
from pytest_django import Settings

from conclave.accounts import provider, questions
from conclave.accounts.models import DomainClaim, IdentityProvider, ProviderIdentity, User
from conclave.accounts.oidc import Fault
from conclave.accounts.sealed import seal
from conclave.accounts.sso_pages import FAULTS
from conclave.accounts.tenure import State
from conclave.kernel import clock
from tests.accounts.arrivals import BOB, DOMAIN, INSIDE, code_of, goes, led, who
from tests.accounts.assertions import (
    ISSUER,
    Wish,
    asked,
    assertion,
    metadata,
    real_provider,
    request_of,
    response,
    right,
    said_by,
    sent,
    sign,
    signs_in,
)
from tests.accounts.colleagues import account, hold, member, organisation, person
from tests.accounts.conftest import PASSWORD
from tests.accounts.organisation import browser, kinds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]
Change = Callable[[Wish], Any]


@pytest.fixture
def quay(alice: User) -> str:
    """Alice's Quay School, which holds its domain and lets its people sign in by a provider that speaks SAML."""
    made = organisation(alice, "Quay School")
    hold(made, DOMAIN, now=clock.now())
    set_up(made, alice, metadata())
    return made


def set_up(where: str, by: User, text: str) -> None:
    """Let an organisation have a provider that was tried."""
    now = clock.now()
    provider.set_up_saml(organisation=where, account=account(by), metadata=text, now=now)
    provider.note_tried(organisation=where, account=account(by), changed_at=now, now=now)
    provider.switch(organisation=where, account=account(by), on=True, now=now)


def posts(place: str, fields: dict[str, str]) -> str:
    """Post what a provider's page posts, as browsers do from another site: with its origin and no cookie; return where that leads."""
    answer = Client(enforce_csrf_checks=True, headers={"origin": "https://saml.harbour.example"}).post(place, fields)
    assert answer.status_code == 303
    assert not answer.cookies
    return str(answer["Location"])


def comes(page: Client, make: Change = right, **change: Any) -> Any:
    """Sign in by the provider; return what our server answers to the way back."""
    question, place, state = asked(goes(page))
    wish = replace(Wish(question=question, place=place), **change)
    path = place.removeprefix("http://localhost:8000")
    return page.get(posts(path, {"SAMLResponse": sent(make(wish)), "RelayState": state}))


def test_somebody_new_signs_in_and_is_asked_to_belong(quay: str) -> None:
    page = Client()
    assert comes(page)["Location"] == f"/organisations/{quay}/welcome?next="
    assert who(page) == BOB
    again = Client()
    comes(again, attributes={"email": ["robert@harbour.example"]})
    assert who(again) == BOB, "the subject opens the account, whatever address it comes with"
    assert kinds(quay)[-1] == "sso_linked"


@pytest.mark.usefixtures("quay")
def test_sso_15_by_saml_too_whoever_is_asked_again_shows_anew_who_they_are() -> None:
    """SSO-15."""
    page = Client()
    assert "ForceAuthn" not in request_of(goes(page))
    comes(page)
    assert request_of(goes(page))["ForceAuthn"] == "true"
    for said in (None, -3600, -120):
        answer = comes(page, shown_s=said)
        assert (answer.status_code, code_of(answer)) == (403, "sso_not_asked_again"), said
    assert comes(page).status_code == 302
    assert page.get("/account/tokens/new").status_code == 200


def test_a_real_provider_lets_bob_in(alice: User, settings: Settings) -> None:
    settings.CONCLAVE = replace(settings.CONCLAVE, sso_networks=INSIDE)
    made = organisation(alice, "Quay School")
    hold(made, DOMAIN, now=clock.now())
    with real_provider(people={"s-1": {"name": "Bob", "email": BOB}}, place=provider.saml_place(organisation=made)) as there:
        set_up(made, alice, said_by(there))
        page = Client()
        answer = page.get(posts(*signs_in(goes(page), "s-1")))
    assert answer["Location"].startswith(f"/organisations/{made}/welcome")
    bob = User.objects.get(email=BOB)
    assert (who(page), bob.name) == (BOB, "Bob")
    assert ProviderIdentity.objects.get().issuer == there


@pytest.mark.usefixtures("quay")
def test_who_was_there_before_is_not_captured() -> None:
    User.objects.create_user(email=BOB, password=PASSWORD, now=1)
    page = Client()
    assert comes(page)["Location"] == "/account/sso/link"
    assert who(page) == ""


@pytest.mark.usefixtures("quay")
def test_sso_10_an_answer_is_good_once_in_the_browser_that_asked() -> None:
    page, other = Client(), Client()
    question, place, state = asked(goes(page))
    path = place.removeprefix("http://localhost:8000")
    back = posts(path, {"SAMLResponse": sent(right(Wish(question=question, place=place))), "RelayState": state})
    assert code_of(other.get(back)) == "sso_answer_unknown"
    assert page.get(back).status_code == 302
    assert code_of(page.get(back)) == "sso_answer_unknown"
    # The same assertion again, for a new question.
    new = asked(goes(other))
    again = posts(path, {"SAMLResponse": sent(right(Wish(question=question, place=place))), "RelayState": new[2]})
    assert code_of(other.get(again)) == "sso_answer_unknown"
    assert who(other) == ""


@pytest.mark.usefixtures("quay")
def test_sso_10_an_answer_that_nobody_asked_for_signs_nobody_in() -> None:
    page = Client()
    assert code_of(comes(page, question=None)) == "sso_answer_invalid"
    assert code_of(comes(page, question="_another")) == "sso_answer_unknown"
    _question, place, state = asked(goes(page))
    for fields in ({}, {"RelayState": state}, {"SAMLResponse": "x"}, {"SAMLResponse": "x", "RelayState": "x" * 9000}):
        answer = page.get(posts(place.removeprefix("http://localhost:8000"), fields))
        assert code_of(answer) in {"sso_answer_unknown", "sso_answer_invalid"}
    assert who(page) == ""


@pytest.mark.usefixtures("quay")
@pytest.mark.parametrize(
    ("make", "change", "code"),
    [
        (lambda wish: response(wish, assertion(wish)), {}, "sso_answer_invalid"),
        (lambda wish: sign(response(wish, assertion(wish))), {}, ""),
        (right, {"audience": "https://another.example"}, "sso_answer_invalid"),
        (right, {"destination": "https://another.example"}, "sso_answer_invalid"),
        (right, {"issuer": "https://another.example"}, "sso_answer_invalid"),
        (right, {"lasts_s": -90}, "sso_answer_invalid"),
        (right, {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "sso_denied"),
        (right, {"attributes": {"email": ["bob@gmail.com"]}}, "sso_domain_not_held"),
    ],
)
def test_sso_10_an_answer_that_proves_nothing_signs_nobody_in(make: Change, change: dict[str, Any], code: str) -> None:
    page = Client()
    answer = comes(page, make, **change)
    assert (code_of(answer) if code else "") == code
    assert who(page) == ("" if code else BOB)


@pytest.mark.usefixtures("quay")
def test_what_was_sealed_elsewhere_or_lay_about_is_no_answer() -> None:
    page = Client()
    question, place, state = asked(goes(page))
    path = place.removeprefix("http://localhost:8000")
    back = posts(path, {"SAMLResponse": sent(right(Wish(question=question, place=place))), "RelayState": state})
    said = re.search(r"arrival=([^&]+)", back)
    assert said
    other = seal(kind="another kind", text="x")
    assert code_of(page.get(back.replace(said.group(1), other))) == "sso_answer_unknown"
    assert who(page) == ""


@pytest.mark.usefixtures("quay")
def test_a_claim_that_lapsed_lets_nobody_in() -> None:
    page = Client()
    question, place, state = asked(goes(page))
    DomainClaim.objects.update(state=State.LAPSED)
    fields = {"SAMLResponse": sent(right(Wish(question=question, place=place))), "RelayState": state}
    assert code_of(page.get(posts(place.removeprefix("http://localhost:8000"), fields))) == "sso_domain_not_held"


def test_nobody_learns_from_a_post_which_organisations_there_are(quay: str) -> None:
    answers = [Client().post(f"/account/sso/{where}/saml", {"SAMLResponse": "x"}) for where in (quay, "nothing-of-this-sort")]
    lengths = {len(re.sub(r"arrival=.*", "", one["Location"]).replace(quay, "X").replace("nothing-of-this-sort", "X")) for one in answers}
    assert [one.status_code for one in answers] == [303, 303]
    assert len(lengths) == 1


def test_an_owner_sets_it_up_by_its_metadata_and_tries_it(alice: User) -> None:
    made = organisation(alice, "Quay School")
    page, where = browser(alice), f"/organisations/{made}/sign-in"
    assert f"http://localhost:8000/account/sso/{made}/saml" in page.get(where).content.decode()
    assert page.post(where, {"act": "save_saml", "metadata": metadata()}).status_code == 302
    row = IdentityProvider.objects.get()
    assert (row.kind, row.issuer, row.is_on, row.secret) == ("saml", ISSUER, False, "")
    question, place, state = asked(led(page.post(where, {"act": "try"})))
    fields = {"SAMLResponse": sent(right(Wish(question=question, place=place))), "RelayState": state}
    text = page.get(posts(place.removeprefix("http://localhost:8000"), fields)).content.decode()
    assert 'data-tried="good"' in text
    assert who(page) == alice.email
    # What is wrong is said.
    question, place, state = asked(led(page.post(where, {"act": "try"})))
    fields = {"SAMLResponse": sent(response(Wish(question=question, place=place), etree.Element("x"))), "RelayState": state}
    text = page.get(posts(place.removeprefix("http://localhost:8000"), fields)).content.decode()
    assert escape(str(FAULTS[Fault.TOKEN])) in text
    # The one by OpenID Connect does not inherit anything of it.
    refused = page.post(where, {"act": "save", "issuer": "https://login.example.org", "client_id": "x", "secret": ""})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    "text", ["", "x", metadata(endpoint="http://10.0.0.1/"), metadata(endpoint="javascript:alert(1)"), metadata(issuer="")]
)
def test_metadata_that_cannot_be_used_are_refused_beside_the_form(alice: User, text: str) -> None:
    made = organisation(alice)
    assert browser(alice).post(f"/organisations/{made}/sign-in", {"act": "save_saml", "metadata": text}).status_code == 422
    assert not IdentityProvider.objects.exists()


def test_only_owners_and_admins_set_it_up(quay: str) -> None:
    carol = person("carol@example.org")
    member(quay, carol)
    assert browser(carol).post(f"/organisations/{quay}/sign-in", {"act": "save_saml", "metadata": metadata()}).status_code == 403


def test_what_is_sealed_on_the_way_is_good_for_a_minute(quay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Client()
    question, place, state = asked(goes(page))
    fields = {"SAMLResponse": sent(right(Wish(question=question, place=place))), "RelayState": state}
    back = posts(place.removeprefix("http://localhost:8000"), fields)
    monkeypatch.setattr(questions, "LASTS_S", -1)
    assert code_of(page.get(back)) == "sso_answer_unknown"
    assert quay
