"""Checkpoints: how many entries a log has, and the root over them (C2SP tlog-checkpoint; LEDG-4)."""

import re
from dataclasses import dataclass

from conclave_verify.merkle import HASH_BYTES
from conclave_verify.note import Malformed, b64, unb64
from conclave_verify.tile import SIZE_LIMIT

SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its name, its size, its root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text, as a log writes it: three lines."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"


def parse_size(text: str) -> int:
    """Return a number of entries, written in the one way there is.

    Raises:
        Malformed: it is none, or more than any log has.
    """
    if not SIZE.fullmatch(text) or int(text) >= SIZE_LIMIT:
        raise Malformed("A number of entries is not written as it must be.")
    return int(text)


def parse(text: str) -> Checkpoint:
    """Read the text of a checkpoint's note; further lines are allowed and mean nothing here.

    Raises:
        Malformed: it is none.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines) or not text.endswith("\n"):
        raise Malformed("A checkpoint does not have its three lines.")
    root = unb64(lines[2])
    if len(root) != HASH_BYTES:
        raise Malformed("A checkpoint's root is not a hash.")
    return Checkpoint(lines[0], parse_size(lines[1]), root)
