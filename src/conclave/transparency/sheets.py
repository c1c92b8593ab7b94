"""A report as spreadsheets: each of its tables, and what the DSA asks for, worked out from them alone (REP-7). Pure.

The sheets of the DSA have the headings of the template of Implementing Regulation (EU) 2024/2835, parts 3 and 4.
"""

from collections.abc import Iterable, Mapping, Sequence

from conclave.kernel import spreadsheet
from conclave_verify.entry import Json
from conclave_verify.report import COLUMNS, MEDIANS, RECEIVED

Row = Mapping[str, Json]
Tables = Mapping[str, Sequence[Row]]

# The member states of the Union, by which the DSA counts; Greece is GR here as in ISO 3166-1.
STATES = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL",
    "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
# What of our kinds of orders is which of the two that the DSA knows (art. 9 and 10).
ACT, INFORM = "act", "inform"
COUNTED = {
    ACT: "Number of orders to act against illegal content received",
    INFORM: "Number of orders to provide information",
}
TOLD = {
    ACT: "Median time to inform the authority of the receipt of the order to act against illegal content",
    INFORM: "Median time to inform the authority of the receipt of the order to provide information",
}
DONE = {
    ACT: "Median time to give effect to the order to act against illegal content",
    INFORM: "Median time to give effect to the order to provide information",
}
ITEMS = "Number of specific items of information included in the total number of orders to act against illegal content"
NOTICES = "Number of notices received"
FLAGGED = "Number of notices received from Trusted flaggers"
HEAD = ("Applicability", "Service", "Reporting period", "Category of illegal content", 'Description of the sub-category "Other"')
CONTEXT = "Contextual information on "
MINUTES = "Minutes. Counted only of orders whose authority was verified, where a Member State has sent at least five of these."
NOT_KEPT = "Orders are not recorded by category of content, nor by the number of items."
DSA_ORDERS, DSA_NOTICES = "dsa-orders", "dsa-notices"


def names() -> tuple[str, ...]:
    """Return what each spreadsheet of a report is called, without its ending."""
    return (*COLUMNS, DSA_ORDERS, DSA_NOTICES)


def columns(*, table: str) -> tuple[str, ...]:
    """Return the columns of a table, the numbers last.

    Args:
        table: which.
    """
    return (*COLUMNS[table], "count", *([MEDIANS[table]] if table in MEDIANS else []))


def sheet(*, name: str, tables: Tables, period: str, service: str) -> str:
    """Return a spreadsheet of a report as CSV (RFC 4180).

    Args:
        name: one of names().
        tables: the report's.
        period: of which half-year it is.
        service: what this server is called, its host and port.
    """
    if name == DSA_ORDERS:
        return _written([_same(one, period, service) for one in dsa_orders(tables=tables)], (*HEAD, "Scope", *_orders_headings()))
    if name == DSA_NOTICES:
        return _written([_same(one, period, service) for one in dsa_notices(tables=tables)], (*HEAD, NOTICES, FLAGGED))
    return _written(tables.get(name, []), columns(table=name))


def dsa_orders(*, tables: Tables) -> list[Row]:
    """Return the orders of each member state as the DSA counts them (art. 15(1)(a)); a state that has sent none has no row, nor has the
    Union, in whose sum an order that names two states would stand twice.

    Args:
        tables: the report's.
    """
    found = [_of_state(tables, state) for state in STATES]
    return [row for row in found if row[COUNTED[ACT]] or row[COUNTED[INFORM]]]


def dsa_notices(*, tables: Tables) -> list[Row]:
    """Return the notices by category, and those of trusted flaggers (art. 15(1)(b)).

    Args:
        tables: the report's.
    """
    counted: dict[str, dict[str, int]] = {}
    for row in tables.get("reports", []):
        heading = {"art16": NOTICES, "trusted_flagger": FLAGGED}.get(str(row["source"]))
        if heading is not None:
            of_category = counted.setdefault(str(row["category"]), {NOTICES: 0, FLAGGED: 0})
            of_category[heading] += _whole(row["count"])
            if heading == FLAGGED:
                of_category[NOTICES] += _whole(row["count"])
    return [{"Category of illegal content": category, **numbers} for category, numbers in sorted(counted.items())]


def total(*, rows: Iterable[Row], **where: str) -> int:
    """Return the sum of the counts of rows.

    Args:
        rows: of one table.
        where: which of them: the values that their columns must have.
    """
    return sum(_whole(row["count"]) for row in rows if all(row[name] == value for name, value in where.items()))


def received(*, tables: Tables, territory: str) -> int:
    """Return how many orders have named a territory.

    Args:
        tables: the report's.
        territory: which.
    """
    return total(rows=tables.get("reached", []), territory=territory, outcome=RECEIVED)


def _of_state(tables: Tables, state: str) -> Row:
    """Return the row of a member state."""
    row: dict[str, Json] = {"Scope": state, CONTEXT + ITEMS: NOT_KEPT}
    medians = {(one["territory"], one["kind"], one["state"]): one["median_minutes"] for one in tables.get("territory_times", [])}
    for kind in (ACT, INFORM):
        row[COUNTED[kind]] = total(rows=tables.get("orders", []), territory=state, kind=kind)
        for heading, step in ((TOLD[kind], "acknowledged"), (DONE[kind], "executed")):
            row[heading] = medians.get((state, kind, step), "")
            row[CONTEXT + heading] = MINUTES
    return row


def _orders_headings() -> tuple[str, ...]:
    """Return the numbers of part 3 and what is said of them, in the template's order."""
    numbers = (COUNTED[ACT], ITEMS, TOLD[ACT], DONE[ACT], COUNTED[INFORM], TOLD[INFORM], DONE[INFORM])
    return (*numbers, *(CONTEXT + one for one in numbers))


def _same(row: Row, period: str, service: str) -> Row:
    """Return a row with what all rows of a template begin with."""
    begins = {"Applicability": "Yes", "Service": service, "Reporting period": period, "Category of illegal content": "Total number"}
    return {**begins, **row}


def _written(rows: Iterable[Row], headings: tuple[str, ...]) -> str:
    """Return rows as CSV in which no cell is a formula."""
    cells = ([row.get(heading, "") for heading in headings] for row in rows)
    return "".join(spreadsheet.line(cells=one) for one in (headings, *cells))


def _whole(value: Json) -> int:
    """Return a number of a report, which a verifier has not read yet."""
    return value if type(value) is int else 0
