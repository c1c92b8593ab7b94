"""A roster: names, addresses and whether somebody is a minor, as a table (CSV), read strictly, judged line by line. Pure: it saves nothing.

Whoever makes one has a spreadsheet: it may be UTF-8 with a mark at its beginning, or the Latin-1 of older ones, with commas, semicolons or
tabs. What a spreadsheet would take for a formula is refused, as the table may be opened by one again (SCHOOL-3).
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from conclave.accounts.addresses import normal_address
from conclave.accounts.names import shown_line

LARGEST_BYTES = 48 * 1024
MOST_LINES = 500
LONGEST_NAME = 64
UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (";", "\t", ",")
# As people write them, in both languages.
HEADS = {
    "name": ("name", "nom", "full name", "nom complet"),
    "address": ("email", "e-mail", "mail", "address", "adresse", "adresse e-mail", "courriel"),
    "minor": ("minor", "mineur"),
}
YES, NO = ("yes", "y", "x", "1", "true", "oui", "o", "vrai"), ("", "no", "n", "0", "false", "non", "faux")
_FORMULA = ("=", "+", "-", "@")


class Trouble(StrEnum):
    """Why nothing of a file can be used."""

    TOO_LARGE = "too_large"
    NO_TABLE = "no_table"
    OTHER_UNICODE = "other_unicode"
    NO_HEAD = "no_head"
    NOBODY = "nobody"
    TOO_MANY = "too_many"


class Fault(StrEnum):
    """What is wrong with one line."""

    QUOTES = "quotes"
    CELLS = "cells"
    FORMULA = "formula"
    NAME = "name"
    ADDRESS = "address"
    MINOR = "minor"
    TWICE = "twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """One line that is right; the address is empty for whoever has none."""

    line: int
    name: str
    address: str
    minor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One line that is not; `first` is the line that it repeats."""

    line: int
    fault: Fault
    first: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """What a table says; with `trouble` nothing of it was read."""

    pupils: tuple[Pupil, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A file as text, and whether it had to be taken for Latin-1."""

    text: str = ""
    latin: bool = False
    trouble: Trouble | None = None


def read_bytes(*, data: bytes) -> Text:
    """Return a file as text.

    Args:
        data: the file, or as much of it as shows that it is too large.
    """
    if len(data) > LARGEST_BYTES:
        return Text(trouble=Trouble.TOO_LARGE)
    if data.startswith(UTF16_MARKS) or b"\0" in data:
        return Text(trouble=Trouble.OTHER_UNICODE if data.startswith(UTF16_MARKS) else Trouble.NO_TABLE)
    marked = data.startswith(UTF8_MARK)
    # What says that it is UTF-8 and is not, is nothing; Windows has signs where Latin-1 has none.
    for encoding in ("utf-8",) if marked else ("utf-8", "cp1252", "latin-1"):
        try:
            return Text(text=data.removeprefix(UTF8_MARK).decode(encoding), latin=encoding != "utf-8")
        except UnicodeDecodeError:
            continue
    return Text(trouble=Trouble.NO_TABLE)


def read_roster(*, text: str) -> Roster:
    """Return what a table says, line by line.

    Args:
        text: the table, with a line that names its columns.
    """
    text = text.removeprefix("\ufeff")
    if len(text.encode("utf-8", "replace")) > LARGEST_BYTES:
        return Roster(trouble=Trouble.TOO_LARGE)
    if "\0" in text:
        return Roster(trouble=Trouble.NO_TABLE)
    rows = _rows(text)
    columns = _columns(next(rows, (0, []))[1] or [])
    if columns is None:
        return Roster(trouble=Trouble.NO_HEAD)
    pupils: list[Pupil] = []
    wrong: list[Wrong] = []
    seen: dict[str, int] = {}
    for number, cells in rows:
        if len(pupils) + len(wrong) >= MOST_LINES:
            return Roster(trouble=Trouble.TOO_MANY)
        judged = _judge(number, cells, columns)
        if isinstance(judged, Pupil):
            key = judged.address or judged.name.casefold()
            first = seen.setdefault(key, number)
            judged = judged if first == number else Wrong(line=number, fault=Fault.TWICE, first=first)
        if isinstance(judged, Pupil):
            pupils.append(judged)
        else:
            wrong.append(judged)
    if not pupils and not wrong:
        return Roster(trouble=Trouble.NOBODY)
    return Roster(pupils=tuple(pupils), wrong=tuple(wrong))


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Yield the lines that are not empty with their numbers; None for one whose quotation marks do not close.

    Line by line, so that a mark which somebody forgot to close swallows no other: no name or address has two lines.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    delimiter = next((sign for sign in DELIMITERS if sign in lines[0]), ",")
    for number, line in enumerate(lines, start=1):
        if not line.strip(f" {delimiter}"):
            continue
        try:
            yield number, next(csv.reader(io.StringIO(line), delimiter=delimiter, strict=True), [])
        except csv.Error:
            yield number, None


def _columns(head: list[str]) -> dict[str, int] | None:
    """Return which column is what; None where there is no name, or one column twice."""
    found: dict[str, int] = {}
    for index, cell in enumerate(head):
        meant = next((name for name, words in HEADS.items() if cell.strip().casefold() in words), "")
        if meant in found:
            return None
        if meant:
            found[meant] = index
    # Where the last column stands, so that a line with cells beyond it is noticed.
    return {**found, "": len(head)} if "name" in found else None


def _judge(number: int, cells: list[str] | None, columns: dict[str, int]) -> Pupil | Wrong:
    """Return one line, right or wrong."""
    if cells is None or any(cell.strip() for cell in cells[columns[""] :]):
        return Wrong(line=number, fault=Fault.QUOTES if cells is None else Fault.CELLS)
    said = {name: cells[index].strip() if index < len(cells) else "" for name, index in columns.items() if name}
    name = shown_line(raw=said["name"], longest=LONGEST_NAME)
    address = normal_address(raw=said["address"]) if said.get("address") else ""
    minor = said.get("minor", "").casefold()
    faults = {
        Fault.FORMULA: any(cell.startswith(_FORMULA) for cell in said.values()),
        Fault.NAME: not any(map(str.isalnum, name or "")),
        Fault.ADDRESS: address is None,
        Fault.MINOR: minor not in {*YES, *NO},
    }
    fault = next((one for one, there in faults.items() if there), None)
    if fault is not None:
        return Wrong(line=number, fault=fault)
    return Pupil(line=number, name=name or "", address=address or "", minor=minor in YES)
