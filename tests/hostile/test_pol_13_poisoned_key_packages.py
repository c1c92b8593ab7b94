"""POL-11, POL-13, POL-14: one poisoned leaf would stop every commit with a path, so none gets into the tree; the rest of the batch does.

Mallory's server takes what an honest one refuses, and her people have the link: MAC, attestation and both signatures are right.
"""

import pytest

from conclave.kernel import b64
from tests.headless.clients import Client, together
from tests.hostile.bytes import KeyPackage, reference
from tests.hostile.conftest import Clients
from tests.hostile.delivery import DeliveryService, Double, Edit, Message, link_mac
from tests.journeys.browsers import until

pytestmark = pytest.mark.journey("padlock")
ZERO = bytes(32)
LOW_ORDER = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
TOO_LARGE = bytes.fromhex("ed" + "ff" * 30 + "7f")  # p itself: zero once more
EXPIRED = (1).to_bytes(8, "big") + (1_600_000_000).to_bytes(8, "big")
ENDLESS = bytes(8) + (2**63).to_bytes(8, "big")


def test_pol_13_poisoned_key_packages_are_left_out_and_everybody_else_comes_in(service: DeliveryService, clients: Clients) -> None:
    alice, bob, carol = clients("Alice"), clients("Bob"), clients("Carol")
    service.gathers(alice, bob)
    poisons: dict[str, tuple[str, Message]] = {}
    for person in (alice, bob, carol):
        service.wire(person).down = _poisoned(service, poisons)
    for change, code in (
        ({"init_key": ZERO}, "bad_key"),
        ({"init_key": LOW_ORDER}, "bad_key"),
        ({"encryption_key": ZERO}, "bad_key"),
        ({"encryption_key": LOW_ORDER}, "bad_key"),
        ({"encryption_key": TOO_LARGE}, "bad_key"),
        ({"lifetime": EXPIRED}, "bad_key_package"),
        ({"lifetime": ENDLESS}, "bad_key_package"),
        ({}, ""),
    ):
        double = service.double("Eve")
        poisons[double.participant] = (double.identity, change)
        double.enter()
        if code:
            until(lambda double=double: double.told("gone", reason="not_securing"), what=f"{change} is left out", seen=alice.stand)  # type: ignore[misc]
            assert _dropped(service, alice, double) == [code] * 2
    # Signed anew without a change it is let in: that is what tells the poison from the hand that mixed it.
    service.brings(carol)
    for person in (alice, bob, carol):
        person.ask("later", ms=60_000)
    together(alice, bob, carol, names=["Alice", "Bob", "Carol", "Eve"])
    assert not any(service.wire(one).sent("nack") for one in (alice, bob, carol))


def _poisoned(service: DeliveryService, poisons: dict[str, tuple[str, Message]]) -> Edit:
    """Put other fields into the KeyPackages that these people announce, signed with their keys, under a MAC of the real link."""

    def poison(entry: Message, incarnation: str) -> Message:
        seed, change = poisons[entry["participant"]]
        made = KeyPackage(entry["key_package"])
        for name, value in change.items():
            setattr(made, name, value)
        message = made.signed(seed)
        mac = link_mac(service.world, reference=reference(message), call=service.call, incarnation=incarnation)
        return entry | {"key_package": b64.encode(message), "mac": mac}

    def edit(message: Message) -> list[Message]:
        if message["t"] != "entries":
            return [message]
        hers = [one["kind"] == "add" and one["participant"] in poisons for one in message["entries"]]
        entries = [poison(one, message["incarnation"]) if her else one for one, her in zip(message["entries"], hers, strict=True)]
        return [message | {"entries": entries}]

    return edit


def _dropped(service: DeliveryService, committer: Client, double: Double) -> list[str]:
    """Return why the committer left somebody out, each time."""
    commits = service.wire(committer).sent("commit")
    return [one["code"] for commit in commits for one in commit["dropped"] if one["participant"] == double.participant]
