"""`./conclave test`: every check of this project, in order, each with its time; what CI runs.

The last line is "N passed, N failed" and counts steps. A step that cannot run has failed. Steps run beside each other, and on a machine
that is full real browsers come too late for a test now and then: the few that failed run once more when nothing else does, and the step
is what they say then. Their names, and what they said the first time, stay in the output.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from deploy import build, toolchain
from deploy.progress import SetupError, explain

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / ".conclave" / "venv" / "bin"
PYTEST = (str(SCRIPTS / "python"), "-m", "pytest", "-q", "--tb=short")
# Unit tests are three steps of about the same time, so that no core waits for the other: what carries a call, what people and authorities
# do, and the rest.
CALL_TESTS = ("tests/keys", "tests/meetings", "tests/mls")
PEOPLE_TESTS = ("tests/accounts", "tests/authorities")
# The journeys of machines and networks, which share no installation with the others: they go to the shorter of the two long steps. What
# people get has a journey in the other one, which judges that (test_ids.py).
APART = ("alone", "doctor", "firewall", "june_2020", "privacy", "service", "territories", "tls", "upgrade")
MACHINES = {f"tests/journeys/test_{name}.py" for name in APART}
DENIED = ("--config", "deny.toml", "check", "bans", "licenses", "sources")
PROGRESS = re.compile(r"[.FEsx]+ +\[ *\d+%\]")
LOGS = ROOT / ".conclave" / "log" / "test"
# pytest says last which tests failed, compilers first what is wrong.
FIRST_SHOWN, LAST_SHOWN = 150, 150
TOGETHER = 2
# A fast look tries so much of the random examples (tests/conftest.py).
FAST_EXAMPLES = "0.1"
# More failures than this are not the machine's.
MOST_AGAIN = 10
REMEMBERED = ROOT / ".conclave" / "cache" / "test"
# A distribution's browser is a shell script with needs of its own, and the cut network is util-linux's: they may stand off the PATH.
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One named step: a command, what must be built before, and what may run beside it."""

    name: str
    command: list[str]
    cwd: Path = ROOT
    needs: tuple[str, ...] = ()
    # The step that this is a part of: who asks for that runs both.
    of: str = ""
    # Uses all cores by itself.
    alone: bool = False
    # Waits for people and networks most of its time: two such run beside each other, and nothing else does.
    browsers: bool = False
    fast: bool = True
    rust: bool = False
    # A cargo command that not every machine with Rust has.
    tool: str = ""
    # Where pytest keeps which tests failed.
    remembered: Path | None = None


def checks(*, fast: bool, soak: bool) -> list[Check]:
    """Return the steps in the order in which they are run.

    Args:
        fast: leave out what needs browsers or minutes.
        soak: add the long random tests.
    """
    web, mls = ROOT / "web", ROOT / "mls"
    # Built and judged as mls/ is: with its toolchain, its format, its deny.toml.
    interop = ["--manifest-path", str(ROOT / "tests" / "interop" / "Cargo.toml")]
    some = "not journey and not soak" + (" and not slow" if fast else "")
    needs = () if fast else ("web", "engine", "geo")
    tlog, redis = ((), ()) if fast else (("tlog",), ("redis",))
    steps = [
        # Those that take longest come first, so that the short ones fill up the rest.
        _tests("unit", "-m", some, *(f"--ignore={folder}" for folder in (*CALL_TESTS, *PEOPLE_TESTS)), needs=(*needs, *tlog)),
        _tests("unit-people", "-m", some, *PEOPLE_TESTS, needs=needs, of="unit"),
        _tests("unit-call", "-m", some, *CALL_TESTS, needs=(*needs, *redis)),
        Check(name="lint", command=[str(SCRIPTS / "ruff"), "check"]),
        Check(name="format", command=[str(SCRIPTS / "ruff"), "format", "--check"]),
        Check(name="types", command=[str(SCRIPTS / "mypy")]),
        Check(name="layers", command=[str(SCRIPTS / "lint-imports")]),
        Check(name="dead-code", command=[str(SCRIPTS / "python"), "-m", "deploy.dead_code"]),
        *(
            Check(name=f"web-{script}", command=["npm", "run", "--silent", script], cwd=web, needs=("modules",))
            for script in ("types", "lint", "test", "dead", "cycles")
        ),
        Check(name="mls-format", command=["cargo", "fmt", "--check"], cwd=mls, rust=True),
        Check(
            name="interop-format",
            command=["cargo", "fmt", "--check", *interop, "--", "--config-path", "rustfmt.toml"],
            cwd=mls,
            rust=True,
        ),
        Check(
            name="mls-lint",
            command=["cargo", "clippy", "--locked", "--all-targets", "--", "-D", "warnings"],
            cwd=mls,
            rust=True,
            fast=False,
        ),
        Check(name="mls-test", command=["cargo", "test", "--locked", "--quiet"], cwd=mls, rust=True, alone=True, fast=False),
        # Advisories come from a database on the network, which CI does not have: `cargo deny check advisories` asks it.
        Check(name="mls-deny", command=["cargo", "deny", "--locked", *DENIED], cwd=mls, rust=True, tool="deny", fast=False),
        Check(name="interop-deny", command=["cargo", "deny", *interop, "--locked", *DENIED], cwd=mls, rust=True, tool="deny", fast=False),
        *(
            _tests(
                name, "-m", "journey", "--durations=60", *chosen, needs=("web", "engine", "geo", "tls", "acme"), browsers=True, fast=False
            )
            for name, chosen in (
                ("journeys", ["tests/journeys", *(f"--ignore={file}" for file in sorted(MACHINES))]),
                ("adversity", ["tests", *(f"--ignore={file}" for file in sorted(_journeys() - MACHINES))]),
            )
        ),
        _tests("soak", "-m", "soak", "--durations=10", needs=("web", "engine", "geo"), alone=True, fast=False),
    ]
    return [step for step in steps if (step.fast or not fast) and (step.name != "soak" or soak)]


def _journeys() -> set[str]:
    """Return the files of tests/journeys."""
    return {str(file.relative_to(ROOT)) for file in (ROOT / "tests" / "journeys").glob("test_*.py")}


def _tests(
    name: str, *chosen: str, needs: tuple[str, ...], browsers: bool = False, alone: bool = False, fast: bool = True, of: str = ""
) -> Check:
    """Return a step of tests that remembers which of them failed."""
    command = [*PYTEST, "-o", f"cache_dir={REMEMBERED / name}", *chosen]
    return Check(name=name, command=command, needs=needs, of=of, browsers=browsers, alone=alone, fast=fast, remembered=REMEMBERED / name)


def main() -> None:
    """Run the asked steps and exit with 1 if any failed."""
    arguments = _arguments()
    if arguments.fast:
        os.environ.setdefault("EXAMPLES_TIMES", FAST_EXAMPLES)
    steps = checks(fast=arguments.fast, soak=arguments.soak)
    results = [
        _tell(name, ok=False, output="There is no such step.") for name in arguments.only if name not in {step.name for step in steps}
    ]
    if arguments.only:
        steps = [step for step in steps if step.name in arguments.only or step.of in arguments.only]
    not_run = {step.name: lack for step in steps if (lack := lacking(step))}
    for name, lack in not_run.items():
        sys.stdout.write(f"----  {name:<24} not run: no {lack}\n")
    needed = {need for step in steps for need in step.needs}
    results += [_prepare(part) for part in ("modules", "web", "engine", "geo", "tls", "acme", "tlog", "redis") if part in needed]
    results += run_all([step for step in steps if step.name not in not_run])
    if arguments.sabotage:
        from tests.sabotage.runner import run_patches

        results += run_patches(tell=_tell)
    skipped = f", {len(not_run)} skipped" if not_run else ""
    sys.stdout.write(f"{results.count(True)} passed, {results.count(False)} failed{skipped}\n")
    sys.exit(0 if all(results) else 1)


def lacking(step: Check) -> str:
    """Return what a step of mls/ needs and this machine does not have; empty when it can run."""
    if not step.rust:
        return ""
    if not _has_cargo():
        return "Rust"
    return f"cargo-{step.tool}" if step.tool and not _has_cargo(step.tool) else ""


def run_all(steps: list[Check]) -> list[bool]:
    """Run steps, two at a time where they allow it, and return which succeeded."""
    together = [step for step in steps if not step.alone and not step.browsers]
    alone = [step for step in steps if step.alone]
    browsers = [step for step in steps if step.browsers]
    with ThreadPoolExecutor(TOGETHER) as pool:
        results = [*pool.map(run_one, together), *map(run_one, alone), *pool.map(run_one, browsers)]
    return [passed or run_again(step) for step, passed in zip([*together, *alone, *browsers], results, strict=True)]


def run_again(step: Check) -> bool:
    """Run the tests that failed in a step once more, with nothing beside them, and return whether none fails again.

    Returns:
        Whether the step has passed now; False also if it is no step of tests, or so many failed that the machine is not the reason.
    """
    failed = failures(step)
    if not 0 < len(failed) <= MOST_AGAIN:
        return False
    again = replace(step, name=f"{step.name}-again", command=[*step.command, "--last-failed"], remembered=None)
    passed = run_one(again)
    said = "failed beside other steps and passed alone" if passed else "failed, and alone again"
    sys.stdout.write("".join(f"{said}: {name}\n" for name in failed))
    return passed


def failures(step: Check) -> list[str]:
    """Return the names of the tests that failed when a step ran last."""
    remembered = step.remembered and step.remembered / "v" / "cache" / "lastfailed"
    return sorted(json.loads(remembered.read_text(encoding="utf-8"))) if remembered and remembered.exists() else []


def run_one(step: Check) -> bool:
    """Run one step, print its time, and its output if it failed.

    Returns:
        Whether it succeeded.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    if step.remembered:
        shutil.rmtree(step.remembered, ignore_errors=True)
    log = LOGS / f"{step.name}.log"
    start = time.monotonic()
    with log.open("wb") as output:
        try:
            env = toolchain.node_environment() if "modules" in step.needs else dict(os.environ)
            if "engine" in step.needs:
                env["PATH"] = f"{env.get('PATH', '')}:{SYSTEM_PATH}".lstrip(":")
            code = subprocess.call(step.command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=step.cwd, env=env)
        except (OSError, SetupError) as error:
            output.write(f"{step.command[0]} cannot be started: {error}\n".encode())
            code = 1
    text = log.read_text(encoding="utf-8", errors="replace")
    return _tell(step.name, ok=code == 0, seconds=time.monotonic() - start, output=text)


def _prepare(part: str) -> bool:
    """Build one part that the steps need, and return whether it worked."""
    start = time.monotonic()
    try:
        build.BUILDS[part]()
    except SetupError as error:
        explain(error)
        return _tell(f"prepare-{part}", ok=False, seconds=time.monotonic() - start)
    return _tell(f"prepare-{part}", ok=True, seconds=time.monotonic() - start)


def _has_cargo(tool: str = "") -> bool:
    """Tell whether the toolchain that mls/ pins is on this machine, or one more command of it."""
    command = ["cargo", *([tool] if tool else []), "--version"]
    try:
        return subprocess.call(command, cwd=ROOT / "mls", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def _tell(name: str, *, ok: bool, seconds: float = 0, output: str = "") -> bool:
    """Print one step's result, with the first and the last lines of what it said if it failed; return the result."""
    text = f"{'PASS' if ok else 'FAIL'}  {name:<24} {seconds:7.1f} s\n"
    if not ok and output:
        lines = [line for line in output.splitlines() if not PROGRESS.fullmatch(line)]
        if len(lines) > FIRST_SHOWN + LAST_SHOWN:
            more = f"… {len(lines) - FIRST_SHOWN - LAST_SHOWN} more lines in {LOGS / name}.log"
            lines = [*lines[:FIRST_SHOWN], more, *lines[-LAST_SHOWN:]]
        text += "".join(f"      {line}\n" for line in lines)
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
