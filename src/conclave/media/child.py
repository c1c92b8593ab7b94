"""The media engine and the gate before its TURN server as supervised child processes: their settings, and the engine's configuration."""

import ipaddress
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conclave.config import is_own_address
from conclave.kernel.child import Child, Program, ProgramChild
from conclave.media.credentials import EngineCredentials, write_private

# LiveKit waits for its participants on the first SIGTERM and for nothing on the second.
STOPS = ((signal.SIGTERM, 1.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
# What the engine gets of our environment. It takes settings from there too, before its file: a Redis, another address, other keys.
VARIABLES = ("GOGC", "GOMAXPROCS", "GOMEMLIMIT", "HOME", "PATH", "TMPDIR", "TZ")
EMPTY_CALL_SECONDS = 60
GATE_STOPS = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What the engine must know; plain values, so that this file depends on nothing else. Without a TURN port it offers no TURN."""

    program: Path
    state_dir: Path
    region: str
    port: int
    tcp_port: int
    udp_port: int
    turn_port: int | None
    node_address: str
    credentials: EngineCredentials
    # One of several on this machine: it says of which region it speaks.
    alone: bool = True

    @property
    def log(self) -> Path:
        """Where its words are kept."""
        return self.state_dir / "log" / ("engine.log" if self.alone else f"engine-{self.region}.log")


def engine_config(settings: EngineSettings) -> dict[str, object]:
    """Return the engine's configuration; its file format is YAML, of which JSON is a part.

    The engine asks no STUN server because its address is given, makes no call by itself, and listens for media on the given
    address only, where that is one of this machine's own. It has no Redis, so that no other machine takes calls from it (REG-12).
    """
    rtc: dict[str, object] = {
        "tcp_port": settings.tcp_port,
        "udp_port": settings.udp_port,
        "use_external_ip": False,
        "node_ip": settings.node_address,
        "enable_loopback_candidate": ipaddress.ip_address(settings.node_address).is_loopback,
        "use_mdns": False,
    }
    if is_own_address(settings.node_address):
        rtc["ips"] = {"includes": [f"{settings.node_address}/{ipaddress.ip_address(settings.node_address).max_prefixlen}"]}
    return {
        "port": settings.port,
        "bind_addresses": ["127.0.0.1"],
        "keys": {settings.credentials.key: settings.credentials.secret},
        "region": settings.region,
        "rtc": rtc,
        "room": {"auto_create": False, "empty_timeout": EMPTY_CALL_SECONDS, "departure_timeout": 20, "enable_remote_unmute": False},
        "turn": _turn(settings),
        "enable_data_tracks": False,
        "logging": {"level": "warn", "json": True},
    }


def _turn(settings: EngineSettings) -> dict[str, object]:
    """Return the TURN server's part: on loopback, TLS ended before it, and the engine's own address the only one it relays to (JOIN-13)."""
    if settings.turn_port is None:
        return {"enabled": False}
    node = ipaddress.IPv4Network(settings.node_address)
    return {
        "enabled": True,
        "domain": "turn.invalid",  # the engine wants a name; browsers have theirs from the ticket (JOIN-10)
        "external_tls": True,
        "tls_port": settings.turn_port,
        "bind_addresses": ["127.0.0.1"],
        "allow_restricted_peer_cidrs": [str(node)],
        "deny_peer_cidrs": ["::/0", *(str(others) for others in ipaddress.IPv4Network("0.0.0.0/0").address_exclude(node))],
    }


class Engine(ProgramChild):
    """One engine process, supervised."""

    def __init__(self, settings: EngineSettings, *, say: Callable[[str], None]) -> None:
        """Take the settings; say() tells the person at the terminal one sentence."""
        path = settings.state_dir / "engine" / f"{settings.region}.yaml"

        def configure() -> None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, json.dumps(engine_config(settings), indent=1))

        program = Program(
            name="The media engine" if settings.alone else f"The media engine of region '{settings.region}'",
            path=settings.program,
            arguments=("--config", str(path)),
            log=settings.log,
            host="127.0.0.1",
            port=settings.port,
            stops=STOPS,
            variables={name: value for name, value in os.environ.items() if name in VARIABLES},
        )
        super().__init__(program, say=say, configure=configure)


class TurnGate(Child):
    """The gate before the engine's TURN server (turn_gate.py), on a listening socket that the supervisor keeps."""

    def __init__(self, listener: socket.socket, settings: EngineSettings, *, say: Callable[[str], None]) -> None:
        """Take the socket on which it serves, and the settings of the engine before which it stands."""
        super().__init__(name="The TURN gate", where="above", stops=GATE_STOPS, say=say)
        self._listener = listener
        self._settings = settings

    async def start(self) -> None:
        """Start the gate; whoever connects before it serves waits."""
        settings, listener = self._settings, self._listener.fileno()
        arguments = (str(listener), str(settings.turn_port), settings.node_address, str(settings.udp_port))
        await self._spawn(sys.executable, "-m", "conclave.media.turn_gate", *arguments, hand_over=(listener,))
