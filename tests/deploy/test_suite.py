import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import suite


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "LOGS", tmp_path)


def test_a_failed_step_shows_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert not suite.run_one(suite.Check(name="one", command=["sh", "-c", "echo the reason; exit 1"]))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("FAIL  one ")
    assert lines[1:] == ["      the reason"]


def test_a_step_that_cannot_start_has_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert not suite.run_one(suite.Check(name="one", command=["./no-such-program"]))
    assert "cannot be started" in capsys.readouterr().out


def test_a_long_failure_is_cut_in_the_middle_and_says_where_the_rest_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    suite.run_one(suite.Check(name="one", command=["sh", "-c", "seq 1000; exit 1"]))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert (lines[0], lines[-1]) == ("1", "1000")
    assert lines[suite.FIRST_SHOWN] == f"… {1000 - suite.FIRST_SHOWN - suite.LAST_SHOWN} more lines in {tmp_path}/one.log"


# Without this project's own settings.
PLAIN = ("-q", "-p", "no:django", "-c", "/dev/null", "-o")
IT = """from pathlib import Path

def test_it() -> None:
    times = Path(__file__).with_suffix(".times")
    times.write_text(times.read_text() + "." if times.exists() else ".")
    assert len(times.read_text()) >= NEEDED

def test_other() -> None:
    with Path(__file__).with_suffix(".others").open("a") as others:
        others.write(".")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("needed", "passed"), [(1, True), (2, True), (3, False)], ids=["at once", "alone", "never"])
def test_a_test_that_failed_beside_others_runs_once_more_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, needed: int, passed: bool
) -> None:
    test, remembered = tmp_path / "test_it.py", tmp_path / "remembered"
    test.write_text(IT.replace("NEEDED", str(needed)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", *PLAIN, f"cache_dir={remembered}", str(test)]
    assert suite.run_all([suite.Check(name="one", command=command, cwd=tmp_path, remembered=remembered)]) == [passed]
    assert len((tmp_path / "test_it.others").read_text(encoding="utf-8")) == 1
    said = capsys.readouterr().out
    assert ("failed beside other steps and passed alone" in said, "failed, and alone again" in said) == (needed == 2, needed == 3)


@pytest.mark.slow
def test_a_step_in_which_much_fails_is_not_run_again(tmp_path: Path) -> None:
    test, remembered = tmp_path / "test_it.py", tmp_path / "remembered"
    many = suite.MOST_AGAIN + 1
    test.write_text("".join(f"def test_{number}() -> None:\n    assert False\n" for number in range(many)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", *PLAIN, f"cache_dir={remembered}", str(test)]
    step = suite.Check(name="one", command=command, cwd=tmp_path, remembered=remembered)
    assert suite.run_all([step]) == [False]
    assert len(suite.failures(step)) == many
    assert not (tmp_path / "one-again.log").exists()


def test_every_journey_is_in_one_of_the_two_long_steps() -> None:
    commands = {step.name: step.command for step in suite.checks(fast=False, soak=False) if step.browsers}
    files = {str(file.relative_to(suite.ROOT)) for file in (suite.ROOT / "tests" / "journeys").glob("test_*.py")}
    left_out = {name: {file for file in files if f"--ignore={file}" in command} for name, command in commands.items()}
    assert left_out["journeys"] == files - left_out["adversity"] == suite.MACHINES


def test_every_unit_test_is_in_one_of_the_steps_that_share_them() -> None:
    steps = {step.name: step for step in suite.checks(fast=True, soak=False) if step.name.startswith("unit")}
    left_out = {word.removeprefix("--ignore=") for word in steps["unit"].command if word.startswith("--ignore=")}
    chosen = [word for name in ("unit-people", "unit-call") for word in steps[name].command if word.startswith("tests/")]
    assert sorted(chosen) == sorted(left_out)
    assert all((suite.ROOT / folder).is_dir() for folder in chosen)
    assert {name for name, step in steps.items() if "unit" in (name, step.of)} == {"unit", "unit-people"}


def test_fast_leaves_out_browsers_and_what_takes_minutes() -> None:
    fast, full = ({step.name for step in suite.checks(fast=fast, soak=False)} for fast in (True, False))
    assert full - fast == {"adversity", "journeys", "interop-deny", "mls-deny", "mls-lint", "mls-test"}
    assert "soak" in {step.name for step in suite.checks(fast=False, soak=True)}


@pytest.mark.parametrize(
    ("there", "told"),
    [((), "not run: no Rust"), (("cargo",), "not run: no cargo-deny"), (("cargo", "cargo-deny"), "PASS ")],
    ids=["without Rust", "without cargo-deny", "with both"],
)
def test_the_licences_of_mls_are_checked_where_cargo_deny_is(tmp_path: Path, there: tuple[str, ...], told: str) -> None:
    programs = {
        "cargo": '#!/bin/sh\ncase $1 in --version) ;; *) exec "cargo-$1" "$@" ;; esac\n',
        "cargo-deny": "#!/bin/sh\nexit 0\n",
    }
    for name in there:
        (tmp_path / name).write_text(programs[name], encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    command = [sys.executable, "-m", "tests.suite", "--only", "mls-deny"]
    done = subprocess.run(command, cwd=suite.ROOT, env=dict(os.environ, PATH=str(tmp_path)), capture_output=True, text=True, check=False)
    first, last = done.stdout.splitlines()[0], done.stdout.splitlines()[-1]
    assert told in first
    assert last == ("1 passed, 0 failed" if told == "PASS " else "0 passed, 0 failed, 1 skipped")
    assert done.returncode == 0


def test_the_last_line_counts_steps_and_an_unknown_step_fails() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.suite", "--only", "nonsense"], cwd=suite.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"


@pytest.mark.slow
def test_a_skipped_test_fails_the_run(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text("import pytest\ndef test_it() -> None:\n    pytest.skip('no reason')\n", encoding="utf-8")
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_sessionfinish\n", encoding="utf-8")
    env = dict(os.environ, PYTHONPATH=str(suite.ROOT))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:django",
        "-p",
        "no:asyncio",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
        str(test),
    ]
    assert subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False).returncode == 1
    test.write_text(test.read_text(encoding="utf-8").replace("no reason", "not run: no Rust"), encoding="utf-8")
    assert subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False).returncode == 0
