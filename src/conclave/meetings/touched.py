"""Which organisations a look at a meeting, or at a time, concerns; and what is known of when a meeting took place and with whom."""

from collections.abc import Iterator

from django.db.models import Q
from django.db.models.functions import Coalesce

from conclave.kernel import clock
from conclave.meetings.models import Call, Meeting, Participant


def is_meeting(*, meeting: str) -> bool:
    """Tell whether there is or was such a meeting.

    Args:
        meeting: its number.
    """
    return Meeting.objects.filter(pk=meeting).exists()


def had_part(*, meeting: str, account: str) -> bool:
    """Tell whether a meeting is somebody's own, or they were in it; of a call that is over it is forgotten who had a seat.

    Args:
        meeting: its number.
        account: whose.
    """
    return (
        Meeting.objects.filter(pk=meeting, owner=account).exists()
        or Participant.objects.filter(call__meeting=meeting, account=account).exists()
    )


def meetings_of(*, owner: str) -> list[str]:
    """Return the numbers of somebody's meetings, also of those that are deleted and still known.

    Args:
        owner: whose.
    """
    return list(Meeting.objects.filter(owner=owner).values_list("pk", flat=True))


def owner_of(*, meeting: str) -> str:
    """Return whose a meeting is; empty when nobody's.

    Args:
        meeting: its number.
    """
    return Meeting.objects.filter(pk=meeting).values_list("owner", flat=True).first() or ""


def organisations_of(*, meeting: str) -> list[str]:
    """Return the organisation of a meeting, if it has one.

    Args:
        meeting: its number.
    """
    return list(Meeting.objects.filter(pk=meeting, organisation__isnull=False).values_list("organisation", flat=True))


def organisations_between(*, since: int, until: int) -> list[str]:
    """Return the organisations that had a call in some time, each once.

    Args:
        since: its beginning.
        until: its end.
    """
    calls = Call.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since), started_at__lt=until, meeting__organisation__isnull=False)
    return sorted(calls.order_by().values_list("meeting__organisation", flat=True).distinct())


def held_in(*, meeting: str, most: int) -> Iterator[tuple[str, ...]]:
    """Yield who came to a meeting's calls, as what, when and where its media went, the newest first; of what was said nothing is known.

    Args:
        meeting: its number.
        most: so many at most.
    """
    rows = Participant.objects.filter(call__meeting=meeting).select_related("call").order_by(Coalesce("left_at", "joined_at").desc(), "pk")
    for row in rows[:most]:
        yield row.name, row.role, _time(row.joined_at), _time(row.left_at), row.gone_reason, row.call.region


def _time(at: int | None) -> str:
    """Return a time in ISO 8601, empty for none."""
    return "" if at is None else clock.to_datetime(at).isoformat(timespec="seconds")
