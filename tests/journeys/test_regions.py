"""regions, seen, receipt: a call is held where the lists allow, people read where, it moves when that changes, and the receipt tells."""

import json
import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from conclave_verify.__main__ import main
from tests.headless.people import new_meeting
from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import Person
from tests.journeys.world import Installation, free_ports, installation

MOVED_SECONDS = 60.0


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Installation]:
    """A server with a region in France and one in Germany, each with an engine of its own on this machine."""
    own = installation(tmp_path / "var", migrated=True)
    ports = iter(free_ports(6))
    lines = ['allowed_regions = "fr, de"']
    for name in ("fr", "de"):
        lines += [f"[regions.{name}]", f'territory = "{name.upper()}"']
        lines += [f"{setting} = {next(ports)}" for setting in ("engine_port", "media_tcp_port", "media_udp_port")]
    (tmp_path / "conclave.toml").write_text("\n".join(lines))
    own.extra["CONCLAVE_CONFIG"] = str(tmp_path / "conclave.toml")
    try:
        own.start()
        yield own
    finally:
        own.stop()


def allow(own: Installation, meeting: str, *regions: str) -> None:
    """Let the meeting itself name regions, as its owner would."""
    database = sqlite3.connect(own.state / "conclave.sqlite3", timeout=30)
    with database:
        database.execute("UPDATE meetings_meeting SET own_rules = ? WHERE id = ?", (json.dumps({"regions": regions}), meeting))
    database.close()


@pytest.mark.journey("regions", "seen", "receipt")
def test_people_see_where_a_call_is_held_it_moves_when_that_is_no_longer_allowed_and_the_receipt_says_so(
    two: Installation, chromiums: Chromiums, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "media, region fr" in two.output
    assert "media, region de" in two.output
    world = new_meeting(url=two.url, meet_now=two.meet_now_link)
    meeting = world["meeting"]
    link = f"{two.url}/m/{meeting}#{world['secret']}.{world['host_hash']}"
    alice, bob = (Person(who, chromiums.of(who).window(), server=two) for who in ("Alice", "Bob"))
    try:
        bob.enter(link)
        bob.reads("Sound and picture pass through one of these and go nowhere else: France or Germany.")
        alice.join(link)
        bob.join(link)
        alice.sees(bob)
        bob.panel("security")
        bob.reads("Sound and picture pass through a server in France and go nowhere else.")

        allow(two, meeting, "DE")
        bob.reads("The call has moved to another region: de.", seconds=MOVED_SECONDS)
        alice.wait_live()
        alice.sees(bob)
        bob.sees(alice)
        until(lambda: "a server in Germany" in bob.text(), what="Bob reads where it passes now", seen=bob.text)

        with bob.chromium.page.expect_download() as download:
            bob.click('[data-save="receipt"]')
        saved = tmp_path / "receipt.json"
        download.value.save_as(saved)
        with urllib.request.urlopen(f"{two.url}/trust", timeout=10) as page:
            published = re.search(r'data-part="receipt-key">([A-Za-z0-9_-]{43})<', page.read().decode())
        assert published is not None
        assert main(["receipt", str(saved), f"--key={published[1]}", "--link", link]) == 0
        told = capsys.readouterr().out
        assert ("fr (FR)  began" in told, "de (DE)  policy" in told) == (True, True)
        assert "always to an address of the region" in told

        allow(two, meeting, "US")
        for person in (alice, bob):
            person.wait_ended("region_forbidden", seconds=MOVED_SECONDS)
        bob.reads("This server has no region in which this meeting may be held.")
        assert not [*alice.faults(), *bob.faults()]
    finally:
        alice.browser.close()
        bob.browser.close()
