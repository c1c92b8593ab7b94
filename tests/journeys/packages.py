"""The npm packages of tests, installed as the package-lock.json beside them pins them, once."""

import hashlib
import subprocess
from functools import cache
from pathlib import Path

from deploy import toolchain

HERE = Path(__file__).resolve().parent
INSTALL_SECONDS = 300


@cache
def environment() -> dict[str, str]:
    """Return the variables under which `node` is the pinned one."""
    return toolchain.node_environment()


@cache
def modules(folder: Path = HERE) -> Path:
    """Return the folder of installed packages, equal to the lock of the folder that needs them."""
    stamp = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    noted = folder / "node_modules" / ".conclave-stamp"
    if not noted.exists() or noted.read_text(encoding="ascii") != stamp:
        subprocess.run(
            ["npm", "ci", "--no-progress"], cwd=folder, env=environment(), check=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL
        )
        noted.write_text(stamp, encoding="ascii")
    return noted.parent


def axe_source() -> str:
    """Return the accessibility checker's script."""
    return (modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
