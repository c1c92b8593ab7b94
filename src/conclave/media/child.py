"""The media engine as a supervised child process: its configuration, its start, its end."""

import asyncio
import contextlib
import ctypes
import ipaddress
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conclave.media.credentials import EngineCredentials, write_private

READY_SECONDS = 15.0
# LiveKit waits for its participants on the first SIGTERM and for nothing on the second.
STOPS = ((signal.SIGTERM, 1.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
EMPTY_CALL_SECONDS = 60
PR_SET_PDEATHSIG = 1


class EngineError(Exception):
    """The media engine cannot be used; the message is one sentence for the person who runs the server."""


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


class Engine:
    """One engine process, started again with growing pauses when it ends by itself."""

    def __init__(self, settings: EngineSettings, *, say: Callable[[str], None]) -> None:
        """Take the settings; say() tells the person at the terminal one sentence."""
        self._settings = settings
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self.log = settings.state_dir / "log" / "engine.log"

    @property
    def pid(self) -> int | None:
        """The engine's process while it runs, else None."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    async def start(self) -> None:
        """Start the engine and return when it answers.

        Raises:
            EngineError: it is not built, ended at once, or does not answer.
        """
        settings = self._settings
        if not settings.program.exists():
            raise EngineError(f"The media engine is not built ({settings.program} is missing): run ./conclave run with a network once.")
        config = settings.state_dir / "engine" / f"{settings.region}.yaml"
        config.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(config, json.dumps(engine_config(settings), indent=1))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(settings.program),
                "--config",
                str(config),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # Ctrl-C on the terminal reaches only the supervisor, which then stops the engine
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        await self._answering(self._process)

    async def _answering(self, process: asyncio.subprocess.Process) -> None:
        """Return when the engine's API port accepts connections."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise EngineError(f"The media engine ended while starting; its reason is at the end of {self.log}.")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self._settings.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise EngineError(f"The media engine did not answer on port {self._settings.port} within {READY_SECONDS:.0f} s; see {self.log}.")

    async def supervise(self) -> None:
        """Start the engine again each time it ends, until cancelled; then stop it."""
        pause = FIRST_PAUSE
        try:
            while True:
                started = time.monotonic()
                if self._process is not None:
                    await self._process.wait()
                    self._say(f"The media engine ended by itself; it starts again in {pause:.1f} s. Its last words are in {self.log}.")
                if time.monotonic() - started > STEADY_SECONDS:
                    pause = FIRST_PAUSE
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                try:
                    await self.start()
                except EngineError as error:
                    self._say(str(error))
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End the engine: politely first, then by force."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        for wanted, patience in STOPS:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(wanted)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience)
                return


def _die_with_parent() -> None:
    """Ask Linux to end this child when its supervisor is killed, so that no engine keeps the ports.

    SIGKILL, as the engine forgets a SIGTERM that comes while it is still starting, and has nothing to save.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
