"""Charlie knows the ids of those inside, as whoever was in a call does. Nothing that he does under their ids happens to them."""

import json
import secrets

import jwt
import pytest

from conclave.kernel import b64, clock
from conclave.kernel.ids import new_id
from conclave.media import ticket
from conclave.media.credentials import EngineCredentials
from conclave.meetings.manners import OFFENCES
from tests.abuse.conftest import Street
from tests.abuse.strangers import Stranger
from tests.headless.clients import together
from tests.headless.people import Beside
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("call")


def test_whoever_fails_as_somebody_else_fails_alone(inside: Clients, crowd: Beside, street: Street) -> None:
    """JOIN-2, JOIN-5, JOIN-6: a wrong secret, a wrong key, garbage; Dora's client hears of none of it."""
    crowd.ask("join", name="Dora")
    together(inside("Alice"), inside("Bob"), names=["Alice", "Bob", "Dora"])
    dora, charlie = crowd.ask("belongings", name="Dora"), street(51)
    seat = dora["ticket"]["participant"]
    for _ in range(12):
        assert charlie.hello(participant=seat, seat=new_id()) == "seat_unknown"
    for key, secret in ((dora["signature_key"], new_id()), (b64.encode(secrets.token_bytes(32)), dora["ticket"]["seat"])):
        answer = charlie.joins(name="Dora", signature_key=key, again={"participant": seat, "seat": secret})
        assert (answer.status, answer.code) == (409, "seat_unknown")
    babble(charlie, participant=seat)
    crowd.ask("say", name="Dora", text="Still here.")
    until(lambda: ("Dora", "Still here.") in inside("Bob").heard, what="Bob reads Dora", seen=inside("Bob").stand)
    report = crowd.ask("report")
    assert (report["lost"], report["errors"], crowd.states()["Dora"]["gone"]) == ([], [], None)
    assert together(inside("Alice"), inside("Bob"), names=["Alice", "Bob", "Dora"])


def babble(charlie: Stranger, *, participant: str) -> None:
    """Say everything that is wrong before a hello, and under somebody's id, until the gateway has had enough."""
    with charlie.socket("/api/v1/socket") as there:
        for _ in range(OFFENCES // 2):
            there.send(json.dumps({"t": "bye", "participant": participant}))
            there.send("{" * 1000)
        assert json.loads(list(there)[-1]) == {"t": "gone", "reason": "misbehaved"}


def test_a_forged_ticket_in_bobs_name_opens_nothing_and_puts_nobody_out(inside: Clients, street: Street) -> None:
    """JOIN-10: an engine lets go of the older of two connections with one identity, so nobody else may make the second."""
    bob, charlie = inside("Bob"), street(52)
    theirs = EngineCredentials(key="conclave-local-1", secret="c" * 48)
    claims = {"iss": theirs.key, "sub": bob.participant, "nbf": clock.now() // 1000, "exp": clock.now() // 1000 + 60}
    video = {"roomJoin": True, "canPublish": True, "canSubscribe": True, "canPublishData": False, "room": "x" * 22}
    for token in (
        ticket.mint(call="x" * 22, participant=bob.participant, credentials=theirs, now=clock.now()),
        jwt.encode(claims | {"video": video}, "", algorithm="none"),
        jwt.encode(claims | {"video": video}, "c" * 48, algorithm="HS256", headers={"kid": "../../dev/null"}),
    ):
        assert charlie.signals(token) == charlie.validates(token) == 403
    assert bob.phase == "live"


@pytest.mark.parametrize(
    "body",
    [
        '{"meeting":"%s","link_id":"%s","__proto__":{"owner":true}}',
        '{"meeting":"%s","link_id":"%s","constructor":{"prototype":{"admin":true}}}',
        '{"__proto__":{"meeting":"%s","link_id":"%s"}}',
        '{"meeting":"%s","meeting":"%s","link_id":"AAAAAAAAAAAAAAAAAAAAAA"}',
        '[{"meeting":"%s","link_id":"%s"}]',
    ],
)
def test_a_body_with_hidden_or_doubled_keys_is_malformed_though_the_link_is_right(
    service: DeliveryService, street: Street, body: str
) -> None:
    """ENC-1."""
    answer = street(53).asks("/lobby", body % (service.world.meeting, service.link_id))
    assert (answer.status, answer.code) == (400, "malformed")
