"""Signed notes, and the keys that sign them: C2SP signed-note and tlog-cosignature, Ed25519 only (LEDG-4, LEDG-5)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNS = 0x01  # an Ed25519 signature over the text
COSIGNS = 0x04  # a witness's Ed25519 signature over a time and the text
LARGEST_NOTE = 64 * 1024
MOST_SIGNATURES = 64
DASH = "\N{EM DASH} "


class Malformed(Exception):
    """It is not in the form of a note, a key or a signature; the message is one sentence."""


class Forged(Exception):
    """A signature names a known key and is not by it; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that may sign notes: its name, what its signatures are (SIGNS or COSIGNS), and its 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand before its signatures."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text."""
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who is said to have signed, and the bytes."""

    name: str
    id: bytes
    data: bytes

    @property
    def line(self) -> str:
        """The line, with its end."""
        return f"{DASH}{self.name} {b64(self.id + self.data)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and its signatures, of which nothing is checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def signed(self) -> str:
        """The whole note."""
        return self.text + "\n" + "".join(one.line for one in self.signatures)


def b64(data: bytes) -> str:
    """Return the bytes in base64 (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Return the bytes of a base64 text.

    Raises:
        Malformed: it is not base64, or not in the one way there is to write these bytes.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed("Something that must be base64 is not.") from error
    if b64(data) != text:
        raise Malformed("Something that must be base64 is written in another way than there is.")
    return data


def is_name(text: str) -> bool:
    """Tell whether this may name a key: no spaces of any script, no plus, no control characters."""
    return bool(text) and not any(sign.isspace() or sign == "+" or ord(sign) < 0x20 or ord(sign) == 0x7F for sign in text)


def parse_vkey(text: str) -> Key:
    """Return the key that a verifier key names.

    Raises:
        Malformed: it is none, its id does not fit, or it is of a kind that this program does not know.
    """
    found = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,200})", text)
    material = unb64(found[3]) if found else b""
    if found is None or not is_name(found[1]) or not material:
        raise Malformed(f"{text[:100]!r} is not the key of a log or a witness.")
    key = Key(found[1], material[0], material[1:])
    if key.kind not in {SIGNS, COSIGNS} or len(key.public) != 32:
        raise Malformed(f"The key of {key.name} is of a kind that this program does not know.")
    if key.id.hex() != found[2]:
        raise Malformed(f"The key of {key.name} is damaged: its id is not the one that follows from it.")
    return key


def parse(content: bytes) -> Note:
    """Read a note without believing it.

    Args:
        content: at most 64 KiB.

    Raises:
        Malformed: it is none.
    """
    try:
        text = content.decode("utf-8") if len(content) <= LARGEST_NOTE else ""
    except UnicodeDecodeError as error:
        raise Malformed("A note is not UTF-8.") from error
    if any(sign < " " and sign != "\n" for sign in text):
        raise Malformed("A note holds characters that it must not.")
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Malformed("A note has no signatures, or is larger than a note may be.")
    rows = lines.removesuffix("\n").split("\n")
    if len(rows) > MOST_SIGNATURES:
        raise Malformed("A note has more signatures than anybody needs.")
    return Note(body + "\n", tuple(parse_signature(row) for row in rows))


def parse_signature(line: str) -> Signature:
    """Read one signature line, without its end.

    Raises:
        Malformed: it is none.
    """
    name, space, text = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space or not is_name(name):
        raise Malformed("A line that must be a signature is none.")
    data = unb64(text)
    if len(data) < 5:
        raise Malformed("A signature is too short.")
    return Signature(name, data[:4], data[4:])


def sign(*, text: str, name: str, key: Ed25519PrivateKey) -> Signature:
    """Sign a text.

    Args:
        text: ends with a newline.
        name: the key's.
        key: the private key.
    """
    return Signature(name, Key(name, SIGNS, key.public_key().public_bytes_raw()).id, key.sign(text.encode()))


def cosign(*, text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> Signature:
    """Sign a checkpoint as a witness that has seen it (C2SP tlog-cosignature, v1).

    Args:
        text: the checkpoint, without signatures.
        name: the witness's.
        key: the private key.
        seconds: the time, since 1970-01-01 UTC, not 0.
    """
    signature = key.sign(_timed(text, seconds))
    return Signature(name, Key(name, COSIGNS, key.public_key().public_bytes_raw()).id, seconds.to_bytes(8, "big") + signature)


def signed_at(note: Note, key: Key) -> int | None:
    """Tell whether a key has signed a note.

    Args:
        note: the note.
        key: the key, from somewhere else than the note.

    Returns:
        None when there is no signature by it; else the time that a witness wrote down, in seconds, or 0 of a key that writes none.

    Raises:
        Forged: a signature has the key's name and id, and is not by it: the note is worth nothing.
    """
    found = None
    for one in note.signatures:
        if (one.name, one.id) == (key.name, key.id):
            found = _check(note.text, one, key)
    return found


def signers(note: Note, keys: Iterable[Key]) -> dict[Key, int]:
    """Return which of these keys have signed a note, and when as signed_at() says.

    Raises:
        Forged: as signed_at().
    """
    found = {key: signed_at(note, key) for key in keys}
    return {key: at for key, at in found.items() if at is not None}


def _check(text: str, signature: Signature, key: Key) -> int:
    """Check one signature and return its time."""
    seconds, data, message = 0, signature.data, text.encode()
    if key.kind == COSIGNS:
        seconds, data = int.from_bytes(data[:8], "big"), data[8:]
        message = _timed(text, seconds)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(data, message)
    except (InvalidSignature, ValueError) as error:
        raise Forged(f"A signature in the name of {key.name} is not by its key.") from error
    if key.kind == COSIGNS and not 0 < seconds < 2**63:
        raise Forged(f"A signature in the name of {key.name} says no time.")
    return seconds


def _timed(text: str, seconds: int) -> bytes:
    """Return what a witness signs."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
