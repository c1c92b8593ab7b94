"""regions: three networks with an engine each; while a call is held in one not a packet passes to another, also when its region dies."""

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.people import Owner, Person
from tests.journeys.territories import Territories
from tests.journeys.test_regions import allow
from tests.journeys.world import installation

GIVEN_UP_SECONDS = 90.0


@pytest.mark.journey("regions")
def test_not_a_packet_passes_where_a_call_may_not_be_also_when_its_region_is_killed(playwright: Playwright, tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    with Territories("fr", "de", "us", state=own.state) as there:
        own.prefix = there.home
        (tmp_path / "conclave.toml").write_text(there.settings("fr, de, us"))
        own.extra["CONCLAVE_CONFIG"] = str(tmp_path / "conclave.toml")
        devices: list[ChromiumProcess] = []
        try:
            own.start()
            program = there.chromium(tmp_path)
            devices += [ChromiumProcess(playwright, tmp_path, name, program=program) for name in ("Alice", "Bob")]
            owner = Owner("Alice", devices[0].window(init_script=Owner.COPIES, permissions=Owner.MAY), server=own)
            owner.use_owner_link()
            link = owner.make_meeting("Three networks")
            allow(own, link.partition("/m/")[2].partition("#")[0], "FR", "DE")
            alice = Person("Alice", owner.chromium.sibling(), server=own)
            bob = Person("Bob", devices[1].window(permissions=("camera", "microphone")), server=own)
            alice.join(link)
            bob.join(link)
            alice.sees(bob)
            bob.sees(alice)
            assert there.packets("fr") > 100
            assert (there.packets("de"), there.packets("us")) == (0, 0)

            there.kill("fr")
            bob.reads("The call has moved to another region: de.", seconds=GIVEN_UP_SECONDS)
            until(lambda: there.packets("de") > 100, what="media passes in the other region that is allowed", seconds=30)
            alice.wait_live()
            alice.sees(bob)
            assert there.packets("us") == 0
        finally:
            for device in devices:
                device.close()
            own.stop()
