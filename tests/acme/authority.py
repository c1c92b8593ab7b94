"""A certificate authority on loopback: pebble, which speaks ACME and really asks the server, and names that all lead here."""

import base64
import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from conclave.tls import lan_certificate
from deploy.build import PEBBLE, PEBBLE_NAMES
from tests.journeys.world import free_ports

START_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A running authority."""

    port: int
    management: int
    root: Path

    @property
    def directory(self) -> str:
        """Where ACME clients begin."""
        return f"https://127.0.0.1:{self.port}/dir"

    def issuer(self, which: str) -> str:
        """Return the PEM of a certificate by which this authority signs: "roots/0" or "intermediates/0"."""
        context = ssl.create_default_context(cafile=str(self.root))
        with urlopen(f"https://127.0.0.1:{self.management}/{which}", timeout=10, context=context) as answer:
            return str(answer.read().decode("ascii"))


@contextmanager
def authority(folder: Path, *, http_port: int, https_port: int) -> Iterator[Authority]:
    """Run an authority that looks for its challenges on these ports of whatever server has the name."""
    folder.mkdir()
    port, management, names_management, names = free_ports(4)
    pair = lan_certificate(folder, address="127.0.0.1", now=datetime.now(tz=UTC))
    root = folder / "root.pem"
    root.write_bytes(x509.load_pem_x509_certificate(pair.read_bytes()).public_bytes(serialization.Encoding.PEM))
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(root),
        "privateKey": str(pair),
        "httpPort": http_port,
        "tlsPort": https_port,
        "keyAlgorithm": "ecdsa",
        "retryAfter": {"authz": 1, "order": 1},
        "profiles": {"default": {"description": "ninety days", "validityPeriod": 90 * 86400}},
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}), encoding="utf-8")
    off = [part for name in ("http01", "https01", "tlsalpn01", "doh") for part in (f"-{name}", "")]
    here = ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]
    commands = [
        [str(PEBBLE_NAMES), "-dnsserver", f"127.0.0.1:{names}", "-management", f"127.0.0.1:{names_management}", *off, *here],
        [str(PEBBLE), "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{names}"],
    ]
    env = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    running = []
    try:
        with (folder / "log").open("wb") as log:
            running = [subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env) for command in commands]
        _wait(port, folder / "log")
        _wait(names_management, folder / "log")
        yield Authority(port=port, management=management, root=root)
    finally:
        for process in running:
            process.kill()
            process.wait()


def spki(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate's public key, by which Chromium can be told to accept what it signs."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
    return base64.b64encode(digest.finalize()).decode("ascii")


def _wait(port: int, log: Path) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < end, log.read_text(encoding="utf-8", errors="replace")
        time.sleep(0.05)
