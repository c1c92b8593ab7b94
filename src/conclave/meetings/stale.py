"""A change made from what a window showed a while ago writes over nothing that was saved meanwhile (MEET-21)."""

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from conclave.kernel import b64, canonical
from conclave.kernel.errors import Refused
from conclave.kernel.ids import ID_BYTES
from conclave.meetings.models import Meeting

_ENTRANCE = ("preset", "who", "waiting", "before_host", "capacity", "passcode_hash", "own_rules", "kept_days", "organisation_id")


class MeetingStale(Refused):
    """The meeting was changed since the change was begun."""

    code = "meeting_stale"
    status = 409
    message = _("This was changed meanwhile, perhaps by you in another window. Look at what holds now, then make your change again.")


def entrance_version(*, row: Meeting) -> str:
    """Return what tells how a meeting's entrance is set from how it was at any other time; of a passcode nothing can be found out by it.

    Args:
        row: the meeting, as it is stored.
    """
    told = canonical.encode([getattr(row, name) for name in _ENTRANCE]).decode()
    return b64.encode(salted_hmac("conclave/entrance-version/1", f"{row.pk} {told}", algorithm="sha256").digest()[:ID_BYTES])


def check_seen(*, seen: str | int | None, now: str | int) -> None:
    """Go on only if what was looked at is what holds.

    Args:
        seen: its version, as the form or the program says it; None for whoever looked at nothing.
        now: the version of now, read inside the transaction that changes it.

    Raises:
        MeetingStale: it is not.
    """
    if seen is not None and seen != now:
        raise MeetingStale
