"""The table of moments: every step of a join, a commit and a removal at which something can die, and what can die there."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.wire import Passed
from tests.journeys.world import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a certain message passes between people and the gateway: just before it is delivered, or just after."""

    name: str
    act: str
    t: str
    up: bool
    delivered: bool
    has: bytes = b""

    def is_now(self, passed: Passed) -> bool:
        """Tell whether this message is the one."""
        return (passed.t, passed.up) == (self.t, self.up) and self.has in passed.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the server, and what its supervisor, or the person at the machine, does about it."""

    name: str
    strike: Callable[[Installation], None]
    seconds: float = 0.0
    help: Callable[[Installation], None] = lambda _server: None
    again: bool = False


def _moments(act: str, *steps: tuple[str, str, bool, bool, bytes]) -> list[Moment]:
    """Write an act's steps down as rows."""
    return [Moment(name=name, act=act, t=t, up=up, delivered=delivered, has=has) for name, t, up, delivered, has in steps]


UP, DOWN = True, False
BEFORE, AFTER = False, True
COMMIT, REMOVE = b'"kind":"commit"', b'"kind":"remove"'

MOMENTS = [
    *_moments(
        "join",
        ("seat asked for", "POST /api/v1/join", UP, BEFORE, b""),
        ("request delivered", "POST /api/v1/join", UP, AFTER, b""),
        ("ticket on its way", "200 /api/v1/join", DOWN, BEFORE, b""),
        ("ticket given", "200 /api/v1/join", DOWN, AFTER, b""),
        ("hello delivered", "hello", UP, AFTER, b""),
        ("ready on its way", "ready", DOWN, BEFORE, b""),
        ("announcement sent", "announce", UP, BEFORE, b""),
        ("announcement delivered", "announce", UP, AFTER, b""),
        ("welcome on its way", "welcome", DOWN, BEFORE, b""),
        ("welcome given", "welcome", DOWN, AFTER, b""),
    ),
    *_moments(
        "commit",
        ("lease on its way", "lease", DOWN, BEFORE, b""),
        ("lease given", "lease", DOWN, AFTER, b""),
        ("commit sent", "commit", UP, BEFORE, b""),
        ("commit delivered", "commit", UP, AFTER, b""),
        ("commit in the log", "entries", DOWN, BEFORE, COMMIT),
        ("commit applied", "ack", UP, BEFORE, b""),
        ("acknowledgement delivered", "ack", UP, AFTER, b""),
    ),
    *_moments(
        "removal",
        ("removal sent", "remove", UP, BEFORE, b""),
        ("removal delivered", "remove", UP, AFTER, b""),
        ("removal in the log", "entries", DOWN, BEFORE, REMOVE),
        ("lease for it given", "lease", DOWN, AFTER, b""),
        ("commit of it sent", "commit", UP, BEFORE, b""),
        ("commit of it delivered", "commit", UP, AFTER, b""),
        ("removed one told", "gone", DOWN, BEFORE, b""),
    ),
]


def _signal(part: str, wanted: signal.Signals) -> Callable[[Installation], None]:
    """Return the act of sending a signal to the gateway or the engine."""
    return lambda server: os.kill(server.child(part), wanted)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault(name="gateway killed", strike=_signal("gateway", signal.SIGKILL), again=True),
        Fault(
            name="gateway stopped for 3 s",
            strike=_signal("gateway", signal.SIGSTOP),
            seconds=3,
            help=_signal("gateway", signal.SIGCONT),
        ),
        Fault(name="engine killed", strike=_signal("engine", signal.SIGKILL), again=True),
        Fault(
            name="engine stopped for 4 s",
            strike=_signal("engine", signal.SIGSTOP),
            seconds=4,
            help=_signal("engine", signal.SIGCONT),
        ),
    )
}
