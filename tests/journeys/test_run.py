"""run: one command serves; the second start is quick and needs no network; what is in the way is named."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.headless.people import new_meeting
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.people import Person
from tests.journeys.world import ROOT, Installation, installation

SECOND_START_SECONDS = 5.0
CUT = ("unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
READ_ONLY = ("unshare", "--mount", "--map-root-user", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"')


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.read().decode()


@pytest.mark.journey("run")
def test_one_command_serves_and_prints_an_owner_link_and_a_meet_now_address(tmp_path: Path) -> None:
    own = installation(tmp_path / "var")
    own.command = (str(ROOT / "conclave"), "run")
    try:
        own.start()
        assert get(f"{own.url}/healthz")[0] == 200
        assert get(f"{own.url}/readyz")[0] == 200
        assert re.fullmatch(rf"{own.url}/owner#\S{{20,}}", own.owner_link)
        assert own.meet_now_link.startswith(own.url)
        for port in (own.http_port, own.media_tcp_port, own.media_udp_port):
            assert str(port) in own.output
    finally:
        own.stop()
    assert "Conclave has stopped." in own.output


@pytest.mark.journey("run")
def test_an_outsider_finds_that_the_client_is_the_one_that_anybody_builds(server: Installation) -> None:
    check = [sys.executable, "-m", "conclave.cli", "verify", "client", server.url]
    done = subprocess.run(check, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Each file is the one that was built, and the pages let nothing else run." in done.stdout


@pytest.mark.journey("run")
def test_the_second_start_takes_at_most_five_seconds_also_with_the_network_cut(tmp_path: Path) -> None:
    assert shutil.which("unshare")
    own = installation(tmp_path / "var")
    own.command = (str(ROOT / "conclave"), "run")
    own.start()
    own.stop()
    times = []
    for prefix in ((), CUT):
        own.prefix = prefix
        try:
            own.start(seconds=60)
            times.append(own.started_in)
        finally:
            own.stop()
    assert max(times) <= SECOND_START_SECONDS, times


@pytest.mark.journey("run")
def test_a_service_starts_from_a_checkout_that_it_cannot_write(tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    own.command = (str(ROOT / "conclave"), "run")
    own.prefix = (*READ_ONLY, str(ROOT))
    try:
        own.start(seconds=60)
        assert get(f"{own.url}/readyz")[0] == 200
        assert own.process is not None
        touched = Path(f"/proc/{own.process.pid}/root{ROOT}/touched")
        with pytest.raises(OSError, match="Read-only"):
            touched.touch()
    finally:
        own.stop()


@pytest.mark.journey("run")
def test_the_meet_now_address_makes_one_meeting_whose_secret_the_page_draws(playwright: Playwright, tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    process = ChromiumProcess(playwright, tmp_path, "Alice")
    try:
        own.start()
        alice = Person("Alice", process.window(), server=own)
        alice.browser.open(own.meet_now_link)
        alice.click('[data-action="start"]')
        alice.wait_for('[data-control="join"]', what="the lobby")
        alice.join()
        alice.panel("security")
        until(lambda: len(alice.code()) == 30, what="a code")
        again = Person("Bob", process.window(), server=own)
        again.expects("403", "404", "409", "410")
        again.browser.open(own.meet_now_link)
        again.click('[data-action="start"]')
        again.reads("This address has been used or has run out.")
        assert not alice.faults()
        assert not again.faults()
    finally:
        process.close()
        own.stop()


def taken(own: Installation, name: str) -> socket.socket:
    kind = socket.SOCK_DGRAM if name == "media_udp_port" else socket.SOCK_STREAM
    blocker = socket.socket(socket.AF_INET, kind)
    blocker.bind(("127.0.0.1", getattr(own, name)))
    if kind == socket.SOCK_STREAM:
        blocker.listen()
    return blocker


@pytest.mark.journey("run")
@pytest.mark.parametrize("name", ["http_port", "media_tcp_port", "media_udp_port"])
def test_a_taken_port_is_named_with_the_process_that_has_it_and_what_to_do(tmp_path: Path, name: str) -> None:
    own = installation(tmp_path / "var")
    with taken(own, name):
        own.launch()
        assert own.wait(seconds=60) != 0
    assert f"Port {getattr(own, name)}/" in own.output
    assert f"(process {os.getpid()}): stop it with 'kill {os.getpid()}', or set another with CONCLAVE_{name.upper()}." in own.output
    assert "Traceback" not in own.output


@pytest.mark.journey("run")
def test_a_second_server_on_the_same_folder_is_refused_with_the_first_ones_process(tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    second = installation(tmp_path / "var")
    try:
        own.start()
        assert own.process is not None
        second.launch()
        assert second.wait(seconds=60) != 0
        assert f"Conclave already runs on {own.state} (process {own.process.pid}): stop that one" in second.output
        assert get(f"{own.url}/healthz")[0] == 200
    finally:
        own.stop()


@pytest.mark.journey("run")
def test_no_child_is_left_after_the_server_was_killed(tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    own.start()
    assert own.process is not None
    own.process.kill()
    own.process.wait(20)
    until(lambda: not listening(own.engine_port), what="the media engine ends with its server")
    own.stop()
    own.start()
    own.stop()


@pytest.mark.journey("run")
@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGUSR1], ids=["killed", "asked to start again"])
def test_a_gateway_that_starts_again_refuses_nobody_and_leaves_the_engine_alone(tmp_path: Path, ends: signal.Signals) -> None:
    own = installation(tmp_path / "var", migrated=True)
    try:
        own.start()
        assert own.process is not None
        gateway, engine = own.child("gateway"), own.child("engine")
        os.kill(gateway if ends is signal.SIGKILL else own.process.pid, ends)
        until(lambda: own.find_child("gateway") not in {0, gateway}, what="another gateway")
        # Its first request comes before it serves, and waits.
        assert get(f"{own.url}/healthz")[0] == 200
        assert own.child("engine") == engine
        new_meeting(url=own.url, meet_now=own.meet_now_link)
    finally:
        own.stop()


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.journey("run")
def test_an_unknown_setting_is_one_sentence(tmp_path: Path) -> None:
    own = installation(tmp_path / "var", extra={"CONCLAVE_HTTP_PROT": "8000"})
    own.launch()
    assert own.wait(seconds=60) != 0
    assert "Unknown setting 'http_prot'" in own.output
    assert "Traceback" not in own.output


@pytest.mark.journey("run")
def test_the_command_line_says_what_there_is() -> None:
    done = subprocess.run([str(ROOT / "conclave"), "--help"], capture_output=True, text=True, check=True, timeout=60)
    for command in ("run", "test", "bench"):
        assert command in done.stdout
