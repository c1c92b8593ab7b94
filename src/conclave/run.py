"""`./conclave run`: one gateway, one media engine and, for other machines, one TLS server, from one terminal, until Ctrl-C."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from conclave.backup import finish_restore
from conclave.config import ROOT, Config
from conclave.doctor import node
from conclave.holding import hold
from conclave.kernel import clock
from conclave.kernel.child import Child, ChildError
from conclave.kernel.errors import ConclaveError
from conclave.media.child import Engine, EngineSettings
from conclave.media.credentials import engine_credentials
from conclave.ports import find_problems, needed_ports
from conclave.tls import TlsServer, gateway_socket, picture

ENGINE_PROGRAM = ROOT / ".conclave" / "bin" / "livekit-server"
GRACE_SECONDS = 3
LARGEST_MESSAGE = 4 * 1024 * 1024


class RunError(Exception):
    """The server cannot start; the message says why and what to do."""


class _Gateway(uvicorn.Server):
    """uvicorn without its signal handling, which would end the process before the media engine is stopped."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serves = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, and say so."""
        await super().startup(sockets=sockets)
        self.serves.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the meeting sockets say why before uvicorn closes them (JOIN-8)."""
        from conclave.meetings.consumers import restart

        await restart()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to run()."""
        yield


def run(*, config: Config) -> None:
    """Migrate, start the gateway and the media engine, print where to go, and serve until Ctrl-C.

    Args:
        config: the operator's settings.

    Raises:
        RunError: ports are taken, the folder is in use, or the media engine does not start.
    """
    os.umask(0o077)
    config.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with hold(state_dir=config.state_dir):
            finish_restore(state_dir=config.state_dir)
            problems = find_problems(config)
            if problems:
                raise RunError("\n".join(problems))
            _allow_many_sockets()
            asyncio.run(_serve(config, _prepare(config)))
    except ChildError as error:
        raise RunError(str(error)) from error
    except ConclaveError as error:
        raise RunError(f"{error.text} [{error.code}]") from error


def _allow_many_sockets() -> None:
    """Raise this process's limit of open files, which its children inherit, as far as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS names a hard limit that it then refuses
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _prepare(config: Config) -> dict[str, str]:
    """Bring the database up to date and return the links to print, by what they are for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conclave.settings")
    import django

    django.setup()
    from conclave.accounts.owner import owner_link
    from conclave.meetings.now import meet_now_link
    from conclave.upgrade import migrate

    now = clock.now()
    copy = migrate(config=config, now=clock.to_datetime(now))
    if copy:
        _say(f"The database was brought to this version; everything as it was before is kept in {copy}.")
    links = {"Meet now, once": meet_now_link(now=now)}
    owner = owner_link(now=now)
    return {"Owner link, until it is used once": owner, **links} if owner else links


async def _serve(config: Config, links: dict[str, str]) -> None:
    """Serve until a signal; whatever happens, leave no child behind."""
    gateway = _Gateway(_gateway_config(config))
    tls = TlsServer(config, say=_say, now=clock.to_datetime(clock.now())) if config.tls else None
    children: list[Child] = [Engine(_engine_settings(config), say=_say), *([tls] if tls else [])]
    serving = asyncio.create_task(gateway.serve())
    starting = asyncio.create_task(_start(children))
    _stop_on_signals(gateway, starting)
    supervising: list[asyncio.Task[None]] = []
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        ready = asyncio.create_task(gateway.serves.wait())
        await asyncio.wait([ready, serving], return_when=asyncio.FIRST_COMPLETED)
        if gateway.started and not gateway.should_exit:
            supervising = [asyncio.create_task(child.supervise()) for child in children]
            telling = asyncio.create_task(_tell(config, links, tls))
            supervising.append(telling)
            await asyncio.wait([telling, serving], return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
        await serving
    finally:
        gateway.should_exit = True
        for task in supervising:
            task.cancel()
        await asyncio.gather(*supervising, return_exceptions=True)
        for child in children:
            await child.stop()
        await asyncio.wait([serving])
    _say("Conclave has stopped.")


async def _start(children: list[Child]) -> None:
    """Start the children, one after the other."""
    for child in children:
        await child.start()


async def _tell(config: Config, links: dict[str, str], tls: TlsServer | None) -> None:
    """Say that the server answers, once browsers can come in or it is clear that they cannot yet."""
    _say(_welcome(config, links, await tls.certified() if tls else ""))


def _stop_on_signals(gateway: _Gateway, starting: asyncio.Task[None]) -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal end everything in order; a second one does not wait for open connections."""

    def stop() -> None:
        gateway.force_exit = gateway.should_exit
        gateway.should_exit = True
        starting.cancel()

    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(wanted, stop)


def _gateway_config(config: Config) -> uvicorn.Config:
    """Return uvicorn's settings: no address or scheme is taken from headers, no address with a token is logged.

    Behind our own TLS server only a socket file leads to the gateway, so that nobody else on this machine can speak in a visitor's name.
    """
    return uvicorn.Config(
        "conclave.asgi:application",
        host=config.http_host,
        port=config.http_port,
        uds=str(gateway_socket(config.state_dir)) if config.tls else None,
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


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
