"""How much one seat may say, and how often it may be wrong (JOIN-6)."""

from collections import deque

from conclave.kernel.clock import MINUTE, SECOND, Seldom

BURST = 100
PER_SECOND = 20
OFFENCES = 10

_kept: dict[str, "Manners"] = {}
_tidying = Seldom(every_ms=MINUTE)  # not for each of a crowd that comes at once


class Manners:
    """A token bucket of messages and the offences of the last minute."""

    def __init__(self) -> None:
        """Start with a full bucket and no offence."""
        self._left = float(BURST)
        self._filled_at = 0
        self._offences: deque[int] = deque(maxlen=OFFENCES)

    def may_speak(self, *, now: int) -> bool:
        """Take one message from the bucket; False when it is empty."""
        # A clock that was set back takes nothing away.
        self._left = min(BURST, self._left + max(0, now - self._filled_at) * PER_SECOND / SECOND)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def offended(self, *, now: int) -> bool:
        """Note an offence; return whether it is the tenth within a minute."""
        self._offences.append(now)
        return len(self._offences) == OFFENCES and now - self._offences[0] < MINUTE

    def rested(self, *, now: int) -> bool:
        """Tell whether nothing was said for so long that these manners are as good as new."""
        return now - self._filled_at >= MINUTE


def manners_of(*, participant: str, now: int) -> Manners:
    """Return the manners of a seat, the same for every socket it opens at this gateway: a new socket is no new start.

    Args:
        participant: whose seat; the caller has checked that it is theirs.
        now: the time.
    """
    if _tidying.due(now=now):
        for name in [name for name, manners in _kept.items() if manners.rested(now=now)]:
            del _kept[name]
    manners = _kept.setdefault(participant, Manners())
    manners.may_speak(now=now)
    return manners
