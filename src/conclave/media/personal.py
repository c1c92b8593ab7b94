"""What the approvals of engines say of one person of the staff."""

from collections.abc import Iterable

from conclave.media.models import NodeApproval


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return the approvals of engines that a person has given and that wait for a second one.

    Args:
        account: whose.
    """
    return {"node_approvals": ({**row} for row in NodeApproval.objects.filter(account=account).values("region", "at").iterator())}


def erase(*, account: str, now: int) -> None:  # noqa: ARG001 - every domain's erase takes its time
    """Take a person's approvals back: nobody is there any more who would answer for them.

    Args:
        account: whose.
        now: the time.
    """
    NodeApproval.objects.filter(account=account).delete()
