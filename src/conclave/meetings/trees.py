"""The public ratchet tree, for those who sit in its call (delivery.md, "Join")."""

from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.keys import delivery
from conclave.meetings.queries import SeatUnknown
from conclave.meetings.queries import seat as find_seat


class TreeUnknown(Refused):
    """No such tree in the caller's call, or an epoch too old."""

    code = "tree_unknown"
    status = 404
    message = _("This group state is not kept any more.")


def tree_for(*, digest: str, participant: str, seat: str) -> bytes:
    """Return a tree by its SHA-256.

    Args:
        digest: SHA-256 in hex.
        participant: who asks.
        seat: their seat's secret.

    Returns:
        The tree's bytes, byte-equal to the members'.

    Raises:
        SeatUnknown: the seat is not theirs, or over.
        TreeUnknown: their call has no such tree.
    """
    found = find_seat(participant=participant, seat=seat)
    if found.gone:
        raise SeatUnknown
    tree = delivery.tree(call=found.call, digest=digest)
    if tree is None:
        raise TreeUnknown
    return tree
