"""A file that is sent piece by piece, so that a large one is never in memory whole."""

from collections.abc import AsyncIterator
from typing import IO

from asgiref.sync import sync_to_async

SIZE = 64 * 1024


class Pieces:
    """A file that is sent piece by piece; Django closes it with the answer, be it sent to its end or not."""

    def __init__(self, file: IO[bytes]) -> None:
        """Take a file that is open, and read it from where it stands."""
        self._file = file

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what is in it, and let it go at its end."""
        with self._file as file:
            while piece := await sync_to_async(file.read, thread_sensitive=False)(SIZE):
                yield piece

    def close(self) -> None:
        """Let it go."""
        self._file.close()
