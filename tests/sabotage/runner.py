"""Breaks the code in known ways, one patch at a time on a copy, and demands that the named test notices.

A patch in tests/sabotage/*.patch is a diff with lines before it such as
    Test: pytest tests/journeys/test_padlock.py::test_name
    Test: vitest src/e2ee/frames.test.ts
    Test: cargo refuses_an_unannounced_add
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy import toolchain

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".conclave"
COPIES = HOME / "sabotage"
SHARED = ("venv", "bin", "toolchains", "uv", "cache", "browsers")
NOT_RUN = "not run: no Rust"
Tell = Callable[..., bool]


def run_patches(*, tell: Tell) -> list[bool]:
    """Apply each patch alone and run its tests.

    Args:
        tell: prints one result and returns it; takes name, ok, seconds, output.

    Returns:
        For each patch whether every one of its tests failed, as it must.
    """
    return [_run_patch(patch, tell) for patch in sorted((ROOT / "tests" / "sabotage").glob("*.patch"))]


def _run_patch(patch: Path, tell: Tell) -> bool:
    """Return whether every test that the patch names fails with it."""
    start = time.monotonic()
    copy = COPIES / patch.stem
    try:
        fault = _sabotage(patch, copy)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    name = f"sabotage-{patch.stem}"
    if fault == NOT_RUN:
        name += f" ({NOT_RUN})"
    return tell(name, ok=fault in {"", NOT_RUN}, seconds=time.monotonic() - start, output=fault)


def _sabotage(patch: Path, copy: Path) -> str:
    """Return what is wrong with the patch or its tests, nothing when the tests notice it."""
    named = [line.removeprefix("Test: ").split() for line in patch.read_text(encoding="utf-8").splitlines() if line.startswith("Test: ")]
    if not named:
        return "The patch names no test: it needs a line 'Test: pytest …', 'Test: vitest …' or 'Test: cargo …'."
    if any(words[0] == "cargo" for words in named) and not shutil.which("cargo"):
        return NOT_RUN
    make_copy(copy)
    applied = subprocess.run(["git", "apply", str(patch)], cwd=copy, capture_output=True, text=True, check=False)
    if applied.returncode:
        return f"The patch does not apply any more:\n{applied.stderr}"
    env = dict(os.environ, PYTHONPATH=str(copy / "src"))
    if any("journeys" in word for words in named for word in words):
        built = subprocess.run(
            [str(HOME / "venv/bin/python"), "-m", "deploy.build", "web"], cwd=copy, env=env, capture_output=True, text=True, check=False
        )
        if built.returncode:
            return f"The sabotaged client cannot be built:\n{built.stderr}"
    return "\n".join(filter(None, (_unnoticed(words, copy, env) for words in named)))


def make_copy(copy: Path) -> None:
    """Copy what git knows or would take, with the fetched and built parts linked in."""
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy / name)
    (copy / ".conclave").mkdir()
    for name in SHARED:
        if (HOME / name).exists():
            (copy / ".conclave" / name).symlink_to(HOME / name)
    shutil.copytree(HOME / "stamps", copy / ".conclave" / "stamps")
    (copy / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    if (ROOT / "web" / "dist").is_dir():
        shutil.copytree(ROOT / "web" / "dist", copy / "web" / "dist")
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)  # else git apply would look at the checkout around it


def _unnoticed(words: list[str], copy: Path, env: Mapping[str, str]) -> str:
    """Return a sentence when this test does not fail, nothing when it does."""
    kind, *rest = words
    if kind == "pytest":
        command, cwd, variables = [str(HOME / "venv/bin/python"), "-m", "pytest", "-q", "-p", "no:randomly", *rest], copy, dict(env)
    elif kind == "vitest":
        command, cwd, variables = ["npx", "--no-install", "vitest", "run", *rest], copy / "web", toolchain.node_environment()
    else:
        target = {"CARGO_TARGET_DIR": str(HOME / "cache" / "cargo-target")}
        command, cwd, variables = ["cargo", "test", "--quiet", *rest], copy / "mls", dict(env, **target)
    done = subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if done.returncode == 0:
        return f"The code is broken by the patch, and this test did not notice: {' '.join(words)}"
    noticed = {
        "pytest": done.returncode == 1 and " failed" in output,
        "vitest": "FAIL " in output,
        "cargo": "test result: FAILED" in output,
    }
    return "" if noticed[kind] else f"The test could not be run ({' '.join(words)}):\n{output}"
