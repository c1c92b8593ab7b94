"""meetings/names.py: what a person may be called (JOIN-1)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.kernel.errors import Refused
from conclave.meetings.names import NameEmpty, NameForbidden, NameTooLong, clean_name


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Alice", "Alice"),
        ("  Alice \t\n Cooper\u3000", "Alice Cooper"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        ("李小龍", "李小龍"),
        ("نرگس\u200cدخت", "نرگس\u200cدخت"),
        ("👩\u200d💻 Ada", "👩\u200d💻 Ada"),
        ("<b>Bob</b>", "<b>Bob</b>"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_name_is_shown_as_it_was_meant(raw: str, clean: str) -> None:
    assert clean_name(raw=raw) == clean


@pytest.mark.parametrize("raw", ["", " ", "\n\t\u00a0\u2003", "\u200b", "\u200d\ufeff", "\u3164", "\u2800 \uffa0", "\u0301", "\ufe0f"])
def test_a_name_that_shows_nothing_is_empty(raw: str) -> None:
    with pytest.raises(NameEmpty):
        clean_name(raw=raw)


@pytest.mark.parametrize("raw", ["x" * 65, "é" * 65, "👩" * 65, "x" * 10_240, "x" + "\u0301" * 200, "\ufdfa" * 64 + "x" * 9000])
def test_a_name_that_is_too_long_is_refused(raw: str) -> None:
    with pytest.raises(NameTooLong):
        clean_name(raw=raw)


def test_bytes_count_as_well_as_characters() -> None:
    assert clean_name(raw="👩" * 64) == "👩" * 64
    assert len(("👩" * 64).encode()) == 256


@pytest.mark.parametrize(
    "raw",
    [
        "Ali\u202ece",
        "\u2066Bob\u2069",
        "Bob\u200f",
        "a\u0000b",
        "a\u0007",
        "a\u0085b",
        "\ue000",
        "\U000e0fff",
        "\U0010ffff",
        "a\ud800",
        "a\u061c",
    ],
)
def test_a_name_that_could_deceive_is_refused(raw: str) -> None:
    with pytest.raises(NameForbidden):
        clean_name(raw=raw)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_whatever_is_typed_is_refused_or_keeps_every_rule(raw: str) -> None:
    try:
        name = clean_name(raw=raw)
    except Refused:
        return
    assert 1 <= len(name) <= 64
    assert len(name.encode()) <= 256
    assert name == unicodedata.normalize("NFC", name) == name.strip()
    assert "  " not in name
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(char) for char in name} & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(max_size=80))
def test_a_clean_name_stays_as_it_is(raw: str) -> None:
    try:
        name = clean_name(raw=raw)
    except Refused:
        return
    assert clean_name(raw=name) == name
