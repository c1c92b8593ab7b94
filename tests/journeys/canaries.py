"""What must not be found, in every shape that it could have, and where to look: files, tables, printed lines, the memory of processes."""

import base64
import re
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

CHUNK = 16 * 1024 * 1024
LARGEST_REGION = 1024 * 1024 * 1024

Needles = Mapping[str, list[bytes]]


def shapes(raw: bytes) -> list[bytes]:
    """Return what these bytes look like where they are stored or sent: plain, in hex, and in base64 that begins at any of three places."""
    found = [raw, raw.hex().encode()]
    for skipped in range(3):
        # The first and last characters of base64 depend on what stands beside: they are left out.
        text = base64.b64encode(b"\0" * skipped + raw)[4 if skipped else 0 :]
        text = text[: len(text) - (4 if (skipped + len(raw)) % 3 else 0)]
        found += [text, text.replace(b"+", b"-").replace(b"/", b"_")]
    return [shape for shape in dict.fromkeys(found) if len(shape) >= 8]


def of_text(text: str) -> list[bytes]:
    """Return the shapes of something written."""
    return shapes(text.encode())


def of_key(key: str) -> list[bytes]:
    """Return the shapes of a key or secret that is given as base64 without padding."""
    return [*shapes(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))), key.encode()]


def found_in(data: bytes, needles: Needles) -> set[str]:
    """Return the names of the needles that are in there."""
    return {name for name, forms in needles.items() if any(form in data for form in forms)}


def found_in_files(folder: Path, needles: Needles) -> dict[str, set[str]]:
    """Return what is found in which file below a folder, by the file's raw bytes: of a database also what it holds no more."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            here = found_in(path.read_bytes(), needles)
            if here:
                found[str(path.relative_to(folder))] = here
    return found


def found_in_tables(database: Path, needles: Needles) -> dict[str, set[str]]:
    """Return what is found in which table of a running server's database."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {table: found_in(b"\n".join(_cells(connection, table)), needles) for table in tables}
    finally:
        connection.close()
    return {table: names for table, names in found.items() if names}


def _cells(connection: sqlite3.Connection, table: str) -> Iterator[bytes]:
    """Return everything in a table."""
    for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - the database's own names
        yield from (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)


def found_in_memory(process: int, needles: Needles) -> set[str]:
    """Return what is found in everything that a process can write to, as a dump of it would hold."""
    longest = max(len(form) for forms in needles.values() for form in forms)
    found: set[str] = set()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for start, end in _writable(process):
            at, rest = start, b""
            while at < end:
                try:
                    memory.seek(at)
                    chunk = memory.read(min(CHUNK, end - at))
                except OSError:
                    break  # a region that is gone, or none that can be read
                if not chunk:
                    break
                found |= found_in(rest + chunk, {name: forms for name, forms in needles.items() if name not in found})
                rest, at = chunk[-longest:], at + len(chunk)
    return found


def _writable(process: int) -> Iterator[tuple[int, int]]:
    """Return where a process's own memory is."""
    for line in Path(f"/proc/{process}/maps").read_text(encoding="utf-8").splitlines():
        span, rights, *_ = line.split()
        start, end = (int(part, 16) for part in span.split("-"))
        if rights.startswith("rw") and end - start <= LARGEST_REGION:
            yield start, end


def processes(root: int) -> dict[str, int]:
    """Return a process and its children, by what program they run."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            pid, parent = int(folder.name), int(re.sub(r"^.*\) ", "", (folder / "stat").read_text(encoding="utf-8")).split()[1])
            if root in {pid, parent}:
                found[(folder / "exe").readlink().name] = pid
        except OSError:
            continue
    return found


def get_from(source: str, *, port: int, requests: Iterable[bytes]) -> list[bytes]:
    """Send raw requests from an address of this machine, each through a connection of its own, and return the beginnings of the answers."""
    answers = []
    for request in requests:
        with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0)) as connection:
            connection.sendall(request)
            connection.settimeout(3)
            try:
                answers.append(connection.recv(4096))
            except OSError:  # silence, or the door in the face
                answers.append(b"")
    return answers
