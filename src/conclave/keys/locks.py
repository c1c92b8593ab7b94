"""One writer at a time where the database has only one, so that threads of this process queue here instead of polling its lock."""

import contextlib
import threading
from collections.abc import Iterator

from django.db import connection, transaction

_writer = threading.Lock()


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Run a block as one transaction.

    Inside a transaction that somebody else opened the queue is skipped: waiting here while holding the database's lock could never end.
    """
    queue = _writer if connection.vendor == "sqlite" and not connection.in_atomic_block else contextlib.nullcontext()
    with queue, transaction.atomic():
        yield
