"""People in other countries on one machine: a way into the server for each, which comes from a loopback address of its own, and databases
that say where these are. No header says it: the server sees the address of the connection, as it does of anybody.
"""

import contextlib
import hashlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped] # it has no types

from tests.journeys.world import Installation, installation

# From where each comes.
ADDRESSES = {"CN": "127.0.0.2", "HK": "127.0.0.3", "FR": "127.0.0.4", "US": "127.0.0.5", "TW": "127.0.0.6"}
CHUNK = 65_536
# Ann and Ben approve with passkeys in software; tests/authorities/test_pages.py has their pages, test_school.py the page of a passkey.
APPROVE = """
import django
django.setup()
from django.conf import settings
from conclave.accounts.models import User
from conclave.authorities.approve import approve, ask_approval
from conclave.authorities.models import Order
from conclave.kernel import clock
from tests.accounts.passkey import Device, Passkey
order, now = Order.objects.get(state="narrowed").pk, clock.now()
for name in ("Ann", "Ben"):
    user = User.objects.get(name=name)
    device = Device(user, Passkey(name.encode(), origin=settings.CONCLAVE.public_url))
    approve(order=order, account=user.pk, shown=device.answers(ask_approval(order=order, account=user.pk, now=now)), now=now)
"""


def databases(folder: Path) -> Path:
    """Write two databases that agree, and their list; return the folder."""
    folder.mkdir(parents=True)
    named = []
    for name in ("one.mmdb", "two.mmdb"):
        writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test")
        for country, address in ADDRESSES.items():
            writer.insert_network(IPSet([f"{address}/32"]), {"country_code": country})
        writer.to_db_file(str(folder / name))
        named.append({"file": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()})
    (folder / "databases.json").write_text(json.dumps({"databases": named}), encoding="utf-8")
    return folder


@contextlib.contextmanager
def installation_abroad(folder: Path) -> Iterator[Installation]:
    """Run an installation whose databases know where these addresses are."""
    running = installation(folder / "var", extra={"CONCLAVE_GEO_DIR": str(databases(folder / "geo"))}, migrated=True)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def script(server: Installation, source: str, *said: str) -> None:
    """Let the server's own code do something beside it."""
    paths = {"PYTHONPATH": f"{server.checkout}/src:{server.checkout}", "DJANGO_SETTINGS_MODULE": "conclave.settings"}
    command = [sys.executable, "-c", source, *said]
    subprocess.run(command, env={**server.environment(), **paths}, cwd=server.checkout, check=True, timeout=60)


class Way:
    """A port whose connections go on to the server from a country's address."""

    def __init__(self, country: str, port: int) -> None:
        """Listen; `port` is the server's."""
        self._from, self._to = ADDRESSES[country], port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def flag(self) -> str:
        """What makes Chromium take this way, whatever stands in its address bar."""
        return f"--host-resolver-rules=MAP localhost:{self._to} 127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The server's address for whoever takes this way without a browser."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Let nobody through any more, once those who were have gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in list(self._threads):
            thread.join(timeout=10)

    def _accept(self) -> None:
        """Let through whoever comes, until the way is closed."""
        with contextlib.suppress(OSError):
            while True:
                near, _peer = self._listener.accept()
                self._threads.append(threading.Thread(target=self._carry, args=(near,), daemon=True))
                self._threads[-1].start()

    def _carry(self, near: socket.socket) -> None:
        """Carry one connection, both ways, until either end has had enough."""
        with near, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._to), source_address=(self._from, 0)) as far:
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join()


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes over until there are no more."""
    with contextlib.suppress(OSError):
        while data := one.recv(CHUNK):
            other.sendall(data)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
