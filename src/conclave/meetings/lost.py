"""Seats without a socket: awaited after the ticket, or lost since (keys/ knows the sockets); given up when nobody comes (LOG-10)."""

from conclave.kernel import deadlines
from conclave.keys import delivery
from conclave.keys.locks import writing
from conclave.meetings.departure import depart
from conclave.meetings.join import HELLO_WITHIN_MS
from conclave.meetings.models import Gone, Participant

MOST_AT_ONCE = 100


def arrived(*, participant: str, now: int) -> bool:  # noqa: ARG001 - every act takes its time
    """Note that a seat has its socket, so that it is awaited no longer.

    Args:
        participant: whose socket said a valid hello.
        now: the time.

    Returns:
        Whether the seat is still theirs.
    """
    return Participant.objects.filter(pk=participant, left_at=None).update(awaited_until=None) == 1


@deadlines.resumes
def resume(now: int) -> None:
    """Let tickets wait anew for their hello: nobody could say it while this gateway was away.

    Args:
        now: the time.
    """
    Participant.objects.filter(left_at=None).exclude(awaited_until=None).update(awaited_until=now + HELLO_WITHIN_MS)


@deadlines.settles
def settle_awaited(now: int) -> None:
    """Give up seats whose hello never came."""
    late = Participant.objects.filter(left_at=None, awaited_until__lte=now).order_by("awaited_until").values_list("pk", flat=True)
    for participant in late[:MOST_AT_ONCE]:
        with writing():
            # By compare-and-set: a hello may have come in this very moment.
            if Participant.objects.filter(pk=participant, left_at=None, awaited_until__lte=now).update(awaited_until=None):
                depart(participant=participant, reason=Gone.LOST, now=now)


@deadlines.settles
def settle_absent(now: int) -> None:
    """Give up seats whose socket stayed away for too long (JOIN-7, LOG-10)."""
    if delivery.absent(now=now):
        with writing():
            # Asked again under the database's lock: somebody may have come back in this very moment.
            for participant in delivery.absent(now=now):
                depart(participant=participant, reason=Gone.LOST, now=now)
