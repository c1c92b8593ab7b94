"""A TURN client of our own over any stream (RFC 8656), which asks for what no browser asks for too."""

import hashlib
import hmac
import ipaddress
import secrets
import socket
import struct
from dataclasses import dataclass, field

from conclave.media.turn import IceServer

COOKIE = 0x2112A442
REALM = "livekit"
UDP, TCP = 17, 6
ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND, CONNECT, SEND, DATA = 0x0003, 0x0004, 0x0008, 0x0009, 0x000A, 0x0016, 0x0017
GRANTED, REFUSED = 0x0100, 0x0110
USERNAME, INTEGRITY, ERROR, PEER, PAYLOAD, REALM_NAME, NONCE, TRANSPORT = 0x06, 0x08, 0x09, 0x12, 0x13, 0x14, 0x15, 0x19
FORBIDDEN, UNAUTHORIZED = 403, 401


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A message that came back: its kind, and its attributes."""

    kind: int
    attributes: dict[int, bytes] = field(default_factory=dict)

    @property
    def error(self) -> int:
        """The error code, 0 where there is none."""
        value = self.attributes.get(ERROR)
        return value[2] * 100 + value[3] if value else 0


def peer(address: str, port: int) -> bytes:
    """Return a peer as XOR-PEER-ADDRESS holds it."""
    ip = ipaddress.ip_address(address)
    assert ip.version == 4
    return struct.pack("!HHI", 1, port ^ (COOKIE >> 16), int(ip) ^ COOKIE)


def message(kind: int, *attributes: tuple[int, bytes], key: bytes = b"") -> bytes:
    """Return a message with these attributes, signed with a key if there is one."""
    body = b"".join(struct.pack("!HH", name, len(value)) + value + bytes(-len(value) % 4) for name, value in attributes)
    head = struct.pack("!HHI", kind, len(body) + (24 if key else 0), COOKIE) + secrets.token_bytes(12)
    signed = struct.pack("!HH", INTEGRITY, 20) + hmac.digest(key, head + body, "sha1") if key else b""
    return head + body + signed


class TurnClient:
    """One connection to a TURN server."""

    def __init__(self, stream: socket.socket, server: IceServer) -> None:
        """Take a connected stream, TLS or not, and the credentials."""
        self._stream = stream
        self._server = server
        self._nonce = b""

    def allocate(self, *, transport: int = UDP) -> Answer:
        """Ask for a relay: once to be told the nonce, then with credentials."""
        wanted = (TRANSPORT, bytes((transport, 0, 0, 0)))
        first = self.ask(ALLOCATE, wanted, signed=False)
        if first.error != UNAUTHORIZED:
            return first
        self._nonce = first.attributes[NONCE]
        return self.ask(ALLOCATE, wanted)

    def permit(self, address: str, port: int = 0) -> Answer:
        """Ask for a permission to reach an address."""
        return self.ask(CREATE_PERMISSION, (PEER, peer(address, port)))

    def send(self, address: str, port: int, payload: bytes) -> None:
        """Let the relay send a datagram."""
        self._stream.sendall(message(SEND, (PEER, peer(address, port)), (PAYLOAD, payload)))

    def ask(self, kind: int, *attributes: tuple[int, bytes], signed: bool = True) -> Answer:
        """Send a request and return its answer."""
        self._stream.sendall(self._signed(kind, attributes) if signed else message(kind, *attributes))
        return self.read()

    def read(self) -> Answer:
        """Return the next message that comes."""
        kind, length = struct.unpack("!HH", self._exactly(4))
        body, found, at = self._exactly(16 + length)[16:], {}, 0
        while at < length:
            name, size = struct.unpack_from("!HH", body, at)
            found[name] = body[at + 4 : at + 4 + size]
            at += 4 + size + -size % 4
        return Answer(kind=kind, attributes=found)

    def _signed(self, kind: int, attributes: tuple[tuple[int, bytes], ...]) -> bytes:
        username, password = self._server.username, self._server.credential
        # RFC 8656 has no other for long-term credentials that every server knows.
        key = hashlib.md5(f"{username}:{REALM}:{password}".encode(), usedforsecurity=False).digest()
        names = ((USERNAME, username.encode()), (REALM_NAME, REALM.encode()), (NONCE, self._nonce))
        return message(kind, *attributes, *names, key=key)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._stream.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data
