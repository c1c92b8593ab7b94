"""school: a roster is read as spreadsheets write it, judged line by line, and holds no formula (SCHOOL-3)."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts.roster import LARGEST_BYTES, MOST_LINES, Fault, Pupil, Roster, Trouble, read_bytes, read_roster
from tests.conftest import longer

HEAD = "name,email,minor\n"
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def wrong(text: str) -> list[tuple[int, Fault]]:
    return [(one.line, one.fault) for one in read_roster(text=text).wrong]


def names(roster: Roster) -> list[str]:
    return [pupil.name for pupil in roster.pupils]


def test_each_line_that_is_right_is_somebody() -> None:
    text = HEAD + "Ann Lee,Ann@Example.ORG,no\n\nBo Ek,,yes\n Zoë  Ngo ,zoe+x@example.org,\n"
    assert read_roster(text=text) == Roster(
        pupils=(
            Pupil(line=2, name="Ann Lee", address="ann@example.org", minor=False),
            Pupil(line=4, name="Bo Ek", address="", minor=True),
            Pupil(line=5, name="Zoë Ngo", address="zoe+x@example.org", minor=False),
        )
    )


@pytest.mark.parametrize("head", ["Nom;Courriel;Mineur", "nom\te-mail\tmineur", "NAME,Address,Minor", "minor,name,class,email"])
def test_columns_stand_in_any_order_in_both_languages_and_with_what_spreadsheets_put_between_them(head: str) -> None:
    sign = ";" if ";" in head else "\t" if "\t" in head else ","
    cells = {"name": "Éloi", "email": "e@example.org", "minor": "oui", "class": "-3b"}
    meant = {"nom": "name", "courriel": "email", "e-mail": "email", "address": "email", "mineur": "minor"}
    line = sign.join(cells[meant.get(cell.lower(), cell.lower())] for cell in head.split(sign))
    assert read_roster(text=f"{head}\r\n{line}\r\n").pupils == (Pupil(line=2, name="Éloi", address="e@example.org", minor=True),)


def test_what_is_wrong_is_said_of_each_line() -> None:
    lines = [
        ("=cmd|' /C calc'!A0,a@example.org,no", Fault.FORMULA), ("+Ann,,", Fault.FORMULA), ("-Ann,,", Fault.FORMULA),
        ("@Ann,,", Fault.FORMULA), (";,,", Fault.NAME),
        ("Ann,=1+1@example.org,", Fault.FORMULA), ("Ann,,=yes", Fault.FORMULA), (",b@example.org,", Fault.NAME),
        (f"{'x' * 65},,", Fault.NAME),
        ("A\u202enn,,", Fault.NAME), ("Ann,nowhere,", Fault.ADDRESS), ("Ann,a@b@c.example,", Fault.ADDRESS), ("Ann,,perhaps", Fault.MINOR),
        ('"Ann,,', Fault.QUOTES), ("Ann,,no,more", Fault.CELLS),
    ]  # fmt: skip
    for line, fault in lines:
        assert wrong(HEAD + "Right One,,no\n" + line + "\nRight Two,,no") == [(3, fault)], line
        assert names(read_roster(text=HEAD + "Right One,,no\n" + line + "\nRight Two,,no")) == ["Right One", "Right Two"], line


def test_nobody_is_on_it_twice() -> None:
    text = HEAD + "Ann,a@example.org,\nAnother Ann,A@EXAMPLE.org,\nBo,,\nbo,,\nBo,bo@example.org,\n"
    roster = read_roster(text=text)
    assert [(one.line, one.fault, one.first) for one in roster.wrong] == [(3, Fault.TWICE, 2), (5, Fault.TWICE, 4)]
    assert names(roster) == ["Ann", "Bo", "Bo"], "two of one name have two addresses"


def test_bytes_are_read_as_what_they_are_and_latin_is_said() -> None:
    text = "name\nÉloïse Noël\n"
    assert read_bytes(data=text.encode()).text == text
    assert read_bytes(data=text.encode("utf-8-sig")).text == text
    assert not read_bytes(data=text.encode("utf-8-sig")).latin
    for encoding in ("latin-1", "cp1252"):
        read = read_bytes(data=text.encode(encoding))
        assert (read.text, read.latin) == (text, True)
    assert read_bytes(data="name\nœuf €".encode("cp1252")).text == "name\nœuf €"
    odd = read_bytes(data=b"name\n\x81\xe9")
    assert odd.latin
    assert wrong(odd.text) == [(2, Fault.NAME)], "a sign that no table has"


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        ("name\nAnn".encode("utf-16"), Trouble.OTHER_UNICODE),
        (b"PK\x03\x04\x14\x00\x06\x00", Trouble.NO_TABLE),
        (b"\xef\xbb\xbfname\n\xe9", Trouble.NO_TABLE),
        (b"x" * (LARGEST_BYTES + 1), Trouble.TOO_LARGE),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(data: bytes, trouble: Trouble) -> None:
    assert read_bytes(data=data).trouble is trouble


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", Trouble.NO_HEAD), ("Ann,a@example.org\n", Trouble.NO_HEAD), ("name,name\nAnn,Bo", Trouble.NO_HEAD),
        ("email\na@example.org", Trouble.NO_HEAD),
        ('"name\nAnn', Trouble.NO_HEAD), (HEAD, Trouble.NOBODY), (HEAD + ",,\n   \n", Trouble.NOBODY), ("name\nA\0nn", Trouble.NO_TABLE),
        ("name\n" + "é" * LARGEST_BYTES, Trouble.TOO_LARGE),
        ("name\n" + "".join(f"P{number}\n" for number in range(MOST_LINES + 1)), Trouble.TOO_MANY),
    ],
)  # fmt: skip
def test_what_has_nothing_to_judge_says_why(text: str, trouble: Trouble) -> None:
    assert read_roster(text=text) == Roster(trouble=trouble)
    assert read_roster(text="name\n" + "".join(f"P{number}\n" for number in range(MOST_LINES))).trouble is None


@examples(max_examples=longer(200))
@given(rows=st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=6))
def test_whatever_stands_in_it_each_line_is_somebody_or_wrong_and_none_begins_a_formula(rows: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    roster = read_roster(text=HEAD + file.getvalue())
    assert roster.trouble in {None, Trouble.NOBODY}
    numbers = [*(one.line for one in roster.pupils), *(one.line for one in roster.wrong)]
    assert len(set(numbers)) == len(numbers)
    for pupil in roster.pupils:
        assert pupil.name
        assert pupil.name.isprintable()
        assert not {pupil.name[0], *pupil.address[:1]} & set("=+-@\t\r")


@examples(max_examples=longer(100))
@given(data=st.binary(max_size=200))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    read = read_bytes(data=data)
    if read.trouble is None:
        read_roster(text=read.text)
