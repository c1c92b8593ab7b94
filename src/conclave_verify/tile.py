"""A tree as files: tiles of 256 hashes and bundles of 256 entries, and what they are called (C2SP tlog-tiles; LEDG-3)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from conclave_verify.merkle import HASH_BYTES, Node, Wrong, fold

WIDTH = 256
HEIGHT = 8  # a tile holds the hashes of 2^8 subtrees
HIGHEST_LEVEL = 63
LONGEST_ENTRY = 65_535
SIZE_LIMIT = 2**63
LONGEST_PATH = 48  # seven groups of three digits name any tile of any tree

_PATH = re.compile(r"(?P<level>entries|0|[1-9][0-9]?)/(?P<groups>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """One file of a tree: the hashes at a level, or, without a level, entries; the `number`-th of its kind, and how wide it is."""

    level: int | None
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its address below the log's prefix, such as tile/0/x001/234 or tile/entries/000.p/7."""
        text = f"{self.number:03d}"
        text = text.zfill(-(-len(text) // 3) * 3)
        groups = [text[at : at + 3] for at in range(0, len(text), 3)]
        name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{'entries' if self.level is None else self.level}/{name}{partial}"


def parse_path(text: str) -> Tile | None:
    """Return which tile an address names: the part behind `tile/`; None when it names none, or not in the one way there is.

    Args:
        text: anything; long ones are not looked at.
    """
    found = _PATH.fullmatch(text) if len(text) <= LONGEST_PATH else None
    if found is None:
        return None
    level = None if found["level"] == "entries" else int(found["level"])
    tile = Tile(level, int(found["groups"].replace("x", "").replace("/", "")), int(found["width"] or WIDTH))
    # Leading groups of zeros, a width of 256 and a level beyond 63 are second names or none.
    if tile.path != f"tile/{text}" or tile.width > WIDTH or (level or 0) > HIGHEST_LEVEL:
        return None
    return tile if (tile.number * WIDTH + tile.width) << (HEIGHT * (level or 0)) <= SIZE_LIMIT else None


def tiles(size: int, *, level: int | None) -> Iterator[Tile]:
    """Yield the tiles of a level, or the bundles, of a tree of this size, from left to right; the last may be partial."""
    count = size >> (HEIGHT * (level or 0))
    for number in range(count // WIDTH):
        yield Tile(level, number)
    if count % WIDTH:
        yield Tile(level, count // WIDTH, count % WIDTH)


def levels(size: int) -> range:
    """Return the levels at which a tree of this size has tiles."""
    return range(-(-size.bit_length() // HEIGHT))


def hashes(content: bytes, *, width: int = WIDTH) -> list[bytes]:
    """Return the first `width` hashes of a tile.

    Raises:
        Wrong: it does not have as many, or not whole ones.
    """
    if len(content) % HASH_BYTES or len(content) < width * HASH_BYTES:
        raise Wrong("A tile does not have the length that it must have.")
    return [content[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries as one file: each behind its length as two bytes.

    Raises:
        ValueError: one is longer than 65,535 bytes.
    """
    if any(len(entry) > LONGEST_ENTRY for entry in entries):
        raise ValueError("An entry is too long.")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries(content: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        Wrong: it holds more than 256, or ends within one.
    """
    found: list[bytes] = []
    at = 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if at + 2 > len(content) or end > len(content) or len(found) == WIDTH:
            raise Wrong("A bundle of entries ends within an entry, or has too many.")
        found.append(content[at + 2 : end])
        at = end
    return found


def node_in(read: Callable[[Tile], Sequence[bytes]]) -> Node:
    """Return how complete subtrees are looked up in tiles.

    Args:
        read: returns the hashes of a tile, at least as many as its width says.
    """

    def node(height: int, number: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        tile, place = divmod(number << above, WIDTH)
        end = place + (1 << above)
        return fold(read(Tile(level, tile, end))[place:end])

    return node
