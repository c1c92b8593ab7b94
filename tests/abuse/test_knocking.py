"""Strangers before the door of a guarded call. Whoever waits learns nothing, hears nothing, and costs those inside nothing."""

import http.client
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.hashers import make_password
from websockets.exceptions import ConnectionClosed

from conclave.meetings.ruled import PRESETS
from tests.abuse.conftest import Street
from tests.abuse.strangers import Stranger
from tests.headless.clients import together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService
from tests.journeys.browsers import until
from tests.journeys.world import Installation

pytestmark = pytest.mark.journey("call")
KNOCKS, ADDRESSES = 200, 50
PASSCODE = "tulips in May"


def guard(server: Installation, service: DeliveryService, **settings: Any) -> None:
    """Guard the meeting from now on, as its owner does on her page."""
    wanted = {"preset": "guarded", **PRESETS["guarded"]["entrance"], **settings}
    with sqlite3.connect(server.state / "conclave.sqlite3", timeout=20) as database:
        columns = ", ".join(f"{name} = ?" for name in wanted)
        database.execute(f"UPDATE meetings_meeting SET {columns} WHERE id = ?", [*wanted.values(), service.world.meeting])  # noqa: S608 - our own names
    database.close()


def test_a_flood_of_knocks_reaches_the_host_in_few_words_and_nobody_else(
    server: Installation, service: DeliveryService, inside: Clients, street: Street
) -> None:
    """KNOCK-4, KNOCK-7."""
    alice, bob = inside("Alice"), inside("Bob")
    guard(server, service)
    begin = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        crowd = [street(100 + number % ADDRESSES) for number in range(KNOCKS)]
        answers = list(pool.map(lambda one: one[1].knocks(name=f"Raider {one[0]}").status, enumerate(crowd)))
    lasted = time.monotonic() - begin
    assert answers == [200] * KNOCKS
    wire = service.wire(alice)

    def shown() -> list[str]:
        return [one["knock"] for message in wire.told("knocks") for one in message["waiting"]]

    until(lambda: len(shown()) >= KNOCKS, what="Alice is told of all", seen=lambda: len(shown()))
    told = wire.told("knocks")
    assert len(set(shown())) == KNOCKS
    assert len(told) <= lasted / 0.25 + 10
    assert max(len(message["waiting"]) for message in told) <= 100
    assert service.wire(bob).told("knocks") == []
    alice.ask("say", text="They may wait.")
    until(lambda: ("Alice", "They may wait.") in bob.heard, what="Bob reads Alice", seen=bob.stand)
    assert alice.names == bob.names == ["Alice", "Bob"]


def test_one_device_does_not_knock_again_and_again(server: Installation, service: DeliveryService, inside: Clients, street: Street) -> None:
    """KNOCK-7: and each new knock takes the place of the one before."""
    guard(server, service)
    charlie, device = street(151), "C" * 22
    answers = [charlie.knocks(name="Charlie", device=device) for _ in range(12)]
    assert {answer.status for answer in answers[:10]} == {200}
    assert {answer.code for answer in answers[10:]} == {"too_often"}
    wire = service.wire(inside("Alice"))

    def shown() -> set[str]:
        told = wire.told("knocks")
        return {one["knock"] for message in told for one in message["waiting"]} - {one for message in told for one in message["gone"]}

    until(lambda: len(shown()) == 1, what="one knock is shown", seen=shown)


def test_whoever_waits_fishes_in_vain(server: Installation, service: DeliveryService, inside: Clients, street: Street) -> None:
    """KNOCK-1, KNOCK-6: no ticket, roster, count, call, host; not whether anybody is there at all."""
    alice, bob = inside("Alice"), inside("Bob")
    inner = {alice.participant, bob.participant, alice.look()["incarnation"], "Alice", "Bob", alice.code}
    guard(server, service)
    charlie = street(152)
    made = charlie.knocks(name="Charlie")
    knock, secret = made.body["knock"], made.body["secret"]
    heard = [json.dumps(made.body)]
    with charlie.socket("/api/v1/waiting") as there:
        there.send(json.dumps({"t": "wait", "knock": knock, "secret": secret}))
        heard.append(str(there.recv(10)))
        answers = [
            charlie.joins(name="Charlie"),
            charlie.joins(name="Charlie", again={"participant": knock, "seat": secret}),
            charlie.asks("/lobby", {"meeting": service.world.meeting, "link_id": service.link_id}),
            charlie.asks("/meetings", {"meeting": service.world.meeting}),
        ]
        heard += [json.dumps(answer.body) for answer in answers]
        assert answers[0].code == "knock_required"
        assert answers[2].body["live"] is False
        assert charlie.hello(participant=knock, seat=secret) == "seat_unknown"
        assert charlie.signals(secret) == charlie.validates(secret) == 403
        heard.append(tree(charlie, f"{knock}.{secret}"))
        alice.ask("say", text="Charlie cannot read this.")
        until(lambda: ("Alice", "Charlie cannot read this.") in bob.heard, what="Bob reads Alice", seen=bob.stand)
        heard += rest(there)
    assert [json.loads(text)["t"] for text in heard[1:2]] == ["waiting"]
    assert not [word for word in inner for text in heard if word in text]
    assert together(alice, bob)


def tree(who: Stranger, seat: str) -> str:
    """Ask for a group's tree with what Charlie has; return what is answered, which must be a refusal."""
    there = http.client.HTTPConnection("127.0.0.1", urlsplit(who.url).port, timeout=10, source_address=(who.address, 0))
    there.request("GET", "/api/v1/trees/" + "0" * 64, headers={"Conclave-Seat": seat})
    answer = there.getresponse()
    assert answer.status >= 400
    text = answer.read().decode()
    there.close()
    return text


def rest(there: Any) -> list[str]:
    """Say what a member says, and return whatever comes until the door has had enough."""
    for message in ({"t": "hello"}, {"t": "bye"}, {"t": "say", "message": "AAAA"}, {"t": "answer", "knocks": [], "admit": True}):
        try:
            there.send(json.dumps(message))
        except ConnectionClosed:
            break
    heard: list[str] = []
    try:
        while True:
            heard.append(str(there.recv(1)))
    except (TimeoutError, ConnectionClosed):
        return heard


def test_guessing_the_passcode_is_slow_and_the_right_one_is_told_to_nobody(
    server: Installation, service: DeliveryService, inside: Clients, street: Street
) -> None:
    """MEET-9."""
    alice, bob = inside("Alice"), inside("Bob")
    guard(server, service, waiting="nobody", passcode_hash=make_password(PASSCODE))
    charlie, dora = street(153), street(154)
    body = {
        "v": 1,
        "meeting": service.world.meeting,
        "link_id": service.link_id,
        "name": "Charlie",
        "signature_key": "A" * 43,
        "device": "C" * 22,
    }
    assert charlie.asks("/join", body).code == "passcode_required"
    codes = [charlie.asks("/join", body | {"passcode": f"tulips {number}"}).code for number in range(14)]
    assert codes[:10] == ["passcode_wrong"] * 10
    assert codes[-1] == "too_often"
    # Charlie's address cannot even try the right one any more; Dora's can, and gets in.
    assert charlie.asks("/join", body | {"passcode": PASSCODE}).code == "too_often"
    came = dora.asks("/join", body | {"name": "Dora", "device": "D" * 22, "passcode": PASSCODE})
    assert came.status == 200
    told = json.dumps(came.body) + json.dumps(service.wire(alice).said) + json.dumps(service.wire(bob).said)
    assert PASSCODE not in told
    assert make_password(PASSCODE).split("$")[-1] not in told
