"""Rules that import contracts cannot say."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "conclave"
VERIFIERS = sorted(SOURCE.with_name("conclave_verify").glob("*.py"))
POLICIES = sorted([*SOURCE.glob("*/policy.py"), *SOURCE.glob("*/*_policy.py"), SOURCE / "accounts" / "rules.py"])
FILES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
# Standard library that is still not pure: it reads clocks, files, sockets or dice.
IMPURE = {"time", "random", "secrets", "os", "socket", "pathlib", "asyncio", "threading", "subprocess", "urllib"}

SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals", "allauth.account.signals")


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the modules that a file imports anywhere, functions included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return frozenset(found)


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_policy_imports_no_framework_and_reads_no_clock(path: Path) -> None:
    for module in imported(path):
        top = module.partition(".")[0]
        assert top in sys.stdlib_module_names or module.startswith("conclave."), module
        assert top not in IMPURE, module
        assert module not in {"conclave.kernel.clock", "conclave.kernel.outbox", "conclave.kernel.bus"}, module


def test_there_is_a_policy() -> None:
    assert POLICIES


@pytest.mark.parametrize("path", VERIFIERS, ids=lambda path: path.stem)
def test_a_verifier_is_made_of_the_standard_library_and_where_it_judges_signatures_of_cryptography(path: Path) -> None:
    for module in imported(path):
        allowed = sys.stdlib_module_names | {"conclave_verify"} | ({"cryptography"} if path.stem in {"signed", "note"} else set())
        assert module.partition(".")[0] in allowed, module


def test_there_are_verifiers() -> None:
    assert VERIFIERS


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_signals_and_no_file_too_long(path: Path) -> None:
    assert not {
        module for module in imported(path) if module.startswith(("django.dispatch", "django.db.models.signals", "django.core.signals"))
    }
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_function_is_longer_than_forty_lines(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = text.splitlines()[body[0].lineno - 1 : node.end_lineno] if body else []
            # Why-comments and the blank lines around an inner function are not what makes it long.
            code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
            assert len(code) <= 40, f"{node.name} has {len(code)} lines"


@pytest.mark.parametrize("name", ["utils", "helpers", "services", "exceptions", "common", "misc"])
def test_no_file_is_named_after_nothing(name: str) -> None:
    assert not [path for path in SOURCE.rglob("*") if path.stem == name]
