"""lobby: how people come in, with whatever link, devices, name and browser they have."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Playwright

from tests.journeys.browsers import ChromiumProcess, until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person
from tests.journeys.world import Installation

WITHOUT_TRANSFORMS = """
delete RTCRtpSender.prototype.createEncodedStreams; delete RTCRtpReceiver.prototype.createEncodedStreams;
delete RTCRtpSender.prototype.transform; delete RTCRtpReceiver.prototype.transform; delete window.RTCRtpScriptTransform;
"""
WITHOUT_WASM = "delete window.WebAssembly;"
TAKEN = """if (navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("in use", "NotReadableError"));"""
NEXT = {"link_incomplete": "Ask for the whole link: it has a long part after the sign #.", "link_unknown": "Ask for the link again."}

Visit = Callable[..., Person]


@pytest.fixture
def visit(playwright: Playwright, server: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Opens a Chromium that answers or has devices differently."""
    running: list[ChromiumProcess] = []

    def open_window(*, devices: bool = True, refuses: bool = False) -> Person:
        process = ChromiumProcess(playwright, tmp_path_factory.mktemp("visit"), "Bob", devices=devices, answers=not refuses)
        running.append(process)
        # Naming one permission refuses all others.
        return Person("Bob", process.window(permissions=("geolocation",) if refuses else ()), server=server)

    yield open_window
    for process in running:
        process.close()


@pytest.mark.journey("lobby")
def test_the_lobby_shows_picture_level_devices_region_and_what_is_protected(people: Guests, meeting: str) -> None:
    bob = people("Bob")
    bob.enter(meeting)
    assert "#" not in bob.browser.address()
    bob.wait_for('[data-preview="on"] video', what="the camera preview")
    until(lambda: bob.own_preview() == "Bob", what="Bob's own picture in the preview")
    until(lambda: bob.has(".gauge [data-lit]"), what="the microphone's level moves")
    bob.reads("Sound and picture pass through this server and go nowhere else.")
    bob.reads("Only the people in the call can see and hear it.")
    for label in ("Microphone", "Camera"):
        assert bob.chromium.page.get_by_role("button", name=label).count() or bob.chromium.page.get_by_label(label).count()
    bob.chromium.page.locator('.preview [data-control="camera"]').click()
    bob.wait_for('[data-preview="off"]', what="the preview goes off")


@pytest.mark.journey("lobby")
def test_who_turned_the_camera_off_in_the_lobby_joins_without_it(people: Guests, meeting: str) -> None:
    bob, alice = people("Bob"), people("Alice")
    alice.join(meeting)
    bob.enter(meeting)
    bob.wait_for('[data-preview="on"] video', what="the camera preview")
    bob.chromium.page.locator('.preview [data-control="camera"]').click()
    bob.wait_for('[data-preview="off"]', what="the preview goes off")
    bob.join()
    alice.hears(bob)
    tile = alice.tile("Bob")
    assert tile
    assert alice.picture(tile.participant) is None


@pytest.mark.journey("lobby")
def test_refused_devices_are_a_sentence_and_joining_works(visit: Visit, people: Guests, meeting: str) -> None:
    bob, alice = visit(refuses=True), people("Alice")
    alice.join(meeting)
    bob.enter(meeting)
    bob.reads("Your browser lets this page use neither camera nor microphone.")
    bob.reads("Not allowed")
    assert "None found" not in bob.text()
    bob.join()
    bob.sees(alice)
    bob.hears(alice)
    until(lambda: alice.names() == ["Alice", "Bob"], what="Bob's tile")
    bob.panel("more")
    bob.reads("Press the sign left of the address, allow both, then try again.")
    assert not bob.faults()


@pytest.mark.journey("lobby")
def test_missing_devices_are_a_sentence_and_joining_works(visit: Visit, people: Guests, meeting: str) -> None:
    bob, alice = visit(devices=False), people("Alice")
    alice.join(meeting)
    bob.enter(meeting)
    bob.reads("No camera was found.")
    bob.reads("No microphone was found.")
    bob.reads("None found")
    bob.join()
    bob.sees(alice)
    assert not bob.faults()


@pytest.mark.journey("lobby")
def test_devices_that_another_program_has_are_a_sentence_and_joining_works(people: Guests, meeting: str) -> None:
    bob, alice = people("Bob", init_script=TAKEN), people("Alice")
    alice.join(meeting)
    bob.enter(meeting)
    bob.reads("Another program is using the camera. Close that program, then try again.")
    bob.reads("Another program is using the microphone.")
    bob.join()
    bob.sees(alice)


@pytest.mark.journey("lobby")
@pytest.mark.parametrize(
    ("cut", "reason"),
    [
        (lambda link: link.partition("#")[0], "link_incomplete"),
        (lambda link: link[:-5], "link_incomplete"),
        (lambda link: link.partition(".")[0], "link_incomplete"),
        (lambda link: link.replace("#", "#A", 1)[:-1], "link_incomplete"),
        (lambda link: link.partition("#")[0] + "#" + "A" * 21 + "A." + link.rpartition(".")[2], "link_unknown"),
        (lambda link: link.partition("/m/")[0] + "/m/" + "A" * 22 + "#" + link.partition("#")[2], "link_unknown"),
    ],
    ids=["without", "cut", "without-host-key", "shifted", "wrong-secret", "unknown-meeting"],
)
def test_a_bad_link_is_a_sentence_and_disturbs_nobody(people: Guests, meeting: str, cut: Callable[[str], str], reason: str) -> None:
    alice, charlie = people("Alice"), people("Charlie")
    alice.join(meeting)
    charlie.expects("404", "403")
    charlie.browser.open(cut(meeting))
    charlie.wait_ended(reason)
    charlie.reads("This link is incomplete." if reason == "link_incomplete" else "This link opens no meeting here.")
    charlie.reads(NEXT[reason])
    assert alice.names() == ["Alice"]
    assert not alice.has("[data-toast]")


@pytest.mark.journey("lobby")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("   ", "Your name is empty."),
        ("A" * 10_000, "Your name is too long."),
        ("Alice \u202egnp", "Your name holds signs that cannot be shown safely."),
        ("Ali\u200bce\ue000", "Your name holds signs that cannot be shown safely."),
    ],
    ids=["empty", "10-kB", "right-to-left-override", "invisible"],
)
def test_a_bad_name_is_mended_where_it_was_typed(people: Guests, meeting: str, name: str, sentence: str) -> None:
    bob = people("Bob")
    bob.expects("422")
    bob.enter(meeting)
    bob.browser.fill("Your name", name)
    bob.press("join")
    bob.reads(sentence)
    bob.join()


@pytest.mark.journey("lobby")
def test_look_alike_names_are_marked(people: Guests, meeting: str) -> None:
    alice, charlie = people("Alice"), people("Charlie")
    alice.join(meeting)
    charlie.join(meeting, name="Аlice")  # a Cyrillic A
    alice.reads("Somebody else here has the same or a similar name.")
    charlie.reads("Somebody else here has the same or a similar name.")


@pytest.mark.journey("lobby")
@pytest.mark.parametrize("lacking", [WITHOUT_TRANSFORMS, WITHOUT_WASM], ids=["encoded-transforms", "webassembly"])
def test_a_browser_that_cannot_encrypt_is_told_why_and_never_joins(people: Guests, meeting: str, lacking: str) -> None:
    charlie = people("Charlie", init_script=lacking)
    charlie.browser.open(meeting)
    charlie.wait_ended("browser_unfit")
    charlie.reads("This browser cannot encrypt sound and picture, so it cannot join.")
    assert not [address for address in charlie.browser.requests() if "/api/v1/join" in address or "/media/" in address]
