"""Where Alice is signed in, and signing a device out."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from conclave.accounts.devices import devices_of
from conclave.accounts.middleware import SEEN
from conclave.accounts.models import User
from tests.accounts.conftest import PASSWORD, page_of, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


def browser_of(user: User, agent: str) -> Client:
    """Return a browser in which this person is signed in."""
    browser = Client(headers={"User-Agent": agent})
    browser.post("/account/login/", {"login": user.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    return browser


def test_alice_reads_where_she_is_signed_in_and_no_address_is_kept(alice: User) -> None:
    laptop, _phone = browser_of(alice, FIREFOX), browser_of(alice, SAFARI)
    key = laptop.session.session_key or ""
    found = devices_of(user=alice, current=key)
    assert [(device.browser, device.system, device.current) for device in found] == [
        ("Firefox", "Linux", True),
        ("Safari", "iPhone", False),
    ]
    assert {row.ip for row in UserSession.objects.all()} == {"::"}
    page = laptop.get("/account").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page


def test_signing_one_device_out_ends_it_at_once(alice: User) -> None:
    laptop, phone, desk = (browser_of(alice, agent) for agent in (FIREFOX, SAFARI, ""))
    own = UserSession.objects.get(session_key=phone.session.session_key)
    assert laptop.post(f"/account/devices/{own.pk}/end")["Location"] == "/account"
    assert phone.get("/account").status_code == 302
    assert laptop.get("/account").status_code == 200
    assert desk.get("/account").status_code == 200


def test_signing_all_others_out_leaves_this_one(alice: User, bob: User) -> None:
    laptop, phone, desk, bobs = browser_of(alice, FIREFOX), browser_of(alice, SAFARI), browser_of(alice, ""), browser_of(bob, FIREFOX)
    laptop.post("/account/devices/end")
    assert [browser.get("/account").status_code for browser in (laptop, phone, desk, bobs)] == [200, 302, 302, 200]


def test_bobs_session_is_missing_for_alice(alice: User, bob: User) -> None:
    laptop, bobs = browser_of(alice, FIREFOX), browser_of(bob, FIREFOX)
    row = UserSession.objects.get(user=bob)
    others, missing = (laptop.post(f"/account/devices/{pk}/end") for pk in (row.pk, row.pk + 1000))
    assert page_of(others) == page_of(missing)
    assert (others.status_code, missing.status_code) == (404, 404)
    assert "no_such_device" in others.content.decode()
    assert bobs.get("/account").status_code == 200


def test_a_new_password_signs_every_other_device_out(alice: User) -> None:
    laptop, phone = browser_of(alice, FIREFOX), browser_of(alice, SAFARI)
    new = "a brand new long password"
    laptop.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert laptop.get("/account").status_code == 200
    assert phone.get("/account").status_code == 302
    assert len(devices_of(user=alice, current="")) == 1
    assert {row.ip for row in UserSession.objects.all()} == {"::"}


def test_a_session_gets_a_new_key_at_sign_in(alice: User) -> None:
    """What somebody put into Alice's browser before opens nothing after (fixation)."""
    browser = Client()
    browser.get("/account/login/passkey/", headers={"Accept": "application/json"})  # gives a visitor a session
    before = browser.cookies["conclave_session"].value
    browser.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert browser.cookies["conclave_session"].value != before
    mallory = Client()
    mallory.cookies["conclave_session"] = before
    assert mallory.get("/account").status_code == 302


def test_use_is_noted_every_ten_minutes_and_not_on_every_page(alice: User) -> None:
    browser = signed_in(alice)
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=1))
    browser.get("/account")
    assert UserSession.objects.get().last_seen_at < timezone.now() - timedelta(hours=23)
    session = browser.session
    session[SEEN] = (session.session_key, 0)
    session.save()
    browser.get("/account")
    assert UserSession.objects.get().last_seen_at > timezone.now() - timedelta(hours=1)


def test_nobody_without_an_account_ends_anything(alice: User) -> None:
    browser_of(alice, FIREFOX)
    row = UserSession.objects.get()
    assert "/account/login/" in Client().post(f"/account/devices/{row.pk}/end")["Location"]
    assert "/account/login/" in Client().post("/account/devices/end")["Location"]
    assert UserSession.objects.count() == 1


def test_another_site_ends_nothing(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    for path in ("/account/devices/end", "/account/devices/1/end", "/account"):
        assert browser.post(path, {"name": "Mallory"}).status_code == 403
    assert User.objects.get().name == "Alice"
