"""call: what people do in a call, with real pictures and sounds, checked per tile."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Owner, Person, everybody_sees_and_hears
from tests.journeys.pictures import LOOKS

SHOWN = "Shown by the test"
# The tab that is shown: the two colours of Emil's camera, and his tone.
HALVES = f"linear-gradient(rgb{LOOKS['Emil'].top} 50%, rgb{LOOKS['Emil'].bottom} 50%)"
SHOWN_TAB = f"""<title>{SHOWN}</title><body style="margin:0;height:100vh;background:{HALVES}">
<button>0</button><script>
const button = document.querySelector("button");
setInterval(() => {{ button.textContent = Number(button.textContent) + 1; }}, 100);
button.onclick = () => {{
  const context = new AudioContext(), tone = context.createOscillator(), gain = context.createGain();
  tone.frequency.value = {LOOKS["Emil"].tone};
  tone.connect(gain).connect(context.destination);
  tone.start();
  setInterval(() => {{ gain.gain.value = gain.gain.value ? 0 : 0.4; }}, 200);
}};
</script>"""


# As if the meeting socket had just broken, without waiting for a network to do it.
CUTTABLE = """const { get } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "readyState");
Object.defineProperty(WebSocket.prototype, "readyState", { get() { return window.cut ? WebSocket.CLOSED : get.call(this); } });"""


@pytest.mark.journey("call")
def test_two_people_see_and_hear_each_other_and_use_everything(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    everybody_sees_and_hears(alice, bob)
    assert alice.names() == bob.names() == ["Alice", "Bob"]

    bob.press("microphone")
    until(lambda: "muted" in (alice.tile("Bob") or bob.tiles()[0]).marks, what="Bob's mark for a muted microphone")
    alice.hears_nothing_of(bob)
    bob.press("microphone")
    alice.hears(bob)

    bob.press("camera")
    tile = alice.tile("Bob")
    assert tile
    until(lambda: alice.picture(tile.participant) is None, what="no picture of Bob's")
    until(lambda: alice.lock("Bob") == "locked", what="a padlock, as Bob's sound still authenticates")
    bob.press("camera")
    alice.sees(bob)

    alice.says("Hello <b>Bob</b>, see https://example.org/x")
    bob.panel("chat")
    bob.reads("Hello <b>Bob</b>, see https://example.org/x")
    link = bob.chromium.page.locator('a[href="https://example.org/x"]')
    assert "noreferrer" in (link.get_attribute("rel") or "")
    bob.says("Bonjour")
    alice.reads("Bonjour")

    bob.press("hand")
    until(lambda: "hand" in (alice.tile("Bob") or tile).marks, what="Bob's raised hand")
    alice.panel("people")
    alice.reads("2 people")
    bob.press("hand")
    until(lambda: "hand" not in (alice.tile("Bob") or tile).marks, what="Bob's lowered hand")

    bob.leave()
    bob.reads("You left the call.")
    until(lambda: alice.names() == ["Alice"], what="Bob's tile goes")
    alice.reads("Bob left.")


@pytest.mark.journey("call")
def test_a_message_that_could_not_be_sent_says_so_and_is_sent_again_on_demand(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob", init_script=CUTTABLE)
    bob.join(meeting)
    alice.panel("chat")
    bob.browser.ask("() => { window.cut = true; }")
    bob.says("Is anybody there?")
    bob.reads("not sent")
    assert "Is anybody there?" not in alice.text()
    bob.browser.ask("() => { window.cut = false; }")
    bob.browser.click("button", "Send again")
    alice.reads("Is anybody there?")
    until(lambda: "not sent" not in bob.text(), what="the line is sent")


@pytest.mark.journey("call")
def test_five_people_see_and_hear_each_other(alice: Person, people: Guests, meeting: str) -> None:
    present = [alice]
    for name in ("Bob", "Charlie", "Dora", "Emil"):
        guest = people(name, viewport={"width": 960, "height": 600})
        guest.join(meeting)
        present.append(guest)
    everybody_sees_and_hears(*present)
    codes = {person.code() for person in present}
    assert len(codes) == 1
    assert codes != {""}


@pytest.mark.journey("call")
def test_chromium_and_stock_firefox_see_and_hear_each_other(alice: Person, people: Guests, meeting: str) -> None:
    fanny = people.firefox("Fanny")
    fanny.join(meeting)
    everybody_sees_and_hears(alice, fanny)
    assert alice.code() == fanny.code() != ""
    fanny.panel("chat")
    alice.says("Bonjour Firefox")
    fanny.reads("Bonjour Firefox")
    fanny.leave()
    fanny.reads("You left the call.")
    until(lambda: alice.names() == ["Alice"], what="Fanny's tile goes")


@pytest.fixture
def dora(playwright: Playwright, owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Dora, whose browser asks what to show and is answered with the tab of this name."""
    process = ChromiumProcess(
        playwright, tmp_path_factory.mktemp("dora"), "Dora", answers=False, flags=(f"--auto-select-tab-capture-source-by-title={SHOWN}",)
    )
    person = Person("Dora", process.window(permissions=("camera", "microphone")), server=owner.server)
    try:
        yield person
        assert not person.faults()
    finally:
        process.close()


@pytest.mark.journey("call")
def test_a_screen_is_shown_with_its_sound(alice: Person, dora: Person, meeting: str) -> None:
    tab = dora.chromium.context.new_page()
    tab.set_content(SHOWN_TAB)
    tab.click("button")
    dora.join(meeting)
    alice.sees(dora)
    dora.press("screen")
    seat = next(tile.participant for tile in alice.tiles() if tile.name == "Dora")
    until(lambda: alice.shown_by(seat, kind="screen") == "Emil", what="the shown tab's picture on the screen tile")
    until(lambda: alice.heard(seat, kind="screen_sound") == "Emil", what="the shown tab's sound")
    alice.sees(dora)
    alice.hears(dora)
    dora.press("screen")
    until(lambda: all(tile.kind != "screen" for tile in alice.tiles()), what="the screen tile goes")


@pytest.mark.journey("call")
def test_the_host_ends_the_call_for_all(alice: Person, people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.join(meeting)
    bob.panel("more")
    assert not bob.has('[data-control="end"]')
    alice.panel("more")
    alice.press("end")
    alice.browser.click("button", "End for everyone")
    bob.wait_ended("ended")
    bob.reads("The host ended the call for everybody.")
    alice.wait_ended("ended")


@pytest.mark.journey("call", "reasons")
def test_the_host_removes_somebody_who_then_sees_hears_and_is_nothing(alice: Person, people: Guests, meeting: str) -> None:
    bob, charlie = people("Bob"), people("Charlie")
    bob.join(meeting)
    charlie.join(meeting)
    everybody_sees_and_hears(alice, charlie)
    before = alice.code()
    alice.panel("people")
    alice.remove("Charlie")
    charlie.wait_ended("removed")
    charlie.reads("Alice removed you from the call.")
    until(lambda: alice.names() == bob.names() == ["Alice", "Bob"], what="Charlie's tile goes everywhere")
    until(lambda: alice.code() not in {"", before}, what="a new code")
    assert alice.code() == bob.code()
    everybody_sees_and_hears(alice, bob)


@pytest.mark.journey("call")
def test_a_call_works_by_keyboard_alone(people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.enter(meeting)
    page = bob.chromium.page
    bob.tab_to("input[name=name]")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Bob")
    page.keyboard.press("Enter")
    bob.wait_live()
    page.keyboard.press("m")
    until(lambda: "muted" in bob.tiles()[0].marks, what="the microphone off by its key")
    page.keyboard.press("c")
    bob.tab_to("textarea, [data-panel] input")
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    bob.reads("by keys")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    until(lambda: "hand" in bob.tiles()[0].marks, what="the hand up by its key")
    bob.tab_to('[data-control="leave"]')
    page.keyboard.press("Enter")
    bob.wait_ended("left")
    bob.tab_to("button", text="Come back")
    page.keyboard.press("Enter")
    bob.wait_back()
