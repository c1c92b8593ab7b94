"""owner: the link makes one verified account, once; Charlie gets in with nothing else."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from conclave.accounts.models import OwnerLink, User
from conclave.accounts.owner import NoSuchAccount, OwnerLinkForAnother, OwnerLinkUnknown, access_link, owner_link, use_owner_link
from conclave.transparency.models import JournalEntry
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ALICE = {"name": "Alice", "email": "Alice@example.org", "password": PASSWORD, "password_again": PASSWORD}


def token_of(link: str | None) -> str:
    assert link is not None
    return link.partition("#")[2]


def make_alice() -> User:
    return use_owner_link(token=token_of(owner_link(now=1)), email="alice@example.org", name="Alice", password=PASSWORD, now=2)


def test_the_link_makes_a_verified_owner_who_is_signed_in() -> None:
    browser = Client()
    link = owner_link(now=1)
    assert link is not None
    assert link.startswith("http://localhost:8000/owner#")
    assert browser.get("/owner").status_code == 200
    answer = browser.post("/owner", {**ALICE, "token": token_of(link)})
    assert (answer.status_code, answer["Location"]) == (302, "/meetings")
    alice = User.objects.get()
    assert (alice.email, alice.name, alice.is_verified, alice.is_owner) == ("alice@example.org", "Alice", True, True)
    assert alice.password.startswith("argon2")
    assert EmailAddress.objects.get().verified
    assert browser.get("/account/password/change/").status_code == 200
    assert [row.kind for row in JournalEntry.objects.all()] == ["owner_made"]


def test_the_link_works_once_and_then_none_is_given_out() -> None:
    token = token_of(owner_link(now=1))
    use_owner_link(token=token, email="alice@example.org", name="Alice", password=PASSWORD, now=2)
    with pytest.raises(OwnerLinkUnknown):
        use_owner_link(token=token, email="charlie@example.org", name="Charlie", password=PASSWORD, now=3)
    assert owner_link(now=4) is None
    assert User.objects.count() == 1


def test_a_new_start_replaces_the_link_and_only_a_hash_is_stored() -> None:
    old, new = token_of(owner_link(now=1)), token_of(owner_link(now=2))
    assert old != new
    assert new not in str(OwnerLink.objects.values())
    with pytest.raises(OwnerLinkUnknown):
        use_owner_link(token=old, email="charlie@example.org", name="Charlie", password=PASSWORD, now=3)
    assert use_owner_link(token=new, email="alice@example.org", name="Alice", password=PASSWORD, now=3).is_owner


def test_a_person_who_lost_access_sets_a_new_password_and_nobody_elses() -> None:
    alice = make_alice()
    token = token_of(access_link(email="ALICE@example.org", now=3))
    with pytest.raises(OwnerLinkForAnother):
        use_owner_link(token=token, email="charlie@example.org", name="Charlie", password=PASSWORD, now=4)
    again = use_owner_link(token=token, email="alice@example.org", name="", password="another long password", now=5)
    assert (again.pk, again.name) == (alice.pk, "Alice")
    assert User.objects.get().check_password("another long password")
    with pytest.raises(NoSuchAccount):
        access_link(email="charlie@example.org", now=6)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"token": ""}, "token"),
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "Al\u202eice"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"password": "short", "password_again": "short"}, "password"),
        ({"password": "passwordpassword", "password_again": "other"}, "password_again"),
        ({"password": "alice@example.org", "password_again": "alice@example.org"}, "password"),
    ],
)
def test_a_wrong_answer_is_said_beside_its_field_and_costs_no_link(change: dict[str, str], field: str) -> None:
    token = token_of(owner_link(now=1))
    answer = Client().post("/owner", {**ALICE, "token": token, **change})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert PASSWORD not in answer.content.decode()
    assert OwnerLink.objects.count() == 1
    assert not User.objects.exists()


def test_charlie_without_the_token_is_refused_and_soon_slowed_down() -> None:
    owner_link(now=1)
    answers = [Client().post("/owner", {**ALICE, "token": f"guess{number}"}) for number in range(12)]
    assert {answer.status_code for answer in answers[:10]} == {403}
    assert "owner_link_unknown" in answers[0].content.decode()
    assert answers[-1].status_code == 429
    assert not User.objects.exists()


def test_a_form_from_another_site_is_refused() -> None:
    answer = Client(enforce_csrf_checks=True).post("/owner", {**ALICE, "token": token_of(owner_link(now=1))})
    assert answer.status_code == 403
    assert "form_expired" in answer.content.decode()
