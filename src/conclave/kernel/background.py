"""The threads that every gateway runs beside its requests: outbox workers and the deadline clock."""

import asyncio
import threading
from collections.abc import Callable

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from conclave.kernel import bus, deadlines, outbox

# More than one, so that a slow call to the media engine does not hold up the next ban.
WORKERS = 3
STOP_SECONDS = 10.0

_stopping = threading.Event()
_threads: list[threading.Thread] = []
_enders: list[Callable[[], None]] = []


def ends(function: Callable[[], None]) -> Callable[[], None]:
    """Register a function that is called when the server ends, after the threads: it ends what they have begun beside this process."""
    if function not in _enders:
        _enders.append(function)
    return function


def start() -> None:
    """Start the threads; a second call does nothing."""
    if _threads:
        return
    _stopping.clear()
    bodies = [(f"outbox-{number}", outbox.work_until) for number in range(WORKERS)] + [("deadlines", deadlines.tick_until)]
    for name, body in bodies:
        thread = threading.Thread(target=body, args=(_stopping,), name=name, daemon=True)
        _threads.append(thread)
        thread.start()


def stop() -> None:
    """Ask the threads to end and wait for what they are doing; what is not finished is done again after the next start."""
    _stopping.set()
    outbox.wake()
    for thread in _threads:
        thread.join(STOP_SECONDS)
    _threads.clear()
    for end in _enders:
        end()


class Lifespan:
    """The ASGI lifespan protocol: background threads run exactly as long as the server serves."""

    async def __call__(self, _scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Start on startup, stop on shutdown."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                bus.attach(asyncio.get_running_loop())
                start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(stop)
                bus.attach(None)
                await send({"type": "lifespan.shutdown.complete"})
                return
