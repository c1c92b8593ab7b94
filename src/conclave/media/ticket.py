"""The media ticket: a LiveKit token that opens one call for one participant for one minute (JOIN-10), and reading it back."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import jwt

from conclave.media.credentials import EngineCredentials

LIFETIME_SECONDS = 60
# The engine refreshes tokens by itself for 10 minutes; nothing that lives longer is ours.
LONGEST_LIFETIME_SECONDS = 11 * 60
LONGEST_TOKEN = 4096

# What a participant may publish, where nothing of it is taken away (POL-19).
SOURCES = ("camera", "microphone", "screen_share", "screen_share_audio")
_GRANTS = {"roomJoin": True, "canSubscribe": True, "canPublishData": False}
# What a token may say besides: the engine adds these when it refreshes one, always off or empty.
_EMPTY_CLAIMS = ("name", "metadata", "attributes", "roomConfig", "roomPreset", "sip", "agent", "inference", "observability")
_KNOWN_CLAIMS = frozenset({"iss", "sub", "nbf", "iat", "exp", "jti", "video", "kind", "identity", *_EMPTY_CLAIMS})


class TokenRefused(Exception):
    """A media token is not one of ours for a participant, or is out of date; it says no more, so that nothing leaks into logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a valid token says: who, and into which call."""

    call: str
    participant: str


def mint(*, call: str, participant: str, credentials: EngineCredentials, now: int, sources: Collection[str] = SOURCES) -> str:
    """Return the token for one participant of one call; it holds no name, no metadata and no other power (JOIN-4, JOIN-10).

    Args:
        call: the call's id, which is the name of its media room.
        participant: the participant's id, which is their identity there.
        credentials: the key pair of the region's engine.
        now: the time from which it holds, in milliseconds.
        sources: which of SOURCES they may publish.

    Returns:
        A JWT.
    """
    claims = {
        "iss": credentials.key,
        "sub": participant,
        "nbf": now // 1000,
        "exp": now // 1000 + LIFETIME_SECONDS,
        "video": {**_GRANTS, **_publishing(sources), "room": call},
    }
    return jwt.encode(claims, credentials.secret, algorithm="HS256")


def read(*, token: str, credentials: EngineCredentials, now: int) -> Pass:
    """Return what a token opens, if it opens no more than a participant's seat.

    Args:
        token: what the browser sent.
        credentials: the key pair of the region's engine.
        now: the time to judge by; there is no leeway, as one clock made and reads it.

    Returns:
        The call and the participant.

    Raises:
        TokenRefused: forged, of another region, expired, too long-lived, or with any grant a participant must not have.
    """
    if len(token) > LONGEST_TOKEN:
        raise TokenRefused
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            credentials.secret,
            algorithms=["HS256"],
            issuer=credentials.key,
            options={"require": ["exp", "nbf", "sub", "iss"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError as error:
        raise TokenRefused from error
    _check_time(claims, now)
    return Pass(call=_room(claims), participant=claims["sub"])


def _publishing(sources: Collection[str]) -> dict[str, object]:
    """Return the grants to publish; the engine takes an empty list of sources for all of them, so who may none may not publish at all."""
    return {"canPublish": True, "canPublishSources": sorted(sources)} if sources else {"canPublish": False}


def _may_publish(video: dict[str, Any]) -> bool:
    """Tell whether the grants to publish are ones that we give: named sources, or none."""
    may, sources = video.get("canPublish"), video.get("canPublishSources") or []
    known = isinstance(sources, list) and all(source in SOURCES for source in sources) and len(set(sources)) == len(sources)
    return known and (may is False or (may is True and sources != []))


def _check_time(claims: dict[str, Any], now: int) -> None:
    """Raise TokenRefused unless the token holds now and ends soon."""
    starts, ends = claims["nbf"], claims["exp"]
    if not isinstance(starts, int) or not isinstance(ends, int):
        raise TokenRefused
    at = now / 1000
    # The engine's clock has whole seconds: what it refreshed this very second may start "later".
    if not (starts - 1 <= at < ends <= at + LONGEST_LIFETIME_SECONDS):
        raise TokenRefused


def _room(claims: dict[str, Any]) -> str:
    """Return the call's id; raise TokenRefused unless the grants are exactly a participant's."""
    video = claims.get("video")
    if not isinstance(video, dict) or not set(claims) <= _KNOWN_CLAIMS or any(claims.get(name) for name in _EMPTY_CLAIMS):
        raise TokenRefused
    if claims.get("kind", "standard") not in {"", "standard"} or claims.get("identity", claims["sub"]) != claims["sub"]:
        raise TokenRefused
    room = video.get("room")
    others = {name: value for name, value in video.items() if name not in {*_GRANTS, "canPublish", "canPublishSources", "room"}}
    if (
        not _may_publish(video)
        or any(video.get(name) is not value for name, value in _GRANTS.items())
        or any(others.values())
        or not isinstance(room, str)
        or not room
    ):
        raise TokenRefused
    return room
