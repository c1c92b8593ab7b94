"""What was found a short while ago: kept in the memory of this process, so that it is not looked for again with every request."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Lately(Generic[Key, Value]):
    """What is known of some things, each for a while, and of not more than so many."""

    def __init__(self, *, for_ms: int, most: int) -> None:
        """Know nothing yet.

        Args:
            for_ms: for how long something is known, in milliseconds.
            most: of how many things at most; what is oldest goes first.
        """
        self.for_ms = for_ms
        self._most = most
        self._found: dict[Key, tuple[int, Value]] = {}
        self._lock = threading.Lock()

    def get(self, *, key: Key, now: int) -> Value | None:
        """Return what is known of something, None where it is to be looked for.

        Args:
            key: what.
            now: the time; a clock that was set back makes nothing known for longer.
        """
        with self._lock:
            at, value = self._found.get(key, (now - self.for_ms, None))
        return value if self._is_fresh(at, now) else None

    def put(self, *, key: Key, value: Value, now: int) -> None:
        """Keep what was found, and nothing that is known no more.

        Args:
            key: of what.
            value: what is known of it.
            now: the time.
        """
        with self._lock:
            self._drop(lambda one, at: one == key or not self._is_fresh(at, now))
            if len(self._found) >= self._most:
                del self._found[next(iter(self._found))]
            self._found[key] = (now, value)

    def keys(self, *, now: int) -> list[Key]:
        """Return of what something is known; what is known no more is forgotten.

        Args:
            now: the time.
        """
        with self._lock:
            self._drop(lambda _key, at: not self._is_fresh(at, now))
            return [*self._found]

    def forget(self, *, which: Callable[[Key], bool]) -> None:
        """Let some things be looked for again.

        Args:
            which: tells of each whether it is one of them.
        """
        with self._lock:
            self._drop(lambda key, _at: which(key))

    def _drop(self, which: Callable[[Key, int], bool]) -> None:
        """Keep all but what this tells of, by what it is and when it was found."""
        self._found = {key: one for key, one in self._found.items() if not which(key, one[0])}

    def _is_fresh(self, at: int, now: int) -> bool:
        """Tell whether what was found then is still known."""
        return abs(now - at) < self.for_ms
