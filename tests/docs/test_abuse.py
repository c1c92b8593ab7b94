"""The list of what people try names tests that exist, each story and each thing that must never come back."""

import pytest

from tests.docs.documents import ROOT, table
from tests.docs.test_claims import names_tests_that_exist

PAGE = ROOT / "tests" / "abuse" / "README.md"
ROWS = table(PAGE)
STORIES = [row for row in ROWS if "somebody tries" in row]
REFUSED = [row for row in ROWS if "ours refuses" in row]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: (row.get("somebody tries") or row.get("ours refuses") or "")[:60])
def test_each_row_names_tests_that_exist(row: dict[str, str]) -> None:
    names_tests_that_exist(row["shown by"])


def test_every_story_of_the_folder_is_in_the_list() -> None:
    told = "".join(row["shown by"] for row in ROWS)
    for path in sorted(PAGE.parent.glob("test_*.py")):
        assert f"tests/abuse/{path.name}" in told, path.name


def test_the_list_is_as_long_as_it_was() -> None:
    assert len(STORIES) >= 13
    assert len(REFUSED) >= 30
