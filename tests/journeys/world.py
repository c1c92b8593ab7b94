"""A real installation for the journeys: `conclave run` in a process of its own, on free ports and with a state folder of its own."""

import contextlib
import fcntl
import functools
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"^Conclave is ready: (\S+)$")
LAST_LINE = "Ctrl-C stops it."
START_SECONDS = 600  # the first start builds the client and the media engine
STOP_SECONDS = 20


# Blocks of ports below those that the kernel lends to clients, who might take one before the server that it is for has started.
BLOCKS, BLOCK = range(20_000, 32_000, 500), 500


@functools.cache
def own_ports() -> tuple[IO[str], Iterator[int]]:
    """Take a block of ports while this process lives, as other tests run beside it; return what holds it, and the ports in turn."""
    for first in BLOCKS:
        lock = (Path(tempfile.gettempdir()) / f"conclave-ports-{first}").open("w", encoding="ascii")
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock, itertools.cycle(range(first, first + BLOCK))
        lock.close()
    raise AssertionError("No block of ports is free for this process's tests.")


def free_ports(count: int) -> list[int]:
    """Return that many different ports on which nobody listens just now by TCP or UDP, and no other process's tests are given."""
    found: list[int] = []
    for port in itertools.islice(own_ports()[1], BLOCK):
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams, contextlib.suppress(OSError):
            stream.bind(("127.0.0.1", port))
            datagrams.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("All ports of this process's tests are taken.")


@dataclass(kw_only=True)
class Installation:
    """One server and its media engine; start() it, and stop() it whatever happens."""

    state: Path
    http_port: int
    engine_port: int
    media_tcp_port: int
    media_udp_port: int
    turn_port: int
    prefix: tuple[str, ...] = ()
    command: tuple[str, ...] = (sys.executable, "-m", "conclave.cli", "run")
    checkout: Path = ROOT
    extra: dict[str, str] = field(default_factory=dict)
    https: str = ""  # the address that follows from --lan or --domain
    lines: list[str] = field(default_factory=list)
    started_in: float = 0.0
    process: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None
    _ready: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """The address people type."""
        return self.https or f"http://localhost:{self.http_port}"

    @property
    def engine_url(self) -> str:
        """The media engine's own address, which no browser of a meeting is told."""
        return f"http://127.0.0.1:{self.engine_port}"

    @property
    def owner_link(self) -> str:
        """The one-time owner link that this start printed."""
        return self._link("Owner link")

    @property
    def meet_now_link(self) -> str:
        """The one-time *meet now* address that this start printed."""
        return self._link("Meet now")

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return "\n".join(self.lines)

    def environment(self) -> dict[str, str]:
        """Return the variables that make this installation itself and no other."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("CONCLAVE_") and name != "DJANGO_SETTINGS_MODULE"}
        env.update(
            CONCLAVE_STATE_DIR=str(self.state),
            CONCLAVE_HTTP_PORT=str(self.http_port),
            CONCLAVE_ENGINE_PORT=str(self.engine_port),
            CONCLAVE_MEDIA_TCP_PORT=str(self.media_tcp_port),
            CONCLAVE_MEDIA_UDP_PORT=str(self.media_udp_port),
            **({"CONCLAVE_TURN_PORT": str(self.turn_port)} if self.https else {"CONCLAVE_PUBLIC_URL": self.url}),
            PYTHONPATH=str(self.checkout / "src"),
            PYTHONUNBUFFERED="1",
            **self.extra,
        )
        return env

    def start(self, *, seconds: float = START_SECONDS) -> None:
        """Start, and wait until the server says that it is ready.

        Raises:
            AssertionError: it ended, or was not ready in time; with all it printed.
        """
        self.launch()
        if not self._ready.wait(seconds) or not self.running:
            self.stop()
            raise AssertionError(f"`conclave run` did not become ready:\n{self.output}")

    def launch(self) -> None:
        """Start without waiting."""
        self.lines.clear()
        self._ready.clear()
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [*self.prefix, *self.command],
            cwd=self.checkout,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process, begin), daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def child(self, part: str) -> int:
        """Return the process id of a child of the server: "gateway" or "engine"."""
        found = self.find_child(part)
        assert found, f"the server has no {part} just now:\n{self.output}"
        return found

    def resident_mb(self, part: str) -> float:
        """Return the memory that a child of the server holds."""
        status = Path(f"/proc/{self.child(part)}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def find_child(self, part: str) -> int:
        """Return the process id of a child of the server, 0 while there is none."""
        assert self.process is not None
        program = {"gateway": b"conclave.serve", "engine": b"livekit-server"}[part]
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
                if int(parent) == self.process.pid and program in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        return 0

    def wait(self, *, seconds: float) -> int:
        """Wait for the end of a start that cannot work, and return its exit code."""
        assert self.process is not None
        code = self.process.wait(seconds)
        self.stop()
        return code

    def stop(self) -> None:
        """Press Ctrl-C; end what does not end by itself."""
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(STOP_SECONDS)
        if self._reader is not None:
            self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.stop()

    def _read(self, process: subprocess.Popen[str], begin: float) -> None:
        """Keep what is printed, and notice when it is ready or has ended."""
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.rstrip().endswith(LAST_LINE):
                self.started_in = time.monotonic() - begin
                self._ready.set()
        self._ready.set()

    def _link(self, purpose: str) -> str:
        """Return the link printed for a purpose."""
        for line in self.lines:
            if line.strip().startswith(purpose):
                return line.rsplit(" ", 1)[1]
        raise AssertionError(f"No '{purpose}' was printed:\n{self.output}")


def installation(state: Path, *, prefix: tuple[str, ...] = (), extra: dict[str, str] | None = None, migrated: bool = False) -> Installation:
    """Return an installation on free ports, not yet started.

    Args:
        state: its folder.
        prefix: what its command is started by.
        extra: more of its environment.
        migrated: begin with the tables made and the MLS module compiled, where a test is not about a first start: each takes seconds.
    """
    http_port, engine_port, media_tcp_port, turn_port, media_udp_port = free_ports(5)
    state.mkdir(parents=True, exist_ok=True)
    if migrated and not (state / "conclave.sqlite3").exists():
        from tests import compiled, database

        database.hand_over(state / "conclave.sqlite3")
        compiled.hand_over(state)
    return Installation(
        state=state,
        http_port=http_port,
        engine_port=engine_port,
        media_tcp_port=media_tcp_port,
        media_udp_port=media_udp_port,
        turn_port=turn_port,
        prefix=prefix,
        extra=extra or {},
    )
