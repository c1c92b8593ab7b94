"""P12: a whole meeting (two browsers, gateway, media engine) in a network of its own: not a packet and not a question leaves it."""

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.journeys.alone import Alone
from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.people import Owner, Person
from tests.journeys.world import installation

OUTSIDE = ("198.51.100.7", "2001:db8:1::7")


@pytest.mark.journey("run", "call")
def test_a_whole_meeting_sends_no_packet_and_asks_for_no_name_outside(playwright: Playwright, tmp_path: Path) -> None:
    with Alone() as network:
        own = installation(tmp_path / "var", prefix=network.inside, migrated=True)
        program = network.chromium(tmp_path)
        devices: list[ChromiumProcess] = []
        try:
            own.start()
            devices += [ChromiumProcess(playwright, tmp_path, name, program=program) for name in ("Alice", "Bob")]
            owner = Owner("Alice", devices[0].window(init_script=Owner.COPIES, permissions=Owner.MAY), server=own)
            owner.use_owner_link()
            link = owner.make_meeting("Between us")
            alice, bob = Person("Alice", owner.chromium.sibling(), server=own), Person("Bob", devices[1].window(), server=own)
            for person in (alice, bob):
                person.join(link)
            for person, other in ((alice, bob), (bob, alice)):
                person.sees(other)
                person.hears(other)
            assert alice.code() == bob.code() != ""
            alice.says("nobody else hears of this")
            bob.panel("chat")
            bob.reads("nobody else hears of this")
            bob.leave()
            alice.leave()
            faults = [*owner.faults(), *alice.faults(), *bob.faults()]
        finally:
            for device in devices:
                device.close()
            own.stop()
        assert not faults
        assert {packet["says"] for packet in network.counted()} == set()
        # That nothing was counted means something only if something would have been.
        network.ask_for_a_name()
        until(lambda: any(packet["port"] == 53 for packet in network.counted()), what="a question for a name is counted")
        for address in OUTSIDE:
            network.knock(address)
            until(lambda address=address: any(packet["to"] == address for packet in network.counted()), what="a packet is counted")  # type: ignore[misc]
