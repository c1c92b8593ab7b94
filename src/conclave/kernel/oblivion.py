"""What was deleted leaves the disk too: SQLite's write-ahead log keeps old pages, names among them, until it is cut off."""

from django.db import connection

from conclave.kernel import clock, deadlines

EVERY_MS = 30 * clock.SECOND
# The writers' lock is held while readers finish: rather not this time than long.
PATIENCE_MS = 500
_cutting = clock.Seldom(every_ms=EVERY_MS)


@deadlines.settles
def settle_oblivion(now: int) -> None:
    """Carry the write-ahead log over into the database and cut it off; whoever reads just then puts it off until next time.

    Args:
        now: the time.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block or not _cutting.due(now=now):
        return
    with connection.cursor() as cursor:
        patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
