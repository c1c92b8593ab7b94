"""run: `./conclave doctor` beside a real server says what works, what does not, and changes nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from conclave.ports import holder
from tests.journeys.world import ROOT, Installation, installation


def ask(own: Installation) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Return the exit code, and the findings by what they are about."""
    command = [sys.executable, "-m", "conclave.cli", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=own.environment(), capture_output=True, text=True, check=False, timeout=60)
    assert not done.stderr
    findings: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        findings.setdefault(finding["check"], []).append(finding)
    return done.returncode, findings


@pytest.mark.journey("run")
def test_the_doctor_sees_a_server_that_works_one_that_hangs_and_one_that_stopped(tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    engine = None
    try:
        own.start()
        code, found = ask(own)
        assert code == 0, found
        for check in ("server", "address", "node", "build", "engine", "database", "disk"):
            assert [finding["level"] for finding in found[check]] == ["ok"], found[check]
        assert [finding["level"] for finding in found["port"]] == ["ok"] * 4, found["port"]

        engine = holder(own.engine_port, protocol="TCP")
        assert engine
        os.kill(engine, signal.SIGSTOP)
        code, found = ask(own)
        assert code == 1
        assert found["engine"][0]["level"] == "fail"
        assert "engine" in found["server"][0]["text"]
        os.kill(engine, signal.SIGCONT)
        own.stop()

        with closing(socket.create_server(("127.0.0.1", own.http_port))):
            code, found = ask(own)
        assert code == 1
        assert f"(process {os.getpid()})" in found["port"][0]["text"]
        code, found = ask(own)
        assert (code, found["server"][0]["text"]) == (0, f"not running; its folder is {own.state}.")
        assert found["database"][0]["level"] == "ok"
    finally:
        if engine:
            with suppress(ProcessLookupError):
                os.kill(engine, signal.SIGCONT)
        own.stop()
