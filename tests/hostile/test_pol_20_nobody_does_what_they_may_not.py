"""POL-20, POL-21, SAY-7 to SAY-9: Mallory's client was changed and asks nobody's leave; everybody else's asks the policy."""

import pytest

from tests.headless.clients import Client, together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("rights")


def decides(alice: Client, *others: Client, **changes: object) -> None:
    """Alice, who hosts, decides it, and everybody follows."""
    version = alice.look()["policy"]["version"]
    alice.ask("change", changes=changes)
    everybody = (alice, *others)
    until(lambda: all(one.look()["policy"]["version"] > version for one in everybody), what="the policy is new", seen=alice.stand)


def drops(person: Client, count: int) -> None:
    """Wait until so many messages were dropped here, and nothing else has come of them."""
    until(lambda: person.look()["dropped"] >= count, what=f"{person.name} drops {count}", seen=person.stand)


def test_say_7_chat_and_reactions_without_the_right_reach_nobody(service: DeliveryService, clients: Clients) -> None:
    alice, bob, mallory = clients("Alice"), clients("Bob"), clients("Mallory")
    service.gathers(alice, bob, mallory)
    decides(alice, bob, mallory, rights={"chat": "hosts", "reactions": "off"})
    mallory.ask("utter", content={"kind": "chat", "text": "Buy now"}, times=3)
    mallory.ask("utter", content={"kind": "reaction", "what": "laugh"})
    for person in (alice, bob):
        drops(person, 4)
    alice.ask("say", text="Only I write here")
    until(lambda: bob.heard == [("Alice", "Only I write here")], what="Bob hears Alice alone", seen=bob.stand)
    assert all(one["reaction"] is None for person in (alice, bob) for one in person.look()["people"])
    # One person alone is let, by exception, and the others stay as they are.
    key = next(leaf["key"] for leaf in bob.look()["roster"] if leaf["name"] == "Bob")
    decides(alice, bob, mallory, people=[{"key": key, "may": ["chat"], "not": []}])
    bob.ask("say", text="Thank you")
    mallory.ask("utter", content={"kind": "chat", "text": "Me too"})
    until(lambda: alice.heard[-1:] == [("Bob", "Thank you")], what="Alice hears Bob", seen=alice.stand)
    drops(alice, 5)


def test_say_8_a_flood_of_reactions_is_cut(service: DeliveryService, clients: Clients) -> None:
    alice, bob, mallory = clients("Alice"), clients("Bob"), clients("Mallory")
    service.gathers(alice, bob, mallory)
    mallory.ask("utter", content={"kind": "reaction", "what": "surprise"}, times=40)
    drops(bob, 10)
    bob.ask("say", text="Still here")
    until(lambda: alice.heard == [("Bob", "Still here")], what="Alice hears Bob", seen=alice.stand)


def test_say_9_only_a_host_mutes_and_asks(service: DeliveryService, clients: Clients) -> None:
    alice, bob, mallory = clients("Alice"), clients("Bob"), clients("Mallory")
    service.gathers(alice, bob, mallory)
    for content in (
        {"kind": "mute"},
        {"kind": "mute", "participant": bob.participant},
        {"kind": "ask", "participant": bob.participant, "source": "camera"},
        {"kind": "end"},
    ):
        mallory.ask("utter", content=content)
    drops(bob, 4)
    assert bob.phase == "live"
    assert not [toast for toast in bob.look()["toasts"] if toast.startswith(("asked", "muted"))]
    alice.ask("utter", content={"kind": "ask", "participant": bob.participant, "source": "camera"}, times=3)
    until(lambda: "asked_camera Alice" in bob.look()["toasts"], what="Bob is asked", seen=bob.stand)
    alice.ask("say", text="That was all")
    until(lambda: bob.heard == [("Alice", "That was all")], what="Bob has heard all of it", seen=bob.stand)
    assert bob.look()["toasts"].count("asked_camera Alice") == 1
    assert bob.look()["devices"]["cameraState"] == "off"


def test_pol_21_a_name_is_changed_in_the_call_until_a_host_keeps_names_as_they_are(service: DeliveryService, clients: Clients) -> None:
    alice, bob, mallory = clients("Alice"), clients("Bob"), clients("Mallory")
    service.gathers(alice, bob, mallory)
    participant = mallory.participant
    assert mallory.ask("rename", name="Molly") == {"done": True}
    together(alice, bob, mallory, names=["Alice", "Bob", "Molly"])
    assert mallory.participant == participant
    assert "renamed Mallory → Molly" in bob.look()["toasts"]
    decides(alice, bob, mallory, rights={"rename": "hosts"})
    assert mallory.ask("rename", name="Alice") == {"done": False}
    bob.ask("say", text="Who is who")
    until(lambda: mallory.heard == [("Bob", "Who is who")], what="she is still inside", seen=mallory.stand)
    assert [alice.names, bob.names] == [["Alice", "Bob", "Molly"]] * 2
