"""A witness's judgement: what it signs, what it refuses, and what it must not forget (C2SP tlog-witness, tlog-cosignature v1; LEDG-5)."""

import fcntl
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from conclave.kernel.disk import sync_file, sync_folder
from conclave.transparency.identity import OWN_KEY, private_key
from conclave_verify import checkpoint, merkle, note
from conclave_verify.merkle import HASH_BYTES, LONGEST_PROOF, Wrong
from conclave_verify.note import COSIGNS, Forged, Key, Malformed, parse_vkey, unb64

KEY_FILE, SEEN_FILE, LOCK_FILE = "witness.key", "seen.json", "lock"
PLAIN, SIZE_TYPE = "text/plain; charset=utf-8", "text/x.tlog.size"


class WitnessError(Exception):
    """The witness cannot start; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int
    text: str = ""
    kind: str = PLAIN


@dataclass(frozen=True, slots=True)
class Request:
    """A request to cosign, as it was read: nothing is checked yet."""

    old: int
    proof: tuple[bytes, ...]
    note: note.Note
    told: checkpoint.Checkpoint


class Memory:
    """What was cosigned last, of each log: on the disk before anybody is told of it."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            WitnessError: it is damaged; a witness without its memory would sign anything.
        """
        self._path = path
        try:
            self._seen: dict[str, str] = dict(json.loads(path.read_text(encoding="utf-8")).items())
            for origin in self._seen:
                self.last(origin)
        except (OSError, ValueError, AttributeError, Malformed) as error:
            raise WitnessError(f"{path} cannot be read, and without it this witness would not know what it has signed.") from error

    def last(self, origin: str) -> checkpoint.Checkpoint | None:
        """Return the checkpoint of a log that was cosigned last."""
        signed = self.note(origin)
        return checkpoint.parse(note.parse(signed.encode()).text) if signed else None

    def note(self, origin: str) -> str | None:
        """Return the same with its signatures."""
        return self._seen.get(origin)

    def keep(self, origin: str, signed: str) -> None:
        """Write it down; when this returns, a power failure does not undo it."""
        seen = {**self._seen, origin: signed}
        _write(self._path, json.dumps(seen, ensure_ascii=False, indent=1))
        self._seen = seen


class Cosigner:
    """A witness: its key, the logs whose word it takes, and what it has seen of them."""

    def __init__(self, *, folder: Path, name: str, logs: Sequence[Key], seconds: Callable[[], int]) -> None:
        """Open its folder; a new one gets a key.

        Args:
            folder: where key and memory are kept.
            name: what it is called, where it has no name yet.
            logs: the keys of the logs.
            seconds: returns the time, in seconds since 1970-01-01 UTC.

        Raises:
            WitnessError: the folder cannot be used.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _hold(folder / LOCK_FILE)
        try:
            if not (folder / OWN_KEY).exists() and not (folder / SEEN_FILE).exists():
                _write(folder / SEEN_FILE, "{}")
            self._private = private_key(path=folder / KEY_FILE)
            self.key = _own_key(folder / OWN_KEY, Key(name, COSIGNS, self._private.public_key().public_bytes_raw()))
            self._memory = Memory(folder / SEEN_FILE)
        except WitnessError:
            self.close()
            raise
        self._logs: Mapping[str, list[Key]] = {log.name: [one for one in logs if one.name == log.name] for log in logs}
        self._seconds = seconds
        self._one_at_a_time = threading.Lock()

    def close(self) -> None:
        """Let go of the folder."""
        self._lock.close()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign a checkpoint that continues what was cosigned last.

        Args:
            body: old size, consistency proof, checkpoint.

        Returns:
            200 and the cosignature; 400 what cannot be read, 403 not signed by the log, 404 an unknown log, 409 and the size that was
            cosigned last, 422 a proof that proves nothing.
        """
        try:
            asked = parse_request(body)
        except Malformed as error:
            return Answer(400, f"{error}\n")
        keys = self._logs.get(asked.told.origin)
        if keys is None:
            return Answer(404, "This witness does not know that log.\n")
        try:
            signed = note.signers(asked.note, keys)
        except Forged as error:
            return Answer(403, f"{error}\n")
        if not signed:
            return Answer(403, "The log has not signed this checkpoint.\n")
        if asked.old > asked.told.size:
            return Answer(400, "The old size is larger than the checkpoint's.\n")
        with self._one_at_a_time:
            return self._judge(asked, next(iter(signed)))

    def checkpoint_of(self, origin_hash: str) -> Answer:
        """Return the checkpoint that was cosigned last of the log with this hash of its origin, hex."""
        for origin in self._logs:
            signed = self._memory.note(origin)
            if signed is not None and hashlib.sha256(origin.encode()).hexdigest() == origin_hash:
                return Answer(200, signed)
        return Answer(404, "This witness has cosigned no such log.\n")

    def _judge(self, asked: Request, log: Key) -> Answer:
        """Compare with what was seen last, write down, sign; one at a time."""
        told = asked.told
        last = self._memory.last(told.origin) or checkpoint.Checkpoint(told.origin, 0, merkle.EMPTY_ROOT)
        if asked.old != last.size:
            return Answer(409, f"{last.size}\n", SIZE_TYPE)
        if told.size == 0 and told.root != merkle.EMPTY_ROOT:
            return Answer(422, "A log without entries has the root of no tree.\n")
        try:
            merkle.check_consistency(old=last.size, size=told.size, proof=asked.proof, old_root=last.root, root=told.root)
        except Wrong as error:
            return Answer(422, f"{error}\n")
        mine = note.cosign(text=asked.note.text, name=self.key.name, key=self._private, seconds=self._seconds())
        by_log = tuple(one for one in asked.note.signatures if (one.name, one.id) == (log.name, log.id))
        self._memory.keep(told.origin, note.Note(asked.note.text, (*by_log[:1], mine)).signed)
        return Answer(200, mine.line)


def parse_request(body: bytes) -> Request:
    """Read the body of add-checkpoint.

    Raises:
        Malformed: it is none.
    """
    head, blank, signed = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed("The proof holds characters that it must not.") from error
    if not blank or not first.startswith("old ") or len(lines) > LONGEST_PROOF:
        raise Malformed("The request does not begin with an old size and at most 63 hashes.")
    proof = tuple(unb64(line) for line in lines)
    if any(len(one) != HASH_BYTES for one in proof):
        raise Malformed("A line of the proof is not a hash.")
    read = note.parse(signed)
    return Request(checkpoint.parse_size(first.removeprefix("old ")), proof, read, checkpoint.parse(read.text))


def _hold(path: Path) -> BinaryIO:
    """Return the lock of a folder: two witnesses with one key could sign two histories."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise WitnessError(f"Another witness runs already in {path.parent}.") from error
    return file


def _write(path: Path, text: str) -> None:
    """Put a text in the place of a file's, on the disk when this returns: the old one or the new one, never a part."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        sync_file(file=file)
    draft.replace(path)
    sync_folder(folder=path.parent)


def _own_key(path: Path, key: Key) -> Key:
    """Return the public key under the name that it got first, and write that down for whoever is to know it."""
    try:
        known = parse_vkey(path.read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        _write(path, key.vkey + "\n")
        return key
    except (OSError, Malformed) as error:
        raise WitnessError(f"{path} is damaged.") from error
    if known.public != key.public:
        raise WitnessError(f"{path} does not belong to the key beside it.")
    return known
