"""The media engine as a supervised child process: its settings and its configuration."""

import ipaddress
import json
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conclave.kernel.child import Program, ProgramChild
from conclave.media.credentials import EngineCredentials, write_private

# LiveKit waits for its participants on the first SIGTERM and for nothing on the second.
STOPS = ((signal.SIGTERM, 1.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
EMPTY_CALL_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """What the engine must know; plain values, so that this file depends on nothing else."""

    program: Path
    state_dir: Path
    region: str
    port: int
    tcp_port: int
    udp_port: int
    node_address: str
    credentials: EngineCredentials


def engine_config(settings: EngineSettings) -> dict[str, object]:
    """Return the engine's configuration; its file format is YAML, of which JSON is a part.

    The engine asks no STUN server because its address is given, makes no call by itself, and listens for media on the given
    address only, where that is one of this machine's own.
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
        "turn": {"enabled": False},
        "enable_data_tracks": False,
        "logging": {"level": "warn", "json": True},
    }


def is_own_address(address: str) -> bool:
    """Tell whether an IP address belongs to an interface of this machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


class Engine(ProgramChild):
    """One engine process, supervised."""

    def __init__(self, settings: EngineSettings, *, say: Callable[[str], None]) -> None:
        """Take the settings; say() tells the person at the terminal one sentence."""
        path = settings.state_dir / "engine" / f"{settings.region}.yaml"

        def configure() -> None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, json.dumps(engine_config(settings), indent=1))

        program = Program(
            name="The media engine",
            path=settings.program,
            arguments=("--config", str(path)),
            log=settings.state_dir / "log" / "engine.log",
            host="127.0.0.1",
            port=settings.port,
            stops=STOPS,
        )
        super().__init__(program, say=say, configure=configure)
