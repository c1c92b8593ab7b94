"""gate/approved.py: a restriction by an order is compared with the ledger, in every value, and asked about once a minute (ORD-10)."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Value
from django.db.models.functions import Replace
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from conclave.authorities.policy import State
from conclave.gate import approved
from conclave.gate.approved import HOLDS, is_approved, measure_of
from conclave.gate.impose import impose_measure, lift, restrict
from conclave.gate.models import Restriction
from conclave.gate.policy import Cause, Kind, Measure, Refuse, Scope, Subject, What, admit, restriction_of
from conclave.gate.queries import admission_facts, plain
from conclave.kernel.clock import DAY, MINUTE
from conclave.transparency.models import LedgerEntry, Opening
from tests.authorities.desk import there
from tests.conftest import longer
from tests.gate.sealed import sealed

pytestmark = pytest.mark.django_db
NOW = 1_763_762_400_000
PLACES = [(Scope.PLATFORM, ""), (Scope.MEETING, "m")]
# What one look costs: the leaf and its openings, what it is about, the order's last state and its openings.
LOOK = 6
ON_MEETING = Measure(id="n" * 22, kind=Kind.REMOVE_FROM, territory="CN", meeting="m", starts_at=NOW, ends_at=NOW + 7 * DAY)
ON_ACCOUNT = replace(ON_MEETING, meeting="", account="a" * 22)


class Witness:
    """A witness who has signed so many entries, and a log that is read."""

    def __init__(self) -> None:
        self.signed, self.said = 10**9, list[dict[str, Any]]()

    def is_cosigned(self, *, index: int) -> bool:
        """Answer as transparency.cosign does."""
        return index < self.signed

    def critical(self, event: str, **fields: object) -> None:
        """Keep what the log says."""
        self.said.append({"event": event, **fields})


@pytest.fixture(autouse=True)
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    """Put them in their places."""
    made = Witness()
    monkeypatch.setattr("conclave.transparency.cosign.is_cosigned", made.is_cosigned)
    monkeypatch.setattr(approved, "_log", made)
    return made


def is_met(*, now: int = NOW, country: str = "CN", account: str | None = None) -> bool:
    """Tell whether somebody is refused by an order."""
    facts = admission_facts(subjects=[(Subject.ACCOUNT, account)], scopes=PLACES, now=now, evidence=there(country))
    return isinstance(admit(facts), Refuse)


@pytest.mark.parametrize("measure", [ON_MEETING, ON_ACCOUNT], ids=["a meeting", "an account"])
def test_the_facts_cost_one_query_once_a_restriction_was_compared(
    measure: Measure, witness: Witness, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    impose_measure(measure=sealed(measure))
    with django_assert_num_queries(1 + LOOK):
        assert is_met(account=ON_ACCOUNT.account)
    for later in (0, 1, MINUTE - 1):
        with django_assert_num_queries(1):
            assert is_met(now=NOW + later, account=ON_ACCOUNT.account)
    with django_assert_num_queries(1 + LOOK):
        assert is_met(now=NOW + MINUTE, account=ON_ACCOUNT.account)
    with django_assert_num_queries(1):
        assert not is_met(country="FR")
    assert witness.said == []


def test_a_forgery_costs_no_more_than_that_and_is_said_once_a_minute(
    witness: Witness, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    impose_measure(measure=replace(sealed(ON_MEETING), ends_at=NOW + 8 * DAY))
    row = Restriction.objects.get()
    # The leaf with its openings, and whether the row is still there.
    with django_assert_num_queries(1 + 3):
        assert not is_met()
    with django_assert_num_queries(1):
        assert not is_met(now=NOW + MINUTE - 1)
    why = "its leaf says something else"
    said = {"event": "restriction is not what was approved", "restriction": row.pk, "measure": ON_MEETING.id, "why": why}
    assert witness.said == [said]
    assert not is_met(now=NOW + MINUTE)
    assert witness.said == [said, said]


def test_ord_12_what_is_not_cosigned_meets_nobody_until_it_is(witness: Witness) -> None:
    measure = sealed(ON_MEETING)
    assert measure.leaf is not None
    impose_measure(measure=measure)
    witness.signed = measure.leaf
    assert not is_met()
    witness.signed = measure.leaf + 1
    assert not is_met(now=NOW + MINUTE - 1)
    assert is_met(now=NOW + MINUTE)
    assert [one["why"] for one in witness.said] == ["its leaf is not cosigned"]


@pytest.mark.parametrize("state", State)
def test_what_an_order_led_to_holds_while_it_is_carried_out_and_in_no_other_state(state: State) -> None:
    impose_measure(measure=sealed(ON_MEETING, state=state))
    assert is_met() == (state in HOLDS) == (state in {State.EXECUTING, State.EXECUTED})


def test_what_is_taken_back_is_compared_anew_here_at_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    measure = sealed(ON_MEETING)
    impose_measure(measure=measure)
    assert is_met()
    lift(notice=measure.id)
    impose_measure(measure=measure)
    with django_assert_num_queries(1 + LOOK):
        assert is_met()


def test_whoever_reads_a_row_as_it_is_taken_back_raises_no_alarm(witness: Witness) -> None:
    impose_measure(measure=sealed(ON_MEETING, state="quashed"))
    read = plain(row=Restriction.objects.get())
    lift(notice=ON_MEETING.id)
    assert not is_approved(restriction=read, now=NOW)
    assert witness.said == []


def test_what_stands_under_its_name_keeps_no_measure_back_and_is_not_what_meets_people() -> None:
    measure = sealed(ON_MEETING)
    impose_measure(measure=replace(measure, territory="FR"))
    for _again in range(2):
        impose_measure(measure=measure)
    assert Restriction.objects.count() == 2
    assert is_met()
    assert not is_met(country="FR")


@pytest.mark.parametrize("broken", ['"seal"', "x", '"sealed":1,"x"'])
def test_a_leaf_that_is_none_lets_people_in(broken: str) -> None:
    measure = sealed(ON_MEETING)
    impose_measure(measure=measure)
    LedgerEntry.objects.filter(kind="MEASURE").update(leaf=Replace("leaf", Value('"sealed"'), Value(broken)))
    assert not is_met()


def test_of_an_erased_account_nothing_can_be_compared_any_more() -> None:
    measure = sealed(ON_ACCOUNT)
    impose_measure(measure=measure)
    Opening.objects.filter(entry_id=measure.leaf, field="target").delete()
    assert not is_met(account=ON_ACCOUNT.account)


MEASURES = st.builds(
    Measure,
    id=st.sampled_from(["n" * 22, "o" * 22]),
    kind=st.sampled_from(Kind),
    territory=st.sampled_from(["CN", "HK"]),
    meeting=st.sampled_from(["m", "m2"]),
    account=st.sampled_from(["", "a"]),
    starts_at=st.sampled_from([NOW, NOW - 1]),
    ends_at=st.sampled_from([NOW + 1, NOW + DAY]),
    leaf=st.just(0),
).map(lambda one: replace(one, meeting="") if one.account else one)


@given(MEASURES)
def test_each_measure_is_one_restriction_and_comes_back_from_it(measure: Measure) -> None:
    assert measure_of(restriction=replace(restriction_of(measure), id=7)) == measure


@pytest.mark.parametrize(
    "change",
    [
        {"what": What.CHAT},
        {"ends_at": None},
        {"scope": (Scope.CALL, "m")},
        {"scope": (Scope.PLATFORM, "")},
        {"subject": (Subject.DEVICE, "CN")},
        {"subject": (Subject.TERRITORY, "HK")},
        {"cause": Cause.BANNED_BY_HOST},
    ],
    ids=str,
)
def test_what_no_measure_is_comes_back_as_none(change: dict[str, Any]) -> None:
    assert measure_of(restriction=replace(restriction_of(ON_MEETING), **change)) is None


@examples(max_examples=longer(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MEASURES, MEASURES, st.sampled_from([0, 1]))
def test_ord_10_exactly_what_a_leaf_says_is_approved(said: Measure, stored: Measure, off: int) -> None:
    """Whatever two measures there are: a row with the leaf of the first is good only as the first itself."""
    approved.forget(notice=stored.id)
    Restriction.objects.all().delete()
    leaf = sealed(said).leaf
    assert leaf is not None
    impose_measure(measure=replace(stored, leaf=leaf + off))
    same = replace(said, leaf=0) == replace(stored, leaf=0) and off == 0
    assert is_approved(restriction=plain(row=Restriction.objects.get()), now=NOW) == same


@pytest.mark.django_db(transaction=True)
def test_what_was_imposed_before_its_leaf_was_kept_goes_on_holding_and_what_the_ledger_does_not_know_goes() -> None:
    """By the migration itself, on this database."""
    known = sealed(ON_MEETING)
    sealed(ON_MEETING)
    impose_measure(measure=known)
    impose_measure(measure=replace(known, id="o" * 22))
    scope = (Scope.CALL, "c")
    restrict(subjects=[(Subject.DEVICE, "d")], scope=scope, what=What.JOIN, cause=Cause.REMOVED_BY_HOST, starts_at=NOW)
    try:
        MigrationExecutor(connection).migrate([("gate", "0005_measures_only")])
        assert "leaf" not in {one.name for one in connection.introspection.get_table_description(connection.cursor(), "gate_restriction")}
    finally:
        MigrationExecutor(connection).migrate([("gate", "0006_leaves")])
    assert dict(Restriction.objects.values_list("notice", "leaf")) == {ON_MEETING.id: known.leaf, "": None}
    assert is_met()
