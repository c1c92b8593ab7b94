"""Which ports the server needs, and who holds one that is taken."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conclave.config import Config
from conclave.media.turn import is_offered
from conclave.regions import RegionSettings

PROC = Path("/proc")
TCP_LISTEN = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port that the server listens on, and the setting that changes it."""

    number: int
    protocol: str
    address: str
    purpose: str
    setting: str

    @property
    def changed_by(self) -> str:
        """Return what an operator sets to have another: a variable, or the entry of a region in the settings file."""
        return self.setting if "." in self.setting else f"CONCLAVE_{self.setting.upper()}"


def needed_ports(config: Config) -> list[Port]:
    """Return the server's port table."""
    pages = "pages and meeting sockets"
    turn = is_offered(config=config)
    leads = "leads to HTTPS" + (", and answers the certificate authority" if config.domain else "")
    table = [
        ("http_port", config.http_port, "TCP", config.http_host, leads if config.tls else pages),
        *([("https_port", config.https_port, "TCP", config.http_host, pages)] if config.tls else []),
        *(row for region in config.all_regions if region.here for row in _engine_ports(region, alone=not config.regions)),
        *([("turn_port", config.turn_port, "TCP", "127.0.0.1", "media engine's TURN, for this machine only")] if turn else []),
    ]
    return [
        Port(setting=setting, number=number, protocol=protocol, address=address, purpose=purpose)
        for setting, number, protocol, address, purpose in table
    ]


def _engine_ports(region: RegionSettings, *, alone: bool) -> list[tuple[str, int, str, str, str]]:
    """Return the rows of one region's engine; where it is not the only one, each says of which region."""
    of, setting = ("", "") if alone else (f", region {region.name}", f"regions.{region.name}.")
    everywhere = "0.0.0.0"  # noqa: S104 - the engine offers no other
    return [
        (f"{setting}engine_port", region.engine_port, "TCP", "127.0.0.1", f"media engine's API, for this machine only{of}"),
        (f"{setting}media_tcp_port", region.media_tcp_port, "TCP", everywhere, f"media where UDP is blocked{of}"),
        (f"{setting}media_udp_port", region.media_udp_port, "UDP", region.node_address, f"media{of}"),
    ]


def find_problems(config: Config) -> list[str]:
    """Return one sentence for each port that cannot be used: by whom it is taken and what to do."""
    return [sentence for port in needed_ports(config) if (sentence := problem(port=port))]


def problem(*, port: Port) -> str | None:
    """Return what is wrong with this port, None when it is free.

    Args:
        port: one of needed_ports().
    """
    family = socket.AF_INET6 if ":" in port.address else socket.AF_INET
    kind = socket.SOCK_STREAM if port.protocol == "TCP" else socket.SOCK_DGRAM
    name = f"Port {port.number}/{port.protocol} ({port.purpose})"
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.address, port.number))
        except OSError as error:
            other = f"set another with {port.changed_by}"
            if error.errno == errno.EACCES:
                return f"{name} is reserved for the administrator: {other}, or let a reverse proxy forward to it."
            if error.errno == errno.EADDRNOTAVAIL:  # an address behind NAT: the engine then listens on all interfaces
                return None
            if error.errno != errno.EADDRINUSE:
                return f"{name} cannot be used ({error.strerror}): {other}."
            return f"{name} is taken by {_whom_to_stop(holder(port.number, protocol=port.protocol))}, or {other}."
    return None


def holder(number: int, *, protocol: str) -> int | None:
    """Return the process that holds a port, None when this system or this user cannot see it."""
    inodes = set(_inodes(number, protocol=protocol))
    if not inodes:
        return None
    for folder in PROC.glob("[0-9]*/fd"):
        try:
            if any(str(link.readlink()) in inodes for link in folder.iterdir()):
                return int(folder.parent.name)
        except OSError:  # not ours to see, or gone meanwhile
            continue
    return None


def _inodes(number: int, *, protocol: str) -> Iterator[str]:
    """Yield the names, as /proc shows them, of the sockets bound to a port."""
    for table in (PROC / "net" / protocol.lower(), PROC / "net" / f"{protocol.lower()}6"):
        if table.exists():
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                columns = line.split()
                listening = protocol == "UDP" or columns[3:4] == [TCP_LISTEN]
                if listening and len(columns) > 9 and columns[1].endswith(f":{number:04X}"):
                    yield f"socket:[{columns[9]}]"


def _whom_to_stop(pid: int | None) -> str:
    """Return who holds a port and how to end it."""
    return f"{_process_name(pid)} (process {pid}): stop it with 'kill {pid}'" if pid else "another user's process: stop it"


def _process_name(pid: int) -> str:
    """Return a process's name, or a word when it is gone."""
    try:
        return (PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"


def parent(pid: int, /) -> str:
    """Return a process's parent, empty when it cannot be seen.

    Args:
        pid: its number.
    """
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
    return ""
