"""Signing in and out; there is no other door."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from conclave.accounts.adapter import Adapter
from conclave.accounts.models import User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("alice")
def test_alice_signs_in_with_any_spelling_of_her_address_and_out_again() -> None:
    browser = Client()
    answer = browser.post("/account/login/", {"login": "ALICE@Example.org", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/meetings")
    assert browser.post("/account/logout/")["Location"] == "/"
    assert "/account/login/" in browser.get("/account/password/change/")["Location"]


@pytest.mark.usefixtures("alice")
def test_a_wrong_password_and_an_unknown_address_look_the_same() -> None:
    pages = [
        Client().post("/account/login/", {"login": login, "password": "something else"})
        for login in ("alice@example.org", "charlie@example.org")
    ]
    assert [page.status_code for page in pages] == [200, 200]
    first, second = (page.context["form"].non_field_errors() for page in pages)
    assert first == second
    assert first


@pytest.mark.usefixtures("alice")
def test_guessing_is_slowed_down() -> None:
    for _ in range(12):
        answer = Client().post("/account/login/", {"login": "alice@example.org", "password": "guess"})
    assert answer.status_code == 429 or "too often" in answer.content.decode()
    blocked = Client().post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert blocked.status_code != 302


@pytest.mark.usefixtures("alice", "quick_passwords")
def test_one_password_for_many_accounts_is_slowed_down_too() -> None:
    """Spraying: eleven strangers' addresses, one guess each, from one place."""
    for number in range(11):
        answer = Client().post("/account/login/", {"login": f"user{number}@example.org", "password": "Summer2026 Summer2026"})
    assert "too often" in answer.content.decode()
    elsewhere = Client().post("/account/login/", {"login": "alice@example.org", "password": PASSWORD}, REMOTE_ADDR="192.0.2.9")
    assert elsewhere.status_code == 302, "who is somewhere else is not kept out by it"


@pytest.mark.usefixtures("quick_passwords")
@pytest.mark.parametrize("change", [{"name": ""}, {"name": "x" * 65}, {"name": "Al\u202eice"}])
def test_a_name_that_cannot_be_shown_changes_nothing(alice: User, change: dict[str, str]) -> None:
    browser = Client()
    browser.force_login(alice)
    answer = browser.post("/account", change)
    assert answer.status_code == 422
    assert "name" in answer.context["form"].errors
    assert User.objects.get().name == "Alice"
    assert browser.post("/account", {"name": " Alice  B. "})["Location"] == "/account"
    assert User.objects.get().name == "Alice B."


@pytest.mark.usefixtures("alice")
def test_sign_in_does_not_send_people_to_another_site() -> None:
    answer = Client().post("/account/login/?next=https://evil.example/", {"login": "alice@example.org", "password": PASSWORD})
    assert answer["Location"] == "/meetings"


def test_a_closed_account_does_not_get_in(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    browser = Client()
    browser.post("/account/login/", {"login": "alice@example.org", "password": PASSWORD})
    assert "/account/login/" in browser.get("/account/password/change/")["Location"]


@pytest.mark.parametrize("path", ["/account/signup/", "/account/password/reset/", "/account/email/", "/admin/"])
def test_doors_that_need_mail_or_open_sign_up_do_not_exist(path: str) -> None:
    assert Client().get(path).status_code == 404


def test_alice_changes_her_password(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    new = "a brand new long password"
    answer = browser.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert answer.status_code == 302
    assert User.objects.get().check_password(new)


def test_addresses_are_known_by_pseudonym_only(rf: object) -> None:
    request = rf.get("/", REMOTE_ADDR="192.0.2.7")  # type: ignore[attr-defined]
    assert "192.0.2.7" not in Adapter().get_client_ip(request)


@pytest.mark.usefixtures("alice")
def test_two_spellings_of_an_address_are_not_two_people() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="Alice@Example.org", created_at=1)
