"""How the tests read the documents."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCES = ("src", "web/src", "mls/src")
TESTS = ("tests", "web/src", "web/tests", "mls/src", "mls/tests")
CODE = {".py", ".ts", ".tsx", ".mjs", ".rs", ".html", ".js"}
SKIPPED = {"node_modules", "target", "dist", "__pycache__"}


def headings(path: Path) -> set[str]:
    """Return a page's headings, without marks of code."""
    return {line.lstrip("#").strip().replace("`", "") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")}


def files(*folders: str) -> list[Path]:
    """Return the source files below these folders of the checkout."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in CODE and path.is_file()]
    return [path for path in found if not SKIPPED & set(path.relative_to(ROOT).parts)]


def is_test(path: Path) -> bool:
    """Tell whether a file holds tests."""
    parts = path.relative_to(ROOT).parts
    return parts[0] == "tests" or "tests" in parts or ".test." in path.name or path.name.startswith("test_") or path.name == "tests.rs"


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of all tables of a page, by the names of their columns."""
    rows: list[dict[str, str]] = []
    names: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            names = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not names:
            names = cells
        elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            rows.append(dict(zip(names, cells, strict=True)))
    return rows
