"""sso: an organisation's provider is written down, tried, switched on and off; and what accounts without a password can do."""

from urllib.parse import quote

import pytest
from django.test import Client
from django.utils.html import escape

from conclave.accounts import provider, sso
from conclave.accounts.challenge import Method
from conclave.accounts.models import DomainClaim, IdentityProvider, Membership, Organisation, ProviderIdentity, User
from conclave.accounts.oidc import Fault
from conclave.accounts.owner import access_link, use_owner_link
from conclave.accounts.sso_pages import FAULTS
from conclave.accounts.standing import OrganisationRoleTooLow
from conclave.accounts.tenure import State
from conclave.kernel import clock
from tests.accounts.arrivals import BOB, DOMAIN, code_of, comes, led, set_up, who
from tests.accounts.assertions import metadata
from tests.accounts.colleagues import account, hold, member, organisation, person
from tests.accounts.conftest import PASSWORD, Post, signed_in
from tests.accounts.mailbox import Mailbox, text_of
from tests.accounts.openid import CLIENT, SECRET, Provider
from tests.accounts.organisation import browser, kinds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]


def test_an_owner_sets_it_up_tries_it_and_switches_it_on(alice: User, idp: Provider) -> None:
    made = organisation(alice, "Harbour School")
    hold(made, DOMAIN, now=clock.now())
    page, where = browser(alice), f"/organisations/{made}/sign-in"
    text = page.get(where).content.decode()
    assert f"http://localhost:8000/account/sso/{made}/back" in text
    assert "It counts for addresses in: harbour.example." in text
    page.post(where, {"act": "save", "issuer": idp.issuer, "client_id": CLIENT, "secret": SECRET})
    assert page.post(where, {"act": "on"}).status_code == 409
    there = led(page.post(where, {"act": "try"}))
    answer = page.get(idp.answer(there)).content.decode()
    assert 'data-tried="good"' in answer
    assert BOB in answer
    assert who(page) == alice.email
    assert not User.objects.filter(email=BOB).exists(), "trying signs nobody in"
    page.post(where, {"act": "on"})
    assert 'data-provider="on"' in page.get(where).content.decode()
    assert kinds(made) == ["sso_set_up", "sso_tried", "sso_switched"]
    page.post(where, {"act": "off"})
    page.post(where, {"act": "remove"})
    assert 'data-provider="none"' in page.get(where).content.decode()
    assert kinds(made)[3:] == ["sso_switched", "sso_removed"]
    said = page.get(f"/organisations/{made}/journal").content.decode()
    assert "Sign-in by a provider set up" in said


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_client_secret_is_sealed_and_shown_to_nobody(harbour: str, alice: User, language: str) -> None:
    row = IdentityProvider.objects.get()
    assert SECRET not in row.secret
    assert provider.client_of(row=row).secret == SECRET
    page = Client(headers={"accept-language": language})
    page.force_login(alice)
    for text in (page.get(f"/organisations/{harbour}/sign-in"), page.get(f"/organisations/{harbour}/journal")):
        assert SECRET not in text.content.decode()
        assert escape(SECRET) not in text.content.decode()
        assert row.secret not in text.content.decode()


def test_another_set_up_is_off_until_it_was_tried_and_keeps_no_secret_for_another_issuer(harbour: str, alice: User, idp: Provider) -> None:
    page, where = browser(alice), f"/organisations/{harbour}/sign-in"
    page.post(where, {"act": "save", "issuer": idp.issuer, "client_id": "another", "secret": ""})
    row = IdentityProvider.objects.get()
    assert (row.client_id, row.is_on, row.tried_at) == ("another", False, None)
    assert provider.client_of(row=row).secret == SECRET
    refused = page.post(where, {"act": "save", "issuer": "https://login.evil.example", "client_id": CLIENT, "secret": ""})
    assert refused.status_code == 422
    assert IdentityProvider.objects.get().issuer == idp.issuer


@pytest.mark.parametrize(
    "typed",
    [
        *(
            {"issuer": wrong}
            for wrong in (
                "",
                "x",
                "http://login.example.org",
                "https://a:b@login.example.org",
                "https://x.example?y",
                "https://x.example#y",
            )
        ),
        *({"issuer": wrong} for wrong in ("https://" + "x" * 260 + ".example", "ftp://x.example", "http://127.0.0.2:9000")),
        *({"client_id": wrong} for wrong in ("", "x" * 256, "a\x00b")),
        *({"secret": wrong} for wrong in ("", "x" * 1025)),
    ],
)
def test_what_is_no_set_up_is_refused_beside_the_form(alice: User, idp: Provider, typed: dict[str, str]) -> None:
    made = organisation(alice)
    said = {"act": "save", "issuer": idp.issuer, "client_id": CLIENT, "secret": SECRET, **typed}
    assert browser(alice).post(f"/organisations/{made}/sign-in", said).status_code == 422
    assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize("role", ["admin", "member", "auditor"])
def test_sso_12_only_owners_set_it_up(harbour: str, role: str) -> None:
    carol = person("carol@example.org")
    member(harbour, carol, role)
    assert browser(carol).get(f"/organisations/{harbour}/sign-in").status_code == 403
    for act in ("", "save", "save_saml", "try", "on", "off", "remove"):
        assert browser(carol).post(f"/organisations/{harbour}/sign-in", {"act": act}).status_code == 403
    assert IdentityProvider.objects.get().is_on


def test_sso_12_an_admin_with_keys_of_her_own_comes_as_nobody(harbour: str, alice: User, idp: Provider) -> None:
    """Mallory, an admin, writes metadata that repeat the issuer by which Alice, the owner, signs in, with a certificate of her own."""
    mallory = person("mallory@harbour.example")
    member(harbour, mallory, "admin")
    ProviderIdentity.objects.create(organisation_id=harbour, issuer=idp.issuer, subject="alice", user=alice, linked_at=1, used_at=1)
    with pytest.raises(OrganisationRoleTooLow):
        provider.set_up_saml(organisation=harbour, account=account(mallory), metadata=metadata(issuer=idp.issuer), now=clock.now())
    row = IdentityProvider.objects.get()
    assert (row.kind, row.certificates, row.is_on) == ("oidc", "", True)
    # The same from an owner is written down, so that it was the role that was refused.
    provider.set_up_saml(organisation=harbour, account=account(alice), metadata=metadata(issuer=idp.issuer), now=clock.now())
    assert IdentityProvider.objects.get().kind == "saml"


def test_a_trial_says_what_is_wrong(harbour: str, alice: User, idp: Provider) -> None:
    page, where = browser(alice), f"/organisations/{harbour}/sign-in"
    idp.claims |= {"aud": "another"}
    there = led(page.post(where, {"act": "try"}))
    answer = page.get(idp.answer(there))
    assert answer.status_code == 422
    assert escape(str(FAULTS[Fault.AUDIENCE])) in answer.content.decode()
    idp.discovery = {"issuer": "https://login.example.org"}
    answer = page.post(where, {"act": "try"})
    assert escape(str(FAULTS[Fault.ISSUER])) in answer.content.decode()


def test_a_trial_counts_only_for_the_set_up_that_was_tried_and_who_may_still(harbour: str, alice: User, idp: Provider) -> None:
    carol = person("carol@example.org")
    seat = member(harbour, carol, "owner")
    page, where = browser(carol), f"/organisations/{harbour}/sign-in"
    there = led(page.post(where, {"act": "try"}))
    Membership.objects.filter(pk=seat.pk).update(role="member")
    assert page.get(idp.answer(there)).status_code == 403
    provider.set_up(organisation=harbour, account=account(alice), issuer=idp.issuer, client_id=CLIENT, secret="", now=clock.now() + 5)
    provider.note_tried(organisation=harbour, account=account(alice), changed_at=1, now=clock.now())
    assert IdentityProvider.objects.get().tried_at is None


def test_every_fault_has_its_sentence() -> None:
    assert set(FAULTS) == set(Fault)


def test_an_organisation_without_a_domain_is_told_so(alice: User, idp: Provider) -> None:
    made = organisation(alice)
    set_up(made, alice, idp.issuer)
    assert "The organisation holds no domain" in browser(alice).get(f"/organisations/{made}/sign-in").content.decode()
    assert Client().post("/account/sso/", {"email": BOB}).status_code == 422


@pytest.mark.usefixtures("idp")
def test_two_claims_of_a_domain_never_give_two_providers(harbour: str) -> None:
    other = organisation(person("dora@example.org"), "Another")
    claim = hold(other, "another.example", method=Method.WEB, now=clock.now())
    DomainClaim.objects.filter(pk=claim.pk).update(domain=DOMAIN, state=State.PENDING)
    assert sso.organisation_of(address=BOB, now=clock.now()) == harbour
    assert Organisation.objects.count() == 2


# An account without a password


@pytest.mark.usefixtures("harbour")
def test_an_account_without_a_password_chooses_one(idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    assert "Choose a password" in page.get("/account").content.decode()
    assert page.get("/account/password/change/")["Location"] == "/account/password/set/"
    assert page.get("/account/password/set/").status_code == 200
    chosen = page.post("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert "You have a password now." in chosen.content.decode()
    other = Client()
    other.post("/account/login/", {"login": BOB, "password": PASSWORD})
    assert who(other) == BOB
    assert signed_in(User.objects.get(email=BOB)).get("/account/password/set/")["Location"] == "/account/password/change/"


@pytest.mark.usefixtures("harbour")
def test_the_only_way_in_is_not_taken_away(idp: Provider, mailbox: Mailbox, post: Post) -> None:
    page = Client()
    comes(page, idp)
    identity = ProviderIdentity.objects.get()
    refused = page.post(f"/account/identities/{identity.pk}/remove")
    assert (refused.status_code, code_of(refused)) == (409, "only_way_in")
    page.post("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    there = f"/account/identities/{identity.pk}/remove"
    asked = page.post(there)
    assert asked["Location"] == f"/account/reauthenticate/?next={quote(there, safe='')}"
    assert ProviderIdentity.objects.exists(), "an open browser takes nothing away"
    assert page.post(asked["Location"], {"password": PASSWORD})["Location"] == "/account"
    post()
    assert "opens it no more" in text_of(mailbox.to(BOB)[-1])
    assert not ProviderIdentity.objects.exists()
    assert comes(Client(), idp)["Location"] == "/account/sso/link"


@pytest.mark.usefixtures("harbour")
def test_a_link_of_the_operators_opens_the_account_to_its_person_alone(idp: Provider) -> None:
    comes(Client(), idp)
    token = access_link(email=BOB, now=clock.now()).partition("#")[2]
    use_owner_link(token=token, email=BOB, name="", password=PASSWORD, now=clock.now())
    page = Client()
    assert comes(page, idp)["Location"] == "/account/sso/link"
    assert who(page) == ""


@pytest.mark.usefixtures("harbour")
def test_nobody_takes_away_what_is_anothers(alice: User, idp: Provider) -> None:
    comes(Client(), idp)
    identity = ProviderIdentity.objects.get()
    alice.set_password(PASSWORD)
    alice.save()
    assert signed_in(alice).post(f"/account/identities/{identity.pk}/remove").status_code == 404
    assert ProviderIdentity.objects.exists()
