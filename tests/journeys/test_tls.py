"""run --lan and run --domain: other machines come in over HTTPS, and nothing about them is written down."""

import hashlib
import http.client
import json
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Playwright

from conclave.doctor import BINDING_REQUEST
from conclave.tls import picture
from deploy import browsers as programs
from tests.acme.authority import authority, spki
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.people import Owner, Person
from tests.journeys.world import Installation, free_ports, installation

HERE = "127.0.0.1"
NEIGHBOUR = "127.0.0.2"
NAME = "meet.example.test"
TOKEN = "tHe-ToKeN-oF-aLiCe"
OWNER_BURST = 10
# A machine with one address on a network of its own, which nothing leaves.
LAN_ADDRESS = "192.168.7.20"
LAN_SETUP = f"""set -e
ip link set lo up; ip link add lan0 type veth peer name lan1; ip link set lan1 up; ip link set lan0 up
ip addr add {LAN_ADDRESS}/24 dev lan0; ip route add default via 192.168.7.1; exec "$@"
"""
LAN = ("unshare", "--net", "--map-root-user", "sh", "-c", LAN_SETUP, "sh")
VISIT = """import http.client, json, ssl, sys
host, https_port, http_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
over_tls = http.client.HTTPSConnection(host, https_port, context=context, timeout=10)
over_tls.request("GET", "/readyz")
certificate = over_tls.sock.getpeercert(binary_form=True).hex()
plain = http.client.HTTPConnection(host, http_port, timeout=10)
plain.request("GET", "/m/x?token=1")
moved = plain.getresponse()
print(json.dumps([over_tls.getresponse().status, certificate, moved.status, moved.headers["location"]]))
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back over HTTPS."""

    status: int
    headers: dict[str, str]
    text: str


@contextmanager
def serving(state: Path, *flags: str, host: str) -> Iterator[Installation]:
    """Prepare an installation for HTTPS on loopback; `host` is the name or address that people type."""
    own = installation(state, migrated=True)
    (https_port,) = free_ports(1)
    own.https = f"https://{host}:{https_port}"
    own.command = (sys.executable, "-m", "conclave.cli", "run", *flags)
    own.extra = {"CONCLAVE_HTTPS_PORT": str(https_port), "CONCLAVE_HTTP_HOST": HERE, "CONCLAVE_NODE_ADDRESS": HERE}
    try:
        yield own
    finally:
        own.stop()


def shown(own: Installation) -> str:
    """Return the certificate that the server shows, as PEM."""
    return ssl.get_server_certificate((HERE, urlsplit(own.https).port or 0), timeout=10)


def connect(own: Installation, *, trust: str, source: str = HERE) -> ssl.SSLSocket:
    """Open a connection over TLS, checking name and certificate, as a visitor at an address of this machine."""
    parts = urlsplit(own.https)
    context = ssl.create_default_context(cadata=trust)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the local certificate is trusted itself, not for signing others
    wire = socket.create_connection((HERE, parts.port or 0), timeout=10, source_address=(source, 0))
    return context.wrap_socket(wire, server_hostname=parts.hostname)


def ask(own: Installation, path: str, *, trust: str, source: str = HERE, form: dict[str, str] | None = None, **headers: str) -> Answer:
    """Send a request over TLS."""
    parts = urlsplit(own.https)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.sock = connect(own, trust=trust, source=source)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    body = urlencode(form) if form is not None else None
    if form is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("POST" if form is not None else "GET", path, body=body, headers=sent)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return Answer(status=answer.status, headers={name.lower(): value for name, value in answer.getheaders()}, text=text)


def redirected(own: Installation, path: str) -> Answer:
    """Ask the port without TLS."""
    connection = http.client.HTTPConnection(HERE, own.http_port, timeout=10)
    connection.request("GET", path, headers={"Host": "evil.example"})
    answer = connection.getresponse()
    connection.close()
    return Answer(status=answer.status, headers={name.lower(): value for name, value in answer.getheaders()}, text="")


def two_people_meet(own: Installation, playwright: Playwright, folder: Path, *flags: str, program: Path | None = None) -> None:
    """Let Alice make the owner's account and a meeting, Bob come in, and each see and hear the other."""
    ours = ChromiumProcess(playwright, folder, "Alice", flags=flags, program=program)
    theirs = ChromiumProcess(playwright, folder, "Bob", flags=flags, program=program)
    try:
        alice = Owner("Alice", ours.window(init_script=Owner.COPIES, permissions=Owner.MAY), server=own)
        alice.use_owner_link()
        link = alice.make_meeting("Over HTTPS")
        assert link.startswith(f"{own.https}/m/")
        bob = Person("Bob", theirs.window(), server=own)
        alice.join(link)
        bob.join(link)
        alice.sees(bob)
        bob.sees(alice)
        bob.hears(alice)
        assert alice.code() == bob.code() != ""
        cookies = alice.chromium.context.cookies()
        assert {cookie["name"] for cookie in cookies} >= {"__Host-session", "__Host-csrf"}
        assert all(cookie["secure"] for cookie in cookies), cookies
        assert any(address.startswith(own.https.replace("https", "wss")) for address in bob.browser.requests())
        assert not alice.faults() + bob.faults()
    finally:
        ours.close()
        theirs.close()


def printed_fingerprint(own: Installation) -> str:
    """Return the fingerprint that the terminal showed, as plain hexadecimal."""
    printed = re.search(r"SHA-256 fingerprint, to compare once: ([0-9A-F:]{95})$", own.output, re.MULTILINE)
    assert printed, own.output
    return printed[1].replace(":", "").lower()


def into_network(own: Installation) -> list[str]:
    """Return the words that start a program on the network of the server's machine."""
    assert own.process is not None
    return ["nsenter", "--target", str(own.process.pid), "--user", "--net", "--preserve-credentials"]


def visit(own: Installation) -> bytes:
    """Come by from that network, with TLS and without, and return the certificate that is shown."""
    command = [*into_network(own), sys.executable, "-c", VISIT, LAN_ADDRESS, str(urlsplit(own.https).port), str(own.http_port)]
    seen = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    ready, certificate, status, location = json.loads(seen.stdout)
    assert (ready, status, location) == (200, 308, f"{own.https}/m/x?token=1")
    return bytes.fromhex(certificate)


def log_of(own: Installation) -> str:
    """Return what the TLS server wrote down."""
    return (own.state / "log" / "tls.log").read_text(encoding="utf-8")


def children(own: Installation) -> list[int]:
    """Return the processes that the server started."""
    assert own.process is not None
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(own.process.pid)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


@pytest.mark.journey("run")
def test_on_the_local_network_two_people_meet_under_a_certificate_whose_fingerprint_was_printed(
    playwright: Playwright, tmp_path: Path
) -> None:
    with serving(tmp_path / "var", "--lan", host=LAN_ADDRESS) as own:
        own.prefix = LAN
        del own.extra["CONCLAVE_HTTP_HOST"], own.extra["CONCLAVE_NODE_ADDRESS"]  # the network is found without any setting
        own.start()
        assert f"Conclave is ready: {own.https}" in own.output
        assert f"{own.media_udp_port}/UDP on {LAN_ADDRESS}: media" in own.output
        assert "Careful" not in own.output
        assert picture(own.https, colours=False) in own.output
        certificate = visit(own)
        assert printed_fingerprint(own) == hashlib.sha256(certificate).hexdigest()
        browser = tmp_path / "chromium-of-the-network"
        browser.write_text(f'#!/bin/sh\nexec {" ".join(into_network(own))} {programs.chromium()} "$@"\n', encoding="utf-8")
        browser.chmod(0o755)
        trust = f"--ignore-certificate-errors-spki-list={spki(certificate)}"
        two_people_meet(own, playwright, tmp_path, trust, program=browser)
        own.stop()
        own.start()
        assert visit(own) == certificate


@pytest.mark.journey("run")
def test_under_a_domain_two_people_meet_with_a_certificate_from_the_authority(playwright: Playwright, tmp_path: Path) -> None:
    with serving(tmp_path / "var", "--domain", NAME, host=NAME) as own:
        with authority(tmp_path / "ca", http_port=own.http_port, https_port=urlsplit(own.https).port or 0) as ca:
            own.extra |= {"CONCLAVE_ACME_DIRECTORY": ca.directory, "CONCLAVE_ACME_ROOT": str(ca.root)}
            own.start()
            root, intermediate = ca.issuer("roots/0"), ca.issuer("intermediates/0")
            assert f"The certificate for {NAME} is here" in own.output
            health = ask(own, "/healthz", trust=root)
            assert (health.status, health.headers["strict-transport-security"]) == (200, "max-age=31536000")
            assert not {"server", "via"} & set(health.headers)
            flags = (
                f"--ignore-certificate-errors-spki-list={spki(ssl.PEM_cert_to_DER_cert(intermediate))}",
                f"--host-resolver-rules=MAP {NAME} {HERE}",
            )
            two_people_meet(own, playwright, tmp_path, *flags)
        moved = redirected(own, "/m/x?token=1")
        assert (moved.status, moved.headers["location"]) == (308, f"{own.https}/m/x?token=1")
        own.stop()
        own.start(seconds=60)  # the authority is gone: what it gave is kept
        assert ask(own, "/healthz", trust=root).status == 200


@pytest.mark.journey("run")
def test_doctor_is_content_and_each_visitor_has_a_rate_of_their_own_and_none_can_borrow_anothers(tmp_path: Path) -> None:
    with serving(tmp_path / "var", "--lan", host=HERE) as own:
        own.start()
        said = subprocess.run(
            [sys.executable, "-m", "conclave.cli", "doctor", "--json"],
            env={**own.environment(), "CONCLAVE_LAN": "true"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        levels = {finding["check"]: finding["level"] for finding in json.loads(said.stdout)["findings"]}
        assert (levels["server"], levels["address"], levels["build"], levels["turn"]) == ("ok", "ok", "ok", "ok")
        admin = [sys.executable, "-m", "conclave.cli", "admin", "owner-link"]  # whoever types this has not heard of --lan
        link = subprocess.run(admin, env=own.environment(), capture_output=True, text=True, check=True, timeout=60).stdout
        assert link.startswith(f"{own.https}/owner#")
        trust = shown(own)
        page = ask(own, "/owner", trust=trust)
        cookies = SimpleCookie(page.headers["set-cookie"])
        secret = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert secret
        form = {"token": TOKEN, "email": "m@example.org", "name": "M", "password": "long enough 123", "csrfmiddlewaretoken": secret[1]}
        form["password_again"] = form["password"]
        cookie = f"__Host-csrf={cookies['__Host-csrf'].value}"

        def guess(source: str, **headers: str) -> int:
            return ask(own, "/owner", trust=trust, source=source, form=form, Cookie=cookie, **headers).status

        statuses = [
            guess(HERE, X_Forwarded_For=f"203.0.113.{number}", Forwarded=f"for=203.0.113.{number}") for number in range(OWNER_BURST)
        ]
        assert statuses == [403] * OWNER_BURST
        assert guess(HERE, X_Forwarded_For="203.0.113.99") == 429
        assert guess(HERE) == 429
        assert guess(NEIGHBOUR, X_Forwarded_For=HERE) == 403


@pytest.mark.journey("run")
def test_the_tls_server_writes_down_no_visitor_and_no_token_even_when_the_gateway_fails_it(tmp_path: Path) -> None:
    with serving(tmp_path / "var", "--lan", host=HERE) as own:
        own.start()
        trust = shown(own)
        asked = f"/media/local/rtc?access_token={TOKEN}"
        door = own.state / "tls" / "gateway.sock"
        away = door.rename(door.with_suffix(".away"))  # as when the gateway is gone
        assert ask(own, asked, trust=trust, source=NEIGHBOUR).status == 502
        away.rename(door)
        assert ask(own, asked, trust=trust, source=NEIGHBOUR).status == 403
        with socket.create_connection((HERE, urlsplit(own.https).port or 0), source_address=(NEIGHBOUR, 0)) as rude:
            rude.sendall(f"GET {asked} HTTP/1.1\r\n\r\n".encode())
            rude.recv(1000)
        with connect(own, trust=trust, source=NEIGHBOUR) as hasty:  # gone before it said whether it wants pages or TURN
            hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        (own.state / "tls" / "turn.sock").unlink()
        with connect(own, trust=trust, source=NEIGHBOUR) as lost:
            lost.sendall(BINDING_REQUEST + TOKEN.encode())
            assert lost.recv(1000) == b""
        own.stop()
        for text in (log_of(own), own.output):
            assert TOKEN not in text
            assert NEIGHBOUR not in text


@pytest.mark.journey("run")
def test_a_killed_tls_server_comes_back_and_ends_with_the_server(tmp_path: Path) -> None:
    with serving(tmp_path / "var", "--lan", host=HERE) as own:
        own.start()
        trust = shown(own)
        names = {pid: (Path("/proc") / str(pid) / "comm").read_text().strip() for pid in children(own)}
        (caddy,) = [pid for pid, name in names.items() if name == "caddy"]
        subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(caddy)], check=True)
        until(lambda: "The TLS server has ended" in own.output, what="the terminal says so")

        def back() -> bool:
            try:
                return ask(own, "/healthz", trust=trust).status == 200
            except OSError:
                return False

        until(back, what="pages over HTTPS again")
        assert own.process is not None
        own.process.kill()
        own.process.wait(20)
        until(lambda: not _listening(own), what="the TLS server ends with its server")


def _listening(own: Installation) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HERE, urlsplit(own.https).port or 0)) == 0
