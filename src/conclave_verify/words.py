"""What the checks of the ledger found, in sentences; nothing that came from a server reaches the terminal as it is."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from conclave_verify.ledger import Result
from conclave_verify.proof import Proved
from conclave_verify.quorum import Vouched
from conclave_verify.report import Report

LATEST = 253402300799  # the last second that a calendar of four digits knows


def of_ledger(result: Result) -> Iterator[str]:
    """Yield what was found in a ledger."""
    told = result.vouched.checkpoint
    for name, count in sorted(result.types.items()):
        yield f"{count:>9}  {name}"
    yield f"Good: the ledger {shown(told.origin)} has {told.size} entries, and they make the tree that it has signed."
    yield f"Opened fields, each as it was sealed: {result.opened}."
    yield from _witnesses(result.vouched)


def of_proof(proved: Proved) -> Iterator[str]:
    """Yield what a proof shows."""
    told = proved.vouched.checkpoint
    yield f"Good: entry {proved.index} of the ledger {shown(told.origin)} is this one, of the type {proved.entry.type}."
    for opening in proved.openings:
        yield f"  {shown(opening.field)}: {shown(opening.value)}"
    closed = sorted(proved.entry.sealed.keys() - {one.field for one in proved.openings})
    if closed:
        yield f"  Sealed, and not shown here: {shown(', '.join(closed))}"
    yield from _witnesses(proved.vouched)


def of_report(told: Report) -> Iterator[str]:
    """Yield what was found in a report."""
    yield f"Good: each number of the report {shown(told.period)} follows from the entries {told.start} to {told.end - 1} of the ledger."


def shown(value: object) -> str:
    """Return a value so that it changes nothing on a terminal but what is read."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _witnesses(vouched: Vouched) -> Iterator[str]:
    """Yield who has seen a checkpoint, and when."""
    for key, seconds in vouched.witnesses.items():
        yield f"Seen by {shown(key.name)} at {datetime.fromtimestamp(min(seconds, LATEST), UTC):%Y-%m-%d %H:%M:%S} UTC."
    if not vouched.witnesses:
        yield "No witness was asked for: this server could show others another ledger."
