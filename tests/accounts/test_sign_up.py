"""Sign-up: closed unless opened, and then nothing exists before the address is proven."""

import pytest
from django.test import Client

from conclave.accounts.models import User
from conclave.accounts.sign_up import make_account
from tests.accounts.conftest import PASSWORD, Post, page_of, signed_in
from tests.accounts.mailbox import Mailbox, link_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_passwords")]
DAVE = "dave@example.org"
ANSWER = {"name": "Dave", "password": PASSWORD, "password_again": PASSWORD}


def test_it_is_closed_by_default() -> None:
    assert Client().get("/account/sign-up/").status_code == 404
    assert Client().post("/account/sign-up/", {"email": DAVE}).status_code == 404
    assert "Make an account" not in Client().get("/account/login/").content.decode()


def test_dave_proves_his_address_then_has_an_account(mailbox: Mailbox, post: Post) -> None:
    browser = Client()
    assert "/account/sign-up/" in browser.get("/account/login/").content.decode()
    assert browser.post("/account/sign-up/", {"email": "Dave@Example.org"}).status_code == 200
    assert not User.objects.exists()
    post()
    link = link_in(mailbox.to(DAVE)[0])
    assert DAVE in browser.get(link).content.decode()
    answer = browser.post(link, ANSWER)
    assert (answer.status_code, answer["Location"]) == (302, "/meetings")
    dave = User.objects.get()
    assert (dave.email, dave.name, dave.is_verified, dave.is_owner) == (DAVE, "Dave", True, False)
    assert browser.get("/account").status_code == 200
    assert Client().post(link, ANSWER).status_code == 403, "once"
    assert signed_in(dave).get("/account").status_code == 200


def test_who_has_an_account_is_told_by_mail_only(alice: User, mailbox: Mailbox, post: Post) -> None:
    known, new = (Client().post("/account/sign-up/", {"email": email}) for email in (alice.email, "carol@example.org"))
    assert page_of(known).replace("alice", "") == page_of(new).replace("carol", "")
    post()
    assert "http" not in text_of(mailbox.to(alice.email)[0])
    assert User.objects.count() == 1


def test_asking_in_anothers_name_takes_nothing_from_them(mailbox: Mailbox, post: Post) -> None:
    """Mallory asks first; Dave, whose mailbox it is, still chooses the password."""
    Client().post("/account/sign-up/", {"email": DAVE})
    Client().post("/account/sign-up/", {"email": DAVE})
    post()
    first, second = mailbox.to(DAVE)
    assert Client().post(link_in(second), ANSWER).status_code == 302
    assert Client().post(link_in(first), {**ANSWER, "password": "x" * 20, "password_again": "x" * 20}).status_code == 403
    assert User.objects.get().check_password(PASSWORD)


def test_a_link_for_one_thing_is_none_for_another(mailbox: Mailbox, post: Post) -> None:
    Client().post("/account/sign-up/", {"email": DAVE})
    post()
    token = link_in(mailbox.to(DAVE)[0]).rpartition("/")[2]
    assert Client().get(f"/account/address/{token}").status_code == 403
    with pytest.raises(Exception, match="mail_link_unknown"):
        make_account(token=token + "x", name="Mallory", password=PASSWORD, now=1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "D\u202eave"}, "name"),
        ({"password": "short", "password_again": "short"}, "password"),
        ({"password": DAVE, "password_again": DAVE}, "password"),
        ({"password_again": "another password"}, "password_again"),
    ],
)
def test_a_wrong_answer_is_said_beside_its_field_and_costs_no_link(
    mailbox: Mailbox, post: Post, change: dict[str, str], field: str
) -> None:
    Client().post("/account/sign-up/", {"email": DAVE})
    post()
    link = link_in(mailbox.to(DAVE)[0])
    answer = Client().post(link, {**ANSWER, **change})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert Client().post(link, ANSWER).status_code == 302


def test_a_flood_from_one_address_is_slowed_down(mailbox: Mailbox) -> None:
    answers = [Client().post("/account/sign-up/", {"email": f"dave{number}@example.org"}).status_code for number in range(62)]
    assert answers[:60] == [200] * 60
    assert answers[-1] == 429
    assert len(mailbox) == 0
