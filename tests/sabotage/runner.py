"""`./conclave test --sabotage`: applies each patch alone to a copy of the checkout and demands that the test it names fails.

A patch begins with header lines, then `---` and a diff:

    Breaks: what the patch does, in one sentence
    Test: pytest tests/hostile/test_i1_nothing_leaves_in_clear.py   (or vitest, or cargo)

All tests named must notice. They are first run on a copy without any patch, where they must pass: a test that fails anyway
would notice nothing.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy import toolchain

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SHARED = ("bin", "venv", "toolchains", "uv", "cache", "browsers")
PACKAGES = ("web/node_modules", "tests/journeys/node_modules", "deploy/geo/node_modules")
BUILD_SECONDS = 1200
TEST_SECONDS = 900
NOT_RUN = "not run: no Rust"
FOUND_FAILURES = {"pytest": 1, "vitest": 1, "cargo": 101}  # other codes say that the test could not be run
FAILED = {"pytest": re.compile(r"\d+ failed"), "vitest": re.compile(r"Tests\s+\d+ failed"), "cargo": re.compile("test result: FAILED")}
KINDS = tuple(FOUND_FAILURES)
HEADER = re.compile(r"^(Breaks|Test): (.+)$", re.MULTILINE)
# An invariant's patch is called i1-…, another rule's pol-15-….
NAME = re.compile(r"(?P<kind>[a-z]+)-?(?P<number>\d+)-")


class Tell(Protocol):
    """Prints one result and returns whether it is good; tests/suite.py passes its own."""

    def __call__(self, name: str, *, ok: bool, seconds: float, output: str) -> bool:
        """Tell one result."""


@dataclass(frozen=True, kw_only=True)
class Sabotage:
    """One patch and the tests that must notice it, each of them."""

    path: Path
    breaks: str
    tests: tuple[tuple[str, ...], ...]

    @property
    def rule(self) -> tuple[str, int]:
        """The rule that it breaks, in words of the specification: I and a number, or POL and one."""
        name = NAME.match(self.path.name)
        assert name, f"{self.path.name} does not begin with a rule"
        return name["kind"].upper(), int(name["number"])

    @property
    def needs_rust(self) -> bool:
        """Whether it cannot be tried without a Rust toolchain."""
        return any(words[0] == "cargo" for words in self.tests)


def patches() -> list[Sabotage]:
    """Return all patches, those of invariants first, in order of their rules."""
    return sorted(map(read, HERE.glob("*.patch")), key=lambda patch: (patch.rule[0] != "I", patch.rule, patch.path.name))


def read(path: Path) -> Sabotage:
    """Return a patch's header.

    Raises:
        ValueError: a line is missing or cannot be used.
    """
    lines = HEADER.findall(path.read_text(encoding="utf-8").split("\n---\n")[0])
    breaks = [value for key, value in lines if key == "Breaks"]
    tests = tuple(tuple(value.split()) for key, value in lines if key == "Test")
    if len(breaks) != 1 or not tests or any(words[0] not in KINDS or len(words) < 2 for words in tests):
        raise ValueError(f"{path.name} must begin with one line 'Breaks: …' and lines 'Test: pytest|vitest|cargo …'")
    return Sabotage(path=path, breaks=breaks[0], tests=tests)


def run_patches(*, tell: Tell, only: str = "") -> list[bool]:
    """Run every patch, or those whose name begins with `only`.

    Args:
        tell: prints one result and returns it.
        only: the beginning of a patch's name.

    Returns:
        For each test without a patch whether it passed, then for each patch whether every one of its tests failed.
    """
    chosen = [patch for patch in patches() if patch.path.name.startswith(only)]
    results = []
    with _copy() as folder:
        for words in sorted({words for patch in chosen for words in patch.tests if words[0] != "cargo" or shutil.which("cargo")}):
            start = time.monotonic()
            code, output = _test(folder, words)
            results.append(tell(f"control-{Path(words[1]).stem}", ok=code == 0, seconds=time.monotonic() - start, output=output))
    for patch in chosen:
        start = time.monotonic()
        name = f"sabotage-{patch.path.stem}"
        if patch.needs_rust and not shutil.which("cargo"):
            results.append(tell(f"{name} ({NOT_RUN})", ok=True, seconds=0, output=""))
            continue
        fault = _fault(patch)
        results.append(tell(name, ok=not fault, seconds=time.monotonic() - start, output=fault))
    return results


def _fault(patch: Sabotage) -> str:
    """Return what is wrong with a patch or its tests; nothing when each of them notices it."""
    with _copy() as folder:
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", str(patch.path)], cwd=folder, capture_output=True, text=True, check=False
        )
        if applied.returncode:
            return f"The patch does not fit any more:\n{applied.stderr}"
        for words in patch.tests:
            code, output = _test(folder, words)
            if code == 0:
                return f"{patch.breaks}\nThis test did not notice: {' '.join(words)}\n"
            if code != FOUND_FAILURES[words[0]] or not FAILED[words[0]].search(output):
                return f"This test could not be run ({' '.join(words)}): it ended with {code}.\n{output}"
    return ""


def _test(folder: Path, words: tuple[str, ...]) -> tuple[int, str]:
    """Build what changed in a copy and run one test there; return its exit code and what it printed."""
    kind, *rest = words
    env = {**os.environ, "PYTHONPATH": str(folder / "src"), "ANY_FAILURE": "yes"}
    python = str(folder / ".conclave" / "venv" / "bin" / "python")
    if kind == "pytest":
        build = subprocess.run(
            [python, "-m", "deploy.build", "web"], cwd=folder, env=env, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
        if build.returncode:
            return -1, f"The client does not build:\n{build.stdout}{build.stderr}"
        command, cwd = [python, "-m", "pytest", "-q", "-p", "no:randomly", *rest], folder
    elif kind == "vitest":
        command, cwd, env = (
            ["npx", "--no-install", "vitest", "run", *rest],
            folder / "web",
            {**toolchain.node_environment(), "NO_COLOR": "1"},
        )
    else:
        command, cwd = ["cargo", "test", "--quiet", *rest], folder / "mls"
        env["CARGO_TARGET_DIR"] = str(ROOT / "mls" / "target")
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=TEST_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        return -1, f"The test did not end within {TEST_SECONDS} s.\n{error.stdout!r}"
    return done.returncode, done.stdout + done.stderr


@contextmanager
def _copy() -> Iterator[Path]:
    """Make a copy of the checkout that shares what is downloaded but builds into its own folders; remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="conclave-sabotage-"))
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        (folder / ".conclave").mkdir()
        for name in SHARED:
            if (ROOT / ".conclave" / name).exists():
                (folder / ".conclave" / name).symlink_to(ROOT / ".conclave" / name)
        if (ROOT / ".conclave" / "stamps").is_dir():
            shutil.copytree(ROOT / ".conclave" / "stamps", folder / ".conclave" / "stamps")
        for name in PACKAGES:
            if (ROOT / name).is_dir():
                (folder / name).symlink_to(ROOT / name)
        if (ROOT / "web" / "dist").is_dir():
            shutil.copytree(ROOT / "web" / "dist", folder / "web" / "dist")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _print(name: str, *, ok: bool, seconds: float, output: str) -> bool:
    """Print one result when the runner is started by hand."""
    sys.stdout.write(f"{'PASS' if ok else 'FAIL'}  {name:<44} {seconds:7.1f} s\n{'' if ok else output}")
    sys.stdout.flush()
    return ok


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="tests.sabotage.runner")
    parser.add_argument("--only", default="", help="beginning of a patch's name, such as i1 or pol-15")
    sys.exit(0 if all(run_patches(tell=_print, only=parser.parse_args().only)) else 1)
