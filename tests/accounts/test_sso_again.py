"""sso: a session that a provider opened long ago changes nothing that lasts, and says nothing any more (docs/protocol/sso.md)."""

import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import URLPattern, reverse
from pytest_django import DjangoAssertNumQueries, Settings

from conclave.accounts import provider, sso, sso_pages
from conclave.accounts.adapter import AGAIN_MS
from conclave.accounts.models import Membership, ProviderIdentity, User
from conclave.accounts.organise import dissolve
from conclave.accounts.queries import VOUCHED
from conclave.accounts.shown import shown_in
from conclave.accounts.urls import urlpatterns as accounts_urls
from conclave.kernel import clock
from conclave.site.urls import urlpatterns as site_urls
from tests.accounts.arrivals import BOB, code_of, comes, goes, set_up
from tests.accounts.colleagues import account
from tests.accounts.conftest import PASSWORD
from tests.accounts.openid import Provider
from tests.accounts.organisation import browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]


# Once more who they are

NEW_TOKEN = "/account/tokens/new"

# What of the account's pages asks nothing again: it shows, leads to signing in, asks for the old password, or is for whoever has a factor.
ASKS_NOTHING = {
    "account", "mfa_index", "mfa_list_webauthn", "keyring", "account_address_confirm", "account_end_devices", "account_end_device",
    "account_sign_up", "account_sign_up_finish", "account_login", "account_logout", "account_inactive", "account_reauthenticate",
    "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "sso_start", "sso_back", "sso_posted", "own_tokens", "own_token_end",
    "mfa_authenticate", "mfa_login_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_deactivate_totp", "own_data",
    "own_data_keep", "account_change_password", "mfa_view_recovery_codes",
}  # fmt: skip
AGAIN = sorted(
    one.name for one in [*accounts_urls, *site_urls] if isinstance(one, URLPattern) and str(one.pattern).startswith("account") and one.name
)


@pytest.mark.parametrize("name", [one for one in AGAIN if one not in ASKS_NOTHING] + ["organisation_token"])
def test_sso_11_whoever_has_nothing_of_their_own_is_asked_by_the_provider(
    harbour: str, idp: Provider, settings: Settings, name: str
) -> None:
    """Whoever finds Bob's browser open, in which he came from the provider long ago, makes nothing of it that lasts."""
    settings.CONCLAVE = replace(settings.CONCLAVE, mail="smtp://localhost", sign_up=True)
    page = Client()
    comes(page, idp)
    Membership.objects.create(organisation_id=harbour, user=User.objects.get(email=BOB), role="owner", accepted_at=1)
    args = {"organisation_token": [harbour], "account_untie": [ProviderIdentity.objects.get().pk]}
    path = reverse(name, args=args.get(name, []))
    session = page.session
    waits = {"identity": sso.Identity(organisation=harbour, issuer=idp.issuer, subject="m", address=BOB, name="").kept(), "goes_to": ""}
    session[sso_pages.IDENTITY] = {**waits, "until": clock.now() + clock.HOUR}
    session[VOUCHED] = {**session[VOUCHED], "at": session[VOUCHED]["at"] - AGAIN_MS}
    session.save()
    before = ProviderIdentity.objects.count()
    for method in ("get", "post"):
        asked = getattr(page, method)(path)
        assert asked["Location"] == f"/account/sso/?next={path}", method
    assert ProviderIdentity.objects.count() == before
    assert f'value="{BOB}"' in page.get(f"/account/sso/?next={path}").content.decode()
    assert comes(page, idp, next=path)["Location"] == path
    opened = page.get(path)
    assert opened.status_code == (302 if name == "account_untie" else 200)
    opened.close()


@pytest.mark.usefixtures("harbour")
def test_sso_15_a_provider_that_answers_by_its_own_session_shows_nothing(idp: Provider) -> None:
    """SSO-15: whoever finds Bob's browser open finds his session at the provider open too."""
    page, hour = Client(), 60 * 60
    idp.claims["auth_time"] = int(time.time()) - hour
    comes(page, idp)
    asked = dict(parse_qsl(urlsplit(goes(page)).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    for said in (None, int(time.time()) - hour, int(time.time()) - 120, "now", True):
        idp.claims["auth_time"] = said
        answer = comes(page, idp)
        assert (answer.status_code, code_of(answer)) == (403, "sso_not_asked_again"), said
        assert page.get(NEW_TOKEN)["Location"] == f"/account/sso/?next={NEW_TOKEN}"
    del idp.claims["auth_time"]
    comes(page, idp)
    assert page.get(NEW_TOKEN).status_code == 200


@pytest.mark.usefixtures("harbour")
def test_sso_15_a_sign_in_counts_from_when_it_was_shown(idp: Provider) -> None:
    """SSO-15: nobody who signs in is forced to show anew who they are, and what the provider knows of long ago is not of now."""
    assert dict(parse_qsl(urlsplit(goes(Client())).query)).get("prompt") is None
    for said, status in ((int(time.time()) - 3600, 302), (None, 302), (int(time.time()), 200), (int(time.time()) + 30, 200)):
        idp.claims["auth_time"] = said
        page = Client()
        comes(page, idp)
        assert page.get(NEW_TOKEN).status_code == status, said


@pytest.mark.usefixtures("harbour")
def test_sso_11_a_provider_does_not_stand_in_for_a_password(idp: Provider) -> None:
    page = Client()
    comes(page, idp)
    bob = User.objects.get(email=BOB)
    bob.set_password(PASSWORD)
    bob.save()
    page.force_login(bob)
    comes(page, idp)
    for path in ("/account/tokens/new", "/account/data/export", "/account/passkeys/add/"):
        assert page.get(path)["Location"].startswith("/account/reauthenticate/"), path


@pytest.mark.usefixtures("harbour")
def test_sso_11_nor_does_it_for_a_second_factor_where_a_password_is_set(idp: Provider) -> None:
    comes(Client(), idp)
    bob = User.objects.get(email=BOB)
    TOTP.activate(bob, generate_totp_secret())
    page = Client()
    page.force_login(bob)
    asked = page.post("/account/password/set/", {"password1": "a new password of Mallory's", "password2": "a new password of Mallory's"})
    assert asked["Location"] == "/account/reauthenticate/code/?next=/account/password/set/"
    assert not [value for value in page.session.values() if "Mallory" in str(value)], "what was sent is not kept"
    assert not User.objects.get(email=BOB).has_usable_password()


# What a provider said once


def asked_by(page: Client, address: str) -> HttpRequest:
    """Return a request in a browser's session, which is read already."""
    request = RequestFactory().get("/")
    request.session, request.user = page.session, User.objects.get(email=address)
    assert request.session.get("_auth_user_id") == request.user.pk
    return request


@pytest.mark.parametrize("change", ["off", "removed", "anew", "untied", "dissolved"])
def test_sso_13_what_a_provider_said_counts_while_it_could_say_it_again(harbour: str, alice: User, idp: Provider, change: str) -> None:
    page = Client()
    comes(page, idp)
    assert shown_in(asked_by(page, BOB)) == {f"sso:{harbour}"}
    now = clock.now() + 1
    if change == "off":
        provider.switch(organisation=harbour, account=account(alice), on=False, now=now)
    elif change == "removed":
        provider.remove(organisation=harbour, account=account(alice), now=now)
    elif change == "anew":
        set_up(harbour, alice, idp.issuer)
    elif change == "untied":
        ProviderIdentity.objects.all().delete()
    else:
        dissolve(organisation=harbour, account=account(alice), name="Harbour School", now=now)
    assert shown_in(asked_by(page, BOB)) == frozenset()


def test_sso_13_a_password_costs_no_look_at_providers(alice: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = asked_by(browser(alice), alice.email)
    with django_assert_num_queries(0):
        assert shown_in(request) == frozenset()
