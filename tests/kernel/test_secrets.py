"""The server's own secrets: made once, readable by nobody else."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conclave.kernel.secrets import text_secret


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "state" / "secret.key"
    first = text_secret(path=path)
    assert len(first) >= 43
    assert text_secret(path=path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: text_secret(path=tmp_path / "secret.key"), range(32)))
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
