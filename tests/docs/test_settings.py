"""Every setting is described where an operator looks for it."""

from dataclasses import fields

import pytest

from conclave.config import Config
from conclave.described import DESCRIPTIONS
from tests.docs.documents import DOCS, headings, table

PAGE = DOCS / "settings.md"


@pytest.mark.parametrize("name", sorted(DESCRIPTIONS))
def test_each_setting_is_documented_with_the_sentence_that_the_code_has(name: str) -> None:
    rows = {row["setting"].strip("`"): row for row in table(PAGE)}
    assert name in rows, f"docs/settings.md says nothing about '{name}'"
    assert rows[name]["what it is"] == DESCRIPTIONS[name]
    assert rows[name]["variable"] == f"`CONCLAVE_{name.upper()}`"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    assert {row["setting"].strip("`") for row in table(PAGE)} == set(DESCRIPTIONS)


def test_every_field_has_a_description() -> None:
    assert {field.name for field in fields(Config)} == set(DESCRIPTIONS)


def test_the_page_says_where_settings_are_read_from() -> None:
    assert {"Settings", "The file", "The variables"} <= headings(PAGE)
