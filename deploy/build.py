"""Builds what the server serves and supervises: the client in web/ and the media engine in engine/, each once.

`python -m deploy.build web engine`: a stamp of all inputs makes the next call immediate and independent of the network.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy import toolchain, uv
from deploy.progress import SetupError, explain, step

ROOT = uv.ROOT
HOME = uv.HOME
ENGINE = HOME / "bin" / "livekit-server"
ENGINE_PACKAGE = "github.com/livekit/livekit-server/cmd/server"
STAMPS = HOME / "stamps"
ENGINE_FREE_MB = 3000
WEB_FREE_MB = 1500
SMALL_MEMORY_MB = 2000
REPORT_ADVICE = "Please report this with the lines above."
NPM_ADVICE = "Check that this machine reaches an npm registry (NPM_CONFIG_REGISTRY names another one), then run the same command again."
LEAST_MEMORY_MB = 700
WEB_SKIPPED = {"node_modules", "dist", "coverage"}


def main() -> None:
    """Build the named parts that changed since the last time."""
    parser = argparse.ArgumentParser(prog="deploy.build")
    parser.add_argument("parts", nargs="+", choices=["web", "modules", "engine"])
    try:
        parts = parser.parse_args().parts
        with (HOME / "build-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two commands started at once build only once
            for part in parts:
                {"web": build_web, "modules": install_modules, "engine": build_engine}[part]()
    except SetupError as error:
        explain(error)
        sys.exit(1)
    except KeyboardInterrupt:
        explain(SetupError("Stopped. The same command goes on where this one ended."))
        sys.exit(130)


def build_engine() -> None:
    """Build the media engine that engine/go.mod pins.

    Raises:
        SetupError: no disk, no memory, no network, or the build failed.
    """
    folder = ROOT / "engine"
    stamp = fingerprint([folder / "go.mod", folder / "go.sum", ROOT / "deploy" / "go.lock"])
    if ENGINE.exists() and _is_stamped("engine", stamp):
        return
    _need_disk(ENGINE_FREE_MB, what="The media engine's build")
    memory = available_memory_mb()
    if memory < LEAST_MEMORY_MB:
        lacking = f"The media engine's build needs {LEAST_MEMORY_MB} MB of free memory and there are {memory}"
        raise SetupError(f"{lacking}: stop other programs, then run this command again.")
    env = toolchain.go_environment()
    advice = "Check that this machine reaches a Go module proxy (GOPROXY names another one), then run the same command again."
    with step("Fetching the media engine's source") as current:
        current.run(["go", "mod", "download"], log=HOME / "log" / "engine-source.log", env=env, cwd=folder, advice=advice)
    ENGINE.parent.mkdir(parents=True, exist_ok=True)
    partial = ENGINE.with_name(f"{ENGINE.name}.{os.getpid()}")
    few = ["-p", "1"] if memory < SMALL_MEMORY_MB else []
    command = ["go", "build", *few, "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", str(partial), ENGINE_PACKAGE]
    try:
        with step("Building the media engine, once (two to four minutes on two cores)") as current:
            current.run(
                command, log=HOME / "log" / "engine-build.log", env=env, cwd=folder, advice="Please report this with the lines above."
            )
        partial.replace(ENGINE)
    finally:
        partial.unlink(missing_ok=True)
    _set_stamp("engine", stamp)


def install_modules() -> None:
    """Install the packages that web/package-lock.json pins.

    Raises:
        SetupError: no disk, no network.
    """
    web = ROOT / "web"
    stamp = fingerprint([web / "package.json", web / "package-lock.json", ROOT / "deploy" / "node.lock"])
    if (web / "node_modules").is_dir() and _is_stamped("modules", stamp):
        return
    _need_disk(WEB_FREE_MB, what="The meeting client's build")
    env = toolchain.node_environment()
    with step("Fetching the meeting client's packages") as current:
        current.run(
            ["npm", "ci", "--no-progress"],
            log=HOME / "log" / "web-packages.log",
            env=env,
            cwd=web,
            advice=NPM_ADVICE,
        )
    _set_stamp("modules", stamp)


def build_web() -> None:
    """Build web/dist from web/ and the committed MLS module.

    Raises:
        SetupError: the packages cannot be had, or the build failed.
    """
    web = ROOT / "web"
    stamp = fingerprint([*web_inputs(web), *sorted((ROOT / "mls" / "dist").glob("*")), ROOT / "deploy" / "node.lock"])
    if (web / "dist").is_dir() and _is_stamped("web", stamp):
        return
    install_modules()
    with step("Building the meeting client") as current:
        current.run(
            ["npm", "run", "build"],
            log=HOME / "log" / "web-build.log",
            env=toolchain.node_environment(),
            cwd=web,
            advice=REPORT_ADVICE,
        )
    _set_stamp("web", stamp)


def web_inputs(web: Path) -> list[Path]:
    """Return every file the client is built from, in a stable order."""
    found: list[Path] = []
    for folder, names, files in os.walk(web):
        names[:] = sorted(name for name in names if name not in WEB_SKIPPED and not name.startswith("."))
        found.extend(Path(folder) / name for name in sorted(files))
    return found


def fingerprint(files: Iterable[Path]) -> str:
    """Return one hash over names and contents; an absent file counts as absent."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.is_file() else b"absent"
        digest.update(f"{path.relative_to(ROOT)} {len(content)} ".encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()


def available_memory_mb() -> int:
    """Return how much memory new work may use; where the system does not say, enough."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    return SMALL_MEMORY_MB


def _need_disk(megabytes: int, *, what: str) -> None:
    """Raise SetupError when the checkout's disk has less room."""
    free = shutil.disk_usage(ROOT).free // 10**6
    if free < megabytes:
        raise SetupError(f"{what} needs {megabytes} MB of disk and {ROOT} has {free} MB: make room, then run this command again.")


def _is_stamped(name: str, stamp: str) -> bool:
    """Tell whether this part was built from exactly these inputs; if not, forget what it was built from."""
    path = STAMPS / name
    if path.exists() and path.read_text(encoding="ascii") == stamp:
        return True
    path.unlink(missing_ok=True)  # what follows changes the part: should it fail, no old stamp may speak for it
    return False


def _set_stamp(name: str, stamp: str) -> None:
    """Note what this part was built from."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(stamp, encoding="ascii")


if __name__ == "__main__":
    main()
