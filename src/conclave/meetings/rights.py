"""Rights in the media: what a participant may publish follows what the group's policy says of them (POL-19)."""

from collections.abc import Collection
from typing import Any

from conclave.kernel import outbox
from conclave.keys import delivery
from conclave.keys.threads import in_thread
from conclave.media import placement, ticket
from conclave.media.engine import EngineApi, engine_api
from conclave.media.policy import Picture
from conclave.meetings.models import Call, Participant

_NEEDS = {"camera": "video", "microphone": "unmute", "screen_share": "share", "screen_share_audio": "share"}
_PICTURES = frozenset({"camera", "screen_share"})


def sources(*, call: str, participants: Collection[str]) -> dict[str, frozenset[str]]:
    """Return what participants may publish, in the media engine's words.

    Args:
        call: their call.
        participants: who.
    """
    rights, heard_only = delivery.may(call=call, participants=participants), _heard_only(participants)
    return {one: sources_of(may=may, heard_only=one in heard_only) for one, may in rights.items()}


def sources_of(*, may: Collection[str] | None, heard_only: bool) -> frozenset[str]:
    """Return what somebody with these rights may publish, in the media engine's words.

    Args:
        may: their rights; None while no group has said anything of them.
        heard_only: whether they came when their region had room for sound alone (REG-3).
    """
    allowed = frozenset(source for source in ticket.SOURCES if may is None or _NEEDS[source] in may)
    return allowed - _PICTURES if heard_only else allowed


def _heard_only(participants: Collection[str]) -> set[str]:
    """Return who of these came when their region had room for sound alone."""
    if not placement.counts():
        return set()
    return set(Participant.objects.filter(pk__in=participants, picture=Picture.NONE).values_list("pk", flat=True))


async def correct(*, engine: EngineApi, call: str) -> int:
    """Compare what the engine lets each publish with what they may, and put it right.

    Args:
        engine: the engine of the call's region.
        call: the call.

    Returns:
        For how many it was wrong.

    Raises:
        EngineUnavailable, EngineRefused: the engine did not do its part.
    """
    granted = await engine.publishers(call=call)
    wanted = await in_thread(sources, call=call, participants=list(granted))
    wrong = {one: wanted[one] for one, has in granted.items() if has != wanted[one]}
    for participant, allowed in wrong.items():
        await engine.allow(call=call, participant=participant, sources=allowed)
    return len(wrong)


@outbox.handles(delivery.RIGHTS_CHANGED)
async def _follow(payload: dict[str, Any]) -> None:
    """Bring the engine to what these participants may now; whatever it was when this was written, the newest counts."""
    call, participants = payload["call"], payload["participants"]
    region = placement.regions().get(await in_thread(_region, call))
    if region is None:
        return
    async with engine_api(url=region.api_url, credentials=region.credentials()) as engine:
        done: dict[str, frozenset[str]] = {}
        # Another worker may carry out a newer change at the same time: whoever finds it changed meanwhile does it again.
        while (wanted := await in_thread(sources, call=call, participants=participants)) != done:
            for participant in participants:
                if wanted[participant] != done.get(participant):
                    await engine.allow(call=call, participant=participant, sources=wanted[participant])
            done = wanted


def _region(call: str) -> str:
    """Return the region of a live call, or nothing."""
    return Call.objects.filter(pk=call, ended_at=None).values_list("region", flat=True).first() or ""
