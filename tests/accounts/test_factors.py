"""Passkeys, the app's codes, recovery codes: what they open, and what a password alone then no longer does."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from conclave.accounts.models import User
from conclave.accounts.owner import access_link, use_owner_link
from conclave.transparency.models import JournalEntry
from tests.accounts.conftest import PASSWORD, page_of, signed_in
from tests.accounts.passkey import Passkey

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]


def is_in(browser: Client) -> bool:
    """Tell whether this browser is signed in."""
    return browser.get("/account").status_code == 200


def code_for(secret: str, *, steps: int = 0) -> str:
    """Return what an app shows now, or so many half minutes later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def add_app(browser: Client) -> str:
    """Add an authenticator app and return its secret."""
    secret = str(browser.get("/account/app/add/").context["form"].secret)
    for _try in range(2):  # half a minute may end in between
        answer = browser.post("/account/app/add/", {"code": code_for(secret)})
        if answer.status_code == 302:
            return secret
    raise AssertionError(answer.content)


def codes_of(browser: Client) -> list[str]:
    """Return the recovery codes, which are shown once."""
    return list(browser.get("/account/codes/").context["unused_codes"])


def password_then(browser: Client, user: User, code: str) -> None:
    """Type the password, then a code."""
    browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
    browser.post("/account/login/second/", {"code": code})


def test_a_passkey_signs_alice_in_without_a_password(alice: User) -> None:
    passkey = Passkey(b"one")
    answer = passkey.add(signed_in(alice))
    assert answer["Location"] == "/account/codes/", "recovery codes come with the first"
    browser = Client()
    answer = passkey.sign_in(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/meetings")
    assert is_in(browser)


def test_with_a_passkey_the_password_alone_signs_nobody_in(alice: User) -> None:
    passkey = Passkey(b"one")
    passkey.add(signed_in(alice))
    browser = Client()
    answer = browser.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert answer["Location"] == "/account/login/second/"
    assert not is_in(browser)
    options = browser.get("/account/login/second/").context["js_data"]["request_options"]
    assert [one["id"] for one in options["publicKey"]["allowCredentials"]]
    answer = browser.post("/account/login/second/", {"credential": passkey.shown_for({"publicKey": dict(options["publicKey"])})})
    assert answer["Location"] == "/meetings"
    assert is_in(browser)


@pytest.mark.parametrize(
    "wrong",
    [Passkey(b"one", verifies=False), Passkey(b"one", origin="https://evil.example"), Passkey(b"one", rp_id="evil.example")],
    ids=["without-a-pin", "another-site", "for-another-site"],
)
def test_a_passkey_that_does_not_prove_who_and_where_is_not_taken(alice: User, wrong: Passkey) -> None:
    answer = wrong.add(signed_in(alice))
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


def test_charlies_key_opens_nothing_of_alices(alice: User) -> None:
    passkey = Passkey(b"one")
    passkey.add(signed_in(alice))
    forged = Passkey(b"one", user=passkey.user)
    browser = Client()
    assert forged.sign_in(browser)["Location"] == "/account/login/"
    assert not is_in(browser)


def test_what_a_passkey_signed_is_good_for_one_sign_in(alice: User) -> None:
    passkey = Passkey(b"one")
    passkey.add(signed_in(alice))
    first, second = Client(), Client()
    options = first.get("/account/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]
    said = passkey.shown_for(options)
    second.get("/account/login/passkey/", headers={"Accept": "application/json"})
    assert second.post("/account/login/passkey/", {"credential": said})["Location"] == "/account/login/", "another's challenge"
    assert first.post("/account/login/passkey/", {"credential": said})["Location"] == "/meetings"
    first.post("/account/logout/")
    assert first.post("/account/login/passkey/", {"credential": said})["Location"] == "/account/login/", "replayed"


@pytest.mark.parametrize(
    "said", ["", "{}", "[]", "null", "0", '"x"', '{"id": 1}', '{"response": 7}', '{"response": {"userHandle": 5}}', "{" * 9000]
)
def test_nonsense_for_a_passkey_is_a_refusal(alice: User, said: str) -> None:
    browser = Client()
    browser.get("/account/login/passkey/", headers={"Accept": "application/json"})
    assert browser.post("/account/login/passkey/", {"credential": said})["Location"] == "/account/login/"
    adding = signed_in(alice)
    adding.get("/account/passkeys/add/")
    assert adding.post("/account/passkeys/add/", {"name": "x", "credential": said}).status_code == 200


def test_the_app_is_asked_for_after_the_password_and_a_code_works_once(alice: User) -> None:
    secret = add_app(signed_in(alice))
    for _try in range(2):
        browser = Client()
        password_then(browser, alice, code_for(secret, steps=5))
        assert not is_in(browser)
        code = code_for(secret)
        password_then(browser, alice, code)
        if is_in(browser):
            break
    assert is_in(browser)
    again = Client()
    password_then(again, alice, code)
    assert not is_in(again)


def test_a_recovery_code_lets_alice_in_once_when_all_else_is_lost(alice: User) -> None:
    first = signed_in(alice)
    add_app(first)
    codes = codes_of(first)
    assert len(codes) == 10
    assert set(codes_of(first)) == {"****"}, "they are shown once"
    browser = Client()
    password_then(browser, alice, codes[3])
    assert is_in(browser)
    again = Client()
    password_then(again, alice, codes[3])
    assert not is_in(again)


def test_codes_are_not_to_be_guessed(alice: User) -> None:
    first = signed_in(alice)
    add_app(first)
    codes = codes_of(first)
    browser = Client()
    browser.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    for guess in range(6):
        browser.post("/account/login/second/", {"code": f"{guess:010}"})
    browser.post("/account/login/second/", {"code": codes[0]})
    assert not is_in(browser)


def test_the_database_alone_makes_no_codes(alice: User) -> None:
    secret = add_app(signed_in(alice))
    stored = str(list(Authenticator.objects.values()))
    assert secret not in stored
    assert "gAAAA" in stored


def test_removing_and_adding_ask_again_and_a_password_no_longer_counts(alice: User) -> None:
    passkey = Passkey(b"one")
    passkey.add(signed_in(alice))
    browser = Client()
    passkey.sign_in(browser)
    own = Authenticator.objects.get(type="webauthn")
    for path in (
        f"/account/passkeys/{own.pk}/remove/",
        "/account/passkeys/add/",
        "/account/app/add/",
        "/account/codes/new/",
        "/account/codes/",
    ):
        assert browser.get(path)["Location"].startswith("/account/reauthenticate/passkey/"), path
    assert browser.get("/account/reauthenticate/")["Location"].startswith("/account/reauthenticate/passkey/")
    assert browser.post("/account/reauthenticate/", {"password": PASSWORD})["Location"].startswith("/account/reauthenticate/passkey/")
    options = browser.get("/account/reauthenticate/passkey/").context["js_data"]["request_options"]
    browser.post("/account/reauthenticate/passkey/", {"credential": passkey.shown_for({"publicKey": dict(options["publicKey"])})})
    assert browser.post(f"/account/passkeys/{own.pk}/remove/").status_code == 302
    assert not Authenticator.objects.exists(), "recovery codes alone are no second factor"
    assert {"webauthn_added", "webauthn_removed"} <= {row.kind for row in JournalEntry.objects.all()}


def test_bobs_passkey_is_missing_for_alice(alice: User, bob: User) -> None:
    Passkey(b"bobs").add(signed_in(bob))
    bobs = Authenticator.objects.get(type="webauthn", user=bob)
    browser = signed_in(alice)
    for act in ("remove", "name"):
        others, missing = (browser.get(f"/account/passkeys/{pk}/{act}/") for pk in (bobs.pk, bobs.pk + 1000))
        assert page_of(others) == page_of(missing)
        assert others.status_code == 404
    assert browser.post(f"/account/passkeys/{bobs.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=bobs.pk).exists()


def test_the_operators_link_takes_lost_factors_away(alice: User) -> None:
    browser = signed_in(alice)
    Passkey(b"one").add(browser)
    add_app(browser)
    token = access_link(email=alice.email, now=3).partition("#")[2]
    assert Authenticator.objects.count() == 3, "a link that nobody used changes nothing"
    new = "another long password"
    use_owner_link(token=token, email=alice.email, name="", password=new, now=4)
    assert not Authenticator.objects.exists()
    assert not is_in(browser)
    assert is_in(signed_in(User.objects.get(), new))


def test_a_name_of_a_passkey_is_text_on_the_page(alice: User) -> None:
    browser = signed_in(alice)
    Passkey(b"one").add(browser, name="<script>alert(1)</script>")
    page = browser.get("/account").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
