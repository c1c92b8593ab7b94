"""Mallory runs the server: she has its key pair, so she can put anybody into any media room under any id."""

from collections.abc import Iterator

import pytest

from benchmarks.bare.page import BarePage
from tests.journeys.browsers import Chromium, until
from tests.journeys.fixtures import Chromiums
from tests.journeys.world import Installation


class Mallory:
    """What whoever runs the server can do to a call's media, with a page of plain livekit-client."""

    def __init__(self, page: BarePage, chromiums: Chromiums) -> None:
        self.page = page
        self._chromiums = chromiums
        self._windows: list[Chromium] = []

    def room(self) -> str:
        """Return the media room of the one call that is running, or the newest."""
        rooms = until(self.page.rooms, what="a media room")
        return rooms[-1]

    def enter(self, *, room: str, identity: str = "", listen: bool = False) -> Chromium:
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
    somebody = Mallory(page, chromiums)
    try:
        yield somebody
    finally:
        somebody.close()
        page.close()
