"""Asking a witness to cosign a checkpoint (C2SP tlog-witness, add-checkpoint; LEDG-5): one request, bounded in time and size."""

import contextlib
import http.client
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from conclave_verify import note
from conclave_verify.checkpoint import parse_size
from conclave_verify.note import Forged, Key, Malformed, Signature, b64

# For a whole request: connecting, headers and answer together.
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


class Patience:
    """How much longer to wait; it can only become less."""

    def __init__(self, *, seconds: float) -> None:
        """Wait so long from now on."""
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left, never less than none."""
        return max(self._end - time.monotonic(), 0)

    def shorten(self, *, seconds: float) -> None:
        """Wait at most so long from now on."""
        self._end = min(self._end, time.monotonic() + seconds)


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


def ask_all(*, asking: Mapping[str, Callable[[], Answer]], patience: Patience) -> Iterator[tuple[str, Answer]]:
    """Ask several beside each other, and yield each answer as it comes; nobody is waited for longer than is said.

    Args:
        asking: what asks each of them, by its name.
        patience: how long to wait; it is looked at again before each answer.

    Yields:
        The name and its answer; who has not answered by then is not named, and ends in its own thread.
    """
    came: queue.SimpleQueue[tuple[str, Answer]] = queue.SimpleQueue()

    def one(name: str, act: Callable[[], Answer]) -> None:
        came.put((name, act()))

    for name, act in asking.items():
        threading.Thread(target=one, args=(name, act), daemon=True).start()
    for _ in asking:
        try:
            found = came.get(timeout=patience.left)
        except queue.Empty:
            return
        yield found


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
    with _until(connection, SECONDS):
        connection.request("POST", f"{url.path.rstrip('/') if url.scheme else ''}/add-checkpoint", body, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        content = answer.read(LARGEST_ANSWER + 1)
        if len(content) > LARGEST_ANSWER:
            raise ValueError("The answer is too long.")
        return answer.status, content


@contextlib.contextmanager
def _until(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """Connect, and cut the connection when the time is over: a timeout of the socket begins anew with each byte that comes."""
    over = threading.Event()

    def cut() -> None:
        over.set()
        with contextlib.suppress(OSError, AttributeError):  # it is not connected yet, or closed already
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        if over.is_set():
            raise TimeoutError
        yield
        if over.is_set():  # what was read may be cut
            raise TimeoutError
    finally:
        timer.cancel()
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
        # Where the path is too long for a socket, it is a link to a short one (run.py).
        self.sock.connect(str(self._path.resolve()))
