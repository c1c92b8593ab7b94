"""What of the server can be reached from another machine: media, and nothing that rules it."""

import socket
from pathlib import Path

import pytest

from conclave.ports import PROC, TCP_LISTEN
from tests.journeys.world import Installation

pytestmark = pytest.mark.journey("run")


def family(pid: int) -> set[int]:
    """Return a process and all that descend from it."""
    parents: dict[int, int] = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:  # gone meanwhile
            continue
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found, grown = found | more, bool(more)
    return found


def sockets_of(pids: set[int]) -> set[str]:
    """Return the names of the sockets that these processes hold."""
    found: set[str] = set()
    for pid in pids:
        for link in (PROC / str(pid) / "fd").glob("*"):
            try:
                found.add(str(link.readlink()))
            except OSError:
                continue
    return found


def open_to_others(held: set[str]) -> set[tuple[str, int]]:
    """Return protocol and port of what listens on more than this machine's own loopback."""
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
            columns = line.split()
            address, port = columns[1].split(":")
            listening = table.startswith("udp") or columns[3] == TCP_LISTEN
            if listening and f"socket:[{columns[9]}]" in held and not is_loopback(address):
                found.add((table[:3], int(port, 16)))
    return found


def is_loopback(address: str) -> bool:
    """Tell whether an address, as the kernel's table has it, is this machine's alone."""
    words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
    raw = b"".join(words)
    text = socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
    return text.startswith(("127.", "::ffff:127.")) or text == "::1"


def test_only_media_can_be_reached_from_another_machine(server: Installation) -> None:
    """Pages and sockets stand behind the address that the operator chose; the engine's API and signalling on loopback alone."""
    assert server.process is not None
    held = sockets_of(family(server.process.pid))
    assert Path(f"/proc/{server.child('engine')}").exists()
    assert open_to_others(held) <= {("tcp", server.media_tcp_port), ("udp", server.media_udp_port)}
    with socket.create_connection(("127.0.0.1", server.engine_port), timeout=5):
        assert ("tcp", server.engine_port) not in open_to_others(held)
