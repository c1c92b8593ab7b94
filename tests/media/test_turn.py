"""media/turn.py, media/turn_gate.py: who gets TURN, and that it reaches the engine's media port and nothing else (JOIN-13)."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from conclave.config import Config
from conclave.kernel import clock
from conclave.media import turn, turn_gate
from conclave.media.child import EngineSettings, TurnGate, engine_config
from conclave.media.credentials import EngineCredentials
from tests.media import turn as client
from tests.media.live import free_port, live_engine
from tests.media.test_child import settings
from tests.media.turn import TurnClient, message, peer

NOW = 1_763_762_400_500
PATIENCE_SECONDS = 60
OURS = EngineCredentials(key="conclave-local-1", secret="s" * 48)
ENGINE = turn_gate.peer_of(address="192.0.2.7", port=7882)
ALLOWED, ELSEWHERE = peer("192.0.2.7", 7882), peer("192.0.2.7", 22)
UDP, TCP = (client.TRANSPORT, bytes((17, 0, 0, 0))), (client.TRANSPORT, bytes((6, 0, 0, 0)))
# This machine's own doors, its neighbours, what clouds keep for the machine, and the world.
OTHERS = ("127.0.0.2", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "0.0.0.0", "198.51.100.7")


def server(credentials: EngineCredentials, *, participant: str = "bob", now: int = NOW) -> turn.IceServer:
    return turn.ice_server(
        urls=turn.own_url(public_url="https://meet.example.org"), participant=participant, credentials=credentials, now=now
    )


@pytest.mark.parametrize(
    ("tls", "node_address", "offered"),
    [(True, "127.0.0.1", True), (False, "127.0.0.1", False), (True, "192.0.2.1", False), (True, "::1", False)],
)
def test_turn_is_offered_where_tls_ends_here_and_media_too(*, tls: bool, node_address: str, offered: bool) -> None:
    assert turn.is_offered(config=Config(lan=tls, node_address=node_address)) is offered


@pytest.mark.parametrize(
    ("public_url", "urls"),
    [
        ("https://meet.example.org", "turns:meet.example.org:443?transport=tcp"),
        ("https://192.0.2.7:8443", "turns:192.0.2.7:8443?transport=tcp"),
        ("https://[2001:db8::7]", "turns:[2001:db8::7]:443?transport=tcp"),
    ],
)
def test_it_is_where_the_pages_are(public_url: str, urls: str) -> None:
    assert turn.own_url(public_url=public_url) == urls


def test_what_it_is_asked_with_is_one_participants_and_kept_out_of_texts() -> None:
    bob, charlie = server(OURS), server(OURS, participant="charlie")
    assert bob.credential not in repr(bob)
    assert bob.username not in repr(bob)
    assert (bob.username, bob.credential) != (charlie.username, charlie.credential)
    assert server(OURS) == bob


@pytest.mark.parametrize(
    ("kind", "attributes", "admitted"),
    [
        (client.ALLOCATE, [UDP], True),
        (client.ALLOCATE, [TCP], False),
        (client.ALLOCATE, [UDP, TCP], False),
        (client.REFRESH, [], True),
        (client.CREATE_PERMISSION, [(client.PEER, ELSEWHERE)], True),  # has no port, and the engine answers
        (client.CHANNEL_BIND, [(client.PEER, ALLOWED)], True),
        (client.CHANNEL_BIND, [(client.PEER, ELSEWHERE)], False),
        (client.CHANNEL_BIND, [(client.PEER, ALLOWED), (client.PEER, ELSEWHERE)], False),
        (client.SEND, [(client.PEER, ALLOWED), (client.PAYLOAD, b"x")], True),
        (client.SEND, [(client.PEER, ELSEWHERE), (client.PAYLOAD, b"x")], False),
        (client.SEND, [(client.PEER, peer("127.0.0.1", 7882)), (client.PAYLOAD, b"x")], False),
        (client.CONNECT, [(client.PEER, ALLOWED)], False),
        (0x000B, [], False),
        (0x0103, [], False),
    ],
)
def test_the_gate_hands_on_what_a_call_needs(kind: int, attributes: list[tuple[int, bytes]], *, admitted: bool) -> None:
    """JOIN-13."""
    assert turn_gate.admits(message(kind, *attributes), peer=ENGINE) is admitted


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good[:4] + b"\0\0\0\0" + good[8:],
        lambda good: good[:-1],
        lambda good: good + b"\0",
        lambda good: good[:20] + struct.pack("!HH", client.TRANSPORT, 400) + good[24:],
        lambda good: good[:2] + b"\0\2" + good[4:20] + b"\0\0",
    ],
)
def test_what_is_not_turn_ends_the_connection(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(turn_gate.Unreadable):
        turn_gate.admits(spoil(message(client.ALLOCATE, UDP)), peer=ENGINE)


def test_the_engine_is_told_of_one_address_only(tmp_path: Path) -> None:
    off = engine_config(settings(tmp_path))["turn"]
    assert off == {"enabled": False}
    on = engine_config(settings(tmp_path, turn_port=7883))["turn"]
    assert isinstance(on, dict)
    assert (on["bind_addresses"], on["allow_restricted_peer_cidrs"]) == (["127.0.0.1"], ["127.0.0.1/32"])
    assert len(on["deny_peer_cidrs"]) == 33


@pytest.fixture
def ports() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two UDP ports of this machine: the one that plays the media port, and another."""
    with socket.socket(type=socket.SOCK_DGRAM) as media, socket.socket(type=socket.SOCK_DGRAM) as other:
        for each in (media, other):
            each.bind(("127.0.0.1", 0))
            each.settimeout(PATIENCE_SECONDS)
        yield media, other


@asynccontextmanager
async def gate(folder: Path, engine: EngineSettings) -> AsyncIterator[Path]:
    """Run the gate before an engine; yields its socket file."""
    path = folder / "gate.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        child = TurnGate(listener, engine, say=pytest.fail)
        await child.start()
        try:
            yield path
        finally:
            await child.stop()


def through(path: Path) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(PATIENCE_SECONDS)
    stream.connect(str(path))
    return stream


async def test_the_engine_relays_to_its_own_address_and_the_gate_to_its_media_port(
    tmp_path: Path, ports: tuple[socket.socket, socket.socket]
) -> None:
    """JOIN-13: the real engine; only what plays its media port is ours, as the engine answers nobody it does not know."""
    media, other = ports
    turn_port = free_port()
    async with live_engine(tmp_path, turn_port=turn_port) as engine:
        wanted = replace(settings(tmp_path), turn_port=turn_port, udp_port=media.getsockname()[1])
        ours = turn.ice_server(urls="turns:x", participant="bob", credentials=engine.credentials, now=clock.now())

        def without_gate() -> None:
            with closing(socket.create_connection(("127.0.0.1", turn_port), timeout=PATIENCE_SECONDS)) as stream:
                mallory = TurnClient(stream, ours)
                assert mallory.allocate().kind == client.ALLOCATE | client.GRANTED
                assert {address: mallory.permit(address).error for address in OTHERS} == dict.fromkeys(OTHERS, client.FORBIDDEN)
                assert mallory.permit("127.0.0.1").error == 0

        def with_gate(path: Path) -> None:
            with closing(through(path)) as stream:
                bob = TurnClient(stream, ours)
                assert bob.allocate().kind == client.ALLOCATE | client.GRANTED
                assert bob.permit("10.0.0.1").error == client.FORBIDDEN
                assert bob.permit("127.0.0.1").error == 0
                bob.send("127.0.0.1", other.getsockname()[1], b"knock")
                bob.send("127.0.0.1", media.getsockname()[1], b"picture")
                said, relay = media.recvfrom(100)
                assert said == b"picture"
                media.sendto(b"answer", relay)
                back = bob.read()
                assert (back.kind, back.attributes[client.PAYLOAD]) == (client.DATA, b"answer")
                other.settimeout(0)
                with pytest.raises(BlockingIOError):
                    other.recv(100)

        def by_tcp(path: Path) -> None:
            with closing(through(path)) as stream:
                mallory = TurnClient(stream, ours)
                stream.sendall(message(client.ALLOCATE, TCP))
                stream.sendall(message(client.CONNECT, (client.PEER, peer("127.0.0.1", engine.port))))
                assert mallory.allocate().kind == client.ALLOCATE | client.GRANTED  # the first answers that come are to this
            with closing(through(path)) as stream:
                stream.sendall(bytes(range(255, 127, -1)))
                assert stream.recv(100) == b""

        await asyncio.to_thread(without_gate)
        async with gate(tmp_path, wanted) as path:
            await asyncio.to_thread(with_gate, path)
            await asyncio.to_thread(by_tcp, path)


async def test_the_engine_knows_our_credentials_until_they_end_and_no_others(tmp_path: Path) -> None:
    turn_port = free_port()
    async with live_engine(tmp_path, turn_port=turn_port) as engine:
        late = clock.now() - turn.LIFETIME_SECONDS * 1000 - 2000
        wrong = replace(engine.credentials, secret="s" * 48)
        # Many, as what the engine's notation does with a number depends on its bits.
        good = [server(engine.credentials, participant=f"participant-{n}", now=clock.now()) for n in range(20)]
        bad = [server(engine.credentials, now=late), server(wrong, now=clock.now())]

        def granted(ours: turn.IceServer) -> bool:
            with closing(socket.create_connection(("127.0.0.1", turn_port), timeout=PATIENCE_SECONDS)) as stream:
                return TurnClient(stream, ours).allocate().kind == client.ALLOCATE | client.GRANTED

        assert await asyncio.to_thread(lambda: [granted(ours) for ours in good]) == [True] * 20
        assert await asyncio.to_thread(lambda: [granted(ours) for ours in bad]) == [False, False]
