"""Charlie was in the call and has been removed. He still has his ticket, his tokens, his seat's secret and his keys; they open nothing."""

import threading
import time
from typing import Any

import pytest

from tests.abuse.conftest import Street
from tests.abuse.strangers import Belongings, hammer
from tests.headless.clients import together
from tests.headless.people import Beside
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("call")


def charlie_joins(inside: Clients, crowd: Beside) -> Belongings:
    """Let Charlie in, and return all that he has from then on."""
    crowd.ask("join", name="Charlie")
    together(inside("Alice"), inside("Bob"), names=["Alice", "Bob", "Charlie"])
    return belongings(crowd.ask("belongings", name="Charlie"))


def belongings(found: dict[str, Any]) -> Belongings:
    """Return what a member's client holds."""
    ticket = found["ticket"]
    keys = {"signature_key": found["signature_key"], "device": found["device"]}
    return Belongings(participant=ticket["participant"], seat=ticket["seat"], token=ticket["media"]["token"], **keys)


def test_whoever_was_removed_comes_back_by_nothing_they_ever_had(inside: Clients, crowd: Beside, street: Street) -> None:
    had = charlie_joins(inside, crowd)
    charlie = street(41)
    # While he is seated they do: what is tried afterwards is what works.
    assert (charlie.signals(had.token), charlie.validates(had.token)) == (101, 200)
    inside("Alice").ask("remove", target=had.participant)
    together(inside("Alice"), inside("Bob"))
    tried = hammer(charlie, "Charlie", had, seconds=0)
    assert tried.entries == []
    assert tried.answers == {
        "signal, ticket's token: 403": 1,
        "signal, refreshed token: 403": 1,
        "signal, reconnect: 403": 1,
        "validate: 403": 1,
        "socket, seat: removed": 1,
        "join, again: removed": 1,
        "join, same device: removed": 1,
        "join, same key and device: removed": 1,
    }
    assert inside("Alice").names == inside("Bob").names == ["Alice", "Bob"]


def test_a_removal_that_meets_a_reconnect_wins(inside: Clients, crowd: Beside, street: Street) -> None:
    """Charlie's line is bad, or he says so: he claims his seat ten times a second while Alice removes him."""
    had = charlie_joins(inside, crowd)
    charlie, said, over = street(42), [], threading.Event()

    def reconnect() -> None:
        while not over.is_set():
            said.append(charlie.hello(participant=had.participant, seat=had.seat))
            time.sleep(0.1)

    thread = threading.Thread(target=reconnect)
    thread.start()
    try:
        until(lambda: "ready" in said, what="Charlie reconnects", seen=lambda: said)
        inside("Alice").ask("remove", target=had.participant)
        together(inside("Alice"), inside("Bob"))
        seen = len(said)
        until(lambda: len(said) > seen + 3, what="Charlie goes on trying", seen=lambda: said)
    finally:
        over.set()
        thread.join()
    first = said.index("removed")
    assert "ready" in said[:first]
    assert set(said[first:]) == {"removed"}
    assert inside("Alice").names == ["Alice", "Bob"]


def test_whoever_sits_on_the_lease_is_removed_all_the_same(service: DeliveryService, clients: Clients) -> None:
    """Charlie came first, so the next commit is his to make; he makes none while Dora waits, and Alice removes him."""
    alice, charlie, dora = clients("Alice"), clients("Charlie"), clients("Dora")
    wire = service.brings(charlie)
    together(charlie)
    service.brings(alice, host=True)
    together(alice, charlie)
    until(lambda: (alice.look()["policy"] or {}).get("hosts"), what="Alice is listed", seen=alice.stand)
    wire.hold("lease")
    service.brings(dora)
    until(lambda: wire.held, what="the lease is Charlie's", seen=alice.stand)
    alice.ask("remove", target=wire.participant)
    together(alice, dora)
    charlie.is_at("over: removed")


def test_a_second_device_is_somebody_new_whom_everybody_sees(inside: Clients, crowd: Beside, street: Street) -> None:
    """A guest is a device: nobody can know that two are one person's. The lock and the waiting room are for this; an account is known."""
    had = charlie_joins(inside, crowd)
    inside("Alice").ask("remove", target=had.participant)
    together(inside("Alice"), inside("Bob"))
    crowd.ask("join", name="Charlie")
    together(inside("Alice"), inside("Bob"), names=["Alice", "Bob", "Charlie"])
    phone = belongings(crowd.ask("belongings", name="Charlie"))
    assert phone.participant != had.participant
    assert any("joined Charlie" in toast for toast in inside("Alice").look()["toasts"][-1:])
    inside("Alice").ask("remove", target=phone.participant)
    together(inside("Alice"), inside("Bob"))
    assert hammer(street(43), "Charlie", phone, seconds=0).entries == []
