"""I1: no plaintext frame or data packet leaves a client, in any state. A spy with a media token and no key decodes nothing it receives."""

import time

import pytest
from livekit.protocol.models import BackupCodecPolicy, Codec, Encryption, TrackInfo, TrackSource, VideoQuality
from livekit.protocol.rtc import SignalResponse, SubscribedCodec, SubscribedQuality, SubscribedQualityUpdate

from tests.hostile.conftest import Mallory, Victims, identity
from tests.hostile.wire import Wire, parts
from tests.journeys import pictures
from tests.journeys.browsers import Chromium, until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person

LISTEN_SECONDS = 8


def tones(spy: Chromium) -> list[str | None]:
    """Return whose tone sounds in each sound that the spy plays.

    What a decoder makes of encrypted sound is loud noise, in which any tone may stand out for a moment; somebody's real tone always does.
    """
    body = f"""async (tones) => {{
      const all = [...document.querySelectorAll("audio")].map((one) => ({pictures.SOUND})(one, {{ tones, ms: 1000 }}));
      return Promise.all(all);
    }}"""
    asked = [look.tone for look in pictures.LOOKS.values()]
    moments = [[pictures.whose_sound(levels) for levels in spy.ask(body, asked)] for _moment in range(4)]
    return [heard[0] if len(set(heard)) == 1 else None for heard in zip(*moments, strict=True)]


def packets(spy: Chromium, kind: str) -> int:
    """Return how many packets of this kind reached the spy."""
    return sum(int(part["packets"]) for part in spy.ask("() => window.received()") if part["kind"] == kind)


def sent_codecs(person: Person) -> set[str]:
    """Return the codecs in which this browser sends."""
    named = {report["id"]: report["mimeType"] for report in person.browser.ask("() => reports('codec')")}
    return {named[report["codecId"]] for report in person.browser.ask("() => reports('outbound-rtp')") if report.get("codecId")}


@pytest.mark.journey("padlock")
def test_i1_a_spy_who_was_there_from_the_beginning_decodes_no_frame(alice: Person, people: Guests, meeting: str, mallory: Mallory) -> None:
    room = mallory.room(alice)
    mallory.seat(room=room, identity=mallory.name)
    spy = mallory.enter(room=room, identity=mallory.name, listen=True)
    bob = people("Bob")
    bob.join(meeting)
    alice.sees(bob)
    bob.sees(alice)
    bob.hears(alice)
    until(lambda: packets(spy, "video") > 50, what="the spy receives pictures")
    until(lambda: packets(spy, "audio") > 50, what="the spy receives sound")
    time.sleep(LISTEN_SECONDS)
    received = spy.ask("() => window.received()")
    assert sum(part["decoded"] for part in received if part["kind"] == "video") == 0, received
    heard = tones(spy)
    assert heard
    assert set(heard) == {None}
    alice.sees(bob)


CODECS = ("video/H264", "video/AV1", "video/VP9", "video/H265", "video/VP8", "audio/red", "audio/opus")


def undone(message: SignalResponse) -> None:
    """Declare every track to be unencrypted, and every codec to be welcome."""
    for track in parts(message, TrackInfo):
        track.encryption = Encryption.NONE
        track.backup_codec_policy = BackupCodecPolicy.SIMULCAST
        track.disable_red = False
    if message.HasField("join"):
        message.join.sif_trailer = b"\0" * 14
        del message.join.enabled_publish_codecs[:]
        message.join.enabled_publish_codecs.extend(Codec(mime=mime) for mime in CODECS)


@pytest.mark.journey("padlock")
@pytest.mark.parametrize(("who", "old"), [("Bob", False), ("Fanny", True)], ids=["new path", "old path, Firefox"])
def test_i1_nothing_leaves_in_clear_whatever_the_server_declares_and_asks_for(
    *, alice: Person, victims: Victims, wire: Wire, mallory: Mallory, meeting: str, who: str, old: bool
) -> None:
    wire.edits.append(undone)
    wire.refuses_new_path = old
    room = mallory.room(alice)
    mallory.seat(room=room, identity=mallory.name)
    spy = mallory.enter(room=room, identity=mallory.name, listen=True)
    other = victims.join(who, meeting)
    for one, another in ((alice, other), (other, alice)):
        one.sees(another)
        one.hears(another)
    assert wire.paths[-1].endswith("/rtc" if old else "/rtc/v1")
    camera = wire.names(identity(other))["CAMERA"]
    every = [SubscribedQuality(quality=quality, enabled=True) for quality in (VideoQuality.LOW, VideoQuality.HIGH)]
    wanted = [SubscribedCodec(codec=codec, qualities=every) for codec in ("h264", "av1", "vp9", "h265", "vp8")]
    wire.say(SignalResponse(subscribed_quality_update=SubscribedQualityUpdate(track_sid=camera, subscribed_codecs=wanted)))
    until(lambda: packets(spy, "video") > 50, what="the spy receives pictures")
    until(lambda: packets(spy, "audio") > 50, what="the spy receives sound")
    alice.sees(other)
    received = spy.ask("() => window.received()")
    assert sum(part["decoded"] for part in received if part["kind"] == "video") == 0, received
    assert set(tones(spy)) == {None}
    offered = [request.add_track for request in wire.asked if request.HasField("add_track")]
    assert sorted(track.source for track in offered) == [TrackSource.CAMERA, TrackSource.MICROPHONE]
    assert {codec.codec for track in offered for codec in track.simulcast_codecs} <= {"vp8", ""}
    assert other.browser.ask("() => window.seen === undefined") or sent_codecs(other) == {"video/VP8", "audio/opus"}


@pytest.mark.journey("padlock")
@pytest.mark.parametrize("old", [False, True], ids=["new path", "old path"])
def test_i1_no_data_packet_is_sent_or_heard(
    *, alice: Person, victims: Victims, wire: Wire, mallory: Mallory, meeting: str, old: bool
) -> None:
    wire.refuses_new_path = old
    studio = mallory.studio(room=mallory.room(alice))
    bob = victims.join("Bob", meeting)
    bob.sees(alice)
    bob.says("good morning")
    alice.panel("chat")
    alice.reads("good morning")

    def speak() -> bool:
        studio.speak("canary")
        return sum(int(channel["messagesReceived"]) for channel in bob.browser.ask("() => reports('data-channel')")) > 10

    until(speak, what="Mallory's packets reach Bob's browser")
    for person in (alice, bob):
        person.panel("chat")
        assert "canary" not in person.text()
    channels = bob.browser.ask("() => reports('data-channel')")
    assert {channel["messagesSent"] for channel in channels} == {0}
    assert studio.window.ask("() => window.packets") == []
    studio.tape(identity(bob), pictures=5, sounds=5)
    assert {kind for *_rest, kind in studio.trailers(identity(bob))} == {1, 2}  # every frame ends as frames.md says
