"""staff: in which countries it has to work (STAFF-5): the owner names them, the ledger says so, and nobody else acts or reads."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.assertion import PasskeyNotShown
from conclave.accounts.models import StaffMember, StaffRule, User
from conclave.accounts.staff import (
    StaffPlace,
    StaffRoleMissing,
    StaffUnknown,
    access_countries,
    acts_of,
    allow_staff,
    staffed,
)
from conclave.accounts.staff_policy import TABLE, Act, Case, Person, Reason, Role, may
from conclave.accounts.staff_rule import ask_countries, set_countries
from conclave.transparency import ledger
from conclave.transparency.models import JournalEntry, LedgerEntry
from tests.accounts.organisation import NOW, account, browser, person
from tests.accounts.passkey import Device

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita() -> User:
    """Rita reviews, and works in China."""
    user = person("Rita")
    StaffMember.objects.create(user=user, orders="reviewer", work_country="CN", since=NOW)
    return user


def name(owner: Device, *countries: str, now: int = NOW) -> None:
    """Let the owner name countries, with the passkey."""
    question = ask_countries(by=account(owner.user), countries=countries, now=now)
    set_countries(by=account(owner.user), countries=countries, shown=owner.answers(question), now=now)


@given(
    role=st.sampled_from(Role),
    act=st.sampled_from(Act),
    place=st.sampled_from(["", "FR", "HK", "CN"]),
    places=st.frozensets(st.sampled_from(["FR", "HK", "DE"]), min_size=1),
)
def test_staff_5_nobody_who_works_elsewhere_does_or_reads_anything(role: Role, act: Act, place: str, places: frozenset[str]) -> None:
    """STAFF-5: HK is not CN, not known is nowhere; the owner has the machine anyway, and sets the list."""
    verdict = may(
        person=Person(roles=frozenset({role}), place=place, work_country=place, shown_at=NOW), act=act, case=Case(places=places), now=NOW
    )
    if role is not Role.OWNER and role in TABLE[act] and place not in places:
        assert verdict.reason is Reason.PLACE
    if verdict.allowed and role is not Role.OWNER:
        assert place in places


def test_staff_5_from_the_moment_that_it_is_set_nobody_there_is_let_at_anything(owner: Device, rita: User) -> None:
    allow_staff(account=account(rita), act=Act.READ_ORDER, now=NOW)
    assert staffed()[Role.REVIEWER] == 1
    name(owner, "FR", "HK")
    for act in (Act.READ_ORDER, Act.REVIEW_ORDER, Act.SEE_APPLICATIONS):
        with pytest.raises(StaffPlace):
            allow_staff(account=account(rita), act=act, now=NOW)
    assert acts_of(account=account(rita), now=NOW) == frozenset()
    assert staffed()[Role.REVIEWER] == 0, "a desk whose people may not act is not staffed"
    StaffMember.objects.filter(user=rita).update(work_country="HK")
    allow_staff(account=account(rita), act=Act.READ_ORDER, now=NOW)
    name(owner, now=NOW + 1)
    assert access_countries() == frozenset()


def test_staff_5_the_ledger_says_which_countries_and_every_change_once(owner: Device) -> None:
    name(owner, "FR", "DE")
    name(owner, "DE", "FR", now=NOW + 1)
    name(owner, "FR", now=NOW + 2)
    rows = list(LedgerEntry.objects.filter(kind="STAFF_RULE").order_by("index"))
    said = [{one.field: one.value for one in ledger.openings(index=row.index)}["countries"] for row in rows]
    assert said == ["DE,FR", "FR"]
    assert len({row.obj for row in rows}) == 1
    assert list(JournalEntry.objects.values_list("kind", flat=True)) == ["staff_countries", "staff_countries"]


def test_staff_5_only_the_owner_names_them_and_with_a_passkey_for_exactly_these(owner: Device, rita: User) -> None:
    with pytest.raises(StaffRoleMissing):
        ask_countries(by=account(rita), countries=["CN"], now=NOW)
    with pytest.raises(StaffUnknown):
        ask_countries(by=account(owner.user), countries=["EU"], now=NOW)
    shown = owner.answers(ask_countries(by=account(owner.user), countries=["FR"], now=NOW))
    with pytest.raises(PasskeyNotShown):
        set_countries(by=account(owner.user), countries=["FR", "CN"], shown=shown, now=NOW)
    with pytest.raises(PasskeyNotShown):
        set_countries(by=account(owner.user), countries=["FR"], shown=None, now=NOW)
    assert not StaffRule.objects.exists()


def test_staff_5_there_is_one_rule_for_all(owner: Device) -> None:
    name(owner, "FR")
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffRule.objects.create(id=2, countries=["CN"], obj="x" * 22, leaf=0, since=NOW)


def test_the_owner_names_them_on_their_page_and_staff_reads_it(owner: Device, rita: User) -> None:
    page = browser(owner.user)
    wrong = page.post("/staff/countries", {"countries": "FR XY"})
    assert (wrong.status_code, "No country has this code: XY" in wrong.content.decode()) == (422, True)
    done = owner.confirms(page, "/staff/countries", {"countries": "fr, de"})
    assert (done.status_code, sorted(access_countries())) == (200, ["DE", "FR"])
    assert "Rita" in page.get("/staff/countries").content.decode()
    read = browser(rita).get("/staff").content.decode()
    assert "Yours is none of them, or is not known." in read
    assert "Look at the orders" not in read
    assert browser(rita).get("/staff/orders").status_code == 403
    assert browser(rita).get("/staff/countries").status_code == 403
    assert browser(person("Bob")).get("/staff/countries").status_code == 404
    french = Client(headers={"accept-language": "fr"})
    french.force_login(owner.user)
    assert "Où travaille l’équipe" in french.get("/staff/countries").content.decode()
