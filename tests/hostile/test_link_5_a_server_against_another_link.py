"""Links, bans and knocks at a server that would rather have it otherwise: what it hides, repeats or invents opens nothing."""

import pytest

from tests.headless.clients import Client, pass_time, together
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Message
from tests.journeys.browsers import until

LOG = ("entries", "acked", "lease", "said", "keeper")


@pytest.mark.journey("links")
def test_link_5_whoever_is_kept_from_the_new_link_stops_sending_and_then_has_it(service: DeliveryService, clients: Clients) -> None:
    """The others do not wait: theirs has moved on, and what they say is under keys that Bob does not have yet."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob, carol)
    former = secret(bob)
    wire = service.wire(bob)
    wire.hold(*LOG)
    replaces(alice, carol)
    assert secret(alice) == secret(carol) != former
    assert (secret(bob), bob.look()["policy"]["link_version"]) == (former, 1)
    for _ in range(3):
        pass_time(alice, bob, carol, ms=40_000)
    bob.is_at("silenced: no_heartbeat")
    assert bob.look()["paused"]
    wire.release()
    pass_time(alice, bob, carol, ms=11_000)
    together(alice, bob, carol)
    assert secret(bob) == secret(alice)
    assert "link" in bob.look()["toasts"]
    assert wire.sent("nack") == []


@pytest.mark.journey("links")
def test_link_5_whoever_is_told_that_an_older_link_is_the_newest_does_not_come_in(service: DeliveryService, clients: Clients) -> None:
    """Bob has the link of today, and his ticket says that it is the one of before."""
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice)
    replaces(alice)
    wire = service.wire(bob)
    wire.answers = lambda path, answer: answer | {"link_version": 1} if path == "/api/v1/join" else answer
    service.brings(bob, secret=secret(alice))
    bob.is_at("over: not_securing")
    assert bob.look()["keyed"] == []
    wire.answers = lambda _path, answer: answer
    service.brings(bob, secret=secret(alice))
    bob.is_at("live")
    assert (bob.look()["policy"]["link_version"], secret(bob)) == (2, secret(alice))


@pytest.mark.journey("ban")
def test_link_6_a_server_that_hides_a_ban_and_opens_to_the_former_link_brings_nobody_back(
    service: DeliveryService, clients: Clients
) -> None:
    """To her Charlie was never banned, and his link is as good as the new one: he has a seat at once, and no key."""
    alice, bob = clients("Alice"), clients("Bob")
    service.gathers(alice, bob)
    charlie = service.double("Charlie")
    charlie.enter()
    together(alice, bob, names=["Alice", "Bob", "Charlie"])
    wire = service.wire(alice)
    wire.up = lambda message: [message | {"ban": False}] if message["t"] == "remove" else [message]
    alice.ask("remove", target=charlie.participant, ban=True)
    until(lambda: wire.told("linked", link_version=2), what="the link is replaced all the same", seen=alice.stand)
    together(alice, bob)
    assert secret(alice) == secret(bob) != service.world.secret
    service.link_id = wire.sent("link")[-1]["link_id"]
    again = service.double("Charlie")
    again.enter()
    until(lambda: again.told("gone", reason="not_securing"), what="Charlie is sent away", seen=alice.stand)
    commits = wire.sent("commit") + service.wire(bob).sent("commit")
    assert {(one["participant"], one["code"]) for commit in commits for one in commit["dropped"]} == {(again.participant, "bad_mac")}
    assert (again.state, again.told("welcome")) == ({}, [])
    for person in (alice, bob):
        assert sorted(one["name"] for one in person.look()["roster"]) == ["Alice", "Bob"]
    assert alice.code == bob.code


@pytest.mark.journey("knock")
def test_knock_4_whoever_is_no_host_is_shown_no_knock_and_an_invented_one_opens_nothing(service: DeliveryService, clients: Clients) -> None:
    """She invents somebody who waits, and a ban. Who is no host sees nothing of it; who admits it has admitted nobody."""
    alice, bob = clients("Alice"), clients("Bob")
    code = service.gathers(alice, bob)
    knock = {"knock": "K" * 22, "name": "Carol", "signature_key": "A" * 43, "since": 1, "why": "waiting_room", "signed_in": True}
    ban = {"ban": "B" * 22, "name": "Dave", "by": "Alice", "signed_in": True, "since": 1}
    told: list[Message] = [{"t": "knocks", "waiting": [knock], "gone": []}, {"t": "bans", "bans": [ban]}]
    for person in (alice, bob):
        service.wire(person).tell(*told)
    until(lambda: alice.look()["knocks"] and alice.look()["bans"], what="Alice is shown them", seen=alice.stand)
    alice.ask("say", text="Who is Carol?")
    until(lambda: ("Alice", "Who is Carol?") in bob.heard, what="Bob hears", seen=bob.stand)
    look = bob.look()
    assert (look["knocks"], look["bans"], [toast for toast in look["toasts"] if "Carol" in toast]) == ([], [], [])
    alice.ask("answer", targets=["Carol"], admit=True)
    until(lambda: service.wire(alice).sent("answer", admit=True), what="Alice admits her", seen=alice.stand)
    assert together(alice, bob) == code


@pytest.mark.journey("strict")
def test_knock_9_another_key_under_the_admitted_name_gets_no_hosts_word(service: DeliveryService, clients: Clients) -> None:
    """Alice lets Carol in; Mallory shows Alice's client a KeyPackage of her own instead, with a seat under that name by her own word."""
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob)
    mallory = service.double("Carol")
    alice.ask("change", changes={"strict": True})
    until(lambda: all(one.look()["rules"]["strict"] for one in (alice, bob)), what="a strict group", seen=bob.stand)
    made = mallory.key_package(str(alice.look()["incarnation"]))
    wire, asked = service.wire(alice), list[Message]()

    def exchanged(message: Message) -> list[Message]:
        if message["t"] != "admit_asked":
            return [message]
        asked.append(message)
        return [message | {"participant": mallory.participant, "key_package": made["key_package"]}]

    wire.down = exchanged
    service.brings(carol)
    carol.is_at("waiting")
    until(lambda: waiting(alice) == ["Carol"], what="a knock", seen=alice.stand)
    alice.ask("answer", targets=["Carol"], admit=True)
    until(lambda: f"seat:{mallory.participant}" in asks(alice), what="Alice is asked about whoever that is", seen=alice.stand)
    assert (wire.sent("admit"), alice.names) == ([], ["Alice", "Bob"])
    wire.down = lambda message: [message]
    wire.tell(*asked)
    together(alice, bob, carol)
    assert [one["participant"] for one in wire.sent("admit")] == [carol.participant]


def replaces(host: Client, *others: Client) -> None:
    """Let a host replace the link, and wait until these have the new one."""
    host.ask("change", changes={"link_version": 2})
    for person in (host, *others):
        until(lambda: person.look()["policy"]["link_version"] == 2, what=f"{person.name} has the new link", seen=person.stand)  # noqa: B023 - awaited here


def secret(person: Client) -> str:
    """Return the secret of the link that this person's client keeps and copies now."""
    return str(person.look()["secret"])


def waiting(host: Client) -> list[str]:
    """Return who waits, by name, as this host is shown it."""
    return [one["name"] for one in host.look()["knocks"]]


def asks(host: Client) -> list[str]:
    """Return whom this host is asked about."""
    return [one["knock"] for one in host.look()["knocks"]]
