"""What leaves the browser over a whole meeting: to nobody else, and never the link's secret or what people write (I8, P12, P13)."""

import base64
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.fixtures import Guests
from tests.journeys.people import Owner, Person
from tests.journeys.world import Installation

CANARY = "canary-7f3a-nobody-else-may-read-this"


def forms(secret: str) -> list[bytes]:
    """Return what a secret could look like where it must not be."""
    raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    return [secret.encode(), raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")]


@pytest.mark.journey("call", "owner")
def test_i8_secret_and_messages_are_in_no_request_socket_row_or_log(owner: Owner, people: Guests, server: Installation) -> None:
    link = owner.make_meeting("Scanned")
    secret = link.partition("#")[2].partition(".")[0]
    sent: list[bytes] = []
    present = []
    for name, browser in (("Alice", owner.chromium.sibling()), ("Bob", people("Bob").chromium)):
        browser.page.on(
            "request", lambda request: sent.append(f"{request.url} {request.headers}".encode() + (request.post_data_buffer or b""))
        )
        browser.page.on(
            "websocket",
            lambda socket: socket.on("framesent", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode())),
        )
        person = Person(name, browser, server=server)
        person.join(link)
        present.append(person)
    alice, bob = present
    alice.sees(bob)
    alice.says(CANARY)
    bob.panel("chat")
    bob.reads(CANARY)
    alice.leave()
    assert len(sent) > 10
    looked_for = [*forms(secret), CANARY.encode()]
    assert not [part for part in sent for each in looked_for if each in part]
    kept = [path for path in Path(server.state).rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite3" for path in kept)
    found = [str(path) for path in kept for each in looked_for if each in path.read_bytes()]
    assert not found
    assert not [each for each in looked_for if each in server.output.encode()]
    assert not alice.faults()


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
