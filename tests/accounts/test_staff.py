"""staff: the owner gives and withdraws roles, each with a passkey shown for exactly that (STAFF-3); none exclude each other (STAFF-2)."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts.assertion import PasskeyMissing, PasskeyNotShown, Question, Shown, ask_passkey, use_passkey
from conclave.accounts.models import PasskeyAsk, StaffMember, User
from conclave.accounts.owner import NoSuchAccount
from conclave.accounts.retention import PASSKEY_ASKS
from conclave.accounts.staff import (
    Change,
    StaffOneself,
    StaffRoleMissing,
    StaffRolesConflict,
    StaffUnknown,
    ask_change,
    change_staff,
    facts_of,
)
from conclave.accounts.staff_list import history_of, staff_member, staff_members, whom
from conclave.accounts.staff_policy import FRESH_MS, GIVEN, Role, conflict
from conclave.kernel import clock
from conclave.transparency.models import JournalEntry
from tests.accounts.conftest import page_of
from tests.accounts.organisation import account, browser, person
from tests.accounts.passkey import Device, Passkey
from tests.conftest import longer

pytestmark = pytest.mark.django_db
NOW = clock.now()


@pytest.fixture
def bob() -> User:
    return person("Bob")


def change(owner: Device, who: User, wanted: Change, *, now: int = NOW) -> str:
    """Let the owner change somebody, with the passkey."""
    question = ask_change(by=account(owner.user), account=who.pk, change=wanted, now=now)
    return change_staff(by=account(owner.user), account=who.pk, change=wanted, shown=owner.answers(question), now=now)


def give(owner: Device, who: User, role: Role, *, now: int = NOW) -> str:
    """Let the owner give somebody a role."""
    return change(owner, who, Change(role=role, given=True), now=now)


def kinds() -> list[str]:
    return list(JournalEntry.objects.order_by("index").values_list("kind", flat=True))


def test_the_owner_gives_a_role_and_withdraws_it_and_the_journal_says_so(owner: Device, bob: User) -> None:
    member = give(owner, bob, Role.REVIEWER)
    assert facts_of(account=account(bob)).roles == {Role.REVIEWER}
    change(owner, bob, Change(work_country="FR", recused=("DE", "FR")))
    assert facts_of(account=account(bob)).recused == {"DE", "FR"}
    assert facts_of(account=account(bob)).work_country == "FR"
    change(owner, bob, Change(role=Role.REVIEWER), now=NOW + 1)
    assert facts_of(account=account(bob)).roles == set()
    assert kinds() == ["staff_granted", "staff_placed", "staff_withdrawn"]
    lines = history_of(account=account(owner.user), member=member, now=NOW)
    assert [(line.role, line.by) for line in lines] == [("Reviewer", "Alice"), ("", "Alice"), ("Reviewer", "Alice")]
    assert [row.member for row in staff_members(account=account(owner.user), now=NOW)] == [member], "what somebody was is still shown"


def test_what_is_so_already_is_left_as_it_is(owner: Device, bob: User) -> None:
    give(owner, bob, Role.REVIEWER)
    give(owner, bob, Role.REVIEWER)
    change(owner, bob, Change(role=Role.APPROVER))
    assert facts_of(account=account(bob)).roles == {Role.REVIEWER}, "a role that they do not have takes none of the others away"
    assert kinds() == ["staff_granted"]


def test_nobody_but_the_owner_changes_anything_and_nobody_themselves(owner: Device, bob: User) -> None:
    give(owner, bob, Role.REVIEWER)
    charlie, wanted = person("Charlie"), Change(role=Role.SENIOR, given=True)
    for who, refusal in ((charlie, StaffUnknown), (bob, StaffRoleMissing)):
        for act in (
            lambda by: ask_change(by=by, account=charlie.pk, change=wanted, now=NOW),
            lambda by: change_staff(by=by, account=charlie.pk, change=wanted, shown=None, now=NOW),
            lambda by: whom(account=by, address=charlie.email, now=NOW),
            lambda by: staff_members(account=by, now=NOW),
        ):
            with pytest.raises(refusal):
                act(account(who))
    with pytest.raises(StaffOneself):
        change(owner, owner.user, wanted)
    with pytest.raises(NoSuchAccount):
        whom(account=account(owner.user), address="nobody@example.org", now=NOW)
    with pytest.raises(StaffUnknown):
        staff_member(account=account(owner.user), member="nobody", now=NOW)
    for strange in (Change(role="owner", given=True), Change(role="admin", given=True), Change(work_country="UK"), Change(recused=("XX",))):
        with pytest.raises(StaffUnknown):
            ask_change(by=account(owner.user), account=bob.pk, change=strange, now=NOW)


@pytest.mark.parametrize(
    "columns",
    [
        {"orders": "reviewer", "apart": "auditor"},
        {"cases": "appeals", "apart": "engineer"},
        {"orders": "moderator"},
        {"cases": "reviewer"},
        {"apart": "owner"},
    ],
)
def test_the_database_too_holds_no_conflicting_roles(bob: User, columns: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffMember.objects.create(user=bob, since=NOW, **columns)
    StaffMember.objects.create(user=bob, since=NOW, orders="reviewer", cases="senior")


@examples(max_examples=longer(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(list(GIVEN)), st.sampled_from([True, True, False])), max_size=6))
def test_however_roles_come_and_go_nobody_holds_two_that_exclude_each_other(
    owner: Device, bob: User, steps: list[tuple[Role, bool]]
) -> None:
    held: set[Role] = set()
    with transaction.atomic():
        for role, given_ in steps:
            if given_ and conflict(roles={*held, role}):
                with pytest.raises(StaffRolesConflict):
                    change(owner, bob, Change(role=role, given=True))
                continue
            change(owner, bob, Change(role=role, given=given_))
            held = held | {role} if given_ else held - {role}
            assert facts_of(account=account(bob)).roles == held
        transaction.set_rollback(True)


def test_nothing_is_done_without_the_passkey_that_was_asked_for(owner: Device, bob: User) -> None:
    """The same change, and everything that could be sent instead of its passkey."""
    by, wanted = account(owner.user), Change(role=Role.REVIEWER, given=True)

    def asked(of: Device = owner, about: User = bob, what: Change = wanted, now: int = NOW) -> Question:
        del of
        return ask_change(by=by, account=about.pk, change=what, now=now)

    carol = person("Carol")
    other_key = Device(carol, Passkey(credential_id=b"carol"))
    fresh = asked()
    bad: dict[str, Callable[[], Shown | None]] = {
        "nothing": lambda: None,
        "for another role": lambda: owner.answers(asked(what=Change(role=Role.APPROVER, given=True))),
        "for taking it away": lambda: owner.answers(asked(what=Change(role=Role.REVIEWER))),
        "for somebody else": lambda: owner.answers(asked(about=carol)),
        "somebody else's": lambda: other_key.answers(asked()),
        "too old": lambda: owner.answers(asked(now=NOW - FRESH_MS - 1)),
        "of tomorrow": lambda: owner.answers(asked(now=NOW + 1)),
        "never asked": lambda: Shown(ask="A" * 22, credential=owner.answers(asked()).credential),
        "another question's": lambda: Shown(ask=fresh.ask, credential=owner.answers(asked()).credential),
        "no passkey at all": lambda: Shown(ask=fresh.ask, credential={}),
        "without PIN or fingerprint": lambda: Device(owner.user, Passkey(credential_id=b"bare", verifies=False)).answers(asked()),
        "from another site": lambda: Device(owner.user, Passkey(credential_id=b"far", origin="https://evil.example")).answers(asked()),
        "for another site": lambda: Device(owner.user, Passkey(credential_id=b"rp", rp_id="evil.example")).answers(asked()),
    }
    for what, made in bad.items():
        with pytest.raises(PasskeyNotShown):
            change_staff(by=by, account=bob.pk, change=wanted, shown=made(), now=NOW)
        assert not StaffMember.objects.exists(), what
    assert kinds() == []


def test_a_passkey_counts_once_for_its_account_and_until_its_time(owner: Device, bob: User) -> None:
    by, wanted = account(owner.user), Change(role=Role.REVIEWER, given=True)
    shown = owner.answers(ask_change(by=by, account=bob.pk, change=wanted, now=NOW))
    change_staff(by=by, account=bob.pk, change=wanted, shown=shown, now=NOW + FRESH_MS)
    change(owner, bob, Change(role=Role.REVIEWER), now=NOW + 1)
    with pytest.raises(PasskeyNotShown):
        change_staff(by=by, account=bob.pk, change=wanted, shown=shown, now=NOW + 2)
    with pytest.raises(PasskeyMissing):
        ask_passkey(account=account(bob), act={"act": "x"}, now=NOW)
    question = ask_passkey(account=by, act={"act": "x"}, now=NOW)
    with pytest.raises(PasskeyNotShown), transaction.atomic():
        use_passkey(account=account(bob), act={"act": "x"}, shown=owner.answers(question), now=NOW)
    assert PASSKEY_ASKS.sweep(now=NOW + FRESH_MS) == PasskeyAsk.objects.filter(asked_at__lt=NOW).count()
    PASSKEY_ASKS.sweep(now=NOW + 2 * FRESH_MS + 1)
    assert not PasskeyAsk.objects.exists()


def test_the_pages_lead_from_the_account_to_a_role_and_back(owner: Device, bob: User) -> None:
    window = browser(owner.user)
    assert b'href="/staff"' in window.get("/account").content
    assert b"Nobody has a role yet." in window.get("/staff").content
    answer = owner.confirms(window, "/staff", {"address": "BOB@example.org", "role": "reviewer"})
    assert b"It is done." in answer.content
    here = answer.request["PATH_INFO"]
    owner.confirms(window, here, {"act": "place", "work_country": "FR", "recused": "de, fr"})
    page = window.get(here).content.decode()
    assert "France" in page
    assert "Germany" in page
    bobs = browser(bob)
    assert b"Reviewer" in bobs.get("/staff").content
    assert b"Who is what" not in bobs.get("/staff").content
    assert bobs.get(here).status_code == 403
    owner.confirms(window, here, {"act": "withdraw", "role": "reviewer"})
    assert bobs.get("/staff").status_code == 404
    assert b'href="/staff"' not in bobs.get("/account").content


def test_what_cannot_be_is_said_beside_the_field(owner: Device, bob: User) -> None:
    give(owner, bob, Role.REVIEWER)
    window = browser(owner.user)
    here = f"/staff/people/{StaffMember.objects.get().pk}"
    for path, said, sentence in (
        ("/staff", {"address": "nobody@example.org", "role": "reviewer"}, "There is no account with this e-mail address."),
        ("/staff", {"address": "bob@example.org", "role": "approver"}, "These roles exclude each other"),
        ("/staff", {"address": "alice@example.org", "role": "approver"}, "Nobody gives roles to themselves"),
        ("/staff", {"address": "bob@example.org", "role": "owner"}, "owner"),
        (here, {"act": "place", "work_country": "FR", "recused": "UK"}, "No country has this code: UK"),
    ):
        answer = window.post(path, said)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    wrong = window.post("/staff", {"address": "bob@example.org", "role": "senior", "ask": "x", "credential": "{}"})
    assert wrong.status_code == 403
    assert b"passkey_not_shown" in wrong.content
    assert facts_of(account=account(bob)).roles == {Role.REVIEWER}


def test_strangers_get_the_answer_of_what_does_not_exist(owner: Device, bob: User) -> None:
    member = give(owner, bob, Role.REVIEWER)
    charlie = browser(person("Charlie"))
    answers = [charlie.get(path) for path in ("/staff", f"/staff/people/{member}", "/staff/people/nobody")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({page_of(answer) for answer in answers}) == 1
