"""Charlie is a member and writes without end, in properly sealed messages. The others read each other all the same (JOIN-6)."""

import pytest

from conclave.meetings.manners import BURST, OFFENCES, PER_SECOND
from tests.headless.clients import together
from tests.headless.people import Beside
from tests.hostile.conftest import Clients
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("call")
LINES = 400


def test_a_chat_flood_ends_with_its_author(inside: Clients, crowd: Beside) -> None:
    crowd.ask("join", name="Charlie")
    together(inside("Alice"), inside("Bob"), names=["Alice", "Bob", "Charlie"])
    flood = [crowd.begin("say", name="Charlie", text=f"line {number}") for number in range(LINES)]
    inside("Alice").ask("say", text="Can you read me?")
    until(lambda: ("Alice", "Can you read me?") in inside("Bob").heard, what="Bob reads Alice", seen=inside("Bob").stand)
    inside("Bob").ask("say", text="I can.")
    until(lambda: ("Bob", "I can.") in inside("Alice").heard, what="Alice reads Bob", seen=inside("Alice").stand)
    for line in flood:
        line.exception(60)  # once he is out, his client cannot write any more
    until(lambda: crowd.states()["Charlie"]["gone"] == "misbehaved", what="Charlie's socket is closed", seen=crowd.states)
    seen = [text for name, text in inside("Bob").heard if name == "Charlie"]
    # He has a burst, what a seat may say a second, and then ten offences.
    assert 0 < len(seen) <= BURST + 10 * PER_SECOND + OFFENCES
    assert len(seen) < LINES
