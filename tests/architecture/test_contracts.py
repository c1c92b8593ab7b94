"""The layers of the design hold, are exhaustive, and have no exceptions."""

import configparser
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / ".importlinter"


def contracts() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser()
    parsed.read_string(CONTRACTS.read_text(encoding="utf-8"))
    return parsed


def lint(folder: Path, source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_is_kept() -> None:
    outcome = lint(ROOT, ROOT / "src")
    assert outcome.returncode == 0, outcome.stdout


def test_there_is_no_ignore_list() -> None:
    sections = contracts()
    assert not [(name, key) for name in sections.sections() for key in sections[name] if "ignore" in key]


def test_layers_are_exhaustive() -> None:
    sections = contracts()
    layers = [sections[name] for name in sections.sections() if sections[name].get("type") == "layers"]
    assert layers
    assert all(section["exhaustive"] == "True" for section in layers)


def test_a_new_folder_or_an_import_that_points_up_is_noticed(tmp_path: Path) -> None:
    """The contracts are only worth something if they break: a copy with one import too many, hidden in a function."""
    copy = tmp_path / "src" / "conclave"
    for path in (ROOT / "src" / "conclave").rglob("*.py"):
        target = copy / path.relative_to(ROOT / "src" / "conclave")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (tmp_path / ".importlinter").write_bytes(CONTRACTS.read_bytes())
    ids = copy / "kernel" / "ids.py"
    ids.write_text(ids.read_text() + "\n\ndef up() -> None:\n    from conclave.accounts import owner\n")
    outcome = lint(tmp_path, tmp_path / "src")
    assert outcome.returncode == 1
    assert "conclave.kernel.ids -> conclave.accounts.owner" in outcome.stdout
    ids.write_bytes((ROOT / "src/conclave/kernel/ids.py").read_bytes())
    (copy / "in_no_layer.py").write_text('"""In no layer."""\n')
    outcome = lint(tmp_path, tmp_path / "src")
    assert outcome.returncode == 1
    assert "conclave.in_no_layer" in outcome.stdout
