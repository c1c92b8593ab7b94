"""sso: by an organisation's provider people sign in to what is theirs, and nobody to what is not (docs/protocol/sso.md)."""

from dataclasses import replace

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from pytest_django import Settings

from conclave.accounts import provided, provider, sso
from conclave.accounts.belong import leave, remove_member
from conclave.accounts.invite import Named, OrganisationInvitationOver, invite_many, look_at
from conclave.accounts.models import DomainClaim, IdentityProvider, Membership, ProviderIdentity, User
from conclave.accounts.organise import dissolve
from conclave.accounts.standing import OrganisationUnknown
from conclave.accounts.tenure import State
from conclave.kernel import clock
from tests.accounts.arrivals import BOB, DOMAIN, INSIDE, code_of, comes, goes, set_up, who
from tests.accounts.colleagues import account, hold, organisation, person
from tests.accounts.conftest import PASSWORD
from tests.accounts.openid import CLIENT, Provider, real_provider, signs_in
from tests.accounts.openid import provider as running_provider
from tests.accounts.organisation import browser, kinds, token_of
from tests.conftest import Writers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]


# Somebody new


def test_somebody_new_signs_in_is_asked_to_belong_and_belongs(harbour: str, idp: Provider) -> None:
    page = Client()
    answer = comes(page, idp, next="/meetings?x=1#y")
    assert answer["Location"] == f"/organisations/{harbour}/welcome?next=%2Fmeetings%3Fx%3D1%23y"
    bob = User.objects.get(email=BOB)
    assert (who(page), bob.name, bob.is_verified, bob.has_usable_password()) == (BOB, "Bob", True, False)
    assert not Membership.objects.filter(user=bob).exists()
    offer = page.get(answer["Location"]).content.decode()
    assert "Join “Harbour School”?" in offer
    joined = page.post(f"/organisations/{harbour}/welcome", {"next": "/meetings?x=1#y"})
    assert joined["Location"] == "/meetings?x=1#y"
    assert Membership.objects.get(user=bob).role == "member"
    assert page.get(f"/organisations/{harbour}/welcome").status_code == 404
    assert kinds(harbour)[-2:] == ["sso_linked", "organisation_joined"]
    again = Client()
    assert comes(again, idp)["Location"] == "/meetings"
    assert who(again) == BOB
    assert User.objects.count() == 2


def test_a_real_provider_lets_bob_in(alice: User, settings: Settings) -> None:
    settings.CONCLAVE = replace(settings.CONCLAVE, sso_networks=INSIDE)
    made = organisation(alice, "Harbour School")
    hold(made, DOMAIN, now=clock.now())
    people = {"s-1": {"email": BOB, "email_verified": True, "name": "Bob"}}
    with real_provider(people=people, redirect_uris=[provider.redirect_uri(organisation=made)]) as issuer:
        set_up(made, alice, issuer)
        page = Client()
        assert page.get(signs_in(goes(page), "s-1"))["Location"].startswith(f"/organisations/{made}/welcome")
    assert who(page) == BOB


@pytest.mark.django_db(transaction=True)
def test_somebody_who_comes_by_four_windows_at_once_has_one_account(harbour: str, idp: Provider, writers: Writers) -> None:
    identity = sso.Identity(organisation=harbour, issuer=idp.issuer, subject="s-1", address=BOB, name="Bob")
    found: list[str] = []

    def come() -> None:
        user = sso.account_of(identity=identity, may_make=True, now=clock.now())
        assert user
        found.append(user.pk)

    writers(come, 2)
    assert len(found) == 8
    assert set(found) == {User.objects.get(email=BOB).pk}
    assert ProviderIdentity.objects.count() == 1


@pytest.mark.usefixtures("harbour")
def test_who_does_not_want_to_belong_does_not_and_keeps_the_account(idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    assert page.get("/meetings").status_code == 200
    assert not Membership.objects.filter(user__email=BOB).exists()


def test_sso_8_who_was_taken_out_comes_back_by_an_invitation_only(harbour: str, alice: User, idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    page.post(f"/organisations/{harbour}/welcome")
    seat = Membership.objects.get(user__email=BOB)
    remove_member(organisation=harbour, account=account(alice), membership=seat.pk, now=clock.now())
    assert comes(Client(), idp)["Location"] == "/meetings"
    assert page.get(f"/organisations/{harbour}/welcome").status_code == 404
    assert page.post(f"/organisations/{harbour}/welcome").status_code == 404


def test_school_6_a_minor_on_the_roster_who_comes_by_the_provider_is_a_minor(harbour: str, alice: User, idp: Provider) -> None:
    """SCHOOL-6: and the roster's link, which is theirs, lets in nobody else."""
    lines = [Named(name="Bob", address=BOB, minor=True)]
    [link] = invite_many(organisation=harbour, account=account(alice), lines=lines, now=clock.now())
    page = Client()
    comes(page, idp)
    page.post(f"/organisations/{harbour}/welcome")
    assert Membership.objects.get(user__email=BOB).minor
    with pytest.raises(OrganisationInvitationOver):
        look_at(token=token_of(link), now=clock.now())


def test_school_6_a_minor_whose_own_account_has_another_address_is_found_by_what_the_school_says(
    harbour: str, alice: User, idp: Provider
) -> None:
    """SCHOOL-6: whoever lets the school's sign-in open a private account is a minor by the school's address, and their link is used up."""
    lines = [Named(name="Bob", address=BOB, minor=True)]
    [link] = invite_many(organisation=harbour, account=account(alice), lines=lines, now=clock.now())
    private = person("private@example.net")
    page = browser(private)
    identity = sso.Identity(organisation=harbour, issuer=idp.issuer, subject="s-1", address=BOB, name="")
    sso.link(identity=identity, account=account(private), now=clock.now())
    comes(page, idp)
    page.post(f"/organisations/{harbour}/welcome")
    assert Membership.objects.get(user=private).minor
    with pytest.raises(OrganisationInvitationOver):
        look_at(token=token_of(link), now=clock.now())


def test_sso_8_the_offer_is_for_who_just_came(harbour: str, idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    ProviderIdentity.objects.update(used_at=clock.now() - provided.OFFER_MS - 1)
    assert page.post(f"/organisations/{harbour}/welcome").status_code == 404
    with pytest.raises(OrganisationUnknown):
        provided.join(organisation=harbour, account=account(person("charlie@harbour.example")), now=clock.now())
    assert not Membership.objects.filter(user__email=BOB).exists()


@pytest.mark.usefixtures("harbour")
def test_a_name_that_cannot_be_shown_is_none(idp: Provider) -> None:
    idp.claims["name"] = "Bob\u202egnp.exe"
    comes(Client(), idp)
    assert User.objects.get(email=BOB).name == ""


# Who an account belongs to


@pytest.mark.usefixtures("harbour")
def test_sso_1_the_subject_opens_the_account_whatever_address_it_comes_with(idp: Provider) -> None:
    comes(Client(), idp)
    idp.claims |= {"email": "robert@harbour.example", "name": "Robert"}
    page = Client()
    comes(page, idp)
    assert who(page) == BOB
    assert User.objects.count() == 2


@pytest.mark.usefixtures("harbour")
def test_sso_1_another_subject_with_the_same_address_is_somebody_else(idp: Provider) -> None:
    comes(Client(), idp)
    idp.claims["sub"] = "s-2"
    page = Client()
    assert comes(page, idp)["Location"] == "/account/sso/link"
    assert who(page) == ""


def test_sso_1_the_same_subject_at_another_issuer_is_somebody_else(harbour: str, alice: User, idp: Provider) -> None:
    comes(Client(), idp)
    with running_provider() as other:
        other.claims = {"email": BOB}
        set_up(harbour, alice, other.issuer)
        page = Client()
        assert comes(page, other)["Location"] == "/account/sso/link"
    assert who(page) == ""


@pytest.mark.usefixtures("harbour")
def test_sso_1_the_same_issuer_says_nothing_for_another_organisation(idp: Provider) -> None:
    """Mallory's organisation names the harbour's provider as its own, and holds another domain."""
    comes(Client(), idp)
    mallory = person("mallory@evil.example", "Mallory")
    theirs = organisation(mallory, "Evil")
    hold(theirs, "evil.example", now=clock.now())
    set_up(theirs, mallory, idp.issuer)
    idp.claims["email"] = "bob@evil.example"
    page = Client()
    comes(page, idp, "x@evil.example")
    assert who(page) == "bob@evil.example", "a new account, not Bob's"
    assert ProviderIdentity.objects.filter(subject="s-1").count() == 2


@pytest.mark.parametrize("address", [BOB, "BOB@Harbour.EXAMPLE", "bob@HARBOUR.example."])
def test_sso_2_who_was_there_before_is_not_captured(harbour: str, idp: Provider, address: str) -> None:
    bob = User.objects.create_user(email=BOB, password=PASSWORD, now=1, name="Bob", is_verified=True)
    idp.claims["email"] = address
    page = Client()
    assert comes(page, idp)["Location"] == "/account/sso/link"
    asked = page.get("/account/sso/link").content.decode()
    assert "takes over nobody’s account" in asked
    assert who(page) == ""
    assert page.post("/account/sso/link", {"act": "link"}).status_code == 200
    assert not ProviderIdentity.objects.exists()
    # By their own means, then they are asked, and only then it is tied.
    signed_in = page.post("/account/login/?next=/account/sso/link", {"login": BOB, "password": PASSWORD})
    assert signed_in["Location"] == "/account/sso/link"
    assert "Shall the sign-in of “Harbour School” open this account?" in page.get("/account/sso/link").content.decode()
    assert not ProviderIdentity.objects.exists()
    assert page.post("/account/sso/link", {"act": "link"})["Location"].startswith(f"/organisations/{harbour}/welcome")
    assert ProviderIdentity.objects.get().user == bob
    assert page.get("/account/sso/link").status_code == 403, "asked once"
    later = Client()
    comes(later, idp)
    assert who(later) == BOB
    assert kinds(harbour)[-1] == "sso_linked"


@pytest.mark.usefixtures("harbour")
def test_sso_2_who_says_no_is_left_as_they_were(idp: Provider) -> None:
    User.objects.create_user(email=BOB, password=PASSWORD, now=1, name="Bob")
    page = Client()
    comes(page, idp)
    page.post("/account/login/", {"login": BOB, "password": PASSWORD})
    assert page.post("/account/sso/link", {"act": "leave"})["Location"] == "/meetings"
    assert page.post("/account/sso/link", {"act": "link"}).status_code == 403
    assert not ProviderIdentity.objects.exists()


@pytest.mark.usefixtures("harbour")
def test_sso_2_a_session_from_long_ago_is_not_own_means(idp: Provider) -> None:
    """Whoever finds a browser open asks for the password once more, as for anything that weakens an account."""
    bob = User.objects.create_user(email=BOB, password=PASSWORD, now=1, name="Bob")
    page = Client()
    page.force_login(bob)
    comes(page, idp)
    for method in ("get", "post"):
        answer = getattr(page, method)("/account/sso/link", {"act": "link"})
        assert answer["Location"] == "/account/reauthenticate/?next=%2Faccount%2Fsso%2Flink%3Fact%3Dlink".removesuffix(
            "%3Fact%3Dlink" if method == "post" else ""
        )
    assert not ProviderIdentity.objects.exists()
    page.post("/account/reauthenticate/?next=/account/sso/link", {"password": PASSWORD})
    page.post("/account/sso/link", {"act": "link"})
    assert ProviderIdentity.objects.get().user == bob


@pytest.mark.usefixtures("harbour")
def test_sso_2_who_is_signed_in_is_asked_and_nothing_is_made(alice: User, idp: Provider) -> None:
    page = browser(alice)
    assert comes(page, idp)["Location"] == "/account/sso/link"
    assert who(page) == alice.email
    assert not User.objects.filter(email=BOB).exists()


def test_sso_2_an_identity_that_opens_one_account_opens_no_second(harbour: str, alice: User, idp: Provider) -> None:
    comes(Client(), idp)
    identity = sso.Identity(organisation=harbour, issuer=idp.issuer, subject="s-1", address=BOB, name="")
    with pytest.raises(sso.SsoTaken):
        sso.link(identity=identity, account=account(alice), now=clock.now())
    page = browser(alice)
    comes(page, idp)
    assert who(page) == BOB, "whoever went there on purpose is who they are there"


@pytest.mark.usefixtures("harbour")
def test_a_closed_account_stays_closed(idp: Provider) -> None:
    comes(Client(), idp)
    User.objects.filter(email=BOB).update(is_active=False)
    page = Client()
    assert comes(page, idp)["Location"] == "/account/inactive/"
    assert who(page) == ""


@pytest.mark.usefixtures("harbour")
def test_a_second_factor_is_asked_for_here_too(idp: Provider) -> None:
    comes(Client(), idp)
    TOTP.activate(User.objects.get(email=BOB), generate_totp_secret())
    page = Client()
    assert comes(page, idp)["Location"] == "/account/login/second/"
    assert who(page) == ""


# For which addresses


@pytest.mark.parametrize("state", [one for one in State if one not in {State.VERIFIED, State.GRACE}])
@pytest.mark.usefixtures("harbour")
def test_sso_3_a_claim_that_does_not_hold_lets_nobody_in(idp: Provider, state: State) -> None:
    page = Client()
    comes(page, idp)
    fresh = Client()
    back = idp.answer(goes(fresh))
    DomainClaim.objects.update(state=state)
    assert code_of(fresh.get(back)) == "sso_domain_not_held"
    assert who(fresh) == ""
    refused = Client().post("/account/sso/", {"email": BOB})
    assert refused.status_code == 422
    assert "No organisation on this server" in refused.content.decode()


@pytest.mark.usefixtures("harbour")
def test_sso_3_what_is_over_is_over_before_it_was_settled(idp: Provider) -> None:
    fresh = Client()
    back = idp.answer(goes(fresh))
    DomainClaim.objects.update(ends_at=clock.now() - 1)
    assert code_of(fresh.get(back)) == "sso_domain_not_held"
    assert not User.objects.filter(email=BOB).exists()


@pytest.mark.parametrize(
    "address",
    [
        "bob@gmail.com",
        "bob@sub.harbour.example",
        "bob@example",
        "bob@evilharbour.example",
        "bob",
        "alice@example.org",
        "a@b@harbour.example.org",
    ],
)
@pytest.mark.usefixtures("harbour")
def test_sso_3_an_address_elsewhere_is_not_the_organisations_to_give(idp: Provider, address: str) -> None:
    idp.claims["email"] = address
    page = Client()
    assert code_of(comes(page, idp)) == "sso_domain_not_held"
    assert who(page) == ""
    assert User.objects.count() == 1


@pytest.mark.usefixtures("harbour")
def test_sso_3_nor_is_one_that_another_organisation_holds(idp: Provider) -> None:
    other = organisation(person("dora@rowing.example"), "Rowing Club")
    hold(other, "rowing.example", now=clock.now())
    idp.claims["email"] = "eve@rowing.example"
    assert code_of(comes(Client(), idp)) == "sso_domain_not_held"


@pytest.mark.usefixtures("harbour")
def test_sso_3_a_link_is_tied_only_while_the_claim_holds(idp: Provider) -> None:
    User.objects.create_user(email=BOB, password=PASSWORD, now=1)
    page = Client()
    comes(page, idp)
    page.post("/account/login/", {"login": BOB, "password": PASSWORD})
    DomainClaim.objects.update(state=State.LAPSED)
    assert code_of(page.post("/account/sso/link", {"act": "link"})) == "sso_domain_not_held"
    assert not ProviderIdentity.objects.exists()


@pytest.mark.parametrize("change", ["off", "removed", "anew", "dissolved"])
def test_sso_3_a_provider_that_was_switched_off_or_changed_lets_nobody_in(harbour: str, alice: User, idp: Provider, change: str) -> None:
    comes(Client(), idp)
    fresh = Client()
    back = idp.answer(goes(fresh))
    now = clock.now() + 1
    if change == "off":
        provider.switch(organisation=harbour, account=account(alice), on=False, now=now)
    elif change == "removed":
        provider.remove(organisation=harbour, account=account(alice), now=now)
    elif change == "anew":
        secret = {"client_id": CLIENT, "secret": "another"}
        provider.set_up(organisation=harbour, account=account(alice), issuer=idp.issuer, **secret, now=now)
        IdentityProvider.objects.update(is_on=True)
    else:
        dissolve(organisation=harbour, account=account(alice), name="Harbour School", now=now)
    answer = fresh.get(back)
    assert code_of(answer) == ("sso_not_set_up" if change in {"removed", "dissolved"} else "sso_off")
    assert who(fresh) == ""
    assert not [one for one in idp.asked if one == "/token"][1:], "the code is not even shown to the provider"
    assert Client().post("/account/sso/", {"email": BOB}).status_code == (200 if change == "anew" else 422)


def test_dissolved_it_leaves_nothing_behind(harbour: str, alice: User, idp: Provider) -> None:
    comes(Client(), idp)
    dissolve(organisation=harbour, account=account(alice), name="Harbour School", now=clock.now())
    assert not IdentityProvider.objects.exists()
    assert not ProviderIdentity.objects.exists()
    assert User.objects.filter(email=BOB).exists()


def test_whoever_leaves_keeps_the_account(harbour: str, idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    page.post(f"/organisations/{harbour}/welcome")
    leave(organisation=harbour, account=account(User.objects.get(email=BOB)), now=clock.now())
    again = Client()
    assert comes(again, idp)["Location"] == "/meetings"
    assert who(again) == BOB
