"""Leaving by one's own will (JOIN-7)."""

from conclave.keys.locks import writing
from conclave.meetings.departure import depart
from conclave.meetings.models import Gone


def leave(*, participant: str, now: int) -> bool:
    """Give up a seat at once.

    Args:
        participant: whose seat; the caller has checked that it is theirs.
        now: the time.

    Returns:
        Whether there was a seat to give up.
    """
    with writing():
        return depart(participant=participant, reason=Gone.LEFT, now=now)
