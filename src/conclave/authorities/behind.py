"""What is behind the glass: lines of a log, addresses of an account, when a meeting took place and with whom; read by glass.py alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from conclave.accounts import disclosed as accounts
from conclave.accounts.queries import address_of
from conclave.authorities.glass_rule import Scope
from conclave.kernel import clock
from conclave.kernel.logs import scrub
from conclave.meetings.touched import held_in, is_meeting

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\.log", re.ASCII)
# The end of a log, and so many lines of it: more is for the machine itself.
MOST_BYTES, MOST_LINES = 8 * 1024 * 1024, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is seen, as rows of columns with their names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    # There is more than is shown, or there may be.
    cut: bool = False


def logs() -> list[str]:
    """Return the names of the logs that this machine keeps."""
    return sorted(path.name for path in _folder().glob("*.log") if NAME.fullmatch(path.name))


def exists(*, scope: Scope, target: str) -> bool:
    """Tell whether there is such a thing to look at.

    Args:
        scope: what kind of thing.
        target: its name or number.
    """
    if scope is Scope.LOG:
        return target in logs()
    return address_of(account=target) != "" if scope is Scope.ADDRESSES else is_meeting(meeting=target)


def view(*, scope: Scope, target: str, since: int, until: int) -> View:
    """Return what there is to see; whether somebody may is glass.py's to know.

    Args:
        scope: what kind of thing.
        target: its name or number.
        since: of a log, from when on.
        until: of a log, until when.
    """
    if scope is Scope.LOG:
        path = _folder() / target
        lines = list(_lines(path, since, until)) if target in logs() else []
        rows = tuple((line,) for line in lines[-MOST_LINES:])
        return View(columns=("line",), rows=rows, cut=len(lines) > MOST_LINES or (target in logs() and _begins_after(path, since)))
    if scope is Scope.ADDRESSES:
        found = accounts.rows_of(rows=accounts.TABLES["account.EmailAddress"](target), fields=("email", "verified"))
        known = dict.fromkeys([address_of(account=target), *(str(row["email"]) for row in found)])
        return View(columns=("address",), rows=tuple((address,) for address in known if address))
    columns = ("name", "role", "joined_at", "left_at", "gone_reason", "region")
    came = tuple(held_in(meeting=target, most=MOST_LINES + 1))
    return View(columns=columns, rows=came[:MOST_LINES], cut=len(came) > MOST_LINES)


def _folder() -> Path:
    """Return where programs beside the gateway have their logs (kernel/child.py, which keeps addresses out of them)."""
    folder: Path = settings.CONCLAVE.state_dir / "log"
    return folder


def _lines(path: Path, since: int, until: int) -> Iterator[str]:
    """Yield the lines of a log that say they are of this time."""
    for line in _end_of(path):
        at = _time_of(line)
        if at is not None and since <= at < until:
            yield scrub(line)


def _begins_after(path: Path, since: int) -> bool:
    """Tell whether a log is longer than what is read of it, and that begins after a time."""
    if path.stat().st_size <= MOST_BYTES:
        return False
    first = next((at for line in _end_of(path) if (at := _time_of(line)) is not None), None)
    return first is None or first >= since


def _end_of(path: Path) -> list[str]:
    """Return the last lines of a log, as many as are read of it."""
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - MOST_BYTES))
        return [raw.decode("utf-8", "replace") for raw in log.read(MOST_BYTES).splitlines()]


def _time_of(line: str) -> int | None:
    """Return when a line was written, as both programs say it: in seconds, or in ISO 8601; None where it does not say."""
    try:
        said = json.loads(line)["ts"]
        return int(said * clock.SECOND) if isinstance(said, int | float) else int(datetime.fromisoformat(said).timestamp() * clock.SECOND)
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
