"""What a host's meeting socket is told of orders of authorities: how many people are out of the call, where, and never who (ORD-20)."""

from collections.abc import Awaitable, Callable

from conclave.keys.feed import Listener
from conclave.keys.threads import in_thread
from conclave.meetings.enforce import taken_out

Tell = Callable[[dict[str, object]], Awaitable[None]]


class Tally:
    """One socket's: told once it is a host's, and again whenever there are more."""

    def __init__(self, *, call: str, ear: Listener, tell: Tell) -> None:
        """Read nothing yet; `ear` hears when there may be more."""
        self._call = call
        self._ear = ear
        self._tell = tell
        # How many hints there were when it last looked; none were before the first look.
        self._hints = -1
        self._told: dict[str, int] = {}

    async def push(self, *, hosting: bool) -> None:
        """Tell what is new."""
        if not hosting or self._hints == self._ear.hints:
            return
        self._hints = self._ear.hints
        for territory, people in sorted((await in_thread(taken_out, call=self._call)).items()):
            if self._told.get(territory) != people:
                self._told[territory] = people
                await self._tell({"t": "ordered_out", "territory": territory, "people": people})
