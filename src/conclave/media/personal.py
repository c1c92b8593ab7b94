"""What the approvals of engines, and the engines that were approved, say of one person of the staff."""

from collections.abc import Iterable

from django.db.models import Q

from conclave.kernel.ids import new_id
from conclave.media.models import Node, NodeApproval


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return the approvals of engines that a person has given: those that wait for a second one, and those that serve by them.

    Args:
        account: whose.
    """
    entered = Node.objects.filter(Q(first=account) | Q(second=account)).values("region", "entered_at")
    return {
        "node_approvals": ({**row} for row in NodeApproval.objects.filter(account=account).values("region", "at").iterator()),
        "nodes_entered": ({**row} for row in entered.iterator()),
    }


def erase(*, account: str, now: int) -> None:  # noqa: ARG001 - every domain's erase takes its time
    """Take a person's approvals back, as nobody is there any more who would answer for them; what serves by them was by two people still.

    Args:
        account: whose.
        now: the time.
    """
    NodeApproval.objects.filter(account=account).delete()
    Node.objects.filter(first=account).update(first=new_id())
    Node.objects.filter(second=account).update(second=new_id())
