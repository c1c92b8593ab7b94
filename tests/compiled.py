"""The MLS module as wasmtime compiled it: made once for all runs, as that takes a core seconds for each process and for each server.

A plugin (tests/conftest.py names it). That a first start compiles it, and a second one need not, is what journeys/test_run.py and
mls/test_python_binding.py are about.
"""

import hashlib
import shutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from conclave.keys.mls import WASM, MlsModule

KEPT = Path(__file__).resolve().parents[1] / ".conclave" / "cache" / "compiled"


@cache
def module() -> MlsModule:
    """Return this process's module, as whoever came first has compiled it."""
    return MlsModule(cache_dir=_folder())


def hand_over(state: Path) -> None:
    """Put it where a server with this state folder looks for it."""
    module()
    shutil.copytree(_folder(), state / "cache", dirs_exist_ok=True)


@pytest.fixture(autouse=True, scope="session")
def _compiled_once() -> Iterator[None]:
    """Let the server's own code take it in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conclave.keys.groups.module", module)
        patch.setattr(MlsModule, "shared", module)
        yield


@cache
def _folder() -> Path:
    """Return where the module of this checkout is kept; a sabotaged one, which shares the cache, has a place of its own."""
    return KEPT / hashlib.sha256(WASM.read_bytes() + version("wasmtime").encode()).hexdigest()[:16]
