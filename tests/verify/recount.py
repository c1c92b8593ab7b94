"""The tables of a transparency report, worked out again by a second program.

It was written from docs/protocol/ledger.md and report.md alone (with the conventions of the README.md beside them).
"""

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeAlias, TypeGuard, TypeVar

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"
Row: TypeAlias = dict[str, str | int]
Key: TypeAlias = tuple[str, ...]
K = TypeVar("K")
V = TypeVar("V")

WIDTH = 256  # of a whole bundle (LEDG-3)
TIMED = ("acknowledged", "executed", "refused")
SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger, with the values of those of its fields that are opened."""

    index: int
    type: str
    obj: str
    sealed: dict[str, str]
    opened: dict[str, JSON] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Give a text field, or `sealed` where it is not opened."""
        value = self.opened.get(name, "sealed")
        if not isinstance(value, str):
            raise ValueError(f"Entry {self.index}: {name} is no text.")  # noqa: TRY004 - what was read is wrong, not the caller
        return value

    def number(self, name: str) -> int:
        """Give a number, or 0 where it is not opened."""
        value = self.opened.get(name, 0)
        if not _whole(value):
            raise ValueError(f"Entry {self.index}: {name} is no number.")
        return value


@dataclass(frozen=True)
class Order:
    """An ORDER entry and the ORDER_STATE entries of the range that have its obj, in the ledger's order."""

    entry: Entry
    states: list[Entry]

    def territories(self) -> list[str]:
        """Give each territory of the order once."""
        return sorted(set(self.entry.text("territory").split(",")))

    def delays(self) -> Iterator[tuple[str, int]]:
        """Give the minutes from the order to its first entry of each timed state, where both minutes are opened."""
        for state in TIMED:
            first = next((entry for entry in self.states if entry.text("state") == state), None)
            if first is not None and "minute" in self.entry.opened and "minute" in first.opened:
                yield state, first.number("minute") - self.entry.number("minute")


def canonical(value: JSON) -> bytes:
    """Write a value as RFC 8785 does, without floats and with integers below 2^53."""
    if value is None or isinstance(value, bool):
        return {None: b"null", False: b"false", True: b"true"}[value]
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value).encode()
    if isinstance(value, int):
        raise ValueError("an integer is not below 2^53")  # noqa: TRY004 - it is the value that is wrong
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return b"[" + b",".join(canonical(item) for item in value) + b"]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return b"{" + b",".join(_quoted(name) + b":" + canonical(value[name]) for name in names) + b"}"


def _quoted(text: str) -> bytes:
    escaped = "".join(SHORT.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in text)
    return f'"{escaped}"'.encode()


def _whole(value: JSON) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no integer")


def parsed(data: bytes, keys: set[str], what: str) -> dict[str, JSON]:
    """Read a JSON object that has exactly these keys (ENC-1)."""
    try:
        value: JSON = json.loads(data.decode(), object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float)
        canonical(value)  # finds what cannot be written: half a surrogate pair, too large an integer
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} cannot be read: {error}.") from error
    if not isinstance(value, dict) or set(value) != keys:
        raise ValueError(f"{what} has not exactly the keys {', '.join(sorted(keys))}.")
    return value


def _unb64(value: JSON, size: int, what: str) -> bytes:
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]+", value) and len(value) == -(-size * 4 // 3):
        data = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        if _b64(data) == value:
            return data
    raise ValueError(f"{what} is not {size} bytes as b64.")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def commitment(name: str, salt: bytes, value: JSON) -> str:
    """Make the commitment to a field (LEDG-1)."""
    parts = (name.encode(), salt, canonical(value))
    return _b64(hashlib.sha256(b"conclave/field/1" + b"".join(len(part).to_bytes(4) + part for part in parts)).digest())


def bundle_path(number: int, width: int) -> str:
    """Address a bundle of entries below `tile/entries/` (LEDG-3)."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    *high, low = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in high), low])
    return path if width == WIDTH else f"{path}.p/{width}"


def split(data: bytes, width: int, what: str) -> list[bytes]:
    """Take a bundle of this width apart."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2])
        if at + 2 + size > len(data):
            raise ValueError(f"{what} ends within an entry.")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    if len(found) != width:
        raise ValueError(f"{what} has {len(found)} entries and should have {width}.")
    return found


def _bundle(where: Path, number: int, need: int) -> list[bytes]:
    for width in range(need, WIDTH + 1):
        name = f"tile/entries/{bundle_path(number, width)}"
        if (where / name).is_file():
            return split((where / name).read_bytes(), width, name)
    raise ValueError(f"No file has the first {need} entries of bundle {number}.")


def entry_of(data: bytes, index: int) -> Entry:
    """Read an entry strictly."""
    what = f"Entry {index}"
    value = parsed(data, {"obj", "prev", "sealed", "type", "v"}, what)
    if canonical(value) != data:
        raise ValueError(f"{what} is not canonical JSON.")
    kind, obj, prev, sealed = value["type"], value["obj"], value["prev"], value["sealed"]
    if not _whole(value["v"]) or value["v"] != 1 or not isinstance(kind, str) or not re.fullmatch("[A-Z][A-Z_]{0,31}", kind):
        raise ValueError(f"{what} is not of version 1, or has a type that is none.")
    if not isinstance(sealed, dict) or (prev is not None and not (_whole(prev) and 0 <= prev < index)):
        raise ValueError(f"{what} seals no fields, or continues an entry that is not before it.")
    commitments = {name: _b64(_unb64(text, 32, f"{what}: the commitment of {name}")) for name, text in sealed.items()}
    return Entry(index, kind, _b64(_unb64(obj, 16, f"{what}: obj")), commitments)


def read_entries(where: Path, start: int, end: int) -> list[Entry]:
    """Read the entries from start up to end from their bundles."""
    if not 0 <= start <= end:
        raise ValueError(f"From {start} to {end} is no range.")
    found: list[Entry] = []
    for number in range(start // WIDTH, -(-end // WIDTH)):
        first = number * WIDTH
        bundle = _bundle(where, number, min(WIDTH, end - first))
        found += [entry_of(bundle[index - first], index) for index in range(max(start, first), min(end, first + WIDTH))]
    return found


def open_entries(entries: list[Entry], start: int, openings: Path) -> None:
    """Check each line of the file of openings against its entry, and note there what it opens (LEDG-1, LEDG-9)."""
    before = (-1, "")
    lines = openings.read_bytes().split(b"\n")
    for number, line in enumerate(lines if lines[-1] else lines[:-1], 1):
        what = f"Line {number} of the openings"
        if len(line) > 131_072:
            raise ValueError(f"{what} is too long.")
        value = parsed(line, {"field", "leaf", "salt", "value"}, what)
        name, leaf = value["field"], value["leaf"]
        if not isinstance(name, str) or not _whole(leaf) or not start <= leaf < start + len(entries):
            raise ValueError(f"{what} is of no field of an entry in the range.")
        if (leaf, name) <= before:
            raise ValueError(f"{what} is not in order.")
        before = leaf, name
        entry = entries[leaf - start]
        if entry.sealed.get(name) != commitment(name, _unb64(value["salt"], 32, f"{what}: the salt"), value["value"]):
            raise ValueError(f"{what} does not open entry {leaf}.")
        entry.opened[name] = value["value"]


def last_outcome(states: list[Entry]) -> str:
    """Give the outcome of the last of these states; without one, or where it is empty, `open`."""
    return (states[-1].text("outcome") if states else "") or "open"


def _gathered(items: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = {}
    for key, value in items:
        found.setdefault(key, []).append(value)
    return found


def _row(columns: str, key: Key, **numbers: int) -> Row:
    return {**dict(zip(columns.split(), key, strict=True)), **numbers}


def counted(columns: str, keys: Iterable[Key]) -> list[Row]:
    """Count how often each key comes."""
    return summed(columns, ((key, 1) for key in keys))


def summed(columns: str, items: Iterable[tuple[Key, int]]) -> list[Row]:
    """Add the numbers of each key."""
    return [_row(columns, key, count=sum(numbers)) for key, numbers in sorted(_gathered(items).items())]


def medians(columns: str, median: str, items: Iterable[tuple[Key, int]]) -> list[Row]:
    """Count the numbers of each key, and give their median: of an even number of them the lower of the middle two."""
    ranked = {key: sorted(numbers) for key, numbers in sorted(_gathered(items).items())}
    return [_row(columns, key, **{"count": len(those), median: those[(len(those) - 1) // 2]}) for key, those in ranked.items()]


def several(rows: list[Row]) -> list[Row]:
    """Leave out rows that are about fewer than five."""
    return [row for row in rows if int(row["count"]) >= 5]


def _order_tables(entries: list[Entry]) -> dict[str, list[Row]]:
    states = _gathered((entry.obj, entry) for entry in entries if entry.type == "ORDER_STATE")
    every = [Order(entry, states.get(entry.obj, [])) for entry in entries if entry.type == "ORDER"]
    objs = {order.entry.obj for order in every}
    orders = [order for order in every if order.entry.number("dummy") == 0]
    placed = [(place, order) for order in orders for place in order.territories()]
    refused = [(place, order) for place, order in placed if last_outcome(order.states) == "refused"]
    reached = [(place, step) for place, order in placed for step in {"received"} | {entry.text("outcome") for entry in order.states} - {""}]
    times = [(order, state, minutes) for order in orders for state, minutes in order.delays()]
    local = [((place, o.entry.text("kind"), state), minutes) for o, state, minutes in times for place in o.territories()]
    return {
        "orders": counted("territory kind outcome", ((place, o.entry.text("kind"), last_outcome(o.states)) for place, o in placed)),
        "reached": counted("territory outcome", reached),
        "origins": counted("category channel kind", _fields((o.entry for o in orders), "category channel kind")),
        "refusals": counted("territory reason", ((place, o.states[-1].text("reason")) for place, o in refused)),
        "earlier_orders": counted("outcome", ((last_outcome(those),) for obj, those in states.items() if obj not in objs)),
        "sealed_orders": [{"count": sum("territory" not in order.entry.opened for order in orders)}],
        "times": several(
            medians("kind state", "median_minutes", (((o.entry.text("kind"), state), minutes) for o, state, minutes in times))
        ),
        "territory_times": several(medians("territory kind state", "median_minutes", local)),
    }


def _fields(entries: Iterable[Entry], columns: str) -> Iterator[Key]:
    return (tuple(entry.text(name) for name in columns.split()) for entry in entries)


def tables(*, where: Path, start: int, end: int, openings: Path) -> dict[str, list[Row]]:
    """Work out all tables of REP-2 from the ledger's files and the openings."""
    entries = read_entries(where, start, end)
    open_entries(entries, start, openings)
    kinds = defaultdict(list, _gathered((entry.type, entry) for entry in entries))

    def count(kind: str, columns: str) -> list[Row]:
        return counted(columns, _fields(kinds[kind], columns))

    def add(kind: str, columns: str) -> list[Row]:
        return summed(columns, ((key, e.number("count")) for key, e in zip(_fields(kinds[kind], columns), kinds[kind], strict=True)))

    lasted = [((e.text("territory"), e.text("kind")), e.number("days")) for e in kinds["MEASURE"] if "days" in e.opened]
    firsts = [those[0] for those in _gathered((e.obj, e) for e in kinds["HANDED"]).values()]
    people = [(e.text("territory"), action, e.text(action)) for e in kinds["APPLICATION_COUNT"] for action in ("denied", "removed")]
    return {
        "entries": counted("type", ((entry.type,) for entry in entries)),
        **_order_tables(entries),
        "measures": medians("territory kind", "median_days", lasted),
        "people": counted("territory action band", people),
        "restorations": count("RESTORATION", "territory cause people"),
        "disclosures": count("DISCLOSURE", "territory field"),
        "handed": count("HANDED", "territory field"),
        "deferrals": counted("territory deferred", _fields(firsts, "territory deferred")),
        "reports": add("REPORTS_COUNT", "source category"),
        "glass": count("GLASS", "scope"),
        "region_refusals": add("REGION_REFUSALS", "reason"),
        "desks": count("DESK", "desk staffed"),
        "terminal": count("TERMINAL", "act after_order"),
    }
