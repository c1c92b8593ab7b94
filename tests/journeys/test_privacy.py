"""What leaves the browser over a whole meeting: to nobody else, and never the link's secret, a key or what people write (I8, P12, P13)."""

import json
import os
import re
import signal
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import jwt
import pytest
from playwright.sync_api import Playwright, WebSocket

from tests.headless.people import Beside, world_of
from tests.journeys import canaries
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Owner, Person
from tests.journeys.world import Installation, installation

CHAT = "canary-7f3a-nobody-else-may-read-this"
NAMES = {"Alice": "Alice Canary-Quillfeather", "Bob": "Bob Canary-Wetherby", "Dora": "Dora Canary-Lindqvist"}
# Any address of 127/8 is this machine's: nobody but Erik comes from this one.
ERIKS_ADDRESS = "127.84.91.203"
# Where a name may stand while the call lasts: who is here, and the log with what members fetch of it (docs/decisions/0004).
NAMED = {"meetings_participant", "keys_group", "keys_logentry", "keys_tree", "keys_welcome"}
FORGOTTEN_SECONDS = 90.0
# What the crash reports of the gateway and of the media engine begin with.
CRASHES = (b"Traceback", b"SIGABRT: abort")


@dataclass(kw_only=True)
class Told:
    """Everything that went over the browsers' sockets."""

    frames: list[bytes]

    def watch(self, socket: WebSocket) -> None:
        """Keep both directions of a socket."""
        for event in ("framesent", "framereceived"):
            socket.on(event, lambda frame: self.frames.append(frame if isinstance(frame, bytes) else frame.encode()))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Installation]:
    """An installation that this story may break."""
    running = installation(tmp_path / "var", migrated=True)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.mark.journey("call", "owner")
def test_i8_secret_and_messages_are_in_no_request_socket_row_or_log(own: Installation, playwright: Playwright, tmp_path: Path) -> None:
    """Nor are keys; names only where the call needs them and as long as it lasts; tokens and addresses in no log."""
    told = Told(frames=[])
    devices = {name: ChromiumProcess(playwright, tmp_path, name) for name in ("Alice", "Bob")}
    windows = {
        name: device.window(record=tmp_path / f"{name}.har", permissions=Owner.MAY, init_script=Owner.COPIES)
        for name, device in devices.items()
    }
    try:
        owner = Owner("Alice", windows["Alice"], server=own)
        owner.use_owner_link()
        link, host_link = owner.make_meeting("Scanned"), owner.copied_host_link("Scanned")
        alice, bob = Person("Alice", windows["Alice"].sibling(), server=own), Person("Bob", windows["Bob"], server=own)
        for person in (alice, bob):
            person.chromium.page.on("websocket", told.watch)
            person.join(link, name=NAMES[person.name])
        with Beside(world_of(url=own.url, link=link)) as beside:
            beside.ask("join", name=NAMES["Dora"])
            for person in (alice, bob):
                until(lambda person=person: person.names() == sorted(NAMES.values()), what="all three", seen=person.stand)  # type: ignore[misc]
            until(lambda: bob.lock(NAMES["Alice"]) == alice.lock(NAMES["Bob"]) == "locked", what="both padlocks", seen=alice.stand)
            alice.says(CHAT)
            bob.panel("chat")
            bob.reads(CHAT)
            secret = hidden(link, host_link, (alice, bob), beside.ask("secrets", name=NAMES["Dora"]))
            names = {f"name of {name}": canaries.of_text(text) for name, text in NAMES.items()}
            passes = {"a token": [token(alice).encode(), token(bob).encode()], "an address": [ERIKS_ADDRESS.encode()]}
            knock_everywhere(own, token(bob))

            tables = canaries.found_in_tables(own.state / "conclave.sqlite3", {**secret, **names})
            assert set(tables) <= NAMED
            assert set.union(*tables.values()) == set(names)  # else nothing would be found at all
            running = canaries.processes(own.process.pid if own.process else 0)
            call = {"the call": [room.encode() for room in rooms(own)]}
            engine = running["livekit-server"]
            assert canaries.found_in_memory(engine, {**secret, **names, **call}) == {"the call"}
            (gateway,) = set(running.values()) - {engine}
            assert canaries.found_in_memory(gateway, {**secret, **call}) == {"the call"}
            assert canaries.found_in(said_by_the_engine(own), {**secret, **names}) == set()
            break_the_page(bob, link)
            beside.ask("leave", name=NAMES["Dora"])  # else her seat, and so the call, would be kept for 30 s (JOIN-7)
        bob.leave()
        alice.leave()
        crash_the_engine(own)
        until(
            lambda: not canaries.found_in_files(own.state, names), what="the names are gone", seconds=FORGOTTEN_SECONDS,
            seen=lambda: canaries.found_in_files(own.state, names),
        )  # fmt: skip
        break_the_database(own, link)
        found = [*owner.faults(), *alice.faults()]
    finally:
        for window in windows.values():
            window.close()
        for device in devices.values():
            device.close()
    own.stop()
    assert not found
    logs = own.output.encode() + b"".join(path.read_bytes() for path in (own.state / "log").rglob("*") if path.is_file())
    assert all(report in logs for report in CRASHES)
    assert [line for line in logs.splitlines() if canaries.found_in(line, {**secret, **names, **passes})] == []
    assert canaries.found_in_files(own.state, {**secret, **names, **passes}) == {}
    sockets = b"\n".join(told.frames)
    assert canaries.found_in(sockets, {**secret, **names, **passes}) == set(names)  # in the leaves of the log
    recorded = b"".join((tmp_path / f"{name}.har").read_bytes() for name in devices)
    assert canaries.found_in(recorded, {**secret, **passes}) == {"a token"}  # which their own answer gives them


def hidden(link: str, host_link: str, people: tuple[Person, ...], member: dict[str, object]) -> canaries.Needles:
    """Return everything that nobody but the members may hold: the link's secret, the host's key, everybody's keys, what was said."""
    kept = [value for person in people for value in person.browser.ask("() => Object.values(sessionStorage)")]
    identities = [json.loads(value)["identity"] for value in kept if '"identity":' in value]
    media = member["media"]
    assert isinstance(media, list)
    assert (len(identities), len(media)) == (2, 3)
    keys = [str(member["identity"]), *identities, *media]
    return {
        "chat": canaries.of_text(CHAT),
        "the secret": canaries.of_key(link.partition("#")[2].partition(".")[0]),
        "the host key": canaries.of_key(host_link.partition("#")[2].partition(".")[2]),
        **{f"key {number}": canaries.of_key(key) for number, key in enumerate(keys)},
    }


def token(person: Person) -> str:
    """Return the token with which this person's browser opened the media engine."""
    address = next(address for address in person.browser.requests() if "access_token=" in address)
    return re.sub(r"^.*access_token=([^&]+).*$", r"\1", address)


def knock_everywhere(server: Installation, media_token: str) -> None:
    """Let Erik, who is not invited, ask gateway and engine for this and that from his address, with a token that he must not have."""
    head = f"Host: localhost:{server.http_port}\r\nUser-Agent: {ERIKS_ADDRESS}\r\nX-Forwarded-For: {ERIKS_ADDRESS}\r\n"
    upgrade = (
        f"{head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    body = json.dumps({"meeting": "A" * 22, "link_id": "A" * 22})
    posted = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    asked = [
        f"GET /nowhere?access_token={media_token} HTTP/1.1\r\n{head}\r\n",
        f"GET /media/local/rtc/v1/validate?access_token={media_token}x HTTP/1.1\r\n{head}\r\n",
        f"GET /media/local/rtc/v1?access_token={media_token}x HTTP/1.1\r\n{upgrade}\r\n",
        f"GET /media/elsewhere/rtc/v1?access_token={media_token} HTTP/1.1\r\n{upgrade}\r\n",
        f"GET /api/v1/socket?access_token={media_token} HTTP/1.1\r\n{upgrade}\r\n",
        f"POST /api/v1/lobby HTTP/1.1\r\n{head}{posted}",
        f"POST /account/login/ HTTP/1.1\r\n{head}{posted}",
        f"NONSENSE {media_token}\r\n\r\n",
    ]
    answers = canaries.get_from(ERIKS_ADDRESS, port=server.http_port, requests=[request.encode() for request in asked])
    assert all(answer.startswith(b"HTTP/1.1 ") for answer in answers[:-1]), answers
    sign_in_wrongly(server, head)
    for port in (server.engine_port, server.media_tcp_port):
        canaries.get_from(ERIKS_ADDRESS, port=port, requests=[f"GET /rtc/v1?access_token={media_token}x HTTP/1.1\r\n{head}\r\n".encode()])


def sign_in_wrongly(server: Installation, head: str) -> None:
    """Let Erik try passwords, more often than anybody may."""
    page = f"GET /account/login/ HTTP/1.1\r\n{head}\r\n".encode()
    (answer,) = canaries.get_from(ERIKS_ADDRESS, port=server.http_port, requests=[page])
    found = re.search(rb"conclave_csrf=(\w+)", answer)
    assert found, answer
    form = urlencode({"csrfmiddlewaretoken": found[1].decode(), "login": Owner.email, "password": "not hers"})
    sent = f"Cookie: conclave_csrf={found[1].decode()}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}"
    attempt = f"POST /account/login/ HTTP/1.1\r\n{head}{sent}\r\n\r\n{form}".encode()
    answers = canaries.get_from(ERIKS_ADDRESS, port=server.http_port, requests=[attempt] * 12)
    assert {answer.split()[1] for answer in answers} == {b"200"}  # the form again


def ask_the_engine(server: Installation, path: str, body: dict[str, str] | None = None) -> bytes:
    """Ask the engine, as whoever runs the server may; an error is an answer too."""
    pair = json.loads((server.state / "engine" / "local.key.json").read_text(encoding="utf-8"))
    grants = {"roomList": True, "roomAdmin": True, "room": (body or {}).get("room", "")}
    bearer = jwt.encode({"iss": pair["key"], "exp": int(time.time()) + 60, "video": grants}, pair["secret"], algorithm="HS256")
    headers = {"authorization": f"Bearer {bearer}", "content-type": "application/json"}
    request = urllib.request.Request(server.engine_url + path, json.dumps(body).encode() if body is not None else None, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return bytes(error.read())


def rooms(server: Installation) -> list[str]:
    """Return the engine's rooms."""
    return [room["name"] for room in json.loads(ask_the_engine(server, "/twirp/livekit.RoomService/ListRooms", {}))["rooms"]]


def said_by_the_engine(server: Installation) -> bytes:
    """Return what the engine says of its rooms and of itself to whoever runs it."""
    (room,) = rooms(server)
    listed = ask_the_engine(server, "/twirp/livekit.RoomService/ListParticipants", {"room": room})
    assert len(json.loads(listed)["participants"]) == 2
    pages = ["/", "/metrics", "/debug/rooms", "/debug/goroutine", "/debug/pprof/heap", "/twirp/livekit.RoomService/ListRooms"]
    return listed + b"".join(ask_the_engine(server, path) for path in pages)


def break_the_page(person: Person, link: str) -> None:
    """Let an exception that quotes everything reach nobody in the page."""
    person.expects("canary")
    person.browser.ask(
        "(text) => { setTimeout(() => { throw new Error(text); }); Promise.reject(new Error(text)); }", f"canary {CHAT} {link}"
    )
    until(lambda: CHAT in f"{person.has('body')}{person.browser.problems()}", what="the exception")  # has() lets the browser tell


def crash_the_engine(server: Installation) -> None:
    """Let the media engine end with a report of everything that it was doing."""
    os.kill(server.child("engine"), signal.SIGABRT)
    log = server.state / "log" / "engine.log"
    until(lambda: CRASHES[1] in log.read_bytes(), what="the engine's report", seen=log.read_text)
    until(lambda: server.find_child("engine"), what="another engine", seen=lambda: server.output)


def break_the_database(server: Installation, link: str) -> None:
    """Let requests that carry a name fail in the middle of the gateway."""
    with sqlite3.connect(server.state / "conclave.sqlite3", timeout=20) as database:
        database.execute("ALTER TABLE meetings_participant RENAME TO lost")
    database.close()
    with Beside(world_of(url=server.url, link=link)) as beside, pytest.raises(RuntimeError, match="join: 500"):
        beside.ask("join", name=NAMES["Dora"])


@pytest.mark.journey("run")
@pytest.mark.parametrize(
    "path", ["/", "/meetings", "/protection", "/m/" + "A" * 22, "/nowhere", "/api/v1/nowhere", "/healthz", "/account/login/", "/owner"]
)
def test_every_answer_carries_the_strict_headers(server: Installation, path: str) -> None:
    try:
        with urllib.request.urlopen(server.url + path, timeout=10) as answer:
            headers, body = answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        headers, body = error.headers, error.read().decode()
    policy = {rule.split()[0]: rule.split()[1:] for rule in headers["Content-Security-Policy"].split("; ")}
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'", "'wasm-unsafe-eval'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    own = server.url.partition("//")[2]
    assert set(policy["connect-src"]) == {"'self'", f"ws://{own}"}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & {source for sources in policy.values() for source in sources}
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert "<style" not in body
    assert " style=" not in body
    assert " onclick=" not in body


@pytest.mark.journey("run")
def test_every_script_and_style_is_ours_and_has_its_hash(people: Guests, meeting: str) -> None:
    bob = people("Bob")
    for address in (f"{bob.server.url}/", meeting):
        bob.browser.open(address)
        loaded = bob.browser.ask("""() => [...document.querySelectorAll("script, link[rel=stylesheet], link[rel=modulepreload]")]
          .map((one) => ({ address: one.src || one.href, integrity: one.integrity, inline: one.tagName === "SCRIPT" && !one.src }))""")
        assert loaded
        for one in loaded:
            assert not one["inline"]
            assert one["address"].startswith(bob.server.url)
            assert one["integrity"].startswith("sha384-"), one
