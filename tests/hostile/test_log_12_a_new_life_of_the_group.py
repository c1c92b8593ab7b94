"""LOG-12: a server can end an incarnation whenever it likes; it cannot thereby undo what hosts have decided, nor bring others in.

Mallory's people even have the link here, and one of them was in the call. Bob does not enter, is told so, and nothing is sent.
"""

import pytest

from conclave.kernel.ids import new_id
from tests.headless.clients import together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, FalseGroup
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("padlock")


@pytest.mark.parametrize("wiped", ["nothing", "nothing under lock", "the hosts", "the lock", "its creator", "a ban"])
def test_log_12_a_forced_incarnation_wipes_nothing(service: DeliveryService, clients: Clients, wiped: str) -> None:
    """With nothing wiped it is entered: that is what tells a restart from an attack."""
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice, bob)
    dave, charlie = service.double("Dave"), service.double("Charlie")
    for double, names in ((dave, ["Alice", "Bob", "Dave"]), (charlie, ["Alice", "Bob", "Charlie", "Dave"])):
        double.enter()
        together(alice, bob, names=names)
    until(lambda: dave.code == alice.code, what="Dave too", seen=alice.stand)
    last = None if wiped == "the hosts" else str(dave.mls.call("remember")["text"])
    if wiped == "the lock":
        alice.ask("change", changes={"locked": True})
        until(lambda: bob.look()["policy"]["locked"], what="the lock", seen=bob.stand)
    alice.ask("remove", target=charlie.participant)
    if wiped == "nothing under lock":
        together(alice, bob, names=["Alice", "Bob", "Dave"])
        alice.ask("change", changes={"locked": True})
        until(lambda: bob.look()["policy"]["locked"] and dave.state["policy"]["locked"], what="the lock", seen=bob.stand)
        last = str(dave.mls.call("remember")["text"])
    before = together(alice, bob, names=["Alice", "Bob", "Dave"])
    creator = service.double("Eve") if wiped == "its creator" else dave
    false = FalseGroup(creator, service.wire(bob), incarnation=new_id(), last=last)
    if wiped == "a ban":
        charlie.start_anew()
        false.let_in(charlie.participant, str(charlie.key_package(false.incarnation)["key_package"]))
    keyed = len(bob.look()["keyed"])
    me = service.wire(bob).participant
    service.wire(bob).tell({"t": "renew", "incarnation": false.incarnation, "mode": "join"})
    if wiped.startswith("nothing"):
        until(lambda: bob.names == ["Bob", "Dave"], what="Bob goes along", seen=bob.stand)
        assert [host["key"] for host in bob.look()["policy"]["hosts"]] == [host["key"] for host in alice.look()["policy"]["hosts"]]
        assert bob.look()["policy"]["locked"] == (wiped == "nothing under lock")
        assert "left Alice" in bob.look()["toasts"]
        assert false.invited == [me]
    else:
        bob.is_at("over: not_securing")
        assert false.invited.count(me) == 4
        assert len(bob.look()["keyed"]) == keyed
    assert (alice.phase, alice.code) == ("live", before)
