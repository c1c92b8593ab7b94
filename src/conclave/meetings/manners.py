"""How much one socket may say, and how often it may be wrong (JOIN-6)."""

from collections import deque

from conclave.kernel.clock import MINUTE, SECOND

BURST = 100
PER_SECOND = 20
OFFENCES = 10


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
