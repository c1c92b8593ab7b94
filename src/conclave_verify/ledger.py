"""Is a server's public ledger whole, signed and seen by witnesses, and do openings open it? (LEDG-8)

Everything is worked out again from the entries: the root, every tile, every opened field. The files come from a folder, in which they lie
as they are addressed, or from the server; a folder may be filled on the way, for others and for the next time.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from conclave_verify import checkpoint, merkle, note, quorum, tile
from conclave_verify.checkpoint import Checkpoint
from conclave_verify.entry import Entry, Json, Opening, check_opening, parse_entry, parse_json, parse_opening
from conclave_verify.fetch import Unreachable, get
from conclave_verify.merkle import Wrong
from conclave_verify.note import Malformed
from conclave_verify.quorum import Policy, Vouched
from conclave_verify.tile import WIDTH, Tile

CHECKPOINT = "checkpoint"
LONGEST_LINE = 128 * 1024


class Missing(Exception):
    """There is nothing to judge; the message is one sentence."""


class Absent(Missing):
    """A file is not there that a signed checkpoint says there is."""


class Source(Protocol):
    """Where the public files come from."""

    def read(self, path: str) -> bytes | None:
        """Return a file; None when there is none."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A copy of the public files, each where its address says."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """Return a file."""
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Missing(f"{self.root / path} cannot be read: {error.strerror}.") from error


@dataclass(frozen=True, slots=True)
class Site:
    """The server itself, below the address of its ledger; what it gives may be kept in a folder."""

    prefix: str
    keep: Path | None = None

    def read(self, path: str) -> bytes | None:
        """Return a file; what a folder has already is not asked for again, but the checkpoint."""
        kept = Folder(self.keep).read(path) if self.keep and path != CHECKPOINT else None
        if kept is not None:
            return kept
        answer = get(address=f"{self.prefix}/{path}", packed=True)
        if answer.status not in {200, 404}:
            raise Unreachable(f"{self.prefix}/{path} is answered by {answer.status}.")
        if answer.status == 200 and self.keep:
            place = self.keep / path
            place.parent.mkdir(parents=True, exist_ok=True)
            draft = place.with_name(f".{place.name}.part")
            draft.write_bytes(answer.content)
            draft.replace(place)
        return answer.content if answer.status == 200 else None


@dataclass(frozen=True, slots=True)
class Result:
    """What was found good: the checkpoint, who vouches for it, how many entries of each type, how many fields were opened."""

    vouched: Vouched
    types: dict[str, int]
    opened: int


Each = Callable[[int, Entry, dict[str, Json]], None]


def _nothing(_index: int, _entry: Entry, _opened: dict[str, Json]) -> None:
    """Do nothing with an entry."""


def source(where: str, *, keep: Path | None = None) -> Source:
    """Return where the files come from.

    Args:
        where: a folder, or the http or https address of a ledger.
        keep: where files from a server are kept.

    Raises:
        Missing: it is neither.
    """
    if urlsplit(where).scheme in {"http", "https"}:
        return Site(where.rstrip("/"), keep)
    if not Path(where).is_dir():
        raise Missing(f"{where} is neither a folder nor an http or https address.")
    return Folder(Path(where))


def check(
    *, files: Source, policy: Policy, before: bytes | None = None, openings: Sequence[Iterable[bytes]] = (), each: Each = _nothing
) -> Result:
    """Judge a ledger.

    Args:
        files: its public files.
        policy: whom to believe.
        before: a checkpoint of it that was kept from an earlier time.
        openings: files of openings: lines of JSON, each with the index of its entry as `leaf`.
        each: is shown every entry in order, with its index and the fields that were opened.

    Returns:
        What was found; everything is as it must be.

    Raises:
        Missing, Unreachable: there is nothing to judge.
        Malformed, Forged, Unsigned, Wrong: something is not as it must be.
    """
    signed = files.read(CHECKPOINT)
    if signed is None:
        raise Missing("There is no checkpoint: the ledger has no entry yet, or this is not where it is.")
    vouched = quorum.accept(note=note.parse(signed), policy=policy)
    told = vouched.checkpoint
    try:
        return _worked_out(files, vouched, _older(before, policy, told) if before is not None else None, openings, each)
    except Absent as error:  # whoever signed so many entries must show them
        raise Wrong(str(error)) from error


def _worked_out(files: Source, vouched: Vouched, older: Checkpoint | None, openings: Sequence[Iterable[bytes]], each: Each) -> Result:
    """Work everything out again from the entries."""
    told = vouched.checkpoint
    shown = _openings(openings, told.size)
    following = next(shown, None)
    types: dict[str, int] = {}
    roots, opened, partly = [], 0, None
    for bundle in tile.tiles(told.size, level=None):
        entries = _entries(files, bundle)
        hashes = [merkle.leaf_hash(entry) for entry in entries]
        for index, content in enumerate(entries, start=bundle.number * WIDTH):
            entry = parse_entry(content, index=index)
            types[entry.type] = types.get(entry.type, 0) + 1
            values: dict[str, Json] = {}
            while following and following[0] == index:
                check_opening(entry=entry, opening=following[1], index=index)
                values[following[1].field] = following[1].value
                opened, following = opened + 1, next(shown, None)
            each(index, entry, values)
        if older and older.size // WIDTH == bundle.number and older.size % WIDTH:
            partly = merkle.fold(hashes[: older.size % WIDTH])
        _compare(files, Tile(0, bundle.number, bundle.width), hashes)
        roots.append(merkle.fold(hashes))
    if merkle.fold(roots) != told.root:
        raise Wrong("The entries do not make the tree that was signed: one was changed, taken out or put in.")
    if older and merkle.fold([*roots[: older.size // WIDTH], *([partly] if partly else [])]) != older.root:
        raise Wrong(f"What was signed before, with {older.size} entries, is not the beginning of this ledger: it was rewritten.")
    _compare_above(files, told.size, roots)
    return Result(vouched, types, opened)


def _older(before: bytes, policy: Policy, told: Checkpoint) -> Checkpoint:
    """Return an earlier checkpoint of the same log."""
    read = note.parse(before)
    older = checkpoint.parse(read.text)
    if not any(key.name == older.origin == told.origin for key in note.signers(read, policy.logs)):
        raise Wrong("The earlier checkpoint is not by a log that the policy names, or by another one than this.")
    if older.size > told.size:
        raise Wrong(f"The ledger has become shorter: it had {older.size} entries, and now it shows {told.size}.")
    return older


def _openings(files: Sequence[Iterable[bytes]], size: int) -> Iterator[tuple[int, Opening]]:
    """Yield openings in the order of their entries and fields, each with its entry's index; none counts twice, in however many files."""
    last = (-1, "")
    for leaf, opening in heapq.merge(*(_in_order(lines, size) for lines in files), key=lambda one: (one[0], one[1].field)):
        if not last < (leaf, opening.field):
            raise Malformed("An opening is in two of the files.")
        last = (leaf, opening.field)
        yield leaf, opening


def _in_order(lines: Iterable[bytes], size: int) -> Iterator[tuple[int, Opening]]:
    """Yield the openings of one file, which must be in the order of entries and fields (LEDG-9)."""
    last = (-1, "")
    for line in lines:
        value = parse_json(line) if len(line) <= LONGEST_LINE else None
        leaf = value.pop("leaf", None) if isinstance(value, dict) else None
        if type(leaf) is not int:
            raise Malformed("A line of the openings is too long, or is no opening.")
        opening = parse_opening(value)
        if not last < (leaf, opening.field):
            raise Malformed("The openings are not in the order of their entries and fields, or one is there twice.")
        if not 0 <= leaf < size:
            raise Wrong("An opening is about an entry that the ledger does not have.")
        last = (leaf, opening.field)
        yield leaf, opening


def _compare_above(files: Source, size: int, roots: list[bytes]) -> None:
    """Compare the tiles above the lowest level with what they must be."""
    for level in tile.levels(size)[1:]:
        row = roots[: size >> (tile.HEIGHT * level)]
        for one in tile.tiles(size, level=level):
            _compare(files, one, row[one.number * WIDTH :][: one.width])
        roots = [merkle.fold(row[at : at + WIDTH]) for at in range(0, len(row), WIDTH)]


def _compare(files: Source, one: Tile, hashes: list[bytes]) -> None:
    """Compare a tile with the hashes that it must hold."""
    content, most = _file(files, one)
    found = tile.hashes(content, width=one.width)
    if found != hashes or len(content) > most * merkle.HASH_BYTES:
        raise Wrong(f"The file {one.path} does not hold the hashes of the entries.")


def _entries(files: Source, bundle: Tile) -> list[bytes]:
    """Return the entries of a bundle."""
    content, most = _file(files, bundle)
    found = tile.entries(content)
    if not bundle.width <= len(found) <= most:
        raise Wrong(f"The file {bundle.path} does not have as many entries as it must have.")
    return found[: bundle.width]


def _file(files: Source, wanted: Tile) -> tuple[bytes, int]:
    """Return a file, or the full one of which it is the beginning, and how many things it may hold."""
    content, most = files.read(wanted.path), wanted.width
    if content is None and wanted.width < WIDTH:
        content, most = files.read(Tile(wanted.level, wanted.number).path), WIDTH
    if content is None:
        raise Absent(f"The file {wanted.path} is missing, and the checkpoint says that there is one.")
    return content, most


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file of openings.

    Raises:
        Missing: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 2):
                if line.strip():
                    yield line.rstrip(b"\n")
    except OSError as error:
        raise Missing(f"{path} cannot be read: {error.strerror}.") from error


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file piece by piece.

    Raises:
        Missing: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            while piece := file.read(1024 * 1024):
                yield piece
    except OSError as error:
        raise Missing(f"{path} cannot be read: {error.strerror}.") from error
