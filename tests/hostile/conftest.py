"""Mallory runs the server: she has its keys and its database, so she can put anybody into any media room under any id."""

import secrets
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bare.page import BarePage
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
