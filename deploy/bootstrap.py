"""Prepares this checkout's Python environment and hands over to Conclave's command line.

Started by ./conclave with any Python >= 3.8, isolated, without pip, venv, site or HOME. Everything it makes is in .conclave/;
a stamp makes every later start immediate and independent of the network.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from deploy import machine, uv  # noqa: E402 - the path above makes it importable
from deploy.progress import SetupError, explain, step  # noqa: E402

HOME = uv.HOME
VENV = HOME / "venv"
STAMP = VENV / "conclave-stamp"
LOCK = ROOT / "requirements.lock"
PYTHON = VENV / "bin" / "python"
WANTED = ">=3.11"
# These build the client and the media engine.
BUILDING = {"run", "build", "test", "bench"}


def main() -> None:
    """Prepare the environment, then become `python -m conclave.cli` with the same arguments."""
    try:
        refuse_unsupported()
        if not is_prepared():  # else nothing is written, so that a service may have the checkout for reading only
            refuse_small(sys.argv[1:])
            HOME.mkdir(exist_ok=True)
            with (HOME / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # two commands started at once prepare only once
                prepare()
    except SetupError as error:
        explain(error)
        sys.exit(1)
    except OSError as error:
        explain(SetupError(f"Conclave cannot set itself up: {error}.", advice="It writes only into this checkout: make it writable."))
        sys.exit(1)
    except KeyboardInterrupt:
        explain(SetupError("Stopped. The same command goes on where this one ended."))
        sys.exit(130)
    os.execve(
        str(PYTHON),
        [str(PYTHON), "-m", "conclave.cli", *sys.argv[1:]],
        dict(os.environ, PYTHONPATH=str(ROOT / "src"), PYTHONUNBUFFERED="1"),
    )


def refuse_unsupported() -> None:
    """Say in one sentence what cannot work here, before anything is fetched.

    Raises:
        SetupError: 32-bit, musl, or an operating system without builds.
    """
    if sys.maxsize <= 2**32 or platform.machine() in {"i386", "i686", "armv6l", "armv7l"}:
        raise SetupError("Conclave cannot run on a 32-bit system: use a 64-bit one.")
    if platform.system() == "Linux" and not _has_glibc():
        raise SetupError("Conclave cannot run on musl (Alpine and its like): use a system with glibc, such as Debian.")
    if (platform.system(), platform.machine()) not in uv.WHEELS:
        raise SetupError(
            f"Conclave cannot run on {platform.system()} on {platform.machine()}: it needs Linux or macOS on 64-bit x86 or ARM."
        )


def refuse_small(arguments: list[str]) -> None:
    """Say in one sentence what this machine lacks for all that the command would fetch and build.

    Raises:
        SetupError: no disk, no memory.
    """
    builds = arguments[:1] and arguments[0] in BUILDING
    needs_web = builds and not (ROOT / "web" / "dist").is_dir()
    needs_engine = builds and not (HOME / "bin" / "livekit-server").exists()
    needed = machine.PYTHON_DISK_MB + machine.WEB_DISK_MB * bool(needs_web) + machine.ENGINE_DISK_MB * bool(needs_engine)
    machine.need_disk(needed, place=ROOT, what="Setting Conclave up")
    if needs_web or needs_engine:
        machine.need_memory(machine.LEAST_MEMORY_MB, what="Building Conclave")


def _has_glibc() -> bool:
    """Tell whether this Python runs on the GNU C library."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (ValueError, OSError):
        return False


def prepare() -> None:
    """Make the environment equal to requirements.lock, unless the stamp says that it is.

    Raises:
        SetupError: no suitable Python, no network, no space.
    """
    if is_prepared():
        return
    program = uv.ensure()
    env = uv.environment(os.environ)
    with step(
        "Making a Python environment"
    ) as current:  # always a new one: the old one may come from another folder or a Python that is gone
        current.run(
            [str(program), "venv", "--clear", "--no-project", "--python", _python(), str(VENV)],
            log=HOME / "log" / "venv.log",
            env=env,
            cwd=ROOT,
            advice="This machine has no Python 3.11 or newer and none could be fetched: install one (on Debian: apt-get install python3), "
            "or let this machine reach the internet. Then run the same command again.",
        )
    with step("Installing Conclave's Python packages") as current:
        current.run(
            [str(program), "pip", "sync", "--python", str(PYTHON), "--require-hashes", "--no-build", str(LOCK)],
            log=HOME / "log" / "packages.log",
            env=env,
            cwd=ROOT,
            advice=uv.NETWORK_ADVICE,
        )
    STAMP.write_text(wanted_stamp(), encoding="utf-8")


def is_prepared() -> bool:
    """Tell whether the environment is the one that requirements.lock describes."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted_stamp()


def wanted_stamp() -> str:
    """Return what the environment's stamp must be: it changes with the lock, uv and where the checkout lies."""
    digest = hashlib.sha256(LOCK.read_bytes())
    digest.update(f"{uv.VERSION} {WANTED} {VENV}".encode())
    return digest.hexdigest()


def _python() -> str:
    """Return what uv is asked for: the Python that runs this, if new enough, else any that it finds or can fetch."""
    return sys.executable if sys.version_info >= (3, 11) and sys.executable else WANTED


if __name__ == "__main__":
    main()
