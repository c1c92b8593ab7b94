"""The media engine's API: the only code that calls LiveKit. Every act may be repeated without harm."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import aiohttp
from livekit.api.ingress_service import IngressService
from livekit.api.room_service import RoomService
from livekit.api.twirp_client import ServerError, ServerErrorCode
from livekit.protocol.ingress import ListIngressRequest
from livekit.protocol.models import ParticipantInfo, ParticipantPermission, TrackSource
from livekit.protocol.room import (
    CreateRoomRequest,
    DeleteRoomRequest,
    ListParticipantsRequest,
    ListRoomsRequest,
    RoomParticipantIdentity,
    UpdateParticipantRequest,
)

from conclave.media.credentials import EngineCredentials

ANSWER_SECONDS = 3.0
# An empty room is closed by the engine; the signal gate makes it again when somebody comes back.
EMPTY_SECONDS = 60
DEPARTURE_SECONDS = 20
# How an engine that has no Redis answers whoever asks it for streams from outside, which it keeps there.
WITHOUT_REDIS = "redis required"


class EngineUnavailable(Exception):
    """The engine cannot be reached or is in trouble: worth trying again."""


class EngineRefused(Exception):
    """The engine understood and said no: trying again will not help; the message holds its code only."""


class EngineShared(EngineRefused):
    """The engine shares its calls by a Redis with whatever machines join it there (REG-12)."""


class EngineApi:
    """The engine of one region."""

    def __init__(self, *, url: str, credentials: EngineCredentials, session: aiohttp.ClientSession) -> None:
        """Take its address on the private network, its key pair and an open HTTP session."""
        self._rooms = RoomService(session, url, credentials.key, credentials.secret, failover=False)
        self._streams = IngressService(session, url, credentials.key, credentials.secret, failover=False)

    async def ping(self) -> None:
        """Return if the engine answers, knows our key and works alone.

        Raises:
            EngineUnavailable: it does not answer.
            EngineShared: other machines may take calls from it.
            EngineRefused: it does not know our key.
        """
        async with _answered():
            await self._rooms.list_rooms(ListRoomsRequest(names=["-"]))
        await self.check_alone()

    async def check_alone(self) -> None:
        """Return if the engine says that it has no Redis, by which machines that nobody named could take calls from it (REG-12).

        Raises:
            EngineUnavailable: it does not answer, or does not say so.
            EngineShared: it has one.
            EngineRefused: it does not know our key.
        """
        async with _answered():
            try:
                await self._streams.list_ingress(ListIngressRequest())
            except ServerError as error:
                if error.code == ServerErrorCode.INTERNAL and WITHOUT_REDIS in error.message:
                    return
                raise
        raise EngineShared("redis")

    async def ensure_room(self, *, call: str, most: int = 0) -> None:
        """Make the call's room unless it exists, as the engine makes none by itself.

        It is asked for on a machine that there is not. An engine that works alone does not care; one that could hand it to another
        machine looks for that one by its Redis, and makes none (REG-12).

        Args:
            call: the call's id.
            most: how many may be in it; 0 when the engine need not count.

        Raises:
            EngineUnavailable: it does not answer.
            EngineRefused: it says no.
        """
        async with _answered():
            await self._rooms.create_room(
                CreateRoomRequest(
                    name=call,
                    empty_timeout=EMPTY_SECONDS,
                    departure_timeout=DEPARTURE_SECONDS,
                    max_participants=most,
                    node_id=f"nobody-{secrets.token_hex(8)}",
                )
            )

    async def remove(self, *, call: str, participant: str) -> None:
        """Disconnect a participant; one who is not there is removed already.

        Args:
            call: the call's id.
            participant: the participant's id.

        Raises:
            EngineUnavailable: it does not answer.
            EngineRefused: it says no.
        """
        async with _answered(gone_is_fine=True):
            await self._rooms.remove_participant(RoomParticipantIdentity(room=call, identity=participant))

    async def allow(self, *, call: str, participant: str, sources: Collection[str]) -> None:
        """Let a participant publish these sources and no other; what is published without the right is taken away (POL-19).

        Args:
            call: the call's id.
            participant: the participant's id; for one who is not there, nothing is to do.
            sources: words of ticket.SOURCES.

        Raises:
            EngineUnavailable: it does not answer.
            EngineRefused: it says no.
        """
        named = [source.upper() for source in sorted(sources)]
        permission = ParticipantPermission(can_subscribe=True, can_publish=bool(named), can_publish_sources=named)
        async with _answered(gone_is_fine=True):
            await self._rooms.update_participant(UpdateParticipantRequest(room=call, identity=participant, permission=permission))

    async def publishers(self, *, call: str) -> dict[str, frozenset[str]]:
        """Return what each in a call's room may publish, in words of ticket.SOURCES.

        Args:
            call: the call's id.

        Returns:
            The sources of all that are not disconnected; empty when there is no such room.

        Raises:
            EngineUnavailable: it does not answer.
            EngineRefused: it says no.
        """
        return {one.identity: _sources(one.permission) for one in await self._present(call)}

    async def end(self, *, call: str) -> None:
        """Close a call's room and disconnect everybody; one that is not there is ended already.

        Args:
            call: the call's id.

        Raises:
            EngineUnavailable: it does not answer.
            EngineRefused: it says no.
        """
        async with _answered(gone_is_fine=True):
            await self._rooms.delete_room(DeleteRoomRequest(room=call))

    async def rooms(self) -> frozenset[str]:
        """Return the calls that have a room.

        Raises:
            EngineUnavailable: it does not answer.
            EngineRefused: it says no.
        """
        async with _answered():
            answer = await self._rooms.list_rooms(ListRoomsRequest())
        return frozenset(room.name for room in answer.rooms)

    async def list(self, *, call: str) -> dict[str, str]:
        """Return who is in a call's room, hidden ones included.

        Args:
            call: the call's id.

        Returns:
            The identities of all that are not disconnected, each with what it is besides a participant: nothing, `hidden`, `recorder`,
            `agent` or another word of the engine's; empty when there is no such room.

        Raises:
            EngineUnavailable: it does not answer.
            EngineRefused: it says no.
        """
        return {one.identity: _besides(one) for one in await self._present(call)}

    async def _present(self, call: str) -> tuple[ParticipantInfo, ...]:
        """Return all that are not disconnected."""
        present: tuple[ParticipantInfo, ...] = ()
        async with _answered(gone_is_fine=True):
            present = tuple((await self._rooms.list_participants(ListParticipantsRequest(room=call))).participants)
        return tuple(one for one in present if one.state != ParticipantInfo.State.DISCONNECTED)


def _sources(permission: ParticipantPermission) -> frozenset[str]:
    """Return what a permission lets be published; without a list the engine lets everything be, which has a word of its own here."""
    if not permission.can_publish:
        return frozenset()
    return frozenset(TrackSource.Name(source).lower() for source in permission.can_publish_sources) or frozenset({"anything"})


@asynccontextmanager
async def engine_api(*, url: str, credentials: EngineCredentials) -> AsyncIterator[EngineApi]:
    """Open the engine's API for a few calls.

    Args:
        url: the engine's address on the private network.
        credentials: its key pair.

    Yields:
        The API; its connections are closed afterwards.
    """
    async with aiohttp.ClientSession(trust_env=False) as session:
        yield EngineApi(url=url, credentials=credentials, session=session)


def _besides(one: ParticipantInfo) -> str:
    """Return what a connection is besides a participant; empty for a plain one."""
    powers = [name for name in ("hidden", "recorder", "agent") if getattr(one.permission, name)]
    kind = ParticipantInfo.Kind.Name(one.kind).lower()
    return powers[0] if powers else kind.removeprefix("standard")


@asynccontextmanager
async def _answered(*, gone_is_fine: bool = False) -> AsyncIterator[None]:
    """Wait for the engine some seconds, and turn what the SDK raises into our two errors; addresses and tokens stay out of them."""
    try:
        # The SDK asks its session for no limit at all, whatever the session's own is.
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except ServerError as error:
        if gone_is_fine and error.code == ServerErrorCode.NOT_FOUND:
            return
        if error.status >= 500:
            raise EngineUnavailable(error.code) from None
        raise EngineRefused(error.code) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise EngineUnavailable(type(error).__name__) from None
