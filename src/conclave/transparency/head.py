"""Where a chain ends: whoever appends to it holds its head until the action is over, so that indices have no gaps."""

from django.db import connection

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
    head = Head.objects.select_for_update().filter(chain=chain).first()
    if head is None:
        # The very first row: of two who make it at once, the other one waits for this one here.
        Head.objects.get_or_create(chain=chain)
        head = Head.objects.select_for_update().get(chain=chain)
    return head
