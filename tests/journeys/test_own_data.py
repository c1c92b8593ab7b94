"""account: a copy of everything about oneself, and the end of it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.people import PASSWORD, Owner
from tests.journeys.test_access import check
from tests.journeys.world import Installation, installation


def admin(server: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    """Type something at the server's terminal, beside the running server."""
    command = [sys.executable, "-m", "conclave.cli", "admin", *words]
    return subprocess.run(command, cwd=server.checkout, env=server.environment(), capture_output=True, text=True, check=False)


def confirm(alice: Owner) -> None:
    """Type the password again where the page asks whether it is she."""
    alice.wait_for("input[name=password]", what="the question whether it is she")
    alice.chromium.page.fill("input[name=password]", PASSWORD)
    alice.browser.click("button", "Go on")


def on_disk(server: Installation, *words: str) -> set[str]:
    """Return which of the words are in the database's files."""
    texts = [path.read_bytes() for path in server.state.glob("conclave.sqlite3*")]
    return {word for word in words if any(word.encode() in text for text in texts)}


@pytest.mark.journey("account")
def test_alice_takes_a_copy_thinks_again_and_in_the_end_is_gone(playwright: Playwright, tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    process = ChromiumProcess(playwright, tmp_path, "Alice")
    try:
        own.start()
        alice = Owner("Alice", process.window(init_script=Owner.COPIES, permissions=Owner.MAY), server=own)
        alice.email = "alice-canary-7431@example.org"
        alice.use_owner_link()
        link = alice.make_meeting("Plans of a canary")
        page = alice.chromium.page
        page.goto(f"{own.url}/account")
        alice.click('main a[href="/account/data"]')
        alice.reads("Take a copy")
        check(alice, "my data")
        alice.browser.click("link", "Erase my account…")
        confirm(alice)
        alice.reads("What stays, and why")
        check(alice, "before the erasure")
        page.get_by_label("Your e-mail address").fill("somebody@example.org")
        alice.expects("422")
        alice.browser.click("button", "Erase my account")
        alice.reads("This is not the address of your account.")
        page.get_by_label("Your e-mail address").fill(alice.email)
        alice.browser.click("button", "Erase my account")
        alice.reads("This account will be erased")
        alice.browser.click("button", "Keep my account")
        alice.reads("Erase the account")
        with page.expect_download() as download:
            alice.browser.click("link", "Take a copy of my data")
        target = tmp_path / "copy.zip"
        download.value.save_as(target)
        with zipfile.ZipFile(target) as archive:
            assert json.loads(archive.read("meetings.json"))[0]["title"] == "Plans of a canary"
            assert link.partition("#")[2] not in "".join(archive.read(name).decode() for name in archive.namelist())
        assert on_disk(own, alice.email, "Plans of a canary") == {alice.email, "Plans of a canary"}
        asked = admin(own, "erase", alice.email)
        assert (asked.returncode, "say --yes" in asked.stderr) == (1, True)
        assert "This is counted in the public ledger" in asked.stderr
        done = admin(own, "erase", alice.email, "--yes")
        assert done.returncode == 0, done.stderr
        page.goto(f"{own.url}/meetings")
        until(lambda: "/account/login" in alice.browser.address(), what="that nobody is signed in any more")
        alice.expects("404")
        page.goto("about:blank")
        page.goto(link)
        alice.wait_ended("link_unknown")
        until(lambda: on_disk(own, alice.email, "Plans of a canary") == set(), what="that the disk has forgotten her", seconds=60)
        assert not alice.faults()
    finally:
        process.close()
        own.stop()
