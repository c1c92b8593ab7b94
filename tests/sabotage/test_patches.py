"""The patches themselves: one for each invariant that this version proves, and for the rules of the gate; each says what it breaks."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.sabotage.runner import HERE, ROOT, Sabotage, patches, read

PROVED = {*(("I", number) for number in range(1, 11)), *(("D", number) for number in range(1, 7))}
GATE = {
    *(("KNOCK", number) for number in (2, 3, 4, 5, 6, 8, 9)),
    *(("LINK", number) for number in (5, 6, 8, 9, 10)),
    *(("MEET", number) for number in range(8, 22)),
    *(("POL", number) for number in (15, 16, 18, 19, 20, 21, 22)),
    *(("ATT", number) for number in (1, 2, 3)),
    *(("RULE", number) for number in range(1, 7)),
    *(("STAFF", number) for number in (1, 2, 3, 4, 5)),
    *(("SCHOOL", number) for number in range(1, 7)),
    *(("SSO", number) for number in range(1, 16)),
    *(("TOK", number) for number in (2, 3, 4, 5, 6)),
    ("JOIN", 14),
    *(("REG", number) for number in (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)),
    *(("ORD", number) for number in (1, 2, 3, 4, 5, 6, *range(8, 21))),
    *(("GLASS", number) for number in (1, 2, 3, 4)),
    *(("KEYR", number) for number in (2, 3, 4, 5)),
    *(("LEDG", number) for number in range(1, 12)),
    *(("REP", number) for number in range(1, 9)),
    *(("LOG", number) for number in (11, 13)),
    *(("TRUST", number) for number in (1, 2)),
}


def test_there_is_a_patch_for_each_invariant_that_is_proved_and_for_the_rules_of_the_gate() -> None:
    assert {patch.rule for patch in patches()} >= PROVED | GATE


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.path.stem)
def test_each_patch_says_what_it_breaks_and_names_tests_of_its_rule(patch: Sabotage) -> None:
    assert patch.breaks.endswith(".")
    kind, number = patch.rule
    if kind in {"I", "D"}:
        assert any(f"{kind.lower()}{number}_" in word for words in patch.tests for word in words), (
            f"no test of {patch.path.name} is named after {kind}{number}"
        )
    else:
        rule = re.compile(rf"{kind}-{number}\b|{kind.lower()}_{number}_")
        assert all(rule.search(source(words)) for words in patch.tests), f"a test of {patch.path.name} does not speak of {kind}-{number}"


def source(words: tuple[str, ...]) -> str:
    """Return the text of the file that a test is in; of a test of mls/, its name."""
    kind, name, *_ = words
    root = {"pytest": ROOT, "vitest": ROOT / "web"}.get(kind)
    return name if root is None else Path(root / name.partition("::")[0]).read_text(encoding="utf-8")


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.path.stem)
def test_each_patch_applies_to_what_it_breaks(patch: Sabotage) -> None:
    tried = subprocess.run(["git", "apply", "--check", str(patch.path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


def test_a_patch_without_a_header_is_refused() -> None:
    broken = HERE / "runner.py"
    with pytest.raises(ValueError, match="must begin"):
        read(broken)
