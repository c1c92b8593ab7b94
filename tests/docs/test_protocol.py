"""Every MUST of the protocol has an id that appears in the text, in code and in a test."""

import re

import pytest

from tests.docs.documents import DOCS, SOURCES, TESTS, files, is_test

MUST = re.compile(r"\b[A-Z]{3,5}-\d+\b")
PAGES = sorted((DOCS / "protocol").glob("*.md"))
IN_A_NAME = re.compile(r"\b(?:fn|def) (?:test_)?([a-z]{3,5})_(\d+)_")
RULE = re.compile(r"`([A-Z]{3,5}-\d+)`")


def rules() -> list[str]:
    """Return the ids that the protocol's pages define, in order."""
    found = {rule for page in PAGES for rule in RULE.findall(page.read_text(encoding="utf-8"))}
    return sorted(found, key=lambda rule: (rule.split("-")[0], int(rule.split("-")[1])))


def named_in(paths: list[str]) -> dict[str, set[str]]:
    """Return for each id where it is named: in tests, in other code."""
    found: dict[str, set[str]] = {"code": set(), "tests": set()}
    for path in files(*dict.fromkeys(paths)):
        text = path.read_text(encoding="utf-8", errors="replace")
        found["tests" if is_test(path) else "code"].update(MUST.findall(text))
        if is_test(path):
            found["tests"].update(f"{area.upper()}-{number}" for area, number in IN_A_NAME.findall(text))
    return found


NAMED = named_in([*SOURCES, *TESTS])


def test_the_protocol_has_rules() -> None:
    assert len(rules()) > 50


@pytest.mark.parametrize("rule", rules())
def test_each_rule_is_named_by_the_code_that_obeys_it_and_by_a_test(rule: str) -> None:
    assert rule in NAMED["code"], f"{rule} is in the protocol, and no code names it"
    assert rule in NAMED["tests"], f"{rule} is in the protocol, and no test names it"


def test_no_code_names_a_rule_that_the_protocol_does_not_have() -> None:
    prefixes = {rule.split("-")[0] for rule in rules()}
    unknown = {name for name in NAMED["code"] | NAMED["tests"] if name.split("-")[0] in prefixes} - set(rules())
    assert not unknown
