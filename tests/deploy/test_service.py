"""The unit of systemd: what systemd itself says of it, and what it may not do."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "conclave.service"
# systemd's own judgement, from 0 (nothing is open) to 10; 2 is the best that a program with the network can about have.
MOST_EXPOSED = 20


class Unit(configparser.RawConfigParser):
    """A unit's options, as written."""

    def optionxform(self, optionstr: str) -> str:
        """Keep the case."""
        return optionstr


@pytest.fixture
def service() -> dict[str, str]:
    unit = Unit(strict=False)
    unit.read_string(UNIT.read_text(encoding="utf-8"))
    return dict(unit["Service"])


def test_the_service_runs_as_a_user_that_may_write_only_its_state(service: dict[str, str]) -> None:
    assert service["User"] == "conclave"
    assert service["ProtectSystem"] == "strict"
    assert (service["StateDirectory"], service["StateDirectoryMode"], service["UMask"]) == ("conclave", "0700", "0077")
    assert "ReadWritePaths" not in service
    for option in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictSUIDSGID", "RestrictNamespaces"):
        assert service[option] == "yes", option
    assert service["CapabilityBoundingSet"] == ""


def test_it_starts_the_command_that_there_is(service: dict[str, str]) -> None:
    program, command = service["ExecStart"].split()
    assert (Path(program).name, command) == ("conclave", "run")
    assert (ROOT / "conclave").exists()


def test_systemd_takes_it_and_finds_little_open(tmp_path: Path) -> None:
    """Where there is no systemd, the file's own words have to do, which the tests above read."""
    if shutil.which("systemd-analyze") is None:
        return
    unit = tmp_path / "conclave.service"
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/conclave", str(ROOT)), encoding="utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr.strip()) == (0, "")
    judge = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", str(unit)]
    judged = subprocess.run(judge, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
