"""owner: from the owner link to a meeting whose secret never leaves the browser."""

from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Playwright

from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.fixtures import Chromiums, Guests
from tests.journeys.people import PASSWORD, Owner, Person
from tests.journeys.world import Installation, installation


@pytest.mark.journey("owner")
def test_the_owner_link_makes_one_account_and_then_no_other(playwright: Playwright, tmp_path: Path) -> None:
    own = installation(tmp_path / "var", migrated=True)
    process = ChromiumProcess(playwright, tmp_path, "Alice")
    try:
        own.start()
        alice = Owner("Alice", process.window(init_script=Owner.COPIES, permissions=Owner.MAY), server=own)
        alice.use_owner_link()
        assert "#" not in alice.browser.address()
        alice.reads("You have no meeting yet.")
        mallory = Owner("Bob", process.window(), server=own)
        mallory.email = "mallory@example.org"
        page = mallory.chromium.page
        mallory.expects("403", "422")
        mallory.browser.open(own.owner_link)
        page.fill("input[name=name]", "Mallory")
        page.fill("input[name=email]", mallory.email)
        page.fill("input[name=password]", PASSWORD)
        page.fill("input[name=password_again]", PASSWORD)
        mallory.browser.click("button", "Make my account")
        mallory.reads("This owner link was already used or replaced.")
        assert not alice.faults()
        assert not mallory.faults()
    finally:
        process.close()
        own.stop()


# The system's own sheet belongs to no page; what it is given is kept for the test.
SHARES = """Object.defineProperty(navigator, "share", { value: (given) => { window.shared = given; return Promise.resolve(); } });"""


@pytest.mark.journey("owner")
def test_a_meeting_is_made_copied_shared_and_mailed_in_the_browser(owner: Owner) -> None:
    link = owner.make_meeting("Weekly meeting of the board")
    owner.reads("Weekly meeting of the board")
    card = owner.chromium.page.locator("[data-meeting]").filter(has_text="Weekly meeting of the board")
    mail = card.locator('a[href^="mailto:"]').first.get_attribute("href") or ""
    assert link in unquote(mail)
    sharing = Owner("Alice", owner.chromium.sibling(), server=owner.server)
    sharing.secrets.add(link.partition("#")[2])
    sharing.chromium.page.add_init_script(SHARES)
    sharing.browser.open(f"{owner.server.url}/meetings")
    sharing.wait_meetings()
    card = sharing.chromium.page.locator("[data-meeting]").filter(has_text="Weekly meeting of the board")
    card.get_by_role("button", name="Share").click()
    assert sharing.browser.ask("() => window.shared") == {"title": "Weekly meeting of the board", "url": link}
    assert not owner.faults()
    assert not sharing.faults()
    sharing.browser.close()


@pytest.mark.journey("owner")
def test_the_link_is_in_this_devices_key_ring_tomorrow(owner: Owner) -> None:
    """LINK-3: the ring is encrypted under a key that cannot be exported."""
    link = owner.make_meeting("For tomorrow")
    owner.chromium.page.goto(f"{owner.server.url}/")
    tomorrow = Owner("Alice", owner.chromium.sibling(), server=owner.server)
    tomorrow.browser.open(f"{owner.server.url}/meetings")
    tomorrow.reads("For tomorrow")
    assert tomorrow.copied_link("For tomorrow") == link
    stored = tomorrow.browser.ask("""async () => {
      const found = [];
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((done, fail) => {
          const opening = indexedDB.open(name);
          opening.onsuccess = () => done(opening.result);
          opening.onerror = fail;
        });
        for (const store of database.objectStoreNames) {
          const asking = database.transaction(store).objectStore(store).getAll();
          const all = await new Promise((done) => { asking.onsuccess = () => done(asking.result); });
          found.push(JSON.stringify(all, (_key, value) => {
            if (value instanceof CryptoKey) return { extractable: value.extractable };
            if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
            return ArrayBuffer.isView(value) ? [...value] : value;
          }));
        }
        database.close();
      }
      return found.join() + JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage });
    }""")
    secret = link.partition("#")[2].partition(".")[0]
    assert '"extractable":false' in stored
    assert '"extractable":true' not in stored
    assert secret not in stored
    assert not tomorrow.faults()
    tomorrow.browser.close()


@pytest.mark.journey("owner")
def test_on_another_device_the_page_asks_to_paste_the_host_link_once(owner: Owner, chromiums: Chromiums, server: Installation) -> None:
    link = owner.make_meeting("Pasted")
    host_link = owner.copied_host_link("Pasted")
    assert host_link.partition(".")[0] == link.partition(".")[0]
    other = Owner("Alice", chromiums.of("Alice").window(init_script=Owner.COPIES, permissions=Owner.MAY), server=server)
    other.secrets |= {host_link.partition("#")[2], link.partition("#")[2]}
    other.sign_in()
    card = other.chromium.page.locator("[data-meeting]").filter(has_text="Pasted")
    card.get_by_text("The link is not on this device").first.wait_for()
    card.get_by_label("Link", exact=True).fill(f"{server.url}/m/{'A' * 22}#{'A' * 22}.{'A' * 22}")
    card.get_by_role("button", name="Keep it here").click()
    other.reads("This is not the link of this meeting.")
    card.get_by_label("Link", exact=True).fill(host_link)
    card.get_by_role("button", name="Keep it here").click()
    assert other.copied_link("Pasted") == link
    other.join(link)
    other.panel("more")
    until(lambda: other.has('[data-control="end"]'), what="a host's control, from the host link")
    other.browser.open(f"{server.url}/meetings")
    assert other.copied_link("Pasted") == link, "asked once, then kept"
    assert not other.faults()
    other.browser.close()


@pytest.mark.journey("owner", "lobby")
def test_a_wrong_link_to_an_own_meeting_does_not_take_the_right_ones_place(owner: Owner) -> None:
    link = owner.make_meeting("Kept")
    wrong = Owner("Alice", owner.chromium.sibling(), server=owner.server)
    wrong.expects("404")
    wrong.browser.open(link.partition("#")[0] + "#" + "A" * 21 + "A." + "A" * 21 + "A")
    wrong.wait_ended("link_unknown")
    wrong.browser.open(f"{owner.server.url}/meetings")
    wrong.wait_meetings()
    assert wrong.copied_link("Kept") == link
    wrong.browser.close()


@pytest.mark.journey("owner")
def test_somebody_without_an_account_reaches_no_meetings(people: Guests) -> None:
    charlie = people("Charlie")
    charlie.browser.open(f"{charlie.server.url}/meetings")
    until(lambda: "/account/login" in charlie.browser.address(), what="the page to sign in")


@pytest.mark.journey("owner")
def test_a_wrong_password_is_a_sentence(people: Guests, owner: Owner) -> None:
    charlie: Person = people("Charlie")
    page = charlie.chromium.page
    charlie.browser.open(f"{owner.server.url}/account/login/")
    page.fill("input[name=login]", owner.email)
    page.fill("input[name=password]", "not the password at all")
    charlie.browser.click("button", "Sign in")
    page.locator('[role="alert"]').first.wait_for()
    assert "/account/login" in charlie.browser.address()
