"""Charlie has no link and guesses: he learns nothing, from no answer, and soon is not answered."""

import pytest

from conclave.kernel import b64
from conclave.kernel.ids import new_id
from tests.abuse.conftest import Street
from tests.abuse.strangers import Answer, Stranger
from tests.hostile.delivery import DeliveryService

pytestmark = pytest.mark.journey("call")
BURST = 60


def guess(who: Stranger, door: str, *, meeting: str, link_id: str) -> Answer:
    """Try one pair at a door."""
    body: dict[str, object] = {"meeting": meeting, "link_id": link_id}
    if door == "/join":
        body |= {"v": 1, "name": "Charlie", "signature_key": "A" * 43, "device": "A" * 22}
    return who.asks(door, body)


@pytest.mark.parametrize(("door", "number"), [("/lobby", 31), ("/join", 32)])
def test_a_meeting_that_is_there_answers_like_one_that_is_not(service: DeliveryService, street: Street, door: str, number: int) -> None:
    """LINK-4, JOIN-11: the right id with a wrong link, and any other id; and in the end neither."""
    charlie = street(number)
    real, link = service.world.meeting, service.link_id
    tried = [(meeting, link_id) for meeting in (real, new_id()) for link_id in (new_id(), real)]
    told = [guess(charlie, door, meeting=meeting, link_id=link_id) for meeting, link_id in tried]
    assert {(answer.status, answer.code) for answer in told} == {(404, "link_unknown")}
    assert len({str(answer.body) for answer in told}) == 1
    for _ in range(BURST):
        last = [guess(charlie, door, meeting=meeting, link_id=new_id()) for meeting in (real, new_id())]
        if last[0].status == 429:
            break
    assert {(answer.status, answer.code) for answer in last} == {(429, "too_often")}
    # Who has the link comes in by the same address all the same; a school has one.
    assert guess(charlie, "/lobby", meeting=real, link_id=link).status == 200


def test_there_is_nothing_to_guess(service: DeliveryService) -> None:
    """128 bits each: at once a second from a million addresses, longer than the sun lasts."""
    for part in (service.world.meeting, service.link_id, service.world.secret, service.world.host_hash):
        assert len(b64.decode(part)) == 16
