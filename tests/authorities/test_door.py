"""Attacks at the door itself (ORD-10): what meets people is a row there, and whoever writes to the database writes such rows too."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conclave.accounts.models import User
from conclave.authorities.models import Measure, Order
from conclave.authorities.policy import State
from conclave.authorities.quash import take_back
from conclave.gate.models import Application, Restriction
from conclave.gate.policy import Decision, Kind
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.meetings.door import EMPTY_HANDED, Newcomer, Ordered, hosts_from
from conclave.meetings.enforce import judge_inside
from conclave.meetings.join import Again, Ticket, join, recheck
from conclave.meetings.knock import knock
from conclave.meetings.models import Participant
from conclave.meetings.queries import access_meeting, seated
from tests.accounts.organisation import account
from tests.authorities.desk import NOW, Desk, claiming, draft, goes_on, there
from tests.authorities.test_database import RESTRICTION, write
from tests.gate.test_approved import Witness
from tests.meetings.conftest import Joins, Link, device_of, key_of

pytestmark = pytest.mark.django_db
MINUTE = clock.MINUTE


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the log says of restrictions."""
    reader = Witness()
    monkeypatch.setattr("conclave.gate.approved._log", reader)
    return reader.said


def forged(meeting: str, **values: object) -> None:
    """Write a restriction past the desk and past all of the code."""
    write("gate_restriction", {**RESTRICTION, "scope": meeting, "starts_at": NOW, **values})


def moved(values: dict[str, Any]) -> None:
    """Change every restriction by SQL."""
    said = ", ".join(f'"{name}" = %s' for name in values)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE gate_restriction SET {said}", list(values.values()))  # noqa: S608 - names of this file


def is_kept_out(joins: Joins, name: str, country: str, *, at: int = NOW, who: UserId | None = None) -> bool:
    """Tell whether somebody is refused at the door."""
    try:
        joins(name, at=at, evidence=there(country), account=who)
    except Ordered:
        return True
    return False


def _comes(link: Link, _ada: Ticket) -> object:
    return join(meeting=link.meeting, link_id=link.link_id, newcomer=newcomer("Bo"), again=None, now=NOW)


def _comes_again(link: Link, ada: Ticket) -> object:
    again = Again(participant=ada.participant, seat=ada.seat)
    return join(meeting=link.meeting, link_id=link.link_id, newcomer=newcomer("Ada"), again=again, now=NOW)


def _knocks(link: Link, _ada: Ticket) -> object:
    return knock(meeting=link.meeting, link_id=link.link_id, newcomer=newcomer("Bo"), seal=None, shown=EMPTY_HANDED, now=NOW)


def _connects(_link: Link, ada: Ticket) -> Decision:
    return judge_inside(seat=seated(participant=ada.participant, call=ada.call), now=NOW)


def _sends(_link: Link, ada: Ticket) -> None:
    recheck(seat=seated(participant=ada.participant, call=ada.call), region="local", now=NOW)


def newcomer(name: str, who: UserId | None = None) -> Newcomer:
    """Return somebody who comes from China."""
    return Newcomer(name=name, signature_key=key_of(name), device=device_of(name), account=who, evidence=there("CN"))


WAYS: list[Callable[[Link, Ticket], object]] = [_comes, _comes_again, _knocks, _connects, _sends]
LEAVES = ["none there is", "of another type", "of another measure"]


@pytest.mark.parametrize("way", [*product(WAYS, LEAVES)], ids=lambda way: f"{way[0].__name__} {way[1]}")
def test_ord_10_a_restriction_that_was_written_past_the_desk_meets_nobody_at_any_door(
    desk: Desk, link: Link, joins: Joins, log: list[dict[str, Any]], way: tuple[Callable[[Link, Ticket], object], str]
) -> None:
    comes, leaf = way
    ada = joins("Ada", evidence=there("CN"))
    other = desk.orders(draft(meeting="m" * 22))
    goes_on(NOW)
    of_another = Measure.objects.get(order=other).leaf
    index = {"none there is": 10**9, "of another type": 0, "of another measure": of_another}[leaf]
    forged(link.meeting, leaf=index)
    comes(link, ada)
    assert Participant.objects.filter(pk=ada.participant, left_at=None).exists()
    assert not Application.objects.exists()
    assert [one["why"] for one in log] == ["its leaf says something else"]


CHANGES: list[dict[str, Any]] = [
    {"territory": "HK", "subject": "HK"},
    {"ends_at": NOW + 80 * clock.DAY},
    {"starts_at": NOW - clock.DAY},
    {"what": "knock"},
    {"what": "host"},
    {"notice": "o" * 22},
    {"leaf": 0},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_ord_10_a_restriction_that_was_changed_after_it_was_imposed_meets_nobody(
    desk: Desk, link: Link, joins: Joins, log: list[dict[str, Any]], change: dict[str, Any]
) -> None:
    """Not those whom it would meet by now, and not those whom it met; put back, it holds as before."""
    desk.orders(draft(meeting=link.meeting))
    goes_on(NOW)
    assert is_kept_out(joins, "Ada", "CN")
    before = Restriction.objects.values(*change).get()
    moved(change)
    assert not any(is_kept_out(joins, f"from {country}", country) for country in ("CN", "HK"))
    assert not is_kept_out(joins, "late", "CN", at=NOW + 7 * clock.DAY)
    assert {one["why"] for one in log} <= {"its leaf says something else"}
    moved(before)
    assert is_kept_out(joins, "Ada", "CN")
    assert Application.objects.count() == 1


def test_ord_10_a_restriction_that_was_turned_on_another_meeting_or_account_meets_nobody(
    desk: Desk, link: Link, joins: Joins, bob: User
) -> None:
    desk.orders(draft(meeting="m" * 22))
    goes_on(NOW)
    moved({"scope": link.meeting})
    assert not is_kept_out(joins, "Bo", "CN")
    moved({"subject_kind": "account", "subject": bob.pk, "scope_kind": "platform", "scope": ""})
    assert not is_kept_out(joins, "Bob", "CN", who=account(bob))
    desk.orders(draft(account_id=bob.pk))
    goes_on(NOW)
    assert is_kept_out(joins, "Bob", "CN", who=account(bob)), "what was approved holds, whatever else stands there"
    assert not is_kept_out(joins, "Bob", "FR", who=account(bob)), "ORD-11"


def test_ord_10_whom_a_forged_row_names_as_host_from_nowhere_is_a_host(desk: Desk, link: Link, alice: User) -> None:
    who = newcomer("Alice", account(alice))
    access = access_meeting(meeting=link.meeting, link_id=link.link_id)
    forged(link.meeting, what="host")
    assert hosts_from(access=access, newcomer=who, now=NOW)
    desk.orders(draft(meeting=link.meeting, kind=Kind.DENY_HOST_FROM))
    goes_on(NOW)
    assert not hosts_from(access=access, newcomer=who, now=NOW)


def test_ord_12_a_restriction_whose_leaf_is_not_cosigned_meets_nobody(desk: Desk, link: Link, joins: Joins) -> None:
    """Approved, and imposed by a row before the witness had signed: what is so can be found in no public log yet."""
    desk.cosigns = False
    order = desk.orders(draft(meeting=link.meeting))
    one = Measure.objects.get(order=order)
    forged(link.meeting, notice=one.pk, leaf=one.leaf, ends_at=one.ends_at)
    assert not is_kept_out(joins, "Ada", "CN")
    desk.cosigns = True
    goes_on(NOW)
    assert is_kept_out(joins, "Bo", "CN"), "what was approved begins, whatever stood there before"
    assert not is_kept_out(joins, "Flo", "FR")


def test_ord_10_a_restriction_of_an_order_that_is_over_is_not_revived(desk: Desk, link: Link, joins: Joins) -> None:
    """Its leaf stays in the ledger for good, and so does that a court has quashed it."""
    order = desk.orders(draft(meeting=link.meeting))
    goes_on(NOW)
    assert is_kept_out(joins, "Ada", "CN")
    (row,) = Restriction.objects.values()
    take_back(order=order, account=account(desk.rita), quashed=True, document="7 K 20", now=NOW)
    write("gate_restriction", {**row})
    Measure.objects.filter(order=order).update(state="active", over_at=None)
    Order.objects.filter(pk=order).update(state=State.EXECUTED)
    assert not is_kept_out(joins, "Bo", "CN", at=NOW + 1)


def test_a_measure_that_is_as_it_was_approved_meets_people_through_any_gateway(
    desk: Desk, link: Link, joins: Joins, monkeypatch: pytest.MonkeyPatch, log: list[dict[str, Any]]
) -> None:
    """One that has not begun it itself knows of it what the database and the ledger say."""
    desk.orders(draft(meeting=link.meeting, territory="CN"), said=claiming("CN"))
    goes_on(NOW)
    ada, _flo = joins("Ada", evidence=there("HK")), joins("Flo", evidence=there("FR"))
    for name in ("Bo", "Cy"):
        monkeypatch.setattr("conclave.gate.approved._looked._found", {})
        assert is_kept_out(joins, name, "CN")
    assert is_kept_out(joins, "Di", "CN", at=NOW + MINUTE)
    assert not is_kept_out(joins, "Di", "CN", at=NOW + 7 * clock.DAY), "ORD-9"
    assert Participant.objects.filter(pk=ada.participant, left_at=None).exists()
    assert log == []


def test_a_join_costs_no_query_more_while_a_measure_holds_that_was_compared(desk: Desk, link: Link, joins: Joins, alice: User) -> None:
    """Of the host of a meeting on which a measure is from where they are, and of whoever is elsewhere."""

    def cost(name: str, who: UserId | None = None) -> int:
        with CaptureQueriesContext(connection) as asked:
            joins(name, evidence=there("CN"), account=who)
        return len(asked)

    joins("Flo", evidence=there("FR"))
    before = [cost("Ada"), cost("Alice", account(alice))]
    desk.orders(draft(meeting=link.meeting, kind=Kind.DENY_HOST_FROM))
    goes_on(NOW)
    assert cost("Bo") - before[0] == 6
    assert [cost("Cy"), cost("Alice too", account(alice))] == before
