"""Charlie has the meeting's link, and wants in by an invitation that is not his: guessed, over, taken back, or passed on."""

import contextlib
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed

from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.meetings.invitations import digest_of
from tests.abuse.conftest import Street
from tests.abuse.test_knocking import guard
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService
from tests.journeys.browsers import until
from tests.journeys.world import Installation

pytestmark = pytest.mark.journey("call")
BURST = 60
AT_ONCE = 20


def invited(server: Installation, service: DeliveryService, *, days: int = 30, revoked: bool = False) -> str:
    """Invite Bob, as the meeting's owner does on her page; return what stands in his link."""
    token, now = new_id(), clock.now()
    row = {
        "id": new_id(), "meeting_id": service.world.meeting, "digest": digest_of(invitation=token), "whom": "Bob", "address": "",
        "made_at": now, "expires_at": now + days * clock.DAY, "revoked_at": now if revoked else None, "forget_at": now + clock.DAY,
    }  # fmt: skip
    with sqlite3.connect(server.state / "conclave.sqlite3", timeout=20) as database:
        names, places = ", ".join(row), ", ".join("?" * len(row))
        database.execute(f"INSERT INTO meetings_invitation ({names}) VALUES ({places})", [*row.values()])  # noqa: S608 - our own names
    database.close()
    return token


def test_guessing_invitations_tells_nothing_and_is_soon_not_answered(
    server: Installation, service: DeliveryService, street: Street
) -> None:
    """MEET-12, LINK-9: unknown, over and taken back are one answer, the one for having none; and in the end no answer."""
    guard(server, service, who="invited", waiting="nobody")
    charlie, good = street(161), invited(server, service)
    worthless = [new_id(), invited(server, service, days=-1), invited(server, service, revoked=True), service.world.meeting]
    bare = charlie.joins(name="Charlie")
    told = [charlie.joins(name="Charlie", invitation=token) for token in worthless]
    assert {(answer.status, str(answer.body)) for answer in (bare, *told)} == {(403, str(bare.body))}
    assert bare.code == "invitation_required"
    # However slowly he is answered: sooner or later each of them is not even looked at, and nothing else is ever said.
    answers: dict[str, set[tuple[int, str]]] = {token: set() for token in worthless}
    for _ in range(4 * BURST):
        for token, seen in answers.items():
            answer = charlie.joins(name="Charlie", invitation=token)
            seen.add((answer.status, answer.code))
        if all((429, "too_often") in seen for seen in answers.values()):
            break
    assert list(answers.values()) == [{(403, "invitation_required"), (429, "too_often")}] * len(worthless)
    # Whoever is invited comes in by the same address all the same; a school has one.
    assert charlie.joins(name="Bob", invitation=good).status == 200


def test_an_invitation_that_is_passed_on_brings_in_one_of_all_who_come_at_once(
    server: Installation, service: DeliveryService, inside: Clients, street: Street
) -> None:
    """MEET-11: and not even a host's call that is open to the invited lets in the rest; they knock, and the host sees it."""
    inside("Alice")
    guard(server, service)
    token = invited(server, service)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        crowd = [street(170 + number) for number in range(AT_ONCE)]
        answers = list(pool.map(lambda one: one.joins(name="Bob", invitation=token), crowd))
    assert sorted(answer.code for answer in answers) == ["", *["knock_required"] * (AT_ONCE - 1)]
    (ticket,) = [answer.body for answer in answers if answer.status == 200]
    late = street(162)
    assert late.joins(name="Bob", invitation=token).code == "knock_required"
    assert late.knocks(name="Bob", invitation=token).status == 200
    # Only when the seat is given up is it good for somebody again.
    with street(163).socket("/api/v1/socket") as there:
        hello = {"t": "hello", "v": 1, "participant": ticket["participant"], "seat": ticket["seat"]}
        there.send(json.dumps({**hello, "incarnation": None, "log": 0, "said": 0}))
        assert json.loads(there.recv(30))["t"] == "ready"
        there.send(json.dumps({"t": "bye"}))
        with contextlib.suppress(ConnectionClosed):
            while there.recv(30):
                pass
    until(lambda: late.joins(name="Bob", invitation=token).status == 200, what="Bob comes again")
