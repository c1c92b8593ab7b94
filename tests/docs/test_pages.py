"""The pages keep their size and their promises to the reader."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCS, ROOT

README = ROOT / "README.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)")
OUTSIDE = ("http://", "https://", "mailto:")
PAGES = sorted([README, ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md"), *(ROOT / "mls").glob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))


def test_the_readme_is_short_and_shows_the_two_commands_and_a_real_picture() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    assert "./conclave run" in text
    assert "./conclave test" in text
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", text)
    assert pictures
    assert all((ROOT / picture).stat().st_size > 10_000 for picture in pictures)


def test_the_readme_names_every_folder() -> None:
    text = README.read_text(encoding="utf-8")
    for folder in ("src/conclave", "mls", "engine", "web", "tests", "benchmarks", "docs", "deploy"):
        assert f"{folder}/" in text, f"the folder map does not have {folder}/"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if not target.startswith(OUTSIDE)]
    assert not [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_at_most_sixty_lines_and_is_listed(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 60
    assert page.name in (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
