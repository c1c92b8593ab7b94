"""The gateway's process: pages, API and sockets on the listening socket that `conclave run` hands over and keeps (run.py)."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from conclave.config import Config, load
from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError

GRACE_SECONDS = 3
LARGEST_MESSAGE = 4 * 1024 * 1024


class _Gateway(uvicorn.Server):
    """uvicorn without its signal handling, which raises the signal once more when it has ended."""

    def __init__(self, config: uvicorn.Config, *, tell: int, links: dict[str, str]) -> None:
        super().__init__(config)
        self._tell = tell
        self._links = links

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, and say so to the supervisor."""
        await super().startup(sockets=sockets)
        with os.fdopen(self._tell, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(self._links) + "\n")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the meeting sockets say why before uvicorn closes them (JOIN-8)."""
        from conclave.meetings.consumers import restart

        await restart()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to main()."""
        yield


def main() -> None:
    """Bring the database up to date and serve until a signal; `conclave.serve LISTENER PIPE [first]`: two open files."""
    listener, tell, *first = sys.argv[1:]
    config = load()
    try:
        links = _prepare(config, first=bool(first))
    except ConclaveError as error:
        sys.exit(f"{error.text} [{error.code}]")
    gateway = _Gateway(_settings(config), tell=int(tell), links=links)
    asyncio.run(_serve(gateway, socket.socket(fileno=int(listener))))


async def _serve(gateway: _Gateway, listener: socket.socket) -> None:
    """Serve until SIGTERM; a second one does not wait for open connections."""

    def stop() -> None:
        gateway.force_exit = gateway.should_exit
        gateway.should_exit = True

    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, stop)
    await gateway.serve(sockets=[listener])


def _prepare(config: Config, *, first: bool) -> dict[str, str]:
    """Bring the database up to date and, at the first start of a run, return the links to print, by what they are for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conclave.settings")
    import django

    django.setup()
    from conclave.accounts.owner import owner_link
    from conclave.media.enter import enter_configuration
    from conclave.meetings.now import meet_now_link
    from conclave.stray import engines_not_entered
    from conclave.transparency import current
    from conclave.upgrade import migrate

    now = clock.now()
    copy = migrate(config=config, now=clock.to_datetime(now))
    if copy:
        sys.stdout.write(f"The database was brought to this version; everything as it was before is kept in {copy}.\n")
        sys.stdout.flush()
    enter_configuration(now=now)
    current.ask()
    if not first:
        return {}
    for sentence in engines_not_entered(config=config):
        sys.stdout.write(f"  Careful: {sentence}\n")
        sys.stdout.flush()
    links = {"Meet now, once": meet_now_link(now=now)}
    owner = owner_link(now=now)
    return {"Owner link, until it is used once": owner, **links} if owner else links


def _settings(config: Config) -> uvicorn.Config:
    """Return uvicorn's settings: no address or scheme is taken from headers, no address with a token is logged."""
    return uvicorn.Config(
        "conclave.asgi:application",
        host=config.http_host,
        port=config.http_port,
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


if __name__ == "__main__":
    main()
