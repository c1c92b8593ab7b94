"""Every public claim names tests that exist and a command that anybody can run; the threat model names tests that exist."""

import re

import pytest

from conclave.site.trust import promises, source
from tests.docs.claims import PAGE, page
from tests.docs.documents import DOCS, ROOT, table
from tests.suite import checks

CLAIMS = table(PAGE)
THREATS = table(DOCS / "security.md")
TEST = re.compile(r"`((?:tests|web|mls|benchmarks)/[^`]+)`")
STARTED_WITH = {"P1", "P2", "P3", "P4", "P12", "P13", "P17"}


def test_the_page_is_what_the_trust_page_is_made_of() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write into src/conclave/site/trust.toml, then run python -m tests.docs.claims"


def test_each_promise_and_claim_is_there_in_both_languages_and_belongs_together() -> None:
    english, french = promises(language="en"), promises(language="fr")
    assert [one.id for one in english] == [one.id for one in french] == [f"P{number}" for number in range(1, 18)]
    assert all(one.title and one.text and all(claim.text for claim in one.claims) for one in (*english, *french))
    assert sum(len(one.claims) for one in english) == len(source()["claim"])


def test_the_promises_this_version_makes_are_all_there() -> None:
    assert {row["promise"] for row in CLAIMS} >= STARTED_WITH


@pytest.mark.parametrize("row", CLAIMS, ids=lambda row: row["claim"][:60])
def test_each_claim_names_tests_that_exist(row: dict[str, str]) -> None:
    """TRUST-1."""
    names_tests_that_exist(row["tests"])


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row["wants"][:60])
def test_each_threat_names_tests_that_exist(row: dict[str, str]) -> None:
    names_tests_that_exist(row["shown by"])


def names_tests_that_exist(cell: str) -> None:
    """Assert that a cell names tests, all of which there are."""
    named = TEST.findall(cell)
    assert named, "a claim without a test is an advertisement"
    for name in named:
        path, _, function = name.partition("::")
        assert (ROOT / path).is_file(), f"{path} does not exist"
        if function:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"(def|fn) {re.escape(function)}\b", text) or f'"{function}"' in text, f"{path} has no {function}"


@pytest.mark.parametrize("row", CLAIMS, ids=lambda row: row["claim"][:60])
def test_each_claim_names_a_command_of_this_project(row: dict[str, str]) -> None:
    command = row["command"].strip("`").split()
    assert command[0] == "./conclave"
    cli = (ROOT / "src" / "conclave" / "cli.py").read_text(encoding="utf-8")
    assert f'add_parser("{command[1]}"' in cli
    named = {command[index + 1] for index, word in enumerate(command) if word == "--only"}
    assert named <= {step.name for step in checks(fast=False, soak=True)}
