"""Serves the comparator's page and makes its rooms and tokens; knows nothing of meetings, groups or keys."""

import functools
import http.server
import json
import secrets
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import jwt

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LIBRARY = ROOT / "web" / "node_modules" / "livekit-client" / "dist"
TOKEN_SECONDS = 600


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves one folder, and the pinned library beside it."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def translate_path(self, path: str) -> str:
        """Find the library's files in node_modules."""
        name = urllib.parse.urlsplit(path).path.rsplit("/", 1)[-1]
        return str(LIBRARY / name) if name.startswith("livekit-client.") else super().translate_path(path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the benchmark's output to itself."""


class BarePage:
    """The page on a free port of this machine, for one media engine."""

    def __init__(self, *, engine_port: int, state: Path, region: str = "local", folder: Path = HERE) -> None:
        """Start serving a folder's page; the engine's key pair is read from the installation's state folder."""
        pair = json.loads((state / "engine" / f"{region}.key.json").read_text(encoding="utf-8"))
        self._key, self._secret = pair["key"], pair["secret"]
        self._engine_port = engine_port
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def room(self) -> str:
        """Make a room and return its name."""
        name = secrets.token_urlsafe(16)
        assert self._ask("CreateRoom", {"name": name}, roomCreate=True)["name"] == name
        return name

    def rooms(self) -> list[str]:
        """Return the names of the engine's rooms, as whoever runs the server can see them."""
        return [room["name"] for room in self._ask("ListRooms", {}, roomList=True).get("rooms", [])]

    def sids(self) -> dict[str, str]:
        """Return the engine's rooms by name, each with the number that it has as long as it lives."""
        return {room["name"]: room["sid"] for room in self._ask("ListRooms", {}, roomList=True).get("rooms", [])}

    def identities(self, *, room: str) -> list[str]:
        """Return who is in a room, as the engine sees it."""
        found = self._ask("ListParticipants", {"room": room}, roomAdmin=True, room=room).get("participants", [])
        return [participant["identity"] for participant in found]

    def address(self, *, room: str, key: str = "", identity: str = "", listen: bool = False) -> str:
        """Return the page's address for one more participant of the room.

        Args:
            room: the room's name.
            key: with a key, the library's own encryption is on.
            identity: whom to be there; by default somebody new.
            listen: publish nothing.
        """
        who = identity or secrets.token_urlsafe(16)
        # A list of sources, or the gateway's watch takes it for a right that it did not give, and its correction forbids data as well.
        sources = ["camera", "microphone", "screen_share", "screen_share_audio"]
        token = self._token(who, room=room, roomJoin=True, canPublish=True, canSubscribe=True, canPublishSources=sources)
        asked = {"url": f"ws://127.0.0.1:{self._engine_port}", "token": token, "key": key, "listen": "1" if listen else ""}
        return f"http://localhost:{self._server.server_port}/index.html?{urllib.parse.urlencode(asked)}"

    def _ask(self, method: str, body: dict[str, object], **grants: object) -> dict[str, Any]:
        """Call the engine's API with the server's own key pair."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._engine_port}/twirp/livekit.RoomService/{method}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token('', **grants)}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _token(self, identity: str, /, **grants: object) -> str:
        """Return a token with these grants."""
        now = int(time.time())
        claims = {"iss": self._key, "sub": identity, "nbf": now - 1, "exp": now + TOKEN_SECONDS, "video": grants}
        return jwt.encode(claims, self._secret, algorithm="HS256")
