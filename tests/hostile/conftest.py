"""Mallory runs the server: she has its keys and its database, so she can put anybody into any media room under any id."""

import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bare.page import BarePage
from tests.headless.clients import Client
from tests.hostile.delivery import DeliveryService
from tests.journeys.browsers import Chromium
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import Person
from tests.journeys.world import Installation


class Mallory:
    """What whoever runs the server can do to a call's media, with a page of plain livekit-client."""

    def __init__(self, page: BarePage, chromiums: Chromiums, state: Path) -> None:
        self.page = page
        self._chromiums = chromiums
        self._state = state
        self._windows: list[Chromium] = []

    def room(self, person: Person) -> str:
        """Return the media room in which this person is."""
        own = next(tile.participant for tile in person.tiles() if tile.self)
        return next(room for room in self.page.rooms() if own in self.page.identities(room=room))

    def seat(self, *, room: str, identity: str) -> None:
        """Write a seat into her own server's database, so that her own server does not put her connection out."""
        with sqlite3.connect(self._state / "conclave.sqlite3", timeout=20) as database:
            row = {
                "id": identity,
                "name": "Mallory",
                "role": "guest",
                "signature_key": secrets.token_urlsafe(32),
                "device": "",
                "pseudonym": "",
            }
            row |= {"seat_hash": secrets.token_hex(32), "former_seat_hash": "", "gone_reason": "", "call_id": room}
            numbers = {"generation": 1, "joined_at": int(time.time() * 1000)}
            columns = {**row, **numbers}
            marks = ", ".join("?" * len(columns))
            database.execute(f"INSERT INTO meetings_participant ({', '.join(columns)}) VALUES ({marks})", list(columns.values()))  # noqa: S608 - our own names
        database.close()

    def enter(self, *, room: str, identity: str, listen: bool = False) -> Chromium:
        """Put a connection into the room; its camera and microphone are Charlie's."""
        window = self._chromiums.of("Charlie").window()
        self._windows.append(window)
        window.open(self.page.address(room=room, identity=identity, listen=listen))
        window.page.wait_for_function("() => window.ready")
        window.page.click("#join")
        window.page.wait_for_function("() => window.room.state === 'connected' || window.measured.failed")
        assert window.ask("() => window.measured.failed") == ""
        return window

    def close(self) -> None:
        """Close all her windows."""
        for window in self._windows:
            window.close()


@pytest.fixture
def mallory(server: Installation, chromiums: Chromiums) -> Iterator[Mallory]:
    """Whoever runs the server."""
    page = BarePage(engine_port=server.engine_port, state=server.state)
    somebody = Mallory(page, chromiums, server.state)
    try:
        yield somebody
    finally:
        somebody.close()
        page.close()


class Clients:
    """People without a browser, one process each, started when first needed."""

    def __init__(self) -> None:
        self._running: dict[str, Client] = {}

    def __call__(self, name: str) -> Client:
        """Return that person's."""
        if name not in self._running:
            self._running[name] = Client(name)
        return self._running[name]

    def close(self) -> None:
        """Let everybody go; the processes stay for the next test."""
        for client in self._running.values():
            client.ask("close")

    def stop(self) -> None:
        """End all."""
        for client in self._running.values():
            client.stop()


@pytest.fixture(scope="session")
def processes() -> Iterator[Clients]:
    """Everybody's process."""
    running = Clients()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def clients(processes: Clients) -> Iterator[Clients]:
    """People without a browser: `clients("Alice")`."""
    yield processes
    processes.close()


@pytest.fixture
def service(server: Installation, clients: Clients) -> Iterator[DeliveryService]:
    """Mallory's delivery service, with one meeting; `clients` go before it does."""
    somebody = DeliveryService(gateway=server.url, state=server.state)
    try:
        yield somebody
    finally:
        clients.close()
        somebody.close()
