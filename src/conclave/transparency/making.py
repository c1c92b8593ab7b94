"""Making the report of a half-year by itself, in a process of its own: that takes seconds, and in this one people are in calls (REP-6)."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

import structlog
from django.db import transaction

from conclave.kernel import background, clock, deadlines, outbox
from conclave.transparency import named

KIND = "transparency.report"
LONGEST_MS = clock.HOUR
# How willingly it lets others go first; 19 is the most.
NICE = 10

_pace = clock.Seldom(every_ms=clock.HOUR)
_log = structlog.get_logger("conclave.report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A report that is being made: of which half-year, by which process, since when."""

    period: str
    process: subprocess.Popen[bytes]
    since: int


# At most one; held while one begins, so that no two threads do so at the same time.
_running: list[Making] = []
_beginning = threading.Lock()


def command(*, period: str) -> list[str]:
    """Return how a report is made: as at the terminal, but for an hour at most and not longer than this process is there.

    Args:
        period: of which half-year.
    """
    return [sys.executable, "-m", "conclave.cli", "admin", "report", period, "--at-most", str(LONGEST_MS // clock.SECOND)]


def begin(*, period: str, now: int) -> None:
    """Begin to make a report, unless one is being made already; settle() looks when it is done.

    Args:
        period: of which half-year.
        now: the time.
    """
    with _beginning:
        if _running:
            return
        # Why it made none, it says where this process says so too. Its input says nothing, and ends when this process ends, however that
        # is: it ends itself then, as it would write into the folder of a server that is stopped.
        process = subprocess.Popen(command(period=period), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        with suppress(OSError):  # it is over already
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        _running.append(Making(period=period, process=process, since=now))


@background.ends
def give_up() -> None:
    """End the report that is being made: after the server nothing is written. It is begun anew once the server runs again."""
    for one in list(_running):
        _running.remove(one)
        _end(one.process)


@outbox.handles(KIND)
def make_due(payload: outbox.Payload) -> None:
    """Have the report of a half-year made beside this process; what fails is asked for again by settle()."""
    begin(period=str(payload["period"]), now=clock.now())


@deadlines.settles
def settle(now: int) -> None:
    """Have the report of the half-year that is over made, asked for once an hour until it is there (REP-6).

    Args:
        now: the time.
    """
    _look(now)
    if not _pace.due(now=now):
        return
    period = named.due(now=now)
    if period is not None and not _running and not outbox.is_waiting(kind=KIND):
        with transaction.atomic():
            outbox.emit(kind=KIND, payload={"period": period}, now=now)


def _look(now: int) -> None:
    """See whether the report that is being made is done; one that takes too long is given up, and begun anew an hour later."""
    for one in list(_running):
        status = one.process.poll()
        if status is None and abs(now - one.since) < LONGEST_MS:
            continue
        _running.remove(one)
        status = _end(one.process)
        if status == 0:
            _log.info("report made", period=one.period)
        else:
            _log.warning("no report made", period=one.period, status=status)


def _end(process: subprocess.Popen[bytes]) -> int:
    """End a process, if it has not, let go of it, and return how it ended."""
    process.kill()
    process.communicate()
    return process.returncode
