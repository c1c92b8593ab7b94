"""The committed module is what its sources give: rebuilt with the pinned toolchain and compared."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

MLS = Path(__file__).parents[2] / "mls"


def test_the_checksum_file_names_the_committed_module() -> None:
    module = (MLS / "dist" / "conclave_mls.wasm").read_bytes()
    assert (MLS / "dist" / "SHA256").read_text() == f"{hashlib.sha256(module).hexdigest()}  conclave_mls.wasm\n"


@pytest.mark.slow
def test_a_rebuild_gives_the_committed_module(tmp_path: Path) -> None:
    if not _has_rust():
        pytest.skip("not run: no Rust")
    subprocess.run(["sh", str(MLS / "build.sh"), str(tmp_path)], check=True, capture_output=True)
    assert (tmp_path / "SHA256").read_text() == (MLS / "dist" / "SHA256").read_text()


def _has_rust() -> bool:
    """Tell whether the toolchain that mls/ pins is on this machine, with its WASM target."""
    if shutil.which("cargo") is None or shutil.which("rustc") is None:
        return False
    asked = subprocess.run(
        ["rustc", "--print", "target-libdir", "--target", "wasm32-wasip1"], cwd=MLS, capture_output=True, env=os.environ, check=False
    )
    return asked.returncode == 0 and Path(asked.stdout.decode().strip()).is_dir()
