import importlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from deploy import machine
from deploy.progress import SetupError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", list(sys.path))  # the bootstrap adds the checkout
    return importlib.import_module("deploy.bootstrap")


def test_musl_is_refused_in_one_sentence(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(_name: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "confstr", no_such_name)
    with pytest.raises(SetupError, match=r"^Conclave cannot run on musl .*\.$"):
        bootstrap.refuse_unsupported()


@pytest.mark.parametrize("machine", ["i686", "armv7l"])
def test_32_bit_is_refused_in_one_sentence(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, machine: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(SetupError, match=r"^Conclave cannot run on a 32-bit system: .*\.$"):
        bootstrap.refuse_unsupported()


def test_a_system_without_builds_is_refused_in_one_sentence(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(SetupError, match="riscv64: it needs Linux or macOS on 64-bit x86 or ARM"):
        bootstrap.refuse_unsupported()


def test_the_stamp_follows_the_lock(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    monkeypatch.setattr(bootstrap, "LOCK", lock)
    lock.write_text("a==1", encoding="utf-8")
    first = bootstrap.wanted_stamp()
    lock.write_text("a==2", encoding="utf-8")
    assert bootstrap.wanted_stamp() != first


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [(["run"], 3700), (["test", "--fast"], 3700), (["admin", "journal"], 700), ([], 700)],
)
def test_a_small_disk_is_a_sentence_before_anything_is_fetched(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], needed: int
) -> None:
    """All that will be needed is asked for at once: nobody waits ten minutes to hear that the disk is full."""
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "HOME", tmp_path / ".conclave")
    monkeypatch.setattr(machine, "free_disk_mb", lambda _place: needed - 1)
    sentence = rf"^Setting Conclave up needs {needed} MB of disk and .* has {needed - 1} MB: make room, then run this command again\.$"
    with pytest.raises(SetupError, match=sentence):
        bootstrap.refuse_small(arguments)
    monkeypatch.setattr(machine, "free_disk_mb", lambda _place: needed)
    bootstrap.refuse_small(arguments)


def test_little_memory_is_a_sentence_before_anything_is_fetched(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "HOME", tmp_path / ".conclave")
    monkeypatch.setattr(machine, "available_memory_mb", lambda: 500)
    with pytest.raises(SetupError, match="needs 700 MB of free memory and there are 500: stop other programs"):
        bootstrap.refuse_small(["run"])
    bootstrap.refuse_small(["doctor"])


def test_without_a_network_the_first_start_says_what_failed_and_what_to_do(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    done = _start(copy, PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert done.returncode == 1
    assert "The package index at http://127.0.0.1:9/simple cannot be used" in done.stderr
    assert "PIP_INDEX_URL names another one" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_any_python_the_command_says_so(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
    done = subprocess.run([str(copy / "conclave"), "run"], env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Conclave needs Python 3.8 or newer")


def _copy(folder: Path) -> Path:
    copy = folder / "checkout"
    (copy / "deploy").mkdir(parents=True)
    for name in (
        "conclave",
        "requirements.lock",
        "deploy/__init__.py",
        "deploy/bootstrap.py",
        "deploy/machine.py",
        "deploy/progress.py",
        "deploy/uv.py",
    ):
        shutil.copy2(ROOT / name, copy / name)
    return copy


def _start(copy: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run([str(copy / "conclave"), "--help"], env=env, capture_output=True, text=True, check=False, timeout=60)
