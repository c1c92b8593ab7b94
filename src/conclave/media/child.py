"""The media engine as a supervised child process: its configuration, its start, its end."""

import asyncio
import contextlib
import ipaddress
import json
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conclave.kernel.child import Child, ChildError
from conclave.media.credentials import EngineCredentials, write_private

READY_SECONDS = 15.0
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


class Engine(Child):
    """One engine process."""

    def __init__(self, settings: EngineSettings, *, say: Callable[[str], None]) -> None:
        """Take the settings; say() tells the person at the terminal one sentence."""
        self._settings = settings
        self.log = settings.state_dir / "log" / "engine.log"
        super().__init__(name="The media engine", where=f"in {self.log}", stops=STOPS, say=say)

    async def start(self) -> None:
        """Start the engine and return when it answers.

        Raises:
            ChildError: it is not built, ended at once, or does not answer.
        """
        settings = self._settings
        if not settings.program.exists():
            raise ChildError(f"The media engine is not built ({settings.program} is missing): run ./conclave run with a network once.")
        config = settings.state_dir / "engine" / f"{settings.region}.yaml"
        config.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(config, json.dumps(engine_config(settings), indent=1))
        with self.log.open("ab") as log:
            process = await self._spawn(str(settings.program), "--config", str(config), output=log)
        await self._answering(process)

    async def _answering(self, process: asyncio.subprocess.Process) -> None:
        """Return when the engine's API port accepts connections."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise ChildError(f"The media engine ended while starting; its reason is at the end of {self.log}.")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._settings.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise ChildError(f"The media engine did not answer on port {self._settings.port} within {READY_SECONDS:.0f} s; see {self.log}.")
