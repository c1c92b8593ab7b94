"""Asking a witness to cosign a checkpoint (C2SP tlog-witness, add-checkpoint; LEDG-5): one request, bounded in time and size."""

import http.client
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from conclave_verify import note
from conclave_verify.checkpoint import parse_size
from conclave_verify.note import Forged, Key, Malformed, Signature, b64

SECONDS = 5.0
LARGEST_ANSWER = 64 * 1024
WRONG_SIZE = 409


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: a cosignature, or the size that the witness has, or in one word why neither."""

    signature: Signature | None = None
    seconds: int = 0
    size: int | None = None
    failure: str = ""


def ask(*, address: str, witness: Key, old: int, proof: Sequence[bytes], checkpoint: str) -> Answer:
    """Ask once.

    Args:
        address: http, https, or the path of a socket file.
        witness: its key.
        old: the size of the tree that it has seen last.
        proof: that the checkpoint's tree begins with that one.
        checkpoint: the note, signed by the log.

    Returns:
        The answer; `failure` is "away" where there is none, "refused" or "forked" by its status, "lied" where it proves nothing.
    """
    body = f"old {old}\n" + "".join(f"{b64(one)}\n" for one in proof) + "\n" + checkpoint
    try:
        status, content = _post(address, body.encode())
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(failure="away")
    if status == http.HTTPStatus.OK:
        return _signature(content, witness, checkpoint)
    if status == WRONG_SIZE:
        try:
            return Answer(size=parse_size(content.decode("ascii").removesuffix("\n")))
        except (Malformed, UnicodeDecodeError):
            return Answer(failure="lied")
    return Answer(failure="forked" if status == http.HTTPStatus.UNPROCESSABLE_ENTITY else "away" if status >= 500 else "refused")


def _signature(content: bytes, witness: Key, checkpoint: str) -> Answer:
    """Take the witness's own signature out of its answer, if it is one under this checkpoint."""
    try:
        text = note.parse(checkpoint.encode()).text
        lines = content.decode("utf-8").removesuffix("\n").split("\n")
        given = note.Note(text, tuple(note.parse_signature(line) for line in lines[: note.MOST_SIGNATURES]))
        seconds = note.signed_at(given, witness)
    except (Malformed, Forged, UnicodeDecodeError):
        return Answer(failure="lied")
    if not seconds:
        return Answer(failure="lied")
    mine = next(one for one in given.signatures if (one.name, one.id) == (witness.name, witness.id))
    return Answer(signature=mine, seconds=seconds)


def _post(address: str, body: bytes) -> tuple[int, bytes]:
    """Send it, and return status and content."""
    url = urlsplit(address)
    connection: http.client.HTTPConnection
    if url.scheme == "https":
        connection = http.client.HTTPSConnection(url.netloc, timeout=SECONDS)
    elif url.scheme == "http":
        connection = http.client.HTTPConnection(url.netloc, timeout=SECONDS)
    else:
        connection = _FileConnection(Path(address))
    try:
        connection.request("POST", f"{url.path.rstrip('/') if url.scheme else ''}/add-checkpoint", body, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        content = answer.read(LARGEST_ANSWER + 1)
        if len(content) > LARGEST_ANSWER:
            raise ValueError("The answer is too long.")
        return answer.status, content
    finally:
        connection.close()


class _FileConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._path))
