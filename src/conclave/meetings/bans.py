"""Whom hosts have banned from a meeting, and taking it back."""

from conclave.gate.impose import lift
from conclave.gate.policy import Scope
from conclave.keys.delivery import host_policy
from conclave.keys.locks import writing
from conclave.meetings.models import Ban
from conclave.transparency.journal import journal

MOST_TOLD = 500


def bans(*, call: str, meeting: str, by: str) -> list[dict[str, object]]:
    """Return a meeting's bans to a host, newest first.

    Args:
        call: the call in which they are a host.
        meeting: its meeting.
        by: the participant who asks.

    Returns:
        Each ban as the socket tells it: its id, the name that the person had, who banned them, and when.

    Raises:
        NotHost, NotLive: keys/ does not know this participant as a host.
    """
    host_policy(call=call, participant=by)
    return _told(meeting)


def unban(*, call: str, meeting: str, by: str, ban: str, now: int) -> list[dict[str, object]]:
    """Let somebody in again because a host said so; one that is lifted already is left as it is.

    Args:
        call: the call in which they are a host.
        meeting: its meeting.
        by: the participant who asks.
        ban: which ban.
        now: the time.

    Returns:
        The bans that still stand.

    Raises:
        NotHost, NotLive: keys/ does not know this participant as a host.
    """
    host_policy(call=call, participant=by)
    with writing():
        if Ban.objects.filter(pk=ban, meeting=meeting).delete()[0]:
            lift(scope=(Scope.MEETING, meeting), notice=ban)
            journal(kind="ban_lifted", obj=meeting, fields={"ban": ban, "by": by}, now=now)
    return _told(meeting)


def _told(meeting: str) -> list[dict[str, object]]:
    """Return the bans as the socket tells them."""
    rows = Ban.objects.filter(meeting=meeting).order_by("-since", "id")[:MOST_TOLD]
    return [{"ban": row.pk, "name": row.name, "by": row.by, "signed_in": row.signed_in, "since": row.since} for row in rows]
