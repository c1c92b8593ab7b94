"""A transparency report as its page shows it: tables of words and numbers, out of the report alone (REP-7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conclave.site import report_words as words
from conclave.transparency import sheets
from conclave.transparency.sheets import Tables

# A page is for reading; the spreadsheet has all rows.
MOST_ROWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A table: what it is called and says, its columns, its rows of cells, how many more there are, and its spreadsheets."""

    id: str
    title: str
    text: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str | int]]
    more: int
    sheets: Sequence[str]

    @property
    def lines(self) -> list[list[tuple[str, str | int]]]:
        """Return the rows, each cell with the heading of its column."""
        return [list(zip(self.headings, row, strict=True)) for row in self.rows]


def by_territory(*, tables: Tables) -> Shown:
    """Return what came from where and how far it got: a row for each territory.

    Args:
        tables: the report's.
    """
    rows = tables.get("reached", [])
    places = sorted({str(row["territory"]) for row in rows})
    cells: list[list[str | int]] = [
        [_place(place), *(sheets.total(rows=rows, territory=place, outcome=step) for step in words.REACHED)] for place in places
    ]
    return Shown(
        id="reached",
        title=str(words.BY_TERRITORY[0]),
        text=str(words.BY_TERRITORY[1]),
        headings=[str(words.COLUMNS["territory"]), *map(str, words.REACHED.values())],
        rows=cells[:MOST_ROWS],
        more=max(0, len(cells) - MOST_ROWS),
        sheets=["reached"],
    )


def for_the_union(*, tables: Tables) -> Shown:
    """Return the orders of member states of the Union, as the DSA counts them.

    Args:
        tables: the report's.
    """
    columns: Mapping[str, object] = {"Scope": words.COLUMNS["territory"], **words.DSA}
    rows = sheets.dsa_orders(tables=tables)
    return Shown(
        id=sheets.DSA_ORDERS,
        title=str(words.UNION[0]),
        text=str(words.UNION[1]),
        headings=[str(heading) for heading in columns.values()],
        rows=[[_place(str(row["Scope"])), *(row.get(name, "") for name in words.DSA)] for row in rows],
        more=0,
        sheets=[sheets.DSA_ORDERS, sheets.DSA_NOTICES],
    )


def all_tables(*, tables: Tables) -> list[Shown]:
    """Return every table of a report in the order of reading.

    Args:
        tables: the report's.
    """
    return [_table(name, tables) for name in words.TABLES]


def _table(name: str, tables: Tables) -> Shown:
    """Return one table as it is in the report."""
    columns = sheets.columns(table=name)
    rows = tables.get(name, [])
    return Shown(
        id=name,
        title=str(words.TABLES[name][0]),
        text=str(words.TABLES[name][1]),
        headings=[str(words.COLUMNS[column]) for column in columns],
        rows=[[_cell(column, row.get(column, "")) for column in columns] for row in rows[:MOST_ROWS]],
        more=max(0, len(rows) - MOST_ROWS),
        sheets=[name],
    )


def _cell(column: str, told: object) -> str | int:
    """Return a cell: numbers as they are, words in the reader's language."""
    return told if type(told) is int else words.value(column=column, told=told)


def _place(code: str) -> str:
    """Return what a territory is called."""
    return words.value(column="territory", told=code)
