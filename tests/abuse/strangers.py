"""People without a client of ours: they knock at every door of the gateway themselves, from whichever address they like.

No door here is opened by politeness: what a browser would not send, they send.
"""

import http.client
import itertools
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from conclave.kernel import b64
from conclave.keys.mls import MlsInstance

PATIENCE = 30.0
SIGNALLING = {"auto_subscribe": "1", "protocol": "16", "sdk": "js", "version": "2.23.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the gateway said to a request."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """The refusal's code; empty when it was none."""
        return str(self.body.get("error", {}).get("code", ""))


class Stranger:
    """Somebody with an address and a link's parts, or without."""

    def __init__(self, *, url: str, address: str = "127.0.0.1", world: dict[str, str] | None = None) -> None:
        """Know the gateway, and the meeting as tests.headless.people.world_of() tells it.

        Args:
            url: the gateway.
            address: where the connections come from; all of 127.0.0.0/8 is this machine.
            world: the link's parts; None for somebody without a link.
        """
        self.url = url
        self.address = address
        self.world = world or {}

    def asks(self, path: str, body: object, *, headers: dict[str, str] | None = None) -> Answer:
        """Post JSON to the API; a string is sent as it is."""
        port = urlsplit(self.url).port
        there = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(self.address, 0))
        data = body if isinstance(body, str) else json.dumps(body)
        sent = {"Host": f"localhost:{port}", "Content-Type": "application/json", **(headers or {})}
        try:
            there.request("POST", f"/api/v1{path}", data.encode(), sent)
            answer = there.getresponse()
            text = answer.read()
        finally:
            there.close()
        return Answer(status=answer.status, body=json.loads(text) if text.startswith(b"{") else {})

    def joins(self, *, name: str, signature_key: str = "", device: str = "", again: dict[str, str] | None = None, **more: object) -> Answer:
        """Ask for a seat, by default as somebody new: another key, another device."""
        link_id = self.world.get("link_id") or str(self.opened()["link_id"])
        body: dict[str, object] = {"v": 1, "meeting": self.world["meeting"], "link_id": link_id, "name": name}
        body |= {
            "signature_key": signature_key or b64.encode(secrets.token_bytes(32)),
            "device": device or b64.encode(secrets.token_bytes(16)),
        }
        return self.asks("/join", body | ({"again": again} if again else {}) | more)

    def knocks(self, *, name: str, device: str = "", **more: object) -> Answer:
        """Ask to be let in, by default as somebody new."""
        body: dict[str, object] = {"v": 1, "meeting": self.world["meeting"], "link_id": self.world["link_id"], "name": name}
        body |= {"signature_key": b64.encode(secrets.token_bytes(32)), "device": device or b64.encode(secrets.token_bytes(16))}
        return self.asks("/knock", body | more)

    def knocks_and_waits(self, *, name: str, seconds: float) -> str:
        """Knock, and wait for so long; return the last that the door said, or the code of its refusal."""
        made = self.knocks(name=name)
        if made.status != 200:
            return made.code
        heard = "nothing"
        end = time.monotonic() + seconds
        with self.socket("/api/v1/waiting") as there:
            there.send(json.dumps({"t": "wait", "knock": made.body["knock"], "secret": made.body["secret"]}))
            while (left := end - time.monotonic()) > 0:
                try:
                    heard = str(json.loads(there.recv(left))["t"])
                except TimeoutError:
                    break
                except ConnectionClosed:
                    return f"{heard}, then closed"
        return heard

    def opened(self) -> dict[str, Any]:
        """Derive from the link what a browser derives."""
        made = MlsInstance().call("open", meeting=self.world["meeting"], secret=self.world["secret"], host_hash=self.world["host_hash"])
        self.world["link_id"] = str(made["link_id"])
        return made

    def socket(self, path: str, **query: str) -> ClientConnection:
        """Open a WebSocket; InvalidStatus when it is refused."""
        port = urlsplit(self.url).port
        address = f"ws://127.0.0.1:{port}{path}" + (f"?{urlencode(query)}" if query else "")
        return connect(address, proxy=None, open_timeout=PATIENCE, close_timeout=1, source_address=(self.address, 0), max_size=None)

    def hello(self, *, participant: str, seat: str) -> str:
        """Claim a seat at the meeting socket; return `ready`, or the reason for which the gateway closed."""
        told = {"t": "hello", "v": 1, "participant": participant, "seat": seat, "incarnation": None, "log": 0, "said": 0}
        with self.socket("/api/v1/socket") as there:
            try:
                there.send(json.dumps(told))
                message = json.loads(there.recv(PATIENCE))
            except ConnectionClosed:
                return "closed"
        return str(message.get("reason", message["t"]))

    def signals(self, token: str, **more: str) -> int:
        """Open the media engine's signalling; return 101, or the status of the refusal."""
        try:
            with self.socket("/media/local/rtc", access_token=token, **SIGNALLING, **more):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    def validates(self, token: str) -> int:
        """Ask the gate what a client asks it after a refusal; return the status."""
        port = urlsplit(self.url).port
        there = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=(self.address, 0))
        try:
            there.request("GET", f"/media/local/rtc/v1/validate?{urlencode({'access_token': token})}")
            return there.getresponse().status
        finally:
            there.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """Everything that somebody who was in a call still has when they are not any more."""

    participant: str
    seat: str
    signature_key: str
    device: str
    token: str
    refreshed: str = ""
    connection: str = ""


@dataclass(slots=True)
class Attempts:
    """How often each way was tried and what was answered, and which answers were an entry."""

    answers: Counter[str] = field(default_factory=Counter)
    entries: list[str] = field(default_factory=list)

    def note(self, way: str, answer: str, *, entered: bool) -> None:
        """Count one."""
        self.answers[f"{way}: {answer}"] += 1
        if entered:
            self.entries.append(f"{way}: {answer}")


def ways(who: Stranger, name: str, had: Belongings) -> dict[str, Callable[[], tuple[str, bool]]]:
    """Return every way back that the gateway has, each as an act that returns what was answered and whether that is an entry."""

    def joined(**facts: Any) -> tuple[str, bool]:
        answer = who.joins(name=name, **facts)
        return (answer.code or "200", answer.status == 200)

    def signalled(token: str, **more: str) -> tuple[str, bool]:
        status = who.signals(token, **more)
        return (str(status), status == 101)

    def validated(token: str) -> tuple[str, bool]:
        status = who.validates(token)
        return (str(status), status == 200)

    def claimed() -> tuple[str, bool]:
        said = who.hello(participant=had.participant, seat=had.seat)
        return (said, said == "ready")

    again = {"participant": had.participant, "seat": had.seat}
    newest = had.refreshed or had.token
    return {
        "signal, ticket's token": lambda: signalled(had.token),
        "signal, refreshed token": lambda: signalled(newest),
        "signal, reconnect": lambda: signalled(newest, reconnect="1", sid=had.connection or "PA_unknown"),
        "validate": lambda: validated(newest),
        "socket, seat": claimed,
        "join, again": lambda: joined(signature_key=had.signature_key, device=had.device, again=again),
        "join, same device": lambda: joined(device=had.device),
        "join, same key and device": lambda: joined(signature_key=had.signature_key, device=had.device),
    }


def hammer(who: Stranger, name: str, had: Belongings, *, seconds: float, pause: float = 0.1) -> Attempts:
    """Try every way back in turn for so long; each at least once."""
    found = Attempts()
    doors = ways(who, name, had)
    end = time.monotonic() + seconds
    for turn, (way, act) in enumerate(itertools.cycle(doors.items())):
        if turn >= len(doors) and time.monotonic() >= end:
            return found
        answer, entered = act()
        found.note(way, answer, entered=entered)
        time.sleep(pause)
    return found
