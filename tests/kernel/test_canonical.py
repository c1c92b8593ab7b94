"""ENC-1: one text for one value, and nothing else is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.kernel import canonical
from conclave.kernel.errors import Malformed

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read_back(value: object) -> None:
    assert canonical.parse_canonical(canonical.encode(value)) == value


@given(values)
def test_every_way_of_writing_has_one_canonical_form(value: object) -> None:
    loose = json.dumps(value, indent=2, ensure_ascii=True)
    assert canonical.encode(canonical.parse(loose)) == canonical.encode(value)


def test_keys_are_sorted_and_nothing_is_escaped_without_need() -> None:
    assert canonical.encode({"é": 1, "a": "€\n", "Z": [True, None]}) == '{"Z":[true,null],"a":"€\\n","é":1}'.encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        "1.0",
        "1e3",
        "-0.0",
        "NaN",
        "Infinity",
        "9007199254740992",
        "[" * 40 + "]" * 40,
        "[" * 100_000,
        "",
        "{",
        '{"a":1} x',
        '"\\ud800"',
        b"\xff",
        b'"\xed\xa0\x80"',
    ],
)
def test_anything_ambiguous_is_refused(text: str | bytes) -> None:
    with pytest.raises(Malformed):
        canonical.parse(text)


@pytest.mark.parametrize("text", ['{"a": 1}', '{"b":1,"a":1}', '"\\u0041"', " 1", "-0"])
def test_signed_text_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        canonical.parse_canonical(text)


@pytest.mark.parametrize("text", ["{}", '{"a":1,"b":2,"c":3,"d":4}', '{"b":1}', "[]"])
def test_unknown_and_missing_keys_are_refused(text: str) -> None:
    with pytest.raises(Malformed):
        canonical.parse(text, keys=("a", "b"), optional=("c",))


def test_known_keys_are_let_through() -> None:
    assert canonical.parse('{"a":1,"b":2,"c":3}', keys=("a", "b"), optional=("c",)) == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize("value", [1.5, {1: 2}, b"x", {"a": {"b": 0.1}}, 2**53, "\ud800"])
def test_what_json_has_no_one_form_for_is_not_written(value: object) -> None:
    with pytest.raises(Malformed):
        canonical.encode(value)
