"""The patches themselves: there is one for each invariant that this version proves, and each says what it breaks."""

import subprocess

import pytest

from tests.sabotage.runner import HERE, ROOT, Sabotage, patches, read

PROVED = set(range(1, 11))


def test_there_is_a_patch_for_each_invariant_that_is_proved() -> None:
    assert {int(patch.path.name[1:].split("-")[0]) for patch in patches()} >= PROVED


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.path.stem)
def test_each_patch_says_what_it_breaks_and_names_tests_after_its_invariant(patch: Sabotage) -> None:
    assert patch.breaks.endswith(".")
    number = patch.path.name.split("-")[0]
    assert any(f"{number}_" in word for words in patch.tests for word in words), f"no test of {patch.path.name} is named after {number}"


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.path.stem)
def test_each_patch_applies_to_what_it_breaks(patch: Sabotage) -> None:
    tried = subprocess.run(["git", "apply", "--check", str(patch.path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


def test_a_patch_without_a_header_is_refused() -> None:
    broken = HERE / "runner.py"
    with pytest.raises(ValueError, match="must begin"):
        read(broken)
