"""trust: what is promised, with what shows it, for everybody, from any page, without JavaScript."""

import pytest

from tests.journeys.fixtures import Chromiums
from tests.journeys.people import Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_inventory import LARGEST, TRANSFERRED
from tests.journeys.world import Installation


@pytest.mark.journey("trust")
def test_whoever_doubts_finds_the_evidence_beside_each_promise(server: Installation, chromiums: Chromiums) -> None:
    reader = Person("Bob", chromiums.of("Bob").window(locale="fr-FR", dark=True, viewport=PHONE, touch=True), server=server)
    reader.browser.open(server.url)
    reader.click('footer a[href="/trust"]')
    reader.wait_for("#P17", what="the promises")
    assert 0 < reader.browser.ask(TRANSFERRED) <= LARGEST
    check(reader, "trust")
    reader.click("#P1 summary")
    reader.reads("Le son et l’image ne quittent le navigateur que chiffrés")
    reader.reads("tests/hostile/test_i1_nothing_leaves_in_clear.py")
    reader.browser.ask("() => { for (const fold of document.querySelectorAll('details')) fold.open = true; }")
    check(reader, "trust, all open")
    assert not reader.faults()
    reader.browser.close()
    plain = chromiums.of("Bob").window(javascript=False).page
    plain.goto(f"{server.url}/trust")
    plain.locator("#P1 summary").click()
    plain.get_by_text("Sound and picture leave a browser only as ciphertext").wait_for()
    plain.context.close()
