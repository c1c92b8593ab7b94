"""Where somebody is signed in: each session with its browser, and how it is ended.

The table is allauth's. It would keep the visitor's address too; ours is never written there (note_device).
"""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.accounts.models import User
from conclave.kernel import clock
from conclave.kernel.errors import Refused
from conclave.transparency.journal import journal

NO_ADDRESS = "::"
AGENT_LENGTH = UserSession._meta.get_field("user_agent").max_length  # noqa: SLF001 - Django's documented API
# The first sign that is found decides: most browsers also claim to be others.
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


class NoSuchDevice(Refused):
    """The session is over, or was never this person's."""

    code = "no_such_device"
    status = 404
    message = _("This device is not signed in any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One session; browser and system are as the browser names itself, empty where it does not."""

    id: int
    browser: str
    system: str
    signed_in_at: datetime
    seen_at: datetime
    current: bool


def devices_of(*, user: User, current: str) -> list[Device]:
    """Return where this person is signed in, the device that asks first, then by when it was last seen.

    Args:
        user: who.
        current: the key of the session that asks.
    """
    found = [
        Device(
            id=row.pk,
            browser=_named(row.user_agent, BROWSERS),
            system=_named(row.user_agent, SYSTEMS),
            signed_in_at=row.created_at,
            seen_at=row.last_seen_at,
            current=row.session_key == current,
        )
        for row in UserSession.objects.purge_and_list(user)
    ]
    return sorted(found, key=lambda device: (not device.current, -device.seen_at.timestamp()))


def note_device(*, user: User, key: str, agent: str, now: int) -> None:
    """Note that this session was used just now, with which browser, and never from where.

    Args:
        user: whose session.
        key: its key.
        agent: how the browser names itself.
        now: the time.
    """
    seen = {"user": user, "user_agent": agent[:AGENT_LENGTH], "ip": NO_ADDRESS, "last_seen_at": clock.to_datetime(now)}
    UserSession.objects.update_or_create(session_key=key, defaults=seen)


def end_device(*, user: User, device: int, now: int) -> None:
    """End one session at once.

    Args:
        user: who asks; only their own are found.
        device: which.
        now: the time.

    Raises:
        NoSuchDevice: it is over, or another person's.
    """
    with transaction.atomic():
        row = UserSession.objects.filter(user=user, pk=device).first()
        if row is None:
            raise NoSuchDevice
        row.end()
        journal(kind="sessions_ended", fields={"account": user.pk, "sessions": 1}, now=now)


def end_other_devices(*, user: User, current: str, now: int) -> None:
    """End every session but the one that asks.

    Args:
        user: who asks.
        current: the key of the session that stays.
        now: the time.
    """
    with transaction.atomic():
        rows = list(UserSession.objects.filter(user=user).exclude(session_key=current))
        for row in rows:
            row.end()
        journal(kind="sessions_ended", fields={"account": user.pk, "sessions": len(rows)}, now=now)


def described(*, agent: str) -> str:
    """Return browser and system as the browser names itself, empty where it does not.

    Args:
        agent: the browser's own word.
    """
    return " · ".join(name for name in (_named(agent, BROWSERS), _named(agent, SYSTEMS)) if name)


def _named(agent: str, names: dict[str, str]) -> str:
    """Return the first name whose sign is there."""
    return next((name for sign, name in names.items() if sign in agent), "")
