"""Tokens: whoever makes one reads it once, it does what was chosen for it, and it is over when it should be."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from conclave.accounts.belong import change_role, leave, remove_member
from conclave.accounts.models import ApiToken, User
from conclave.accounts.organise import dissolve
from conclave.accounts.owner import access_link, use_owner_link
from conclave.accounts.retention import TOKENS
from conclave.accounts.scopes import Scope
from conclave.accounts.standing import OrganisationRoleTooLow, OrganisationUnknown
from conclave.accounts.tokens import (
    KEPT_MS,
    MOST_LIVING,
    PREFIX,
    TokenInvalid,
    TokenNameForbidden,
    TokensFull,
    TokenTermsForbidden,
    TokenUnknown,
    end_token,
    held,
    make_token,
    tokens_of,
)
from conclave.kernel import clock
from conclave.transparency.journal import Search, read
from conclave.transparency.models import JournalEntry
from tests.accounts.conftest import PASSWORD, Post, signed_in
from tests.accounts.mailbox import Mailbox, text_of
from tests.accounts.organisation import NOW, account, belongs, browser, kinds, make, person, seat

pytestmark = pytest.mark.django_db
MINE: dict[str, Any] = {"name": "Timetable", "scopes": ["meetings:read", "meetings:write"], "days": 30}
OURS: dict[str, Any] = {"name": "Directory sync", "scopes": ["people:read"], "days": 7}


def test_a_token_is_random_has_a_beginning_to_know_it_by_and_only_its_hash_is_kept(alice: User) -> None:
    """TOK-1."""
    one, other = (make_token(account=account(alice), **MINE, now=NOW) for _ in range(2))
    assert one != other
    assert one.startswith(PREFIX)
    assert len(one) == len(PREFIX) + 43
    rows = [value for row in ApiToken.objects.values() for value in row.values()]
    assert not {one, one.removeprefix(PREFIX)} & {str(value) for value in rows}
    assert {listed.begins for listed in tokens_of(account=account(alice), now=NOW)} == {one[:13], other[:13]}
    assert set(JournalEntry.objects.values_list("kind", flat=True)) == {"token_made"}


def test_it_is_good_until_its_day_and_the_day_of_its_last_use_is_noted(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = make_token(account=account(alice), **MINE, now=NOW)
    assert tokens_of(account=account(alice), now=NOW)[0].used_on is None
    with django_assert_num_queries(2):
        found = held(token=token, now=NOW + clock.HOUR)
    with django_assert_num_queries(1):
        held(token=token, now=NOW + clock.HOUR + 1)
    assert (str(found.account), found.organisation) == (alice.pk, "")
    assert found.scopes == {Scope.MEETINGS_READ, Scope.MEETINGS_WRITE}
    assert tokens_of(account=account(alice), now=NOW)[0].used_on == NOW + clock.HOUR - (NOW + clock.HOUR) % clock.DAY
    held(token=token, now=NOW + 30 * clock.DAY - 1)
    with pytest.raises(TokenInvalid):
        held(token=token, now=NOW + 30 * clock.DAY)
    assert tokens_of(account=account(alice), now=NOW + 30 * clock.DAY) == []


@pytest.mark.parametrize("change", ["x", "short", "unknown", ""])
def test_tok_2_what_is_no_token_opens_nothing(alice: User, change: str) -> None:
    token = make_token(account=account(alice), **MINE, now=NOW)
    wrong = {"x": token + "x", "short": token[:-1], "unknown": PREFIX + "A" * 43, "": ""}[change]
    with pytest.raises(TokenInvalid):
        held(token=wrong, now=NOW)


def test_the_operators_link_takes_back_what_somebody_else_made_in_a_captured_account(alice: User, bob: User) -> None:
    harbour = make(alice)
    own, ours = (
        make_token(account=account(alice), **MINE, now=NOW),
        make_token(account=account(alice), **OURS, organisation=harbour, now=NOW),
    )
    his = make_token(account=account(bob), **MINE, now=NOW)
    token = access_link(email=alice.email, now=NOW).partition("#")[2]
    assert held(token=own, now=NOW).account == alice.pk, "until the link is used"
    use_owner_link(token=token, email=alice.email, name="", password=PASSWORD, now=NOW + 1)
    for one in (own, ours):
        with pytest.raises(TokenInvalid):
            held(token=one, now=NOW + 1)
    assert held(token=his, now=NOW + 1).account == bob.pk
    assert kinds(harbour)[-1] == "organisation_token_ended"
    assert JournalEntry.objects.filter(kind="token_ended").count() == 1


def test_tok_2_one_that_was_taken_back_or_of_a_closed_account_opens_nothing(alice: User) -> None:
    token, other = make_token(account=account(alice), **MINE, now=NOW), make_token(account=account(alice), **MINE, now=NOW)
    (row,) = ApiToken.objects.filter(begins=token[:13])
    end_token(account=account(alice), token=row.pk, now=NOW)
    with pytest.raises(TokenInvalid):
        held(token=token, now=NOW)
    held(token=other, now=NOW)
    alice.is_active = False
    alice.save()
    with pytest.raises(TokenInvalid):
        held(token=other, now=NOW)
    with pytest.raises(TokenUnknown):
        end_token(account=account(alice), token=row.pk, now=NOW)


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"name": " "}, TokenNameForbidden),
        ({"name": "a\u202eb"}, TokenNameForbidden),
        ({"scopes": []}, TokenTermsForbidden),
        ({"scopes": ["meetings:read", "everything"]}, TokenTermsForbidden),
        ({"scopes": ["people:read"]}, TokenTermsForbidden),
        ({"days": 366}, TokenTermsForbidden),
        ({"days": 0}, TokenTermsForbidden),
    ],
)
def test_a_token_has_a_name_a_purpose_and_an_end(alice: User, terms: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        make_token(account=account(alice), **{**MINE, **terms}, now=NOW)
    assert not ApiToken.objects.exists()


def test_there_are_at_most_fifty_and_they_are_forgotten_a_month_after_their_end(alice: User) -> None:
    token = make_token(account=account(alice), **{**MINE, "days": 7}, now=NOW)
    same = ApiToken.objects.get()
    ApiToken.objects.bulk_create(
        ApiToken(
            token_hash=str(number),
            begins="conclave_AAAA",
            name="x",
            scopes="meetings:read",
            user=alice,
            made_at=NOW,
            expires_at=same.expires_at,
        )
        for number in range(MOST_LIVING - 1)
    )
    with pytest.raises(TokensFull):
        make_token(account=account(alice), **MINE, now=NOW)
    end_token(account=account(alice), token=same.pk, now=NOW)
    make_token(account=account(alice), **MINE, now=NOW)
    assert TOKENS.sweep(now=NOW + KEPT_MS - 1) == 0
    assert TOKENS.sweep(now=NOW + KEPT_MS) == 1
    assert TOKENS.sweep(now=same.expires_at + KEPT_MS) == MOST_LIVING - 1
    assert ApiToken.objects.exclude(token_hash=token).count() == 1


def test_an_organisations_token_is_for_owners_and_admins_and_all_of_them_see_it(alice: User, bob: User) -> None:
    harbour, dora, eve = make(alice), person("Dora"), person("Eve")
    for who, role in ((bob, "admin"), (dora, "member"), (eve, "auditor")):
        belongs(harbour, alice, who, role)
    for who in (dora, eve):
        with pytest.raises(OrganisationRoleTooLow):
            make_token(account=account(who), organisation=harbour, **OURS, now=NOW)
        with pytest.raises(OrganisationRoleTooLow):
            tokens_of(account=account(who), organisation=harbour, now=NOW)
    with pytest.raises(OrganisationUnknown):
        make_token(account=account(person("Charlie")), organisation=harbour, **OURS, now=NOW)
    with pytest.raises(TokenTermsForbidden):
        make_token(account=account(bob), organisation=harbour, **MINE, now=NOW)
    make_token(account=account(bob), organisation=harbour, **OURS, now=NOW)
    (listed,) = tokens_of(account=account(alice), organisation=harbour, now=NOW)
    assert (listed.name, listed.by) == ("Directory sync", "Bob")
    assert tokens_of(account=account(bob), now=NOW) == []
    with pytest.raises(TokenUnknown):
        end_token(account=account(bob), token=listed.token, now=NOW)
    end_token(account=account(alice), organisation=harbour, token=listed.token, now=NOW)
    assert kinds(harbour)[-2:] == ["organisation_token_made", "organisation_token_ended"]
    assert read(obj=harbour, search=Search(), before=None, limit=1)[0].fields["by"] == alice.pk


def test_tok_6_it_ends_with_its_makers_membership_and_does_not_come_back_with_them(alice: User, bob: User) -> None:
    harbour = make(alice)
    belongs(harbour, alice, bob, "admin")
    token = make_token(account=account(bob), organisation=harbour, **OURS, now=NOW)
    assert held(token=token, now=NOW).organisation == harbour
    change_role(organisation=harbour, account=account(alice), membership=seat(harbour, bob), role="member", now=NOW)
    with pytest.raises(TokenInvalid):
        held(token=token, now=NOW)
    assert [one.asleep for one in tokens_of(account=account(alice), organisation=harbour, now=NOW)] == [True]
    change_role(organisation=harbour, account=account(alice), membership=seat(harbour, bob), role="admin", now=NOW)
    held(token=token, now=NOW)
    leave(organisation=harbour, account=account(bob), now=NOW)
    belongs(harbour, alice, bob, "admin")
    with pytest.raises(TokenInvalid):
        held(token=token, now=NOW)
    assert tokens_of(account=account(alice), organisation=harbour, now=NOW) == []


@pytest.mark.parametrize("end", ["removed", "dissolved"])
def test_tok_6_nor_does_it_outlive_its_organisation(alice: User, bob: User, end: str) -> None:
    harbour = make(alice)
    belongs(harbour, alice, bob, "admin")
    token = make_token(account=account(bob), organisation=harbour, **OURS, now=NOW)
    if end == "removed":
        remove_member(organisation=harbour, account=account(alice), membership=seat(harbour, bob), now=NOW)
    else:
        dissolve(organisation=harbour, account=account(alice), name="Harbour School", now=NOW)
    with pytest.raises(TokenInvalid):
        held(token=token, now=NOW)


@pytest.mark.usefixtures("quick_passwords")
def test_the_pages_show_it_once_after_a_fresh_sign_in_and_take_it_back(
    alice: User, mailbox: Mailbox, post: Post, settings: Settings
) -> None:
    """TOK-1."""
    alice.set_password(PASSWORD)
    alice.save()
    client = browser(alice)
    stale = client.get("/account/tokens/new")
    assert stale["Location"].startswith("/account/reauthenticate/")
    assert client.post("/account/tokens/new", MINE)["Location"].startswith("/account/reauthenticate/")
    assert not ApiToken.objects.exists()
    client = signed_in(alice)
    assert "Make, change and delete your meetings" in client.get("/account/tokens/new").content.decode()
    assert client.post("/account/tokens/new", {**MINE, "scopes": ["people:read"]}).status_code == 422
    page = client.post("/account/tokens/new", MINE).content.decode()
    row = ApiToken.objects.get()
    token = page.partition('id="token">')[2].partition("<")[0]
    assert held(token=token, now=clock.now()).token == row.pk
    listed = client.get("/account/tokens").content.decode()
    assert token not in listed
    assert f"<code>{row.begins}…</code>" in listed
    assert 'href="/account/tokens"' in client.get("/account").content.decode()
    post()
    (mail,) = mailbox.to(alice.email)
    assert "“Timetable”" in text_of(mail)
    assert token not in text_of(mail)
    assert client.post(f"/account/tokens/{row.pk}/end")["Location"] == "/account/tokens"
    assert "There is no token at the moment." in client.get("/account/tokens").content.decode()
    assert client.post(f"/account/tokens/{row.pk}/end").status_code == 404
    assert settings.CONCLAVE.mail


@pytest.mark.usefixtures("quick_passwords")
def test_so_do_the_organisations(alice: User, bob: User) -> None:
    for user in (alice, bob):
        user.set_password(PASSWORD)
        user.save()
    harbour = make(alice)
    belongs(harbour, alice, bob, "auditor")
    client, other = signed_in(alice), signed_in(bob)
    address = f"/organisations/{harbour}/tokens"
    assert other.get(address).status_code == 403
    assert other.get(f"{address}/new").status_code == 403
    assert address in client.get(f"/organisations/{harbour}").content.decode()
    assert "meetings:write" not in client.get(f"{address}/new").content.decode()
    page = client.post(f"{address}/new", {**OURS, "scopes": ["people:read", "journal:read"]}).content.decode()
    token = page.partition('id="token">')[2].partition("<")[0]
    assert held(token=token, now=clock.now()).organisation == harbour
    assert "Directory sync" in client.get(address).content.decode()
    journal = client.get(f"/organisations/{harbour}/journal").content.decode()
    assert "Token made" in journal
    assert "Directory sync" in journal
    assert client.post(f"{address}/{ApiToken.objects.get().pk}/end")["Location"] == address
    with pytest.raises(TokenInvalid):
        held(token=token, now=clock.now())


@pytest.mark.usefixtures("quick_passwords")
def test_whoever_has_too_many_reads_that_on_the_page(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclave.accounts.tokens.MOST_LIVING", 0)
    alice.set_password(PASSWORD)
    alice.save()
    answer = signed_in(alice).post("/account/tokens/new", MINE)
    assert answer.status_code == 422
    assert "There are 50 tokens already" in answer.content.decode()


def test_without_mail_nothing_is_sent_and_the_token_is_made_all_the_same(alice: User, settings: Settings) -> None:
    settings.CONCLAVE = replace(settings.CONCLAVE, mail="")
    with transaction.atomic():
        assert make_token(account=account(alice), **MINE, now=NOW)
    assert Client().get("/account/tokens")["Location"] == "/account/login/?next=/account/tokens"
