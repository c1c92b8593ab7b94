"""Builds what the server serves and supervises: the client in web/, the media engine in engine/, the TLS server in engine/tls/, each once;
and fetches the two databases of countries that deploy/geo/ pins.

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
CADDY = HOME / "bin" / "caddy"
CADDY_PACKAGE = "."
PEBBLE = HOME / "bin" / "pebble"
PEBBLE_NAMES = HOME / "bin" / "pebble-challtestsrv"
PEBBLE_PACKAGES = "github.com/letsencrypt/pebble/v2/cmd"
TLOG = HOME / "bin" / "tlog"
TLOG_PACKAGE = "."
REDIS = HOME / "bin" / "redis"
REDIS_PACKAGE = "."
GO_PARTS = {"engine", "tls", "acme", "tlog", "redis"}
STAMPS = HOME / "stamps"
REPORT_ADVICE = "Please report this with the lines above."
NPM_ADVICE = "Check that this machine reaches an npm registry (NPM_CONFIG_REGISTRY names another one), then run the same command again."
WEB_SKIPPED = {"node_modules", "dist", "coverage"}


def main() -> None:
    """Build the named parts that changed since the last time."""
    parser = argparse.ArgumentParser(prog="deploy.build")
    parser.add_argument("parts", nargs="+", choices=sorted(BUILDS))
    try:
        missing = [part for part in parser.parse_args().parts if not is_current(part)]
        if not missing:  # nothing is written, so that a service may have the checkout for reading only
            return
        refuse_small(missing)
        with (HOME / "build-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two commands started at once build only once
            for part in missing:
                BUILDS[part]()
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
    _build_go("engine", {ENGINE: ENGINE_PACKAGE}, name="the media engine")


def build_tls() -> None:
    """Build the TLS server that engine/tls/go.mod pins, for `run --lan` and `run --domain`.

    Raises:
        SetupError: no disk, no memory, no network, or the build failed.
    """
    _build_go("tls", {CADDY: CADDY_PACKAGE}, name="the TLS server")


def build_acme() -> None:
    """Build the certificate authority and the name server that tests/acme/go.mod pins, for tests only.

    Raises:
        SetupError: no disk, no memory, no network, or the build failed.
    """
    _build_go("acme", {program: f"{PEBBLE_PACKAGES}/{program.name}" for program in (PEBBLE, PEBBLE_NAMES)}, name="the tests' authority")


def build_tlog() -> None:
    """Build the program that works out the ledger's tree with the library that tests/tlog/go.mod pins, for tests and a benchmark only.

    Raises:
        SetupError: no disk, no memory, no network, or the build failed.
    """
    _build_go("tlog", {TLOG: TLOG_PACKAGE}, name="the ledger's other half")


def build_redis() -> None:
    """Build the Redis by which tests let engines share their calls, of the library that tests/redis/go.mod pins; for tests only.

    Raises:
        SetupError: no disk, no memory, no network, or the build failed.
    """
    _build_go("redis", {REDIS: REDIS_PACKAGE}, name="the tests' Redis")


def _build_go(part: str, packages: dict[Path, str], *, name: str) -> None:
    """Build the programs that a part's go.mod pins, each from its package, once.

    Raises:
        SetupError: no disk, no memory, no network, or the build failed.
    """
    stamp = _begin(part)
    if stamp is None:
        return
    folder = _go_folder(part)
    env = toolchain.go_environment()
    advice = "Check that this machine reaches a Go module proxy (GOPROXY names another one), then run the same command again."
    with step(f"Fetching {name}'s source") as current:
        current.run(["go", "mod", "download"], log=HOME / "log" / f"{part}-source.log", env=env, cwd=folder, advice=advice)
    few = ["-p", "1"] if machine.available_memory_mb() < machine.SMALL_MEMORY_MB else []
    for program, package in packages.items():
        program.parent.mkdir(parents=True, exist_ok=True)
        partial = program.with_name(f"{program.name}.{os.getpid()}")
        command = ["go", "build", *few, "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", str(partial), package]
        try:
            with step(f"Building {name}, once (some minutes on two cores)") as current:
                current.run(command, log=HOME / "log" / f"{part}-build.log", env=env, cwd=folder, advice=REPORT_ADVICE)
            partial.replace(program)
        finally:
            partial.unlink(missing_ok=True)
    _set_stamp(part, stamp)


def _go_folder(part: str) -> Path:
    """Return the folder whose go.mod pins a part."""
    places = {"engine": ("engine",), "tls": ("engine", "tls")}
    return ROOT.joinpath(*places.get(part, ("tests", part)))


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


def fetch_geo() -> None:
    """Fetch the databases that deploy/geo/package-lock.json pins; which bytes they have, deploy/geo/databases.json says once more.

    Raises:
        SetupError: no disk, no network.
    """
    stamp = _begin("geo")
    if stamp is None:
        return
    with step("Fetching the databases of countries") as current:
        current.run(
            ["npm", "ci", "--no-progress", "--ignore-scripts"],
            log=HOME / "log" / "geo-packages.log",
            env=toolchain.node_environment(),
            cwd=ROOT / "deploy" / "geo",
            advice=NPM_ADVICE,
        )
    _set_stamp("geo", stamp)


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
    made = {
        "web": [ROOT / "web" / "dist"],
        "modules": [ROOT / "web" / "node_modules"],
        "geo": [ROOT / "deploy" / "geo" / "node_modules"],
        "engine": [ENGINE],
        "tls": [CADDY],
        "acme": [PEBBLE, PEBBLE_NAMES],
        "tlog": [TLOG],
        "redis": [REDIS],
    }[part]
    stamp = STAMPS / part
    return all(path.exists() for path in made) and stamp.exists() and stamp.read_text(encoding="ascii") == wanted_stamp(part)


def wanted_stamp(part: str) -> str:
    """Return what a part's stamp must be: it changes with all that the part is built from."""
    web, deploy = ROOT / "web", ROOT / "deploy"
    if part in GO_PARTS:
        return fingerprint(
            [*sorted(_go_folder(part).glob("*.go")), _go_folder(part) / "go.mod", _go_folder(part) / "go.sum", deploy / "go.lock"]
        )
    if part == "geo":
        return fingerprint([deploy / "geo" / "package.json", deploy / "geo" / "package-lock.json", deploy / "node.lock"])
    if part == "modules":
        return fingerprint([web / "package.json", web / "package-lock.json", deploy / "node.lock"])
    return fingerprint([*web_inputs(web), *sorted((ROOT / "mls" / "dist").glob("*")), deploy / "node.lock"])


def refuse_small(parts: Iterable[str]) -> None:
    """Say in one sentence what this machine lacks for building these parts, before anything is fetched.

    Raises:
        SetupError: no disk, no memory.
    """
    parts = set(parts)
    needed = machine.ENGINE_DISK_MB * len(parts & GO_PARTS) + machine.WEB_DISK_MB * bool(parts & {"web", "modules"})
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


BUILDS = {
    "acme": build_acme,
    "engine": build_engine,
    "geo": fetch_geo,
    "modules": install_modules,
    "redis": build_redis,
    "tlog": build_tlog,
    "tls": build_tls,
    "web": build_web,
}

if __name__ == "__main__":
    main()
