"""Transparency reports: what of the ledger is opened to everybody, and the tables that follow from it (REP-1 to REP-5).

Nothing but the ledger is read. Whoever has the files works the same tables out again: `conclave-verify report`.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.kernel import b64, canonical
from conclave.kernel.disk import sync_file
from conclave.kernel.errors import Refused
from conclave.kernel.ids import new_id
from conclave.transparency import checkpoints, cosign, named, tree, witnesses
from conclave.transparency.ledger import append, hold
from conclave.transparency.models import LedgerEntry, Opening
from conclave_verify import report as shared
from conclave_verify.entry import Entry, parse_entry
from conclave_verify.report import FEW_ORDERS, PUBLIC, Counting

REPORT, OPENINGS, PROOF = "report.json", "openings.jsonl", "report.tlog-proof"
# What the proof opens of the entry that names a report (REP-5).
PROVED = ("end", "report", "sha256", "start")
PIECE = 1000


class ReportForbidden(Refused):
    """A report cannot be made like this."""

    code = "report_forbidden"
    message = _("A report needs a half-year such as 2026H2 that has begun and has no report yet, and begins where the one before it ended.")


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with what still opens it."""

    index: int
    entry: Entry
    openings: list[Opening]


def make_report(*, period: str, start: int, folder: Path, now: int) -> int:
    """Write a report over every entry from one on, its openings, which get an entry too (LEDG-11), and the proof that the ledger names it.

    Call it outside a transaction: witnesses are asked.

    Args:
        period: what it is called, such as 2026H2.
        start: where the report before it ended; 0 for the first.
        folder: where the three files are written; the proof only if the witnesses have cosigned its entry at once.
        now: the time.

    Returns:
        The first entry that is not in it any more.

    Raises:
        ReportForbidden: there is no such half-year, nothing there yet, or a report of it; or it does not begin where the last one ended.
        WitnessAway: too few witnesses have cosigned what it would be about.
        LedgerForked: the ledger does not continue what was signed.
    """
    end = cosign.cosign_now(now=now)
    _check(period=period, start=start, end=end, now=now)
    folder.mkdir(parents=True, exist_ok=True)
    written = _write(period, start, end, folder)
    with transaction.atomic():
        # Of two who make one at the same time, one does.
        hold()
        _check(period=period, start=start, end=end, now=now)
        # What was opened to everybody stands in the ledger by itself, and the report after it (REP-5).
        obj, report = new_id(), shared.parse(written)
        before = append(kind="OPENINGS", fields={"report": period, "sha256": report.openings_sha256}, now=now, obj=obj)
        told = {"report": period, "sha256": report.sha256, "start": start, "end": end}
        index = append(kind=named.KIND, fields=told, now=now, obj=obj, prev=before)
    with suppress(cosign.WitnessAway):
        cosign.cosign_now(now=now)
    proof = cosign.proof(index=index, fields=PROVED)
    # Whoever reads it meanwhile has given the folder its name, and the proof is written when it is asked for.
    if proof is not None and folder.is_dir():
        with suppress(FileNotFoundError):
            (folder / PROOF).write_text(proof, encoding="utf-8")
    return end


def _check(*, period: str, start: int, end: int, now: int) -> None:
    """Refuse what is no report, or is not the next one (REP-5)."""
    if not shared.PERIOD.fullmatch(period) or period > named.period_at(now) or not 0 <= start <= end or end == 0:
        raise ReportForbidden
    last = named.latest()
    if last is not None and (period <= last.period or start != last.end):
        raise ReportForbidden


def _write(period: str, start: int, end: int, folder: Path) -> bytes:
    """Write the openings of a range and the report that follows from them; return the report."""
    counting, dated, digest = Counting(), dated_orders(start=start, end=end), hashlib.sha256()
    with (folder / OPENINGS).open("wb") as file:
        for row in rows(start=start, end=end):
            public = [one for one in row.openings if is_public(row=row, field=one.field, dated=dated)]
            for one in public:
                told = {"leaf": row.index, "field": one.field, "salt": b64.encode(bytes(one.salt)), "value": one.value}
                line = canonical.encode(told) + b"\n"
                digest.update(line)
                file.write(line)
            counting.take(row.entry, {one.field: one.value for one in public})
        # It could never be made again: on the disk before the ledger names it.
        sync_file(file=file)
    signed = checkpoints.cosigned(policy=witnesses.policy(), above=end - 1)
    if signed is None:
        raise cosign.WitnessAway
    written = shared.write(
        period=period,
        start=start,
        end=end,
        openings_sha256=digest.hexdigest(),
        tables=counting.tables(),
        checkpoint=checkpoints.signed(checkpoint=signed),
    )
    with (folder / REPORT).open("wb") as file:
        file.write(written)
        sync_file(file=file)
    return written


def is_public(*, row: Row, field: str, dated: Collection[str]) -> bool:
    """Tell whether a field is opened to everybody; minutes of an order only where it is one among several (REP-3).

    Args:
        row: the entry.
        field: the field's name.
        dated: the orders whose minutes may be opened.
    """
    return field in PUBLIC.get(row.entry.type, frozenset()) and (field != "minute" or row.entry.obj in dated)


def dated_orders(*, start: int, end: int) -> set[str]:
    """Return the orders, by their entries' `obj`, whose minutes may be opened: each of their territories has five verified ones (REP-3).

    Args:
        start: the first entry that is looked at.
        end: the first that is not.
    """
    # Anybody can write to the portal: only what the desk has made sure of counts, or four letters of nobody's would open a fifth's time.
    verified = set(LedgerEntry.objects.filter(index__gte=start, index__lt=end, kind="AUTHORITY").values_list("obj", flat=True))
    said = Opening.objects.filter(entry_id__gte=start, entry_id__lt=end, entry__kind="ORDER")
    verified -= {obj for obj, value in said.filter(field="dummy").values_list("entry__obj", "value") if value != 0}
    places = said.filter(field="territory").values_list("entry__obj", "value")
    orders = {obj: set(str(value).split(",")) for obj, value in places if obj in verified}
    counted = Counter(territory for territories in orders.values() for territory in territories)
    return {obj for obj, territories in orders.items() if all(counted[one] >= FEW_ORDERS for one in territories)}


def rows(*, start: int, end: int) -> Iterator[Row]:
    """Yield the entries of a range in order, each with what still opens it.

    Raises:
        LedgerForked: one is missing.
    """
    for first in range(start, end, PIECE):
        last = min(first + PIECE, end)
        found: dict[int, list[Opening]] = {}
        for one in Opening.objects.filter(entry_id__gte=first, entry_id__lt=last).order_by("entry_id", "field"):
            found.setdefault(one.entry_id, []).append(one)
        for index, leaf in enumerate(tree.entries(first=first, last=last), start=first):
            yield Row(index, parse_entry(leaf, index=index), sorted(found.get(index, []), key=lambda one: one.field))
