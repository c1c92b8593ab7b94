"""meetings/rights.py: what may be published follows the policy, in tickets, at the gate and at the real engine (POL-19, POL-21)."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from livekit.protocol.models import TrackSource, TrackType
from livekit.protocol.rtc import AddTrackRequest, RequestResponse, SignalRequest, SignalResponse
from pytest_django import Settings
from websockets.asyncio.client import ClientConnection, connect

from conclave.kernel import clock, outbox
from conclave.kernel.ids import new_id
from conclave.keys import delivery
from conclave.keys.models import Group, Seat
from conclave.media import ticket as tickets
from conclave.media.engine import engine_api
from conclave.meetings import rights, signal
from conclave.meetings.join import Again, NameFixed, Ticket
from tests.media.live import LiveEngine, live_engine
from tests.meetings.conftest import Joins

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = ["chat", "pictures", "reactions", "rename", "share", "unmute", "video"]
MUTE = [right for right in EVERYTHING if right != "unmute"]


@pytest_asyncio.fixture
async def engine(tmp_path: Path, settings: Settings) -> AsyncIterator[LiveEngine]:
    """A real engine that the settings point to."""
    async with live_engine(tmp_path) as live:
        settings.CONCLAVE = dataclasses.replace(settings.CONCLAVE, state_dir=tmp_path, engine_port=live.port)
        yield live


def decide(call: str, newcomer: list[str], **own: list[str]) -> None:
    """Let the call's group have said this: of who has no leaf, and of participants."""
    found = {"incarnation": new_id(), "meeting": new_id(), "number": 1, "newcomer": newcomer}
    Group.objects.update_or_create(call=call, defaults={"newcomer": newcomer}, create_defaults=found)
    for participant, may in own.items():
        seat = {"call": call, "meeting": new_id(), "may": may}
        Seat.objects.update_or_create(participant=participant, defaults={"may": may}, create_defaults=seat)


def publishable(token: str) -> list[str]:
    """Return which sources a token lets be published."""
    grants = jwt.decode(token, options={"verify_signature": False})["video"]
    return list(grants["canPublishSources"]) if grants["canPublish"] else []


def test_a_ticket_lets_publish_what_a_newcomer_may(joins: Joins) -> None:
    alice = joins("Alice")
    assert publishable(alice.media_token) == ["camera", "microphone", "screen_share", "screen_share_audio"]
    decide(alice.call, ["chat", "video"])
    assert publishable(joins("Bob").media_token) == ["camera"]
    decide(alice.call, ["chat"])
    assert publishable(joins("Carol").media_token) == []


def test_who_comes_back_has_what_the_policy_says_of_them(joins: Joins) -> None:
    bob = joins("Bob")
    decide(bob.call, MUTE, **{bob.participant: EVERYTHING})
    again = joins("Bob", again=Again(participant=bob.participant, seat=bob.seat))
    assert "microphone" in publishable(again.media_token)


def test_pol_21_another_name_is_taken_only_by_who_may(joins: Joins) -> None:
    bob = joins("Bob")
    decide(bob.call, EVERYTHING)
    key, device = bob_keys()
    robert = joins("Robert", again=Again(participant=bob.participant, seat=bob.seat), signature_key=key, device=device)
    assert (robert.participant, robert.name) == (bob.participant, "Robert")
    decide(bob.call, [right for right in EVERYTHING if right != "rename"])
    here = Again(participant=bob.participant, seat=robert.seat)
    with pytest.raises(NameFixed):
        joins("Alice", again=here, signature_key=key, device=device)
    assert joins("Robert", again=here, signature_key=key, device=device).name == "Robert"


def bob_keys() -> tuple[str, str]:
    """Return what Bob's browser has kept."""
    from tests.meetings.conftest import device_of, key_of

    return key_of("Bob"), device_of("Bob")


async def test_an_older_token_opens_no_more_than_its_holder_may_now(joins: Joins) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await sync_to_async(decide)(bob.call, MUTE)
    entry = await signal.admit_signal(path="/media/local/rtc/v1", query=f"access_token={bob.media_token}", now=clock.now())
    assert "microphone" in publishable(bob.media_token)
    sent = entry.query.removeprefix("access_token=")
    assert publishable(sent) == ["camera", "screen_share", "screen_share_audio"]


async def test_the_engine_refuses_a_track_without_the_right_and_follows_the_outbox(joins: Joins, engine: LiveEngine) -> None:
    """Bob's changed client asks for every source; the gate's token and UpdateParticipant decide."""
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await sync_to_async(decide)(bob.call, MUTE)
    async with engine_api(url=engine.url, credentials=engine.credentials) as api:
        await api.ensure_room(call=bob.call)
        async with await _connect(engine, bob) as socket:
            assert await _publish(socket, TrackSource.MICROPHONE) is False
            assert await _publish(socket, TrackSource.CAMERA) is True
            assert await api.publishers(call=bob.call) == {bob.participant: frozenset({"camera", "screen_share", "screen_share_audio"})}
            await sync_to_async(decide)(bob.call, MUTE, **{bob.participant: ["unmute"]})
            await asyncio.to_thread(_tell, bob)
            assert await api.publishers(call=bob.call) == {bob.participant: frozenset({"microphone"})}
            assert await _publish(socket, TrackSource.MICROPHONE) is True
            assert await _publish(socket, TrackSource.SCREEN_SHARE) is False
            await sync_to_async(decide)(bob.call, [], **{bob.participant: ["chat"]})
            assert await rights.correct(engine=api, call=bob.call) == 1
            assert await rights.correct(engine=api, call=bob.call) == 0
            assert await api.publishers(call=bob.call) == {bob.participant: frozenset()}


async def test_what_the_engine_writes_of_a_changed_right_is_still_a_participants_token(joins: Joins, engine: LiveEngine) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    async with engine_api(url=engine.url, credentials=engine.credentials) as api:
        await api.ensure_room(call=bob.call)
        async with await _connect(engine, bob) as socket:
            for sources in ({"camera"}, set[str]()):
                await api.allow(call=bob.call, participant=bob.participant, sources=sources)
                fresh = await _refreshed(socket, sources)
                opens = tickets.read(token=fresh, credentials=engine.credentials, now=clock.now())
                assert (opens.call, opens.participant) == (bob.call, bob.participant)


async def test_rights_of_a_call_that_is_over_or_without_an_engine_are_nobodys(joins: Joins) -> None:
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    await rights._follow({"call": "x" * 22, "participants": [bob.participant]})


def _tell(bob: Ticket) -> None:
    """Let the outbox carry out what keys/ wrote with the commit."""
    from django.db import transaction

    with transaction.atomic():
        outbox.emit(kind=delivery.RIGHTS_CHANGED, payload={"call": bob.call, "participants": [bob.participant]}, now=clock.now())
    assert outbox.run_due(now=clock.now()) == 1


async def _connect(engine: LiveEngine, bob: Ticket) -> ClientConnection:
    """Connect as the gate does, with the token that the gate sends."""
    query = f"access_token={bob.media_token}&auto_subscribe=1&protocol=16&sdk=js&version=2.23.0"
    entry = await signal.admit_signal(path="/media/local/rtc", query=query, now=clock.now())
    return await connect(f"ws://127.0.0.1:{engine.port}/{entry.path}?{entry.query}", proxy=None)


async def _publish(socket: ClientConnection, source: TrackSource) -> bool:
    """Ask to publish a track; return whether the engine takes it."""
    kind = TrackType.AUDIO if source == TrackSource.MICROPHONE else TrackType.VIDEO
    asked = AddTrackRequest(cid=new_id(), name="", type=kind, source=source)
    await socket.send(SignalRequest(add_track=asked).SerializeToString())
    async with asyncio.timeout(10):
        while True:
            answer = SignalResponse.FromString(await socket.recv(decode=False))
            if answer.HasField("track_published") and answer.track_published.cid == asked.cid:
                return True
            if answer.HasField("request_response") and answer.request_response.reason == RequestResponse.Reason.NOT_ALLOWED:
                return False


async def _refreshed(socket: ClientConnection, sources: set[str]) -> str:
    """Return the token that the engine writes once it has taken in a change."""
    async with asyncio.timeout(10):
        while True:
            fresh = SignalResponse.FromString(await socket.recv(decode=False)).refresh_token
            if fresh and set(publishable(fresh)) == sources:
                return fresh
