"""Whom hosts have banned from a meeting or blocked at its door, and taking it back."""

from conclave.gate.impose import lift, restrict
from conclave.gate.policy import Cause, Scope, What
from conclave.gate.queries import Named
from conclave.kernel.ids import new_id
from conclave.keys.delivery import host_policy
from conclave.keys.locks import writing
from conclave.meetings.models import Ban, Participant
from conclave.transparency.journal import journal

MOST_TOLD = 500


def bans(*, call: str, meeting: str, by: str) -> list[dict[str, object]]:
    """Return a meeting's bans to a host, newest first.

    Args:
        call: the call in which they are a host.
        meeting: its meeting.
        by: the participant who asks.

    Returns:
        Each ban as the socket tells it: its id, the name that the person had, who banned or blocked them, and when.

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
            lift(notice=ban)
            journal(kind="ban_lifted", obj=meeting, fields={"ban": ban, "by": by}, now=now)
    return _told(meeting)


def shut_out(*, meeting: str, subjects: Named, name: str, signed_in: bool, by: str, blocked: bool, now: int) -> str:
    """Write what keeps a person out of a meeting, and list it for the hosts; inside the caller's transaction.

    Args:
        meeting: which.
        subjects: everything the person is known by; an empty or absent value names nobody.
        name: the name that they had.
        signed_in: whether they had an account.
        by: the participant who wants it.
        blocked: at the door, where they may not ask again; else by a ban, which forbids being inside too.
        now: the time.

    Returns:
        The id by which it is taken back.
    """
    what, cause = (What.KNOCK, Cause.BLOCKED_BY_HOST) if blocked else (What.JOIN, Cause.BANNED_BY_HOST)
    notice = new_id()
    restrict(subjects=subjects, scope=(Scope.MEETING, meeting), what=what, cause=cause, starts_at=now, notice=notice)
    host = Participant.objects.filter(pk=by).values_list("name", flat=True).first() or ""
    Ban.objects.create(id=notice, meeting_id=meeting, name=name, by=host, signed_in=signed_in, since=now, blocked=blocked)
    journal(kind="block_imposed" if blocked else "ban_imposed", obj=meeting, fields={"ban": notice, "by": by}, now=now)
    return notice


def _told(meeting: str) -> list[dict[str, object]]:
    """Return the bans as the socket tells them."""
    rows = Ban.objects.filter(meeting=meeting).order_by("-since", "id")[:MOST_TOLD]
    return [
        {"ban": row.pk, "name": row.name, "by": row.by, "signed_in": row.signed_in, "since": row.since, "blocked": row.blocked}
        for row in rows
    ]
