"""I10: what the server says of people, tracks, encryption and addresses never changes a security decision (FRM-5, JOIN-4, JOIN-10)."""

import pytest
from livekit.protocol.models import ParticipantInfo, Room
from livekit.protocol.rtc import ICEServer, MuteTrackRequest, RoomMovedResponse, SignalResponse, TrackUnpublishedResponse

from tests.hostile.conftest import Victims, identity
from tests.hostile.wire import Wire, parts
from tests.journeys.browsers import until
from tests.journeys.people import Person, Tile

OWN_TRACKS = """(source) => window.seen.connections.flatMap((each) => each.connectionState === "closed" ? [] : each.getSenders())
  .filter(({ track }) => track?.kind === source).map(({ track }) => track.enabled && track.readyState === "live")"""


def own_tile(person: Person) -> Tile:
    """Return the tile in which somebody sees themselves."""
    return next(tile for tile in person.tiles() if tile.self)


def declared(message: SignalResponse) -> None:
    """Name everybody, describe everybody, and offer addresses of strangers."""
    for participant in parts(message, ParticipantInfo):
        participant.name = f"False {participant.identity[:4]}"
        participant.metadata = '{"name":"False","host":true}'
        participant.attributes["name"] = "False"
    if message.HasField("join"):
        message.join.ice_servers.append(
            ICEServer(urls=["stun:stun.example.org:3478", "turn:turn.example.org"], username="a", credential="b")
        )


@pytest.mark.journey("padlock")
def test_i10_names_and_addresses_of_the_server_are_not_taken(alice: Person, victims: Victims, wire: Wire, meeting: str) -> None:
    wire.edits.append(declared)
    bob = victims.join("Bob", meeting)
    bob.sees(alice)
    alice.sees(bob)
    for panel in ("people", "security"):
        bob.panel(panel)
        assert "False" not in bob.text()
    assert bob.names() == ["Alice", "Bob"]
    servers = bob.browser.ask("() => window.seen.connections.flatMap((one) => one.getConfiguration().iceServers)")
    assert servers == []


@pytest.mark.journey("padlock")
def test_i10_a_server_that_takes_somebody_for_another_is_left_with_a_sentence(
    alice: Person, victims: Victims, wire: Wire, meeting: str
) -> None:
    bob = victims.join("Bob", meeting)
    bob.sees(alice)
    other = ParticipantInfo(sid="PA_other", identity=identity(alice))
    wire.say(SignalResponse(room_moved=RoomMovedResponse(room=Room(name="another"), participant=other)))
    bob.wait_ended("call_moved")
    bob.reads("The server took you for somebody else, so this browser left the call.")
    host = identity(alice)

    def renamed(message: SignalResponse) -> None:
        if message.HasField("join"):
            message.join.participant.identity = host

    wire.edits.append(renamed)
    bob.expects("before initialization")  # livekit-client stumbles where it is left while it connects
    bob.browser.click("button", "Come back")
    until(lambda: len(wire.paths) > 1, what="Bob's browser tries again")
    bob.wait_ended("call_moved")
    alice.sees_no(bob)


@pytest.mark.journey("padlock")
def test_i10_the_server_neither_opens_nor_closes_anybodys_microphone_or_camera(
    alice: Person, victims: Victims, wire: Wire, meeting: str
) -> None:
    bob = victims.join("Bob", meeting)
    alice.sees(bob)
    alice.hears(bob)
    tracks = wire.names(identity(bob))

    def says(*, muted: bool) -> None:
        for source in ("MICROPHONE", "CAMERA"):
            wire.say(SignalResponse(mute=MuteTrackRequest(sid=tracks[source], muted=muted)))

    says(muted=True)
    alice.hears(bob)
    alice.sees(bob)
    bob.press("microphone")
    bob.press("camera")
    until(lambda: alice.lock("Bob") == "quiet", what="Bob is silent", seen=alice.stand)
    says(muted=False)
    alice.hears_nothing_of(bob)
    assert alice.lock("Bob") == "quiet"
    for kind in ("audio", "video"):
        assert not any(bob.browser.ask(OWN_TRACKS, kind)), f"{kind} is on although Bob turned it off"
    bob.press("microphone")
    bob.press("camera")
    alice.sees(bob)
    alice.hears(bob)
    # It need not carry them either; then Bob sees himself as the others do.
    for source in ("MICROPHONE", "CAMERA"):
        wire.say(SignalResponse(track_unpublished=TrackUnpublishedResponse(track_sid=tracks[source])))
    until(lambda: "muted" in own_tile(bob).marks and bob.picture(identity(bob)) is None, what="Bob's own tile is dark", seen=bob.stand)
    until(lambda: bob.lock("Bob") == alice.lock("Bob") == "quiet", what="no padlock on either screen", seen=bob.stand)


@pytest.mark.journey("padlock")
def test_i10_a_server_that_holds_somebody_back_is_seen_to_do_so(alice: Person, victims: Victims, wire: Wire, meeting: str) -> None:
    wire.lets_subscribe = False
    bob = victims.join("Bob", meeting)
    alice.sees(bob)
    bob.reads("Line lost, waiting…")
    assert bob.lock("Alice") == "quiet"
    assert bob.names() == ["Alice", "Bob"]
