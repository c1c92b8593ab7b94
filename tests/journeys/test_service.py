"""run, as docs/install.md has it: a service of systemd, which starts it, starts it again when it dies, and stops it."""

import time
from pathlib import Path

import pytest

from tests.journeys.browsers import until
from tests.journeys.systemd import UID, Systemd, lacking, systemd

ENDS_SECONDS = 20.0  # TimeoutStopSec: after that systemd would have to kill it


def serves(machine: Systemd, *, other_than: str = "0") -> str:
    """Wait until the service answers, and return its first process, which is another than this one."""
    until(
        lambda: machine.shows("MainPID") not in {"0", other_than} and machine.answers(),
        what="the service answers",
        seconds=60,
        seen=machine.log,
    )
    return machine.shows("MainPID")


@pytest.mark.journey("run")
def test_systemd_starts_it_as_its_user_starts_it_again_when_it_is_killed_and_stops_it(tmp_path: Path) -> None:
    lack = lacking()
    assert not lack, f"Not tried, as this machine has not {lack}: run it as root where systemd is (Debian: apt-get install systemd)."
    with systemd(tmp_path) as machine:
        machine.said("systemctl", "start", "conclave")
        first = serves(machine)
        assert machine.said("stat", "-c", "%u", f"/proc/{first}") == str(UID)
        assert machine.said("stat", "-c", "%u %a", "/var/lib/conclave") == f"{UID} 700"
        assert "Owner link" in machine.log()
        for place in ("/etc/touched", "/opt/touched"):
            assert machine.run("touch", place).returncode == 0
            seen = machine.run("nsenter", f"--target={first}", "--mount", "touch", place)
            assert "Read-only file system" in seen.stderr, (place, seen)

        machine.said("kill", "-KILL", first)
        second = serves(machine, other_than=first)
        assert machine.shows("NRestarts") == "1"
        machine.said("systemctl", "restart", "conclave")
        serves(machine, other_than=second)

        begun = time.monotonic()
        machine.said("systemctl", "stop", "conclave")
        assert time.monotonic() - begun < ENDS_SECONDS
        shown = [machine.shows(name) for name in ("ActiveState", "Result", "ExecMainStatus", "ControlGroup")]
        assert shown == ["inactive", "success", "0", ""], machine.log()
        assert "Conclave has stopped." in machine.log()
