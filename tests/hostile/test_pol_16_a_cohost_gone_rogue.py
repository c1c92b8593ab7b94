"""POL-15, POL-16: a co-host may do much, and nothing against whom the link made a host; not even together with whoever runs the server."""

import json
import sqlite3

import pytest

from conclave.keys.mls import MlsError
from tests.headless.clients import Client, together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Double, Message
from tests.journeys.browsers import until
from tests.journeys.world import Installation

pytestmark = pytest.mark.journey("roles")


def test_pol_16_a_cohost_and_her_server_together_do_not_throw_the_host_out(
    service: DeliveryService, clients: Clients, server: Installation
) -> None:
    """The gateway refuses her word; then Mallory, who runs it, writes it into its log: nobody follows. Of others her word still counts."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob, carol)
    mallory = service.double("Mallory")
    mallory.enter()
    together(alice, bob, carol, names=["Alice", "Bob", "Carol", "Mallory"])
    alice.ask("change", changes={"host": mallory.key})
    until(lambda: roles(bob) == {"Alice": "host", "Mallory": "cohost"}, what="a co-host", seen=bob.stand)
    until(lambda: mallory.state.get("hosting") is True, what="Mallory knows it", seen=bob.stand)
    assert refused(mallory, unhost=next(host["key"] for host in bob.look()["policy"]["hosts"] if host["key"] != mallory.key))

    word = mallory.mls.call("sign_remove", participant=alice.participant)
    mallory.tell(t="remove", participant=alice.participant, signature=word["signature"])
    until(lambda: mallory.told("error", about="remove", code="not_host"), what="the gateway refuses", seen=bob.stand)
    write_removal(server, mallory, {"kind": "remove", "participant": alice.participant, "reason": "removed", "by": word})
    carol.ask("close")
    together(alice, bob, names=["Alice", "Bob", "Mallory"])
    assert roles(bob) == roles(alice) == {"Alice": "host", "Mallory": "cohost"}
    assert not [toast for person in (alice, bob) for toast in person.look()["toasts"] if toast == "removed Alice"]

    word = mallory.mls.call("sign_remove", participant=bob.participant)
    mallory.tell(t="remove", participant=bob.participant, signature=word["signature"])
    bob.is_at("over: removed")
    together(alice, names=["Alice", "Mallory"])
    alice.ask("change", changes={"unhost": mallory.key})
    until(lambda: roles(alice) == {"Alice": "host"}, what="the role is taken back", seen=alice.stand)


def roles(person: Client) -> dict[str, str]:
    """Return who hosts, as this person's screen shows it."""
    return {one["name"]: "cohost" if one["cohost"] else "host" for one in person.look()["people"] if one["hosting"]}


def refused(double: Double, **changes: str) -> bool:
    """Tell whether the double's own module, which has everybody's rules, refuses to make this change."""
    with pytest.raises(MlsError) as refusal:
        double.mls.call("policy", changes=changes)
    return refusal.value.code == "host_protected"


def write_removal(server: Installation, by: Double, entry: Message) -> None:
    """Append to the log behind the gateway's back, as whoever has its database can."""
    with sqlite3.connect(server.state / "conclave.sqlite3", timeout=20, isolation_level=None) as database:
        database.execute("BEGIN IMMEDIATE")
        group, index = database.execute("SELECT id, log_next FROM keys_group WHERE incarnation = ?", [by.incarnation]).fetchone()
        row = [group, index, entry["kind"], entry["participant"], json.dumps(entry)]
        database.execute('INSERT INTO keys_logentry (group_id, "index", kind, participant, body) VALUES (?, ?, ?, ?, ?)', row)
        database.execute("UPDATE keys_group SET log_next = ?, announced = ? WHERE id = ?", [index + 1, index, group])
        database.execute("COMMIT")
    database.close()
