"""Whom a reader believes: logs, witnesses, and how many of these must have signed (C2SP tlog-policy; LEDG-6)."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from conclave_verify import checkpoint
from conclave_verify.checkpoint import Checkpoint
from conclave_verify.note import COSIGNS, SIGNS, Key, Malformed, Note, parse_vkey, signers

LARGEST_POLICY = 256 * 1024
MOST_LINES = 1000
# Groups in groups; nobody needs more, and whoever counts goes down into each.
DEEPEST = 16
NONE = "none"
NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


class Unsigned(Exception):
    """Nobody whom the policy names vouches for it, or too few; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness of a policy: its key, and where it answers, if that is said."""

    key: Key
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these members must have signed."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file."""

    logs: tuple[Key, ...]
    witnesses: dict[str, Witness]
    groups: dict[str, Group]
    quorum: str

    def enough(self, keys: Collection[Key]) -> bool:
        """Tell whether these witnesses together are enough."""
        return self.quorum == NONE or self._holds(self.quorum, keys)

    def least(self) -> int:
        """Return how few witnesses can be enough; fewer never are."""
        return 0 if self.quorum == NONE else self._fewest(self.quorum)

    def _fewest(self, name: str) -> int:
        """Return how few witnesses make a witness or a group; no one is in two groups."""
        if name in self.witnesses:
            return 1
        group = self.groups[name]
        return sum(sorted(self._fewest(member) for member in group.members)[: group.needed])

    def _holds(self, name: str, keys: Collection[Key]) -> bool:
        """Tell whether a witness or a group has signed; groups name only what stands before them, so this ends."""
        if name in self.witnesses:
            return self.witnesses[name].key in keys
        group = self.groups[name]
        return sum(self._holds(member, keys) for member in group.members) >= group.needed


@dataclass(frozen=True, slots=True)
class Vouched:
    """A checkpoint that a policy accepts: by which log, and which witnesses signed, with the time of each in seconds."""

    checkpoint: Checkpoint
    log: Key
    witnesses: dict[Key, int]


def accept(*, note: Note, policy: Policy) -> Vouched:
    """Believe a checkpoint that a log of the policy has signed and enough of its witnesses.

    Raises:
        Malformed: it is no checkpoint.
        Forged: a signature in a known name is not by that key.
        Unsigned: it is by no known log, or too few witnesses have signed it.
    """
    told = checkpoint.parse(note.text)
    logs = [key for key in signers(note, policy.logs) if key.name == told.origin]
    if not logs:
        raise Unsigned("No log that the policy names has signed this checkpoint.")
    seen = signers(note, [witness.key for witness in policy.witnesses.values()])
    if not policy.enough(seen):
        raise Unsigned(f"Too few of the policy's witnesses have signed the checkpoint of {told.size} entries: {len(seen)} did.")
    return Vouched(told, logs[0], seen)


def parse(content: bytes) -> Policy:
    """Read a policy file.

    Args:
        content: lines `log`, `witness`, `group` and one `quorum`; the rest of a line that begins with # is not read.

    Raises:
        Malformed: it is none.
    """
    if len(content) > LARGEST_POLICY or any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in content):
        raise Malformed("A policy holds what no policy has.")
    # Each byte as one sign: names are compared byte by byte, whatever they mean.
    lines = content.decode("latin-1").split("\n")
    if len(lines) > MOST_LINES:
        raise Malformed("A policy has more lines than anybody needs.")
    reading = _Reading()
    for line in lines:
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            reading.take(words)
    if reading.quorum is None:
        raise Malformed("A policy does not say whose word is enough: it has no line that begins with 'quorum'.")
    return Policy(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)


class _Reading:
    """A policy while its lines are read."""

    def __init__(self) -> None:
        self.logs: list[Key] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._taken: set[str] = set()
        self._depths: dict[str, int] = {}

    def take(self, words: list[str]) -> None:
        """Read one line."""
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._log(vkey)
            case ["witness", name, vkey]:
                self._witness(name, vkey, "")
            case ["witness", name, vkey, url]:
                self._witness(name, vkey, url)
            case ["group", name, needed, *members] if members:
                self._group(name, needed, members)
            case ["quorum", name] if self.quorum is None and (name == NONE or self._knows(name)):
                self.quorum = name
            case _:
                raise Malformed(f"A line of the policy cannot be read: it begins with {words[0][:40]!r}.")

    def _log(self, vkey: str) -> None:
        key = _key(vkey, SIGNS)
        if any(key.public == known.public for known in self.logs):
            raise Malformed("A policy names a log twice.")
        self.logs.append(key)

    def _witness(self, name: str, vkey: str, url: str) -> None:
        key = _key(vkey, COSIGNS)
        self._new(name)
        if any(key.public == known.key.public for known in self.witnesses.values()):
            raise Malformed("A policy names a witness twice.")
        self.witnesses[name] = Witness(key, url)

    def _group(self, name: str, needed: str, members: list[str]) -> None:
        self._new(name)
        count = {"all": len(members), "any": 1}.get(needed) or (int(needed) if NUMBER.fullmatch(needed) else 0)
        if not 1 <= count <= len(members) or len(set(members)) < len(members) or not all(map(self._knows, members)):
            raise Malformed(f"The group {name[:40]!r} of the policy is not one.")
        # A member of two groups would count twice.
        if not self._taken.isdisjoint(members):
            raise Malformed(f"A member of the group {name[:40]!r} belongs to another one already.")
        self._depths[name] = 1 + max(self._depths.get(member, 0) for member in members)
        if self._depths[name] > DEEPEST:
            raise Malformed(f"The group {name[:40]!r} of the policy holds groups in groups deeper than anybody needs.")
        self._taken.update(members)
        self.groups[name] = Group(count, tuple(members))

    def _new(self, name: str) -> None:
        if name == NONE or self._knows(name):
            raise Malformed(f"The policy gives the name {name[:40]!r} twice.")

    def _knows(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups


def _key(vkey: str, kind: int) -> Key:
    """Return a key of this kind."""
    try:
        key = parse_vkey(vkey.encode("latin-1").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed("A key of the policy has a name that is not UTF-8.") from error
    if key.kind != kind:
        raise Malformed(f"The key of {key.name} is for something else than the policy says.")
    return key
