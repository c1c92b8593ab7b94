"""The TURN gate: a process between the TLS server and the engine's TURN server, which by itself relays to any port of its own address.

Handed on to the engine is what a call needs: UDP, to the engine's media port (JOIN-13). The engine's own configuration refuses every other
address (child.py) and asks for the credentials; the gate adds the port, and knows nobody.
"""

import asyncio
import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator

COOKIE = 0x2112A442
HEADER = 20
# Binding, Allocate, Refresh, CreatePermission and ChannelBind requests, the Send indication. TURN over TCP has others.
BINDING, ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND, SEND = 0x0001, 0x0003, 0x0004, 0x0008, 0x0009, 0x0016
XOR_PEER_ADDRESS, REQUESTED_TRANSPORT = 0x0012, 0x0019
UDP = bytes((17, 0, 0, 0))
FIRST_CHANNEL, LAST_CHANNEL = 0x4000, 0x4FFF
CHUNK = 65_536
# Browsers refresh what they hold every few minutes.
IDLE_SECONDS = 600.0


class Unreadable(Exception):
    """What came is not TURN; the connection ends."""


def peer_of(*, address: str, port: int) -> bytes:
    """Return the one peer that may be reached, as XOR-PEER-ADDRESS holds it.

    Args:
        address: the engine's IPv4 address.
        port: the engine's media port.
    """
    return struct.pack("!HHI", 1, port ^ (COOKIE >> 16), int(ipaddress.IPv4Address(address)) ^ COOKIE)


def admits(message: bytes, *, peer: bytes) -> bool:
    """Tell whether a STUN message is handed on to the engine (JOIN-13).

    Args:
        message: the whole message.
        peer: the one that may be reached, by peer_of().

    Raises:
        Unreadable: it is no STUN message.
    """
    kind, length, cookie = struct.unpack_from("!HHI", message)
    if cookie != COOKIE or length != len(message) - HEADER:
        raise Unreadable
    allowed = {XOR_PEER_ADDRESS: peer, REQUESTED_TRANSPORT: UDP}
    as_allowed = [value == allowed.get(name, value) for name, value in _attributes(message)]
    if kind == CREATE_PERMISSION:  # has no port; the engine judges its addresses, and answers
        return True
    return kind in {BINDING, ALLOCATE, REFRESH, CHANNEL_BIND, SEND} and all(as_allowed)


def _attributes(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield names and values; each is padded to four bytes."""
    at = HEADER
    while at < len(message):
        if at + 4 > len(message):
            raise Unreadable
        name, length = struct.unpack_from("!HH", message, at)
        end = at + 4 + length
        if end > len(message):
            raise Unreadable
        yield name, message[at + 4 : end]
        at = end + -length % 4


async def hand_on(browser: asyncio.StreamReader, engine: asyncio.StreamWriter, *, peer: bytes) -> None:
    """Hand on what a browser says until it ends, but what is not admitted.

    Args:
        browser: where its messages come from.
        engine: where they go.
        peer: the one that may be reached.

    Raises:
        Unreadable: it does not speak TURN.
    """
    with contextlib.suppress(asyncio.IncompleteReadError, TimeoutError, OSError):
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                head = await browser.readexactly(4)
                kind, length = struct.unpack("!HH", head)
                if kind < FIRST_CHANNEL:
                    message = head + await browser.readexactly(HEADER - 4 + length)
                    if not admits(message, peer=peer):
                        continue
                elif kind <= LAST_CHANNEL:  # data for a channel, whose peer was judged when it was bound
                    message = head + await browser.readexactly(length + -length % 4)
                else:
                    raise Unreadable
            engine.write(message)
            await engine.drain()


async def _hand_back(engine: asyncio.StreamReader, browser: asyncio.StreamWriter) -> None:
    """Hand back what the engine answers."""
    with contextlib.suppress(OSError):
        while data := await engine.read(CHUNK):
            browser.write(data)
            await browser.drain()


async def serve(listener: socket.socket, *, turn_port: int, peer: bytes) -> None:
    """Carry every connection of a listening socket to the engine's TURN port, until cancelled.

    Args:
        listener: where the TLS server connects.
        turn_port: the engine's port on loopback.
        peer: the one that may be reached, by peer_of().
    """

    async def carry(from_browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        with contextlib.closing(to_browser), contextlib.suppress(OSError):
            from_engine, to_engine = await asyncio.open_connection("127.0.0.1", turn_port)
            with contextlib.closing(to_engine):
                ways = (hand_on(from_browser, to_engine, peer=peer), _hand_back(from_engine, to_browser))
                both = [asyncio.ensure_future(way) for way in ways]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for way in both:
                    way.cancel()
                await asyncio.gather(*both, return_exceptions=True)

    async with await asyncio.start_unix_server(carry, sock=listener) as server:
        await server.serve_forever()


def main() -> None:
    """Serve until a signal; `conclave.media.turn_gate LISTENER TURN_PORT ADDRESS PORT`: an open file, where to, and the one peer."""
    listener, turn_port, address, port = sys.argv[1:]
    peer = peer_of(address=address, port=int(port))
    asyncio.run(serve(socket.socket(fileno=int(listener)), turn_port=int(turn_port), peer=peer))


if __name__ == "__main__":
    main()
