"""A network of its own for a whole journey: loopback, and one way out that leads nowhere; what takes it, or asks for a name, is counted.

`python -m tests.journeys.alone` is what runs inside; it prints one JSON line for each packet counted.
"""

import json
import os
import queue
import select
import shlex
import socket
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy import browsers as programs
from tests.journeys.world import ROOT

START_SECONDS = 20.0
OUT = "out"
# Documentation addresses (RFC 5737, RFC 3849). The neighbour beyond is named beforehand: packets leave without waiting for its answer.
SETUP = f"""set -e
export PATH="$PATH:/usr/sbin:/sbin"
ip link set lo up
ip link add {OUT} type veth peer name beyond
ip link set beyond address 02:00:00:00:00:02
ip addr add 192.0.2.1/24 dev {OUT}
ip -6 addr add 2001:db8::1/64 dev {OUT} nodad
ip link set {OUT} up
ip link set beyond up
ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev {OUT} nud permanent
ip -6 neigh replace 2001:db8::2 lladdr 02:00:00:00:00:02 dev {OUT} nud permanent
ip route add default via 192.0.2.2
ip -6 route add default via 2001:db8::2
exec "$@"
"""
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6, ETH_P_ARP = 0x0003, 0x0800, 0x86DD, 0x0806
ICMPV6 = 58
DNS = 53

# What the browser asks its own maker, whatever page is open: it is told that these names do not exist. No other name is kept from it.
MAKERS = (
    *(f"{name}.google.com" for name in ("accounts", "android.clients", "clients1", "clients2", "clients4", "mtalk", "www")),
    *(
        f"{name}.googleapis.com"
        for name in ("clientservices", "content-autofill", "optimizationguide-pa", "passwordsleakcheck-pa", "safebrowsing", "update")
    ),
    *(f"{name}.gvt1.com" for name in ("edgedl.me", "redirector")),
)
QUIET = f"--host-resolver-rules={', '.join(f'MAP {name} ~NOTFOUND' for name in MAKERS)}"

Packet = dict[str, Any]


class Alone:
    """That network; it ends with the block."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._process: subprocess.Popen[str] | None = None
        self._seen: queue.Queue[Packet] = queue.Queue()
        self._all: list[Packet] = []

    def __enter__(self) -> Self:
        """Make it, and begin to count."""
        self._process = subprocess.Popen(
            ["unshare", "--net", "--map-root-user", "sh", "-c", SETUP, "sh", sys.executable, "-m", "tests.journeys.alone"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        assert self._seen.get(timeout=START_SECONDS) == {"ready": True}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def inside(self) -> tuple[str, ...]:
        """What to put before a command so that it runs in this network."""
        assert self._process is not None
        return ("nsenter", "--user", "--net", "--preserve-credentials", "--target", str(self._process.pid), "--")

    def chromium(self, folder: Path) -> Path:
        """Return a program that starts Chromium in this network."""
        program = folder / "chromium-alone"
        command = shlex.join([*self.inside, str(programs.chromium()), QUIET])
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    def counted(self) -> list[Packet]:
        """Return everything that has left, or asked for a name, so far."""
        with suppress(queue.Empty):
            while True:
                self._all.append(self._seen.get_nowait())
        return self._all

    def ask_for_a_name(self) -> None:
        """Ask the machine's resolver for a name, once, as a program that phones home would."""
        self._run("import contextlib, socket\nwith contextlib.suppress(OSError): socket.getaddrinfo('control.example', 443)")

    def knock(self, address: str) -> None:
        """Send one datagram to an address of the world."""
        family = "AF_INET6" if ":" in address else "AF_INET"
        self._run(f"import socket\nsocket.socket(socket.{family}, socket.SOCK_DGRAM).sendto(b'?', ('{address}', 9))")

    def _run(self, code: str) -> None:
        """Run a little Python in this network."""
        hasty = {**os.environ, "RES_OPTIONS": "timeout:1 attempts:1"}  # nobody answers: do not wait long
        subprocess.run([*self.inside, sys.executable, "-c", code], check=True, timeout=60, env=hasty)

    def _read(self, process: subprocess.Popen[str]) -> None:
        """Keep what the counter says."""
        assert process.stdout is not None
        with suppress(ValueError):
            for line in process.stdout:
                self._seen.put(json.loads(line))


def count() -> None:
    """Say of each packet that takes the way out, and of each question for a name that stays on loopback, until standard input ends."""
    leaving = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    leaving.bind((OUT, ETH_P_ALL))
    resolver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)  # takes IPv4 too: a resolver's address may be a loopback one
    resolver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    resolver.bind(("::", DNS))
    say({"ready": True})
    while True:
        ready, _, _ = select.select([leaving, resolver, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        if resolver in ready:
            say({"way": "lo", "to": "resolver", "port": DNS, "says": printable(resolver.recv(65_536))})
        if leaving in ready:
            data, (_, kind, direction, *_) = leaving.recvfrom(65_536)
            if direction == socket.PACKET_OUTGOING and not is_neighbourly(kind, data):
                say({"way": OUT, **destination(kind, data), "says": printable(data)})


def is_neighbourly(kind: int, data: bytes) -> bool:
    """Tell whether this is the kernel itself looking for its neighbours (ARP, and IPv6's ICMP), which any interface does."""
    return kind == ETH_P_ARP or (kind == ETH_P_IPV6 and (data[6] == ICMPV6 or (data[6] == 0 and data[40] == ICMPV6)))


def destination(kind: int, data: bytes) -> Packet:
    """Return where a packet is going."""
    if kind == ETH_P_IP:
        header = (data[0] & 0x0F) * 4
        return {"to": socket.inet_ntop(socket.AF_INET, data[16:20]), "port": int.from_bytes(data[header + 2 : header + 4], "big")}
    if kind == ETH_P_IPV6:
        return {"to": socket.inet_ntop(socket.AF_INET6, data[24:40]), "port": int.from_bytes(data[42:44], "big")}
    return {"to": f"ethernet {kind:#06x}", "port": 0}


def printable(data: bytes) -> str:
    """Return what can be read of a packet, such as the name that is asked for, so that a failure says who it was."""
    return "".join(chr(byte) if 32 < byte < 127 else "." for byte in data[-100:])


def say(packet: Packet) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(packet) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    count()
