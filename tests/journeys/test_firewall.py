"""Behind the firewalls that schools have: people meet over TCP where UDP is lost, and over TURN where only HTTPS gets through."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import Playwright

from tests.acme.authority import spki
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.firewall import HTTPS, NO_UDP, ONLY_HTTPS, SERVER, Firewall
from tests.journeys.people import Owner, Person
from tests.journeys.world import Installation, installation

# Remembers every connection of the page, so that it can be asked by which way it goes.
WATCHED = """{
  const Native = window.RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...all) { super(...all); window.connections.push(this); }
  };
}"""
WAYS = """async () => {
  const found = [];
  for (const connection of window.connections) {
    if (connection.connectionState !== "connected") continue;
    const stats = await connection.getStats();
    const chosen = [...stats.values()].filter((each) => each.type === "transport").map((each) => stats.get(each.selectedCandidatePairId));
    for (const pair of chosen) {
      const { protocol, relayProtocol } = stats.get(pair.localCandidateId);
      found.push(relayProtocol ?? protocol);
    }
  }
  return found;
}"""
KNOCK = """import json, socket, sys
def opens(port):
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((sys.argv[1], int(port))) == 0
print(json.dumps([port for port in sys.argv[2:] if opens(port)]))
"""


@dataclass(frozen=True, kw_only=True)
class Behind:
    """Alice and Bob, who see and hear each other through a firewall."""

    network: Firewall
    server: Installation
    alice: Person
    bob: Person

    def ways(self) -> set[str]:
        """Return by which ways their media goes, as their browsers say: udp or tcp to the engine, or tls to its TURN server."""
        return {way for person in (self.alice, self.bob) for way in person.browser.ask(WAYS)}

    def opens(self, *ports: int) -> list[int]:
        """Return which of the server's TCP ports a visitor can open."""
        command = [*self.network.visitors, sys.executable, "-c", KNOCK, SERVER, *map(str, ports)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return [int(port) for port in json.loads(said.stdout)]


@contextmanager
def people_behind(rules: str, playwright: Playwright, folder: Path) -> Iterator[Behind]:
    """Start a server on the local network, and let Alice and Bob meet from behind a firewall."""
    with Firewall(rules) as network, ExitStack() as stack:
        own = installation(folder / "var", prefix=network.server, extra={"CONCLAVE_HTTPS_PORT": str(HTTPS)}, migrated=True)
        own.https = f"https://{SERVER}"
        own.command = (sys.executable, "-m", "conclave.cli", "run", "--lan")
        stack.callback(own.stop)
        own.start()
        certificate = x509.load_pem_x509_certificate((own.state / "tls" / "lan.pem").read_bytes())
        trust = f"--ignore-certificate-errors-spki-list={spki(certificate.public_bytes(serialization.Encoding.DER))}"
        program = network.chromium(folder)
        devices = [ChromiumProcess(playwright, folder, name, flags=(trust,), program=program) for name in ("Alice", "Bob")]
        for device in devices:
            stack.callback(device.close)
        owner = Owner("Alice", devices[0].window(init_script=Owner.COPIES + WATCHED, permissions=Owner.MAY), server=own)
        owner.use_owner_link()
        link = owner.make_meeting("Between networks")
        alice = Person("Alice", owner.chromium.sibling(), server=own)
        bob = Person("Bob", devices[1].window(init_script=WATCHED), server=own)
        alice.join(link)
        bob.enter(link)
        # Without a way out of their network, browsers show addresses only to a page that may use a device: as of now, as when Bob says yes.
        bob.chromium.context.grant_permissions(["camera", "microphone"])
        bob.join()
        for person, other in ((alice, bob), (bob, alice)):
            person.sees(other)
            person.hears(other)
            until(lambda: person.lock(other.name) == "locked", what=f"{person.name} sees a padlock", seen=person.stand)  # noqa: B023
        assert alice.code() == bob.code() != ""
        yield Behind(network=network, server=own, alice=alice, bob=bob)
        assert not [*owner.faults(), *alice.faults(), *bob.faults()]


@pytest.mark.journey("run", "call")
def test_where_udp_is_lost_two_people_meet_over_tcp(playwright: Playwright, tmp_path: Path) -> None:
    with people_behind(NO_UDP, playwright, tmp_path) as both:
        # Browsers take UDP wherever it works, so what is found also says that it is lost.
        assert both.ways() in ({"tcp"}, {"tls"}, {"tcp", "tls"})


@pytest.mark.journey("run", "call")
def test_where_only_https_gets_through_two_people_meet_over_turn(playwright: Playwright, tmp_path: Path) -> None:
    """JOIN-13."""
    with people_behind(ONLY_HTTPS, playwright, tmp_path) as both:
        assert both.ways() == {"tls"}
        assert both.opens(HTTPS, both.server.media_tcp_port, both.server.http_port) == [HTTPS]
