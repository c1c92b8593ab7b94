"""Builds what the server serves and supervises: the client in web/ and the media engine in engine/, each once.

`python -m deploy.build web engine`: a stamp of all inputs makes the next call immediate and independent of the network.
"""

import argparse
import fcntl
import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy import machine, toolchain, uv
from deploy.progress import SetupError, explain, step

ROOT = uv.ROOT
HOME = uv.HOME
ENGINE = HOME / "bin" / "livekit-server"
ENGINE_PACKAGE = "github.com/livekit/livekit-server/cmd/server"
STAMPS = HOME / "stamps"
REPORT_ADVICE = "Please report this with the lines above."
NPM_ADVICE = "Check that this machine reaches an npm registry (NPM_CONFIG_REGISTRY names another one), then run the same command again."
WEB_SKIPPED = {"node_modules", "dist", "coverage"}


def main() -> None:
    """Build the named parts that changed since the last time."""
    parser = argparse.ArgumentParser(prog="deploy.build")
    parser.add_argument("parts", nargs="+", choices=["web", "modules", "engine"])
    try:
        missing = [part for part in parser.parse_args().parts if not is_current(part)]
        if not missing:  # nothing is written, so that a service may have the checkout for reading only
            return
        refuse_small(missing)
        with (HOME / "build-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two commands started at once build only once
            for part in missing:
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
    stamp = _begin("engine")
    if stamp is None:
        return
    env = toolchain.go_environment()
    advice = "Check that this machine reaches a Go module proxy (GOPROXY names another one), then run the same command again."
    with step("Fetching the media engine's source") as current:
        current.run(["go", "mod", "download"], log=HOME / "log" / "engine-source.log", env=env, cwd=folder, advice=advice)
    ENGINE.parent.mkdir(parents=True, exist_ok=True)
    partial = ENGINE.with_name(f"{ENGINE.name}.{os.getpid()}")
    few = ["-p", "1"] if machine.available_memory_mb() < machine.SMALL_MEMORY_MB else []
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
    stamp = _begin("modules")
    if stamp is None:
        return
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
    stamp = _begin("web")
    if stamp is None:
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


def is_current(part: str) -> bool:
    """Tell whether a part is there and was built from exactly what is here now."""
    made = {"web": ROOT / "web" / "dist", "modules": ROOT / "web" / "node_modules", "engine": ENGINE}[part]
    stamp = STAMPS / part
    return made.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted_stamp(part)


def wanted_stamp(part: str) -> str:
    """Return what a part's stamp must be: it changes with all that the part is built from."""
    web, deploy = ROOT / "web", ROOT / "deploy"
    if part == "engine":
        return fingerprint([ROOT / "engine" / "go.mod", ROOT / "engine" / "go.sum", deploy / "go.lock"])
    if part == "modules":
        return fingerprint([web / "package.json", web / "package-lock.json", deploy / "node.lock"])
    return fingerprint([*web_inputs(web), *sorted((ROOT / "mls" / "dist").glob("*")), deploy / "node.lock"])


def refuse_small(parts: Iterable[str]) -> None:
    """Say in one sentence what this machine lacks for building these parts, before anything is fetched.

    Raises:
        SetupError: no disk, no memory.
    """
    parts = set(parts)
    needed = machine.ENGINE_DISK_MB * ("engine" in parts) + machine.WEB_DISK_MB * bool(parts & {"web", "modules"})
    machine.need_disk(needed, place=ROOT, what="Building Conclave")
    machine.need_memory(machine.LEAST_MEMORY_MB, what="Building Conclave")


def _begin(part: str) -> str | None:
    """Return the stamp to set when the part is built, None when it is current; its old stamp is forgotten."""
    if is_current(part):
        return None
    refuse_small([part])
    (STAMPS / part).unlink(missing_ok=True)  # what follows changes the part: should it fail, no old stamp may speak for it
    return wanted_stamp(part)


def _set_stamp(name: str, stamp: str) -> None:
    """Note what this part was built from."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(stamp, encoding="ascii")


if __name__ == "__main__":
    main()
