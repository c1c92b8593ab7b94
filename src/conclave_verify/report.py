"""Does each number of a transparency report follow from the ledger? (REP-1 to REP-5)

A report is about a range of entries. Its tables are worked out again here from what is opened of them, and compared whole.
"""

import hashlib
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from conclave_verify import ledger, note
from conclave_verify.checkpoint import parse as parse_checkpoint
from conclave_verify.entry import Entry, Json, canonical, parse_json
from conclave_verify.ledger import Result, Source
from conclave_verify.merkle import Wrong
from conclave_verify.note import Malformed
from conclave_verify.proof import Proved
from conclave_verify.quorum import Policy

LARGEST_REPORT = 8 * 1024 * 1024
KEYS = {"v", "report", "start", "end", "openings_sha256", "tables", "checkpoint"}
PERIOD = re.compile(r"[0-9]{4}H[12]", re.ASCII)
# What is opened to everybody, by type; anything else stays sealed. `minute` only as REP-3 says.
PUBLIC: dict[str, frozenset[str]] = {
    "ORDER": frozenset({"category", "channel", "dummy", "kind", "minute", "territory"}),
    "ORDER_STATE": frozenset({"minute", "outcome", "reason", "state"}),
    "MEASURE": frozenset({"days", "kind", "territory"}),
    "APPLICATION_COUNT": frozenset({"denied", "removed", "territory"}),
    "RESTORATION": frozenset({"cause", "people", "territory"}),
    "DISCLOSURE": frozenset({"field", "territory"}),
    "HANDED": frozenset({"deferred", "field", "territory"}),
    "REPORTS_COUNT": frozenset({"category", "count", "source"}),
    "GLASS": frozenset({"scope"}),
    "REGION_REFUSALS": frozenset({"count", "reason"}),
    "DESK": frozenset({"desk", "staffed"}),
    "TERMINAL": frozenset({"act", "after_order"}),
}
# Entries that are counted as they are: in which table, by which fields, and which field is added up; without one, the entries are.
SIMPLE: dict[str, tuple[str, tuple[str, ...], str]] = {
    "RESTORATION": ("restorations", ("territory", "cause", "people"), ""),
    "DISCLOSURE": ("disclosures", ("territory", "field"), ""),
    "HANDED": ("handed", ("territory", "field"), ""),
    "REPORTS_COUNT": ("reports", ("source", "category"), "count"),
    "GLASS": ("glass", ("scope",), ""),
    "REGION_REFUSALS": ("region_refusals", ("reason",), "count"),
    "DESK": ("desks", ("desk", "staffed"), ""),
    "TERMINAL": ("terminal", ("act", "after_order"), ""),
}
# The key columns of each table, by which its rows are in order; beside them stands `count`, and in some a median.
COLUMNS: dict[str, tuple[str, ...]] = {
    "entries": ("type",),
    "orders": ("territory", "kind", "outcome"),
    "reached": ("territory", "outcome"),
    "origins": ("category", "channel", "kind"),
    "refusals": ("territory", "reason"),
    "earlier_orders": ("outcome",),
    "sealed_orders": (),
    "times": ("kind", "state"),
    "territory_times": ("territory", "kind", "state"),
    "measures": ("territory", "kind"),
    "people": ("territory", "action", "band"),
    "deferrals": ("territory", "deferred"),
    **{table: names for table, names, _summed in SIMPLE.values()},
}
MEDIANS = {"times": "median_minutes", "territory_times": "median_minutes", "measures": "median_days"}
# What an order can be in the table `reached` beside its outcomes.
RECEIVED = "received"
# Of which states the time is taken since an order came.
TIMED = ("acknowledged", "executed", "refused")
FEW_ORDERS = 5
OPEN, SEALED = "open", "sealed"

Opened = dict[str, Json]
# How often each key of each table was counted.
Counted = dict[str, Counter[tuple[str, ...]]]
Tables = dict[str, list[dict[str, Json]]]


@dataclass(slots=True)
class _Order:
    """What is known of an order whose entry is in the range."""

    opened: Opened
    outcome: str = OPEN
    reason: str = ""
    # Every outcome that it has had, and the minute of the first entry of each state; None while that is sealed.
    outcomes: set[str] = field(default_factory=set)
    minutes: dict[str, int | None] = field(default_factory=dict)

    @property
    def is_real(self) -> bool:
        """Tell whether it is an order, and not an entry that only stands there."""
        return _number(self.opened, "dummy") == 0

    @property
    def territories(self) -> list[str]:
        """Return the territories that it names; a sealed one is one."""
        return list(dict.fromkeys(_text(self.opened, "territory").split(",")))


class Counting:
    """Counts the entries of a range, one after the other, and makes the tables of them (REP-2)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._types: Counter[str] = Counter()
        self._orders: dict[str, _Order] = {}
        self._earlier: dict[str, str] = {}
        self._measures: list[tuple[int, tuple[str, ...]]] = []
        self._counted: Counted = {}
        # Of what was handed out already: each field has an entry, and those it is about wait once.
        self._handed: set[str] = set()
        # Of what a minute is opened, and of which orders the desk has made sure who asks.
        self._dated: set[str] = set()
        self._verified: set[str] = set()

    def take(self, entry: Entry, opened: Opened) -> None:
        """Count one entry.

        Args:
            entry: the entry.
            opened: what is opened of its fields.
        """
        self._types[entry.type] += 1
        self._note(entry, opened)
        if entry.type == "ORDER":
            self._orders[entry.obj] = _Order(opened)
        elif entry.type == "ORDER_STATE":
            self._state(entry, opened)
        elif entry.type == "MEASURE":
            if "days" in opened:
                self._measures.append((_number(opened, "days"), (_text(opened, "territory"), _text(opened, "kind"))))
        elif entry.type == "APPLICATION_COUNT":
            for action in ("denied", "removed"):
                _add(self._counted, "people", _text(opened, "territory"), action, _text(opened, action))
        elif entry.type in SIMPLE:
            table, names, summed = SIMPLE[entry.type]
            _add(self._counted, table, *(_text(opened, name) for name in names), by=_number(opened, summed) if summed else 1)

    def tables(self) -> Tables:
        """Return the tables, each in the order of its rows' keys."""
        real = [one for one in self._orders.values() if one.is_real]
        counted: Counted = {name: Counter(rows) for name, rows in self._counted.items()}
        for one in real:
            _count(counted, one)
        counted["earlier_orders"] = Counter((outcome,) for outcome in self._earlier.values())
        counted["entries"] = Counter({(name,): count for name, count in self._types.items()})
        found: Tables = {name: _rows(names, counted.get(name, Counter())) for name, names in COLUMNS.items()}
        found["sealed_orders"] = [{"count": sum("territory" not in one.opened for one in real)}]
        times = list(self._times(real))
        per_territory = [(minutes, (territory, *key)) for minutes, key, order in times for territory in order.territories]
        found["times"] = _several(_medians("times", ((minutes, key) for minutes, key, _order in times)))
        found["territory_times"] = _several(_medians("territory_times", per_territory))
        found["measures"] = _medians("measures", self._measures)
        return found

    def names_a_meeting(self) -> bool:
        """Tell whether a minute is opened of an order with a territory from which few are verified, or of what is no verified order here
        (REP-3): whoever fills the portal with orders of nobody's unlocks no time by that.
        """
        verified = {obj: one for obj, one in self._orders.items() if obj in self._verified and "territory" in one.opened and one.is_real}
        counted = Counter(territory for one in verified.values() for territory in one.territories)
        return any(obj not in verified or any(counted[one] < FEW_ORDERS for one in verified[obj].territories) for obj in self._dated)

    def _note(self, entry: Entry, opened: Opened) -> None:
        """Note what is true of an order once, however many entries say so."""
        if "minute" in opened:
            self._dated.add(entry.obj)
        if entry.type == "AUTHORITY":
            self._verified.add(entry.obj)
        elif entry.type == "HANDED" and entry.obj not in self._handed:
            self._handed.add(entry.obj)
            _add(self._counted, "deferrals", _text(opened, "territory"), _text(opened, "deferred"))

    def _state(self, entry: Entry, opened: Opened) -> None:
        """Note how far an order has come; the last one counts."""
        said = _text(opened, "outcome")
        outcome = said or OPEN
        order = self._orders.get(entry.obj)
        if order is None:
            self._earlier[entry.obj] = outcome
            return
        order.outcome, order.reason = outcome, _text(opened, "reason")
        order.outcomes |= {said} - {""}
        order.minutes.setdefault(_text(opened, "state"), _number(opened, "minute") if "minute" in opened else None)

    def _times(self, orders: Iterable[_Order]) -> Iterator[tuple[int, tuple[str, str], _Order]]:
        """Yield the minutes from receiving an order to a state, with its kind and that state, where minutes are opened."""
        for order in orders:
            for state, minute in order.minutes.items() if "minute" in order.opened else ():
                if state in TIMED and minute is not None:
                    yield minute - _number(order.opened, "minute"), (_text(order.opened, "kind"), state), order


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was read: nothing is checked yet."""

    period: str
    start: int
    end: int
    openings_sha256: str
    tables: Json
    checkpoint: str
    sha256: str


def write(*, period: str, start: int, end: int, openings_sha256: str, tables: Tables, checkpoint: str) -> bytes:
    """Return a report as its file: canonical JSON.

    Args:
        period: such as 2026H2.
        start: the first entry of its range.
        end: the first entry that is not in its range any more.
        openings_sha256: of the file of openings, in hex.
        tables: of Counting.
        checkpoint: a cosigned checkpoint over at least the range.
    """
    told = {"v": 1, "report": period, "start": start, "end": end, "tables": tables, "checkpoint": checkpoint}
    return canonical({**told, "openings_sha256": openings_sha256})


def parse(content: bytes) -> Report:
    """Read a report without believing it.

    Raises:
        Malformed: it is none.
    """
    told = parse_json(content) if len(content) <= LARGEST_REPORT else None
    if not isinstance(told, dict) or told.keys() != KEYS or told["v"] != 1 or canonical(told) != content:
        raise Malformed("This is not a report.")
    period, start, end, hashed, signed = (told[name] for name in ("report", "start", "end", "openings_sha256", "checkpoint"))
    if type(start) is not int or type(end) is not int or not all(isinstance(one, str) for one in (period, hashed, signed)):
        raise Malformed("This is not a report.")
    size = parse_checkpoint(note.parse(signed.encode()).text).size
    if not PERIOD.fullmatch(period) or not 0 <= start <= end <= size:
        raise Malformed("A report is about a range that its checkpoint does not have.")
    return Report(period, start, end, hashed, told["tables"], signed, hashlib.sha256(content).hexdigest())


def check(*, report: Report, files: Source, policy: Policy, openings: Path, previous: Report | None = None) -> Result:
    """Work a report out again (REP-1), and say whether entries before it are in no report (REP-4).

    Args:
        report: as it was read.
        files: the ledger's public files, at least as many as when it was made.
        policy: whom to believe.
        openings: the file of openings that came with it.
        previous: the report before it; the first one begins with entry 0.

    Raises:
        Missing, Unreachable: there is nothing to judge.
        Malformed, Forged, Unsigned, Wrong: something is not as it must be.
    """
    if report.start != (previous.end if previous else 0):
        raise Wrong("The report does not begin where the one before it ended: entries between them are in neither.")
    if _sha256(openings) != report.openings_sha256:
        raise Wrong("The file of openings is not the one that the report is made of.")
    counting = Counting()

    def count(index: int, entry: Entry, opened: Opened) -> None:
        if not opened.keys() <= PUBLIC.get(entry.type, frozenset()):
            raise Wrong(f"Of entry {index} something is opened that has to stay sealed.")
        if report.start <= index < report.end:
            counting.take(entry, opened)
        elif opened:
            raise Wrong(f"Entry {index} is opened and is not in the report's range.")

    kept = report.checkpoint.encode()
    result = ledger.check(files=files, policy=policy, before=kept, openings=[ledger.lines_of(openings)], each=count)
    if counting.names_a_meeting():
        raise Wrong("A time is opened of an order that is not verified, or whose territory has fewer than five: it could name a meeting.")
    _compare(told=report.tables, found=counting.tables())
    return result


def check_logged(*, report: Report, proved: Proved) -> None:
    """Check that the ledger itself names this report (REP-5).

    Raises:
        Wrong: the proof is of something else.
    """
    opened = {one.field: one.value for one in proved.openings}
    told = {"report": report.period, "sha256": report.sha256, "start": report.start, "end": report.end}
    if proved.entry.type != "REPORT" or opened != told:
        raise Wrong("The ledger's entry is not of this report.")


def _sha256(path: Path) -> str:
    """Return the hash of a file, however large it is."""
    digest = hashlib.sha256()
    for piece in ledger.pieces_of(path):
        digest.update(piece)
    return digest.hexdigest()


def _compare(*, told: Json, found: Tables) -> None:
    """Refuse tables that are not those that follow from the ledger."""
    for name in sorted(found.keys() | (told.keys() if isinstance(told, dict) else set())):
        # As they are written: to compare, 0 and false are the same.
        if not isinstance(told, dict) or name not in told or name not in found or canonical(told[name]) != canonical(found[name]):
            raise Wrong(f"The table {name!r} of the report does not follow from the ledger.")


def _count(counted: Counted, order: _Order) -> None:
    """Count an order once in each of its territories."""
    kind = _text(order.opened, "kind")
    _add(counted, "origins", _text(order.opened, "category"), _text(order.opened, "channel"), kind)
    for territory in order.territories:
        _add(counted, "orders", territory, kind, order.outcome)
        for outcome in {RECEIVED, *order.outcomes}:
            _add(counted, "reached", territory, outcome)
        if order.outcome == "refused":
            _add(counted, "refusals", territory, order.reason)


def _add(counted: Counted, table: str, *key: str, by: int = 1) -> None:
    """Count something in a row of a table."""
    counted.setdefault(table, Counter())[key] += by


def _rows(names: tuple[str, ...], counted: Counter[tuple[str, ...]]) -> list[dict[str, Json]]:
    """Return a table's rows."""
    return [{**dict(zip(names, key, strict=True)), "count": count} for key, count in sorted(counted.items())]


def _medians(table: str, taken: Iterable[tuple[int, tuple[str, ...]]]) -> list[dict[str, Json]]:
    """Return a table of medians: of the numbers that were taken for each key, the middle one."""
    found: dict[tuple[str, ...], list[int]] = {}
    for number, key in taken:
        found.setdefault(key, []).append(number)
    return [
        {**dict(zip(COLUMNS[table], key, strict=True)), "count": len(numbers), MEDIANS[table]: statistics.median_low(numbers)}
        for key, numbers in sorted(found.items())
    ]


def _several(rows: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Return the rows that are about no fewer than five: a median of one is that one's time."""
    return [row for row in rows if _number(row, "count") >= FEW_ORDERS]


def _text(opened: Opened, name: str) -> str:
    """Return a field as text; a sealed one says so."""
    value = opened.get(name, SEALED)
    if not isinstance(value, str):
        raise Malformed(f"The field {name} is not text.")
    return value


def _number(opened: Opened, name: str) -> int:
    """Return a field as a number; a sealed one is 0."""
    value = opened.get(name, 0)
    if type(value) is not int:
        raise Malformed(f"The field {name} is not a number.")
    return value
