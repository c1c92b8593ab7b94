"""ToS pressure: what is done to one account at the terminal is counted in public, and whether an order about it has just come (REP-8)."""

import argparse
import io
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from conclave import admin, cli
from conclave.accounts import owner
from conclave.accounts.models import OwnerLink, ProviderIdentity, User
from conclave.accounts.owner import access_link, owner_link, use_owner_link
from conclave.authorities import about, terminal
from conclave.authorities.models import Disclosure, Measure, Order
from conclave.authorities.policy import DAY, Grounds, OrderKind
from conclave.authorities.refuse import refuse
from conclave.authorities.terminal import AFTER_MS, Act, last_order
from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.meetings.models import Meeting
from conclave.site.personal import erase, write_archive
from conclave.transparency.ledger import openings
from conclave.transparency.models import JournalEntry, LedgerEntry
from tests.accounts.conftest import PASSWORD
from tests.accounts.organisation import account, belongs, make, person
from tests.authorities.desk import NOW, SAID, Desk, draft, state_of
from tests.authorities.desk import there as sure
from tests.authorities.test_told import INFORM, asked, narrows
from tests.meetings.conftest import Joins, Link, account_of

pytestmark = pytest.mark.django_db
NEW = "new@example.org"
# What is typed for each act, beside whose account it is.
TYPED: dict[Act, dict[str, object]] = {
    Act.ERASE: {"act": "erase", "yes": True},
    Act.EXPORT: {"act": "export"},
    Act.OWNER_LINK: {"act": "owner-link"},
    Act.ADDRESS: {"act": "address", "new": NEW},
}
Types = Callable[..., int]


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Types:
    """Return a function that types an act about an account; it is the desk's time."""
    monkeypatch.setattr("conclave.kernel.clock.now", lambda: NOW)
    monkeypatch.chdir(tmp_path)

    def act(which: Act, email: str, **more: object) -> int:
        return admin.main(email=email, **{**TYPED[which], **more})  # type: ignore[arg-type] # as typed

    return act


def told() -> list[dict[str, object]]:
    """Return what the ledger says of the acts at the terminal."""
    entries = LedgerEntry.objects.filter(kind=terminal.KIND).order_by("index").values_list("index", flat=True)
    return [{one.field: one.value for one in openings(index=index)} for index in entries]


def untouched(alice: User, tmp_path: Path) -> bool:
    """Tell whether nothing was done to her."""
    return User.objects.filter(pk=alice.pk, email=alice.email).exists() and not OwnerLink.objects.exists() and not [*tmp_path.iterdir()]


def test_rep_8_every_command_about_one_account_is_one_that_is_counted() -> None:
    acts = next(one for one in cli._parser()._actions if isinstance(one, argparse._SubParsersAction)).choices["admin"]
    commands = next(one for one in acts._actions if isinstance(one, argparse._SubParsersAction)).choices
    about_one = {name for name, parser in commands.items() if any(one.dest == "email" for one in parser._actions)}
    assert about_one == {typed["act"] for typed in TYPED.values()}
    assert set(TYPED) == set(Act)


@pytest.mark.parametrize("act", Act)
def test_rep_8_each_act_has_one_entry_that_names_nobody(act: Act, types: Types, alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert types(act, "Alice@Example.org") == 0
    assert told() == [{"act": act.value, "day": clock.to_day(NOW), "after_order": "no"}]
    leaf = LedgerEntry.objects.get()
    assert '"prev":null' in leaf.leaf
    assert not any(word in leaf.leaf or word == leaf.obj for word in (alice.pk, alice.email))
    said = capsys.readouterr()
    assert "counted in the public ledger" in said.err
    assert "An order" not in said.err
    assert "ledger" not in said.out


@pytest.mark.parametrize(
    ("act", "kinds"),
    [
        (Act.ERASE, {"account_erased"}),
        (Act.EXPORT, set[str]()),
        (Act.OWNER_LINK, {"access_link_made"}),
        (Act.ADDRESS, {"address_changed"}),
    ],
)
def test_the_journal_has_what_it_had(act: Act, kinds: set[str], types: Types, alice: User) -> None:
    assert types(act, alice.email) == 0
    assert {row.kind for row in JournalEntry.objects.all()} == kinds


@pytest.fixture
def _full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing more fit into the ledger."""

    def full(**_entry: object) -> int:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("conclave.transparency.ledger.append", full)


@pytest.mark.usefixtures("_full")
@pytest.mark.parametrize("act", Act)
def test_rep_8_an_act_that_the_ledger_cannot_count_is_not_done(
    act: Act, types: Types, alice: User, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert types(act, alice.email) == 1
    said = capsys.readouterr()
    assert "Nothing was done: this is done only together with its entry in the public ledger" in said.err
    assert "/owner#" not in said.out
    assert untouched(alice, tmp_path)
    assert not JournalEntry.objects.exists()


def test_rep_8_an_act_that_cannot_be_done_is_not_counted(
    types: Types, alice: User, bob: User, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert types(Act.ADDRESS, alice.email, new=bob.email) == 1
    assert types(Act.ADDRESS, alice.email, new="nobody") == 1
    school = make(alice)
    belongs(school, alice, bob)
    assert types(Act.ERASE, alice.email) == 1
    assert types(Act.EXPORT, alice.email, file=tmp_path) == 1
    for act in Act:
        assert types(act, "charlie@example.org") == 1
    assert "[organisation_last_owner]" in capsys.readouterr().err
    assert told() == []
    assert untouched(alice, tmp_path)


def test_rep_8_an_erasure_that_is_not_meant_yet_says_what_will_be_counted(
    desk: Desk, types: Types, alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.receives(replace(SAID, target=f"The account {alice.email}"), now=NOW - 3 * DAY - 1)
    assert types(Act.ERASE, alice.email, yes=False) == 1
    said = capsys.readouterr().err
    assert (
        said.index("counted in the public ledger")
        < said.index("came 3 days ago: this will be counted as done after one.")
        < said.index("--yes")
    )
    assert SAID.authority not in said
    assert told() == []
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.fixture
def ordered(desk: Desk, alice: User) -> Callable[[int], None]:
    """Return a function that lets an order about Alice's account come, so many milliseconds ago."""

    def act(ago: int) -> None:
        desk.receives(replace(SAID, target=f"The account {alice.email}"), now=NOW - ago)

    return act


@pytest.mark.parametrize(
    ("ago", "said"), [(0, "within the last day"), (DAY, "1 day ago"), (29 * DAY, "29 days ago"), (AFTER_MS, "30 days ago")]
)
def test_rep_8_how_many_days_ago_the_order_came_is_said_before(
    ago: int, said: str, ordered: Callable[[int], None], types: Types, capsys: pytest.CaptureFixture[str]
) -> None:
    ordered(ago)
    assert types(Act.EXPORT, "alice@example.org") == 0
    assert f"An order about this account came {said}: this will be counted as done after one." in capsys.readouterr().err
    assert [one["after_order"] for one in told()] == ["yes"]


@pytest.mark.parametrize("act", Act)
def test_rep_8_each_act_after_an_order_is_counted_as_one(act: Act, ordered: Callable[[int], None], types: Types) -> None:
    ordered(5 * DAY)
    assert types(act, "alice@example.org") == 0
    assert [(one["act"], one["after_order"]) for one in told()] == [(act.value, "yes")]


def test_rep_8_an_order_of_longer_ago_or_about_others_is_none(desk: Desk, types: Types, alice: User, bob: User, link: Link) -> None:
    desk.receives(replace(SAID, target=f"The account {alice.email}"), now=NOW - AFTER_MS - 1)
    desk.receives(replace(SAID, target=f"The account {bob.email}, a{alice.email}, {alice.email}.evil.test, {new_id()}"), now=NOW)
    order = desk.receives(now=NOW).order
    desk.takes(order)
    desk.narrows(order, draft(account_id=bob.pk), draft(meeting=new_id()))
    for act in (Act.EXPORT, Act.OWNER_LINK, Act.ADDRESS):
        assert types(act, alice.email) == 0
    assert {one["after_order"] for one in told()} == {"no"}
    assert last_order(account=account(bob), now=NOW) == NOW
    assert link.meeting


@pytest.mark.parametrize("by", ["a reviewer", "a desk without people"])
def test_rep_8_a_refused_order_counts_like_any_other(by: str, types: Types, alice: User, desk: Desk) -> None:
    staffed = by == "a reviewer"
    if not staffed:
        desk.zoe.user.delete()
        desk.ben.user.delete()
    order = desk.receives(replace(SAID, target=f"Close {alice.email}"), now=NOW - DAY).order
    if staffed:
        desk.takes(order)
        refuse(order=order, account=account(desk.rita), grounds=Grounds.HUMAN_RIGHTS, explanation="It names speech.", now=NOW)
    assert state_of(order) in {"refused", "closed", "restored"}
    assert types(Act.ERASE, alice.email) == 0
    assert [one["after_order"] for one in told()] == ["yes"]


def test_rep_8_an_order_is_about_an_account_by_its_addresses_its_number_and_its_meetings(desk: Desk, alice: User, link: Link) -> None:
    whose = account(alice)
    provided = "alice.surname@school.example"
    said = {"organisation_id": make(alice), "issuer": "https://i.example", "subject": "1", "linked_at": 1, "used_at": 1}
    ProviderIdentity.objects.create(user=alice, address=provided, **said)
    for text in (
        "the account ALICE@EXAMPLE.ORG.",
        "<mailto:alice@example.org?subject=x>",
        "l’utilisatrice d'alice@example.org",
        "Ａlice@example.org",
        provided,
        alice.pk,
        f"https://localhost/m/{link.meeting}#abc",
        f"meeting-{link.meeting}_x",
        link.meeting.upper(),
    ):
        order = desk.receives(replace(SAID, target=f"About {text}, at once"), now=NOW)
        assert last_order(account=whose, now=NOW) == NOW, text
        Order.objects.filter(pk=order.order).update(target="", reasons=f"It breaks the law:\n{text}")
        assert last_order(account=whose, now=NOW) == NOW, text
        Order.objects.filter(pk=order.order).update(reasons="It breaks the law.")
        assert last_order(account=whose, now=NOW) is None, text


@pytest.mark.parametrize(
    "text",
    ["请立即关闭alice@example.org的账户", "账户alice@example.org", "alice@example.orgのアカウント", "حسابalice@example.org"],
)
def test_rep_8_an_address_ends_where_another_script_begins(text: str, desk: Desk, alice: User) -> None:
    desk.receives(replace(SAID, target=text), now=NOW)
    assert last_order(account=account(alice), now=NOW) == NOW


def test_rep_8_an_order_is_about_an_account_by_what_it_has_led_to(desk: Desk, alice: User, bob: User, link: Link, joins: Joins) -> None:
    whose = account(alice)
    for one in (draft(account_id=alice.pk), draft(meeting=link.meeting)):
        order = desk.receives(now=NOW).order
        desk.takes(order)
        desk.narrows(order, one)
        assert last_order(account=whose, now=NOW) == NOW
        Measure.objects.all().delete()
    assert last_order(account=whose, now=NOW) is None
    joins("Bob", account=account_of(bob), evidence=sure("CN"))
    order = desk.receives(replace(INFORM, target="Whoever spoke there"), now=NOW - DAY).order
    desk.takes(order)
    narrows(desk, order, asked(bob.email))
    assert last_order(account=account(bob), now=NOW) is None, "nobody has approved it"
    Disclosure.objects.update(state="scheduled")
    assert last_order(account=account(bob), now=NOW) == NOW - DAY
    Disclosure.objects.update(deferred_until=NOW + DAY, deferral_basis="Law 1, art. 3")
    assert last_order(account=account(bob), now=NOW) is None, "the ledger tells nobody earlier than the law lets them be told (ORD-19)"
    assert last_order(account=whose, now=NOW) is None


def test_rep_8_an_address_in_another_script_or_form_is_the_same() -> None:
    umlaut = person("Zoe")
    User.objects.filter(pk=umlaut.pk).update(email="zoe@schüle.example")
    said = {"contact": "x", "authority": "x", "authority_kind": "court", "authority_territory": "CN", "channel": "portal"}
    Order.objects.create(target="zoe@xn--schle-mva.example", kind=OrderKind.ACT, received_at=NOW, **said)
    assert last_order(account=account(umlaut), now=NOW) == NOW
    Order.objects.update(target="Zoe@SCHU\u0308LE.example")
    assert last_order(account=account(umlaut), now=NOW) == NOW


def test_rep_8_what_people_do_to_their_own_account_is_not_counted(alice: User, bob: User) -> None:
    write_archive(account=alice.pk, language="en", now=NOW, file=io.BytesIO())
    erase(account=alice.pk, now=NOW)
    token = access_link(email=bob.email, now=NOW).partition("#")[2]
    use_owner_link(token=token, email=bob.email, name="", password=PASSWORD, now=NOW)
    assert told() == []


@pytest.mark.parametrize("after", ["yes", "no"])
def test_rep_8_the_first_owners_link_that_opens_an_account_that_was_there_is_counted(after: str, desk: Desk, alice: User) -> None:
    token = str(owner_link(now=NOW)).partition("#")[2]
    if after == "yes":
        desk.receives(replace(SAID, target=alice.email), now=NOW)
    opened = use_owner_link(token=token, email="ALICE@example.org", name="", password=PASSWORD, now=NOW)
    assert opened.pk == alice.pk
    assert told() == [{"act": "owner_link", "day": clock.to_day(NOW), "after_order": after}]
    assert terminal.take_over in owner._counting


def test_the_first_owners_link_that_makes_an_account_is_nobodys_account_taken_over() -> None:
    token = str(owner_link(now=NOW)).partition("#")[2]
    use_owner_link(token=token, email="new@example.org", name="New", password=PASSWORD, now=NOW)
    assert told() == []


def test_however_many_orders_came_and_meetings_there_are_the_questions_are_as_many(desk: Desk, alice: User) -> None:
    counted = []
    for number in range(3):
        with CaptureQueriesContext(connection) as asked_of:
            assert last_order(account=account(alice), now=NOW) is None
        counted.append(len(asked_of))
        for _more in range(2 * number + 1):
            desk.receives(now=NOW)
            Meeting.objects.create(id=new_id(), owner=alice, link_id=new_id(), host_hash=new_id(), created_at=NOW)
    assert len(set(counted)) == 1


WORDS = st.text(alphabet=string.ascii_letters + string.digits + " .,;:!?-_+/#@'\"()\n", max_size=40)


@given(before=WORDS, after=WORDS, number=st.integers(0, 2**30), case=st.sampled_from((str.upper, str.lower)))
def test_rep_8_a_number_is_found_wherever_it_stands_and_none_where_it_does_not(
    before: str, after: str, number: int, case: Callable[[str], str]
) -> None:
    meeting = f"{number:018d}AbCd"
    numbers = frozenset({about.folded(number=meeting)})
    text = f"{before}{case(meeting)}{after}"
    assert about.names(text=text, addresses=(), numbers=numbers)
    assert about.names(text=before + after, addresses=(), numbers=numbers) == (meeting.lower() in (before + after).lower())


# What may stand before an address and belong to it is no such beginning.
BEGINNINGS = WORDS.filter(lambda text: not text or text[-1] in " ,;:/#'\"(\n")


@given(before=BEGINNINGS, after=st.sampled_from(["", " ", ".", ",", ")", "/x", "\n", "?a=b", "…", "_"]))
def test_rep_8_an_address_is_found_whatever_stands_around_it(before: str, after: str) -> None:
    text = f"{before}Eve.O'Brien+x@Example.ORG{after}"
    assert about.names(text=text, addresses=[about.parts(address="eve.o'brien+x@example.org")], numbers=())
    others = [about.parts(address=one) for one in ("ve.o'brien+x@example.org", "eve.o'brien@example.org", "eve.o'brien+x@example.or")]
    assert not about.names(text=text, addresses=others, numbers=())
