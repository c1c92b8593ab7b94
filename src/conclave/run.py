"""`./conclave run`: one gateway, one media engine and, for other machines, one TLS server, from one terminal, until Ctrl-C.

This process only supervises. It keeps the listening socket, so that whoever connects while the gateway starts again waits for a moment
instead of being refused, and the other children carry on meanwhile.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from conclave.backup import finish_restore
from conclave.config import ROOT, Config
from conclave.doctor import node
from conclave.holding import hold
from conclave.kernel import clock
from conclave.kernel.child import Child, ChildError
from conclave.kernel.errors import ConclaveError
from conclave.media.child import Engine, EngineSettings, TurnGate
from conclave.media.credentials import engine_credentials
from conclave.media.turn import is_offered
from conclave.ports import find_problems, needed_ports
from conclave.regions import RegionSettings
from conclave.stray import calls_left_behind
from conclave.tls import LONGEST_SOCKET_PATH, TlsServer, gateway_socket, picture, turn_socket
from conclave.transparency.child import OwnWitness
from conclave.transparency.identity import OWN_SOCKET, own_witness

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
    try:
        with hold(state_dir=config.state_dir, address=config.public_url):
            finish_restore(state_dir=config.state_dir)
            problems = find_problems(config) + calls_left_behind(config=config)
            if problems:
                raise RunError("\n".join(problems))
            _allow_many_sockets()
            asyncio.run(_serve(config))
    except ChildError as error:
        raise RunError(str(error)) from error
    except ConclaveError as error:
        raise RunError(f"{error.text} [{error.code}]") from error


def _allow_many_sockets() -> None:
    """Raise this process's limit of open files, which its children inherit, as far as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS names a hard limit that it then refuses
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _serve(config: Config) -> None:
    """Start all, keep them running until a signal; whatever happens, leave no child behind."""
    with _listen(config) as listener, _listen_for_turn(config) as turn, _listen_for_witness(config) as witness:
        gateway, engines = Gateway(listener, say=_say), [_engine_settings(config, one) for one in config.all_regions if one.here]
        tls = TlsServer(config, say=_say, now=clock.to_datetime(clock.now())) if config.tls else None
        children: list[Child] = [gateway, *(Engine(one, say=_say) for one in engines), *([tls] if tls else [])]
        children += [TurnGate(turn, engines[0], say=_say)] if turn else []
        children += [OwnWitness(witness, config, say=_say)] if witness else []
        stopping = _stop_on_signals(gateway)
        starting: asyncio.Future[Any] = asyncio.gather(*(child.start() for child in children))
        running: list[asyncio.Task[None]] = []
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not stopping.done():
                await starting
                running = [asyncio.create_task(child.supervise()) for child in children]
                telling = asyncio.create_task(_tell(config, gateway.links, tls))
                running.append(telling)
                await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if telling.done():
                    telling.result()
                await stopping
        finally:
            starting.cancel()
            # The gateway says goodbye (JOIN-8) over what the others carry, so it ends first.
            await _end([gateway], running[:1])
            await _end(children[1:], [starting, *running[1:]])
    _say("Conclave has stopped.")


async def _end(children: Sequence[Child], running: Sequence[asyncio.Future[Any]]) -> None:
    """Stop these children and whoever supervises them; a supervising task that is cancelled stops its child."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.gather(*(child.stop() for child in children))


async def _tell(config: Config, links: dict[str, str], tls: TlsServer | None) -> None:
    """Say that the server answers, once browsers can come in or it is clear that they cannot yet."""
    _say(_welcome(config, links, await tls.certified() if tls else ""))


@contextlib.contextmanager
def _listen(config: Config) -> Iterator[socket.socket]:
    """Hold the socket on which the gateway serves.

    Behind our own TLS server only a socket file leads to the gateway, so that nobody else on this machine can speak in a visitor's name.
    """
    if config.tls:
        with _listen_on_file(gateway_socket(config.state_dir)) as listener:
            yield listener
        return
    family = socket.AF_INET6 if ":" in config.http_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((config.http_host, config.http_port))
        except OSError as error:
            raise RunError(f"Port {config.http_port}/TCP cannot be used: {error.strerror}.") from error
        listener.listen(BACKLOG)
        yield listener


@contextlib.contextmanager
def _listen_for_turn(config: Config) -> Iterator[socket.socket | None]:
    """Hold the socket on which the TURN gate serves; None where no TURN is offered."""
    if not is_offered(config=config):
        yield None
        return
    with _listen_on_file(turn_socket(config.state_dir)) as listener:
        yield listener


@contextlib.contextmanager
def _listen_for_witness(config: Config) -> Iterator[socket.socket | None]:
    """Hold the socket on which our own witness answers; None where others are named."""
    if config.witness_addresses:
        yield None
        return
    path = own_witness(state_dir=config.state_dir) / OWN_SOCKET
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        with _listen_on_file(path) as listener:
            yield listener
        return
    # A socket's name is short everywhere: it is in a private folder elsewhere, and a link leads there.
    with tempfile.TemporaryDirectory(prefix="conclave-", ignore_cleanup_errors=True) as folder:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        path.symlink_to(Path(folder) / OWN_SOCKET)
        with _listen_on_file(path.resolve()) as listener:
            yield listener


@contextlib.contextmanager
def _listen_on_file(path: Path) -> Iterator[socket.socket]:
    """Hold a listening socket file, in a folder that only this user can enter."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            listener.bind(str(path))
        except OSError as error:
            raise RunError(f"The socket file {path} cannot be made: {error.strerror or error}.") from error
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


def _engine_settings(config: Config, region: RegionSettings) -> EngineSettings:
    """Return what a region's media engine must know: its own ports and its own key pair (REG-5)."""
    return EngineSettings(
        program=ENGINE_PROGRAM,
        state_dir=config.state_dir,
        region=region.name,
        port=region.engine_port,
        tcp_port=region.media_tcp_port,
        udp_port=region.media_udp_port,
        turn_port=config.turn_port if is_offered(config=config) else None,
        node_address=region.node_address,
        credentials=engine_credentials(state_dir=config.state_dir, region=region.name),
        alone=not config.regions,
    )


def _welcome(config: Config, links: dict[str, str], certificate: str) -> str:
    """Return what a person reads when the server answers."""
    lines = [f"Conclave is ready: {config.public_url}"]
    if config.lan and (sys.stdout.encoding or "").lower().startswith("utf"):
        lines += [picture(config.public_url, colours=sys.stdout.isatty())]
    lines += [certificate] if certificate else []
    finding = node(config=config)
    lines += [f"  Careful: {finding.text} {finding.advice}"] if finding.level != "ok" else []
    lines += [f"  {purpose}: {link}" for purpose, link in links.items()]
    lines += [f"  Port {port.number}/{port.protocol} on {port.address}: {port.purpose}" for port in needed_ports(config)]
    lines += [f"  Everything it keeps is in {config.state_dir}. Ctrl-C stops it."]
    return "\n".join(lines)


def _say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
