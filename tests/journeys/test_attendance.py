"""attendance: a host saves who held the key and when, signed by what only a host of that link has; everybody can read that hosts may."""

import csv
import io
from pathlib import Path

import pytest

from conclave_verify.__main__ import main
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person


def saves(host: Person, kind: str, folder: Path) -> Path:
    """Press one of the two buttons and return the file that the browser saves."""
    host.panel("people")
    with host.chromium.page.expect_download() as download:
        host.click(f'[data-save="{kind}"]')
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.journey("attendance")
def test_a_host_saves_who_was_here_also_from_before_a_reload_and_anybody_can_check_it(
    alice: Person, people: Guests, meeting: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bob, dora = people("Bob"), people("Dora")
    dora.join(meeting, name="=1+1")
    bob.enter(meeting)
    bob.reads("Hosts can save a list of who was in the call, and when.")
    bob.join()
    alice.sees(bob)
    bob.panel("people")
    bob.reads("Hosts can save a list of who held the key in this call, and when.")
    assert not bob.has("[data-save]")
    dora.leave()
    alice.reads("=1+1 left.")
    alice.browser.reload()
    alice.wait_back()
    alice.sees(bob)

    asked = len(alice.browser.requests())
    signed = saves(alice, "json", tmp_path)
    assert main(["attendance", str(signed), "--link", meeting]) == 0
    told = capsys.readouterr().out.splitlines()
    assert any("here still" in line and "Bob (typed this name)" in line for line in told)
    assert any("here still" not in line and "=1+1 (typed this name)" in line for line in told)
    assert any(line.startswith("Good: the host of meeting") for line in told)
    signed.write_text(signed.read_text().replace('"Bob"', '"Eve"'))
    assert main(["attendance", str(signed), "--link", meeting]) == 1

    rows = list(csv.DictReader(io.StringIO(saves(alice, "csv", tmp_path).read_text(encoding="utf-8-sig"))))
    gone = {row["Name"]: bool(row["Until"]) for row in rows if row["Name"] != "Alice"}
    assert gone == {"Bob": False, "'=1+1": True}
    # Nothing of it goes anywhere: the files come out of the page itself.
    assert not [address for address in alice.browser.requests()[asked:] if not address.startswith("blob:")]
