"""Where a chain ends: whoever appends to it holds its head until the action is over, so that indices have no gaps."""

from django.db import connection
from django.db.models import QuerySet

from conclave.kernel.statements import written_once
from conclave.transparency.models import Head


def locked_head(*, chain: str) -> Head:
    """Return a chain's head, locked until the end of the caller's transaction.

    Args:
        chain: which.

    Raises:
        RuntimeError: called outside a transaction (a bug: the row could outlive an action that was rolled back).
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"A row of the {chain} belongs inside the transaction of its action.")
    found = _locked(chain=chain)
    if not found:
        # The very first row: of two who make it at once, the other one waits for this one here.
        Head.objects.get_or_create(chain=chain)
        found = _locked(chain=chain)
    return Head.from_db(None, ["chain", "size", "tip"], found[0])


@written_once
def _locked(*, chain: str) -> QuerySet[Head, tuple[str, int, str]]:
    """Return a chain's head."""
    return Head.objects.select_for_update().filter(chain=chain).values_list("chain", "size", "tip")
