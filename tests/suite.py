"""`./conclave test`: every check of this project, in order, each with its time; what CI runs.

The last line is "N passed, N failed" and counts steps. A step that cannot run has failed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from deploy import build, toolchain
from deploy.progress import SetupError, explain

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / ".conclave" / "venv" / "bin"
LOGS = ROOT / ".conclave" / "log" / "test"
LINES_SHOWN = 300
TOGETHER = 2


@dataclass(frozen=True, kw_only=True)
class Check:
    """One named step: a command, and whether others may run beside it."""

    name: str
    command: list[str]
    cwd: Path = ROOT
    env: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    fast: bool = True


def checks(*, fast: bool, soak: bool, node: Mapping[str, str]) -> list[Check]:
    """Return the steps in the order in which they are run.

    Args:
        fast: leave out what needs browsers or minutes.
        soak: add the long random tests.
        node: the variables with which npm is the pinned one.
    """
    python, web = str(SCRIPTS / "python"), ROOT / "web"
    some = "not journey and not soak" + (" and not slow" if fast else "")
    steps = [
        Check(name="lint", command=[str(SCRIPTS / "ruff"), "check"]),
        Check(name="format", command=[str(SCRIPTS / "ruff"), "format", "--check"]),
        Check(name="types", command=[str(SCRIPTS / "mypy")]),
        Check(name="layers", command=[str(SCRIPTS / "lint-imports")]),
        Check(name="dead-code", command=[str(SCRIPTS / "vulture")]),
        *(
            Check(name=f"web-{script}", command=["npm", "run", "--silent", script], cwd=web, env=node)
            for script in ("types", "lint", "test", "dead", "cycles")
        ),
        Check(name="unit", command=[python, "-m", "pytest", "-q", "-m", some], alone=True),
        Check(name="journeys", command=[python, "-m", "pytest", "-q", "-m", "journey", "--durations=10"], alone=True, fast=False),
        Check(name="soak", command=[python, "-m", "pytest", "-q", "-m", "soak", "--durations=10"], alone=True, fast=False),
    ]
    return [step for step in steps if (step.fast or not fast) and (step.name != "soak" or soak)]


def main() -> None:
    """Run the asked steps and exit with 1 if any failed."""
    arguments = _arguments()
    node: dict[str, str] = {}
    results = [_prepare(part) for part in (["modules"] if arguments.fast else ["modules", "web", "engine"])]
    if results[0]:
        node = toolchain.node_environment()
    steps = checks(fast=arguments.fast, soak=arguments.soak, node=node)
    if arguments.only:
        steps = [step for step in steps if step.name in arguments.only]
        unknown = set(arguments.only) - {step.name for step in steps}
        results += [_tell(name, ok=False, seconds=0, output=f"There is no step '{name}'.") for name in sorted(unknown)]
    results += run_all(steps)
    if arguments.sabotage:
        from tests.sabotage.runner import run_patches

        results += run_patches(tell=_tell)
    sys.stdout.write(f"{results.count(True)} passed, {results.count(False)} failed\n")
    sys.exit(0 if all(results) else 1)


def run_all(steps: list[Check]) -> list[bool]:
    """Run steps, two at a time where they allow it, and return which succeeded."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        results = list(pool.map(run_one, [step for step in steps if not step.alone]))
    return results + [run_one(step) for step in steps if step.alone]


def run_one(step: Check) -> bool:
    """Run one step, print its time, and its output if it failed.

    Returns:
        Whether it succeeded.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{step.name}.log"
    start = time.monotonic()
    with log.open("wb") as output:
        env = dict(os.environ, **step.env)
        try:
            code = subprocess.call(step.command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=step.cwd, env=env)
        except OSError as error:
            output.write(f"{step.command[0]} cannot be started: {error}\n".encode())
            code = 1
    text = log.read_text(encoding="utf-8", errors="replace")
    return _tell(step.name, ok=code == 0, seconds=time.monotonic() - start, output=text)


def _prepare(part: str) -> bool:
    """Build one part that the steps need, and return whether it worked."""
    action: Callable[[], None] = {"modules": build.install_modules, "web": build.build_web, "engine": build.build_engine}[part]
    start = time.monotonic()
    try:
        action()
    except SetupError as error:
        explain(error)
        return _tell(f"prepare-{part}", ok=False, seconds=time.monotonic() - start, output="")
    return _tell(f"prepare-{part}", ok=True, seconds=time.monotonic() - start, output="")


def _tell(name: str, *, ok: bool, seconds: float, output: str) -> bool:
    """Print one step's result, with the first lines of what it said if it failed; return the result."""
    text = f"{'PASS' if ok else 'FAIL'}  {name:<24} {seconds:7.1f} s\n"
    if not ok and output:
        lines = output.splitlines()
        more = [f"… {len(lines) - LINES_SHOWN} more lines in {LOGS / name}.log"] if len(lines) > LINES_SHOWN else []
        text += "".join(f"      {line}\n" for line in lines[:LINES_SHOWN] + more)
    sys.stdout.write(text)
    sys.stdout.flush()
    return ok


def _arguments() -> argparse.Namespace:
    """Parse what ./conclave test passes on."""
    parser = argparse.ArgumentParser(prog="conclave test")
    for name in ("fast", "sabotage", "soak"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    return parser.parse_args()


if __name__ == "__main__":
    main()
