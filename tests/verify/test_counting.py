"""The tables of a report agree with each other, whatever has happened and however much of it is opened (REP-2)."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from conclave_verify.entry import Entry
from conclave_verify.report import COLUMNS, Counting, Tables
from tests.conftest import longer

CODES = ("CN", "HK", "FR", "DE")
OUTCOMES = ("", "refused", "executed", "narrowed", "quashed")
Told = tuple[str, str, dict[str, Any]]


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    """Draw entries, of a few orders and what concerns them, each with what is opened of it."""
    said: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "ORDER": {
            "territory": st.lists(st.sampled_from(CODES), min_size=1, max_size=3).map(",".join),
            "kind": st.sampled_from(("act", "inform")),
            "minute": st.integers(0, 99),
            "dummy": st.sampled_from((0, 0, 1)),
        },
        "ORDER_STATE": {
            "state": st.sampled_from(("acknowledged", "executed", "refused", "closed")),
            "outcome": st.sampled_from(OUTCOMES),
            "minute": st.integers(100, 199),
        },
        "AUTHORITY": {},
        "DISCLOSURE": {"territory": st.sampled_from(CODES), "field": st.just("email")},
        "TERMINAL": {"act": st.sampled_from(("erase", "export")), "after_order": st.sampled_from(("yes", "no"))},
        "HANDED": {"territory": st.sampled_from(CODES), "field": st.just("email"), "deferred": st.sampled_from(("0", "1-7", "31-90"))},
    }
    found: list[Told] = []
    known: set[str] = set()
    for obj in draw(st.lists(st.sampled_from("abcd"), max_size=12)):
        # A thing begins with its order, unless that is in an earlier report.
        kind = draw(st.sampled_from(("ORDER_STATE", "AUTHORITY", "DISCLOSURE", "HANDED", "TERMINAL") if obj in known else tuple(said)))
        known.add(obj)
        fields = {name: draw(value) for name, value in said[kind].items() if draw(st.integers(0, 7))}
        found.append((kind, obj, fields))
    return found


def counted(history: list[Told]) -> Tables:
    """Return the tables of a history."""
    return taken(history).tables()


def taken(history: list[Told]) -> Counting:
    """Return what counts, with a history in it."""
    counting = Counting()
    for kind, obj, fields in history:
        counting.take(Entry(kind, obj, None, {}), fields)
    return counting


def total(rows: list[dict[str, Any]], *columns: str) -> Counter[tuple[Any, ...]]:
    """Return the sums of a table's counts by some of its columns."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        found[tuple(row[column] for column in columns)] += row["count"]
    return found


@given(histories())
@settings(max_examples=longer(200))
def test_rep_2_tables_agree_with_each_other(history: list[Told]) -> None:
    tables = counted(history)
    assert set(tables) == set(COLUMNS)
    received = {key[:1]: count for key, count in total(tables["reached"], "territory", "outcome").items() if key[1] == "received"}
    assert received == total(tables["orders"], "territory"), "each order that came stands somewhere"
    reached = total(tables["reached"], "territory", "outcome")
    for (territory, outcome), count in total(tables["orders"], "territory", "outcome").items():
        assert outcome == "open" or count <= reached[territory, outcome], "where it stands, it has been"
    assert sum(total(tables["entries"], "type").values()) == len(history)
    for table, type_ in (("disclosures", "DISCLOSURE"), ("handed", "HANDED"), ("terminal", "TERMINAL")):
        assert sum(row["count"] for row in tables[table]) == sum(kind == type_ for kind, _obj, _fields in history)
    handed = {obj for kind, obj, _fields in history if kind == "HANDED"}
    assert sum(row["count"] for row in tables["deferrals"]) == len(handed), "whom an order is about waits once"
    for kind_state, count in total(tables["times"], "kind", "state").items():
        assert count <= total(tables["territory_times"], "kind", "state")[kind_state], "each has at least one territory"
    for name, columns in COLUMNS.items():
        keys = [tuple(row[column] for column in columns) for row in tables[name]]
        assert keys == sorted(set(keys)), "rows in order, each once"


@given(histories())
@settings(max_examples=longer(50))
def test_rep_2_an_order_is_counted_whether_or_not_it_is_opened(history: list[Told]) -> None:
    real = [(kind, obj, {**fields, "dummy": 0} if kind == "ORDER" else fields) for kind, obj, fields in history]
    closed = counted([(kind, obj, {}) for kind, obj, _fields in real])
    orders = sum(kind == "ORDER" for kind, _obj, _fields in real)
    assert sum(row["count"] for row in closed["origins"]) == sum(row["count"] for row in counted(real)["origins"]) == orders
    assert closed["sealed_orders"] == [{"count": orders}]


@given(histories(), st.sets(st.sampled_from(CODES), min_size=1))
@settings(max_examples=longer(100))
def test_rep_3_no_number_of_orders_of_nobodys_unlocks_a_time(history: list[Told], places: set[str]) -> None:
    junk: list[Told] = [("ORDER", f"{place}{number}", {"territory": place, "dummy": 0}) for place in places for number in range(5)]
    assert taken(history).names_a_meeting() == taken([*history, *junk]).names_a_meeting()
    # Each of them that the desk has made sure of counts.
    sure: list[Told] = [("AUTHORITY", obj, {}) for _kind, obj, _fields in junk]
    assert taken([*history, *junk, *sure]).names_a_meeting() <= taken(history).names_a_meeting()


@given(histories())
@settings(max_examples=longer(50))
def test_rep_2_to_ask_for_the_tables_changes_nothing(history: list[Told]) -> None:
    counting = taken(history)
    assert counting.tables() == counting.tables()
