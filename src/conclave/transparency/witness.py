"""`./conclave witness`: signs that it has seen a log grow and nothing but grow; a process of its own, with a key and a memory of its own.

What it signs and refuses is in cosigner.py; here are HTTP, bounded in size, time and number, and the command line.
"""

import contextlib
import ipaddress
import re
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from conclave.kernel import clock
from conclave.transparency.cosigner import Answer, Cosigner, WitnessError
from conclave_verify.note import SIGNS, Key, Malformed, is_name, parse_vkey

LARGEST_BODY = 128 * 1024
# For a whole request, from the first byte to the last of its answer; each connection has one.
SECONDS = 10.0
MOST_AT_ONCE = 32
# Of one address, or of one /64 where that is how addresses are given out; this machine's web server brings everybody's.
MOST_OF_ONE = 4


class _Handler(BaseHTTPRequestHandler):
    """HTTP: one path to post to, one to read from."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "conclave-witness", ""
    server: "WitnessServer"

    def do_POST(self) -> None:
        """Take a checkpoint."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint":
            self._tell(Answer(404, "There is nothing here.\n"))
        elif not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > LARGEST_BODY:
            self._tell(Answer(400, "The request is too large, or does not say how large it is.\n"))
        else:
            body = self.rfile.read(int(length))
            self._tell(self.server.cosigner.add_checkpoint(body) if len(body) == int(length) else Answer(400, "The request was cut.\n"))

    def do_GET(self) -> None:
        """Give the checkpoint of a log that was cosigned last."""
        found = re.fullmatch(r"/([0-9a-f]{64})/checkpoint", self.path)
        self._tell(self.server.cosigner.checkpoint_of(found[1]) if found else Answer(404, "There is nothing here.\n"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Write nothing down."""

    def _tell(self, answer: Answer) -> None:
        content = answer.text.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        self.wfile.write(content)


class Crowd:
    """The connections that are open: when there are too many, the oldest is cut, so that nobody who is slow keeps others out."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._inside: dict[socket.socket, str] = {}

    def enter(self, connection: socket.socket, *, host: str) -> None:
        """Let one in, at once.

        Args:
            connection: the new one.
            host: from where; empty of a socket file.
        """
        place = _place(host)
        with self._lock:
            same = [one for one, other in self._inside.items() if other == place]
            oldest = same if place and len(same) >= MOST_OF_ONE else list(self._inside) if len(self._inside) >= MOST_AT_ONCE else []
            for one in oldest[:1]:
                del self._inside[one]
                cut(one)
            self._inside[connection] = place

    def leave(self, connection: socket.socket) -> None:
        """Forget one."""
        with self._lock:
            self._inside.pop(connection, None)


def cut(connection: socket.socket, /) -> None:
    """End a connection for whoever reads from it or writes to it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _place(host: str) -> str:
    """Return what counts as one address; nothing for this machine itself."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return ""
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


class WitnessServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Serves a cosigner on a listening socket that was opened before; at most so many connections at a time, each for so long."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, cosigner: Cosigner) -> None:
        """Take the socket and whom to ask."""
        socketserver.BaseServer.__init__(self, listener.getsockname(), _Handler)
        self.socket = listener
        self.cosigner = cosigner
        self._crowd = Crowd()

    def get_request(self) -> tuple[socket.socket, object]:
        """Take a connection; of a socket file there is no address."""
        connection, address = self.socket.accept()
        return connection, address or "-"

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Serve a connection in a thread of its own."""
        self._crowd.enter(request, host=str(client_address[0]) if isinstance(client_address, tuple) else "")
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        """Serve it, and cut it when its time is over: a timeout of the socket would begin anew with each byte."""
        timer = threading.Timer(SECONDS, cut, [request])
        timer.daemon = True
        timer.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            timer.cancel()
            self._crowd.leave(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let a connection that broke go; another comes."""


def parse_logs(texts: Sequence[str]) -> list[Key]:
    """Return the keys of logs.

    Raises:
        WitnessError: one is none, or there is none.
    """
    try:
        keys = [parse_vkey(text) for text in texts]
    except Malformed as error:
        raise WitnessError(str(error)) from error
    if not keys or any(key.kind != SIGNS for key in keys):
        raise WitnessError("A witness needs the key of each log: the word after 'log' in what the server shows at /transparency/policy.")
    return keys


def parse_name(text: str) -> str:
    """Return the name of a witness.

    Raises:
        WitnessError: it cannot be one.
    """
    if not is_name(text):
        raise WitnessError(f"{text!r} cannot name a witness: no spaces, no plus.")
    return text


def listen(*, address: str) -> socket.socket:
    """Return a listening socket.

    Args:
        address: HOST:PORT, or the number of a file that is one already.

    Raises:
        WitnessError: it cannot be used.
    """
    if address.isdigit():
        return socket.socket(fileno=int(address))
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise WitnessError(f"A witness listens on an address like 127.0.0.1:7884, not on {address!r}.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
    except (OSError, OverflowError) as error:
        listener.close()
        raise WitnessError(f"{address} cannot be listened on: {error}.") from error
    listener.listen(128)
    return listener


def serve(*, logs: Sequence[str], folder: Path, name: str, where: str) -> int:
    """Serve until a signal.

    Args:
        logs: the keys of the logs whose checkpoints are cosigned.
        folder: where its key and its memory are kept.
        name: what it is called from its first start on; empty means after this machine.
        where: HOST:PORT, or the number of a file that is a listening socket.

    Returns:
        The exit code.
    """
    try:
        keys, called = parse_logs(logs), parse_name(name or f"{socket.gethostname()}/witness")
        listener = listen(address=where)
        cosigner = Cosigner(folder=folder, name=called, logs=keys, seconds=lambda: clock.now() // clock.SECOND)
    except (WitnessError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    server = WitnessServer(listener, cosigner)
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: threading.Thread(target=server.shutdown).start())
    if not where.isdigit():
        sys.stdout.write(f"This witness answers at http://{where} and signs as\n{cosigner.key.vkey}\n")
        sys.stdout.flush()
    server.serve_forever()
    server.server_close()
    cosigner.close()
    return 0
