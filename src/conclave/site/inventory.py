"""The inventory: what this server keeps, why, for how long, who sees it and what an order may ask for, out of inventory.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conclave.authorities.fields import Field, learn
from conclave.kernel import clock, retention

FILE = Path(__file__).with_name("inventory.toml")
# The lists whose entries a table or a row names.
LISTS = ("ground", "kept", "seen")
_UNITS = (("day", clock.DAY), ("hour", clock.HOUR), ("minute", clock.MINUTE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Why something may be kept, for how long, and who sees it."""

    ground: str
    kept: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Columns of one table with one purpose; what it answers otherwise than its table, else empty."""

    fields: tuple[str, ...]
    text: str
    other: Answers
    disclose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the database, or a place outside it."""

    name: str
    title: str
    answers: Answers
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Tables about the same."""

    title: str
    tables: tuple[Table, ...]


@cache
def source() -> dict[str, Any]:
    """Return the file as it is written."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def inventory(*, language: str) -> tuple[Part, ...]:
    """Return everything that is kept, in words.

    Args:
        language: "en" or "fr".
    """
    parts = []
    for name, part in source()["part"].items():
        tables = tuple(_table(table, language) for table in source()["table"] if table["part"] == name)
        parts.append(Part(title=part[language], tables=tables))
    return tuple(parts)


def fields(language: str) -> list[Field]:
    """Return every field that is kept, with what it may be told for: orders that ask for data know no other list (ORD-16).

    Args:
        language: "en" or "fr".
    """
    return [
        Field(name=f"{table['model']}.{name}", table=table[language], text=row[language], disclose=row.get("disclose", False))
        for table in source()["table"]
        if "model" in table
        for row in table["rows"]
        for name in row["fields"].split()
    ]


def _table(table: dict[str, Any], language: str) -> Table:
    """Return one table in words."""
    return Table(
        name=table.get("model") or table["place"],
        title=table[language],
        answers=_answers(table, language),
        rows=tuple(
            Row(
                fields=tuple(row["fields"].split()),
                text=row[language],
                other=_answers(row, language),
                disclose=row.get("disclose", False),
            )
            for row in table["rows"]
        ),
    )


def _answers(told: dict[str, Any], language: str) -> Answers:
    """Return what a table or a row says of the three lists; empty where it says nothing."""
    words = {name: _word(name, told[name], language) if name in told else "" for name in LISTS}
    return Answers(**words)


def _word(kind: str, entry: str, language: str) -> str:
    """Return an entry of a list in words, with the number that the code goes by."""
    text = str(source()[kind][entry][language])
    return text.replace("{time}", time_in_words(ms=retention.rules()[entry].ms, language=language)) if "{time}" in text else text


def time_in_words(*, ms: int, language: str) -> str:
    """Return a time as people say it, in the largest unit that needs no fraction.

    Args:
        ms: a whole number of minutes.
        language: "en" or "fr".
    """
    name, unit = next((name, unit) for name, unit in _UNITS if ms % unit == 0)
    one, many = source()["unit"][name][language]
    return f"{ms // unit} {one if ms // unit == 1 else many}"


learn(source=fields)
