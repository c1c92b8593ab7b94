"""What somebody is told whose seat is over."""

from conclave.meetings.models import Ended, Gone, Participant


def farewell(*, participant: str, reason: str) -> dict[str, object]:
    """Return what somebody is told whose seat is over (JOIN-8).

    Args:
        participant: their id.
        reason: JOIN-8's word for it.

    Returns:
        The reason; `link_old` for who could not be let in because the link was replaced meanwhile; of a removal, who asked for it
        and whether it is a ban; `region_forbidden` where the call had no region left (REG-6); of an order, the id of its notice (ORD-8).
    """
    row = Participant.objects.select_related("call__meeting").filter(pk=participant).first()
    if row is not None and reason == Gone.ORDERED:
        return {"reason": reason, "notice": row.notice}
    if row is not None and reason == "removed" and row.removed_by:
        return {"reason": reason, "by": row.removed_by, "banned": row.banned}
    if row is not None and reason == "ended" and row.call.end_reason == Ended.REGION:
        return {"reason": "region_forbidden"}
    if row is not None and reason == "not_securing" and row.link_version < row.call.meeting.link_version:
        return {"reason": "link_old"}
    return {"reason": reason}
