"""`./conclave run`: one gateway and one media engine, from one terminal, until Ctrl-C.

This process only supervises. It keeps the listening socket, so that whoever connects while the gateway starts again waits for a moment
instead of being refused, and the media engine carries on meanwhile.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from conclave.config import ROOT, Config
from conclave.kernel.child import Child, ChildError
from conclave.media.child import Engine, EngineSettings
from conclave.media.credentials import engine_credentials
from conclave.ports import find_problems, needed_ports

ENGINE_PROGRAM = ROOT / ".conclave" / "bin" / "livekit-server"
BACKLOG = 2048
# The gateway lets its requests end on the first SIGTERM and waits for nobody on the second.
STOPS = ((signal.SIGTERM, 8.0), (signal.SIGTERM, 4.0), (signal.SIGKILL, 5.0))


class RunError(Exception):
    """The server cannot start; the message says why and what to do."""


class Gateway(Child):
    """The gateway's process (serve.py)."""

    def __init__(self, listener: socket.socket, *, say: Callable[[str], None]) -> None:
        """Take the socket on which it serves."""
        super().__init__(name="The gateway", where="above", stops=STOPS, say=say)
        self._listener = listener
        self.links: dict[str, str] = {}

    async def start(self) -> None:
        """Start the gateway and return when it serves.

        Raises:
            ChildError: it ended before that.
        """
        first = [] if self.links else ["first"]
        listener = self._listener.fileno()
        read, write = os.pipe()
        told = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(told), os.fdopen(read, "rb", buffering=0)
        )
        try:
            try:
                command = (sys.executable, "-m", "conclave.serve", str(listener), str(write), *first)
                await self._spawn(*command, hand_over=(listener, write))
            finally:
                os.close(write)
            line = await told.readline()
        finally:
            pipe.close()
        if not line:
            raise ChildError("The gateway ended while starting; its reason is above.")
        self.links = json.loads(line) or self.links

    def restart(self) -> None:
        """Let it end, and be started again: with new code, without disturbing the media."""
        if self._process is not None and self.pid is not None:
            self._process.terminate()


def run(*, config: Config) -> None:
    """Start the gateway and the media engine, print where to go, and keep both running until Ctrl-C.

    Args:
        config: the operator's settings.

    Raises:
        RunError: ports are taken, the folder is in use, or the gateway or the media engine does not start.
    """
    os.umask(0o077)
    config.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(config.state_dir):
        problems = find_problems(config)
        if problems:
            raise RunError("\n".join(problems))
        _allow_many_sockets()
        try:
            asyncio.run(_serve(config))
        except ChildError as error:
            raise RunError(str(error)) from error


@contextlib.contextmanager
def _only_one(state_dir: Path) -> Iterator[None]:
    """Hold the state folder for this process, as two servers on one folder would undo each other's work."""
    with (state_dir / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise RunError(
                f"Conclave already runs on {state_dir} (process {lock.read().strip()}): stop that one, or set CONCLAVE_STATE_DIR."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _allow_many_sockets() -> None:
    """Raise this process's limit of open files, which its children inherit, as far as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS names a hard limit that it then refuses
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _serve(config: Config) -> None:
    """Start both, keep them running until a signal; whatever happens, leave no child behind."""
    with _listen(config) as listener:
        gateway = Gateway(listener, say=_say)
        engine = Engine(_engine_settings(config), say=_say)
        stopping = _stop_on_signals(gateway)
        starting: asyncio.Future[Any] = asyncio.gather(gateway.start(), engine.start())
        supervising: list[asyncio.Task[None]] = []
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not stopping.done():
                await starting
                supervising = [asyncio.create_task(child.supervise()) for child in (gateway, engine)]
                _say(_welcome(config, gateway.links))
                await stopping
        finally:
            starting.cancel()
            for task in supervising:
                task.cancel()
            # A supervising task that is cancelled stops its child.
            await asyncio.gather(*supervising, starting, return_exceptions=True)
            await asyncio.gather(gateway.stop(), engine.stop())
    _say("Conclave has stopped.")


@contextlib.contextmanager
def _listen(config: Config) -> Iterator[socket.socket]:
    """Hold the socket on which the gateway serves."""
    family = socket.AF_INET6 if ":" in config.http_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((config.http_host, config.http_port))
        except OSError as error:
            raise RunError(f"Port {config.http_port}/TCP cannot be used: {error.strerror}.") from error
        listener.listen(BACKLOG)
        yield listener


def _stop_on_signals(gateway: Gateway) -> asyncio.Future[Any]:
    """Let Ctrl-C, SIGTERM and a closed terminal end everything in order; a second one does not wait for open connections.

    SIGUSR1 starts the gateway alone again.
    """
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[Any] = loop.create_future()

    def stop() -> None:
        if stopping.done():
            gateway.restart()
        else:
            stopping.set_result(None)

    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(wanted, stop)
    loop.add_signal_handler(signal.SIGUSR1, gateway.restart)
    return stopping


def _engine_settings(config: Config) -> EngineSettings:
    """Return what the media engine must know."""
    return EngineSettings(
        program=ENGINE_PROGRAM,
        state_dir=config.state_dir,
        region=config.region,
        port=config.engine_port,
        tcp_port=config.media_tcp_port,
        udp_port=config.media_udp_port,
        node_address=config.node_address,
        credentials=engine_credentials(state_dir=config.state_dir, region=config.region),
    )


def _welcome(config: Config, links: dict[str, str]) -> str:
    """Return what a person reads when the server answers."""
    lines = [f"Conclave is ready: {config.public_url}"]
    lines += [f"  {purpose}: {link}" for purpose, link in links.items()]
    lines += [f"  Port {port.number}/{port.protocol} on {port.address}: {port.purpose}" for port in needed_ports(config)]
    lines += [f"  Everything it keeps is in {config.state_dir}. Ctrl-C stops it."]
    return "\n".join(lines)


def _say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
