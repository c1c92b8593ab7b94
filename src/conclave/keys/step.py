"""One step of an incarnation: whatever is due by now is done, and the next deadline is written down.

Every change to a group ends with this step, and settle() makes it when a deadline passes; so no rule depends on one process living on.
"""

from conclave.kernel import deadlines
from conclave.keys import incarnation, lease
from conclave.keys.models import LARGE, Group, Seat

STUCK_MS = 15_000  # LOG-11
ORPHAN_MS = 2_000  # how long others may take to come back after a gateway's restart
LEFT_BEHIND = -2  # acked_epoch of a member whose client lost its state
# All columns but the large texts of epoch 0.
_WRITTEN = [field.name for field in Group._meta.concrete_fields if field.name not in {"id", *LARGE}]  # noqa: SLF001 - Django documents it


def step(*, group: Group, now: int) -> Group | None:
    """Do what is due and save the group.

    Args:
        group: a live incarnation, locked for this transaction.
        now: the time.

    Returns:
        The live incarnation after the step: this one, its successor, or None when the call has none.
    """
    because = _ending(group, now)
    if because:
        return incarnation.renew(group=group, because=because, now=now)
    if group.state == Group.State.OPEN:
        lease.offer(group=group, now=now)
    group.due_at = _due(group, now)
    group.save(update_fields=_WRITTEN)
    return group


def _ending(group: Group, now: int) -> str:
    """Return why the incarnation ends now, or nothing."""
    if not deadlines.awake(now=now):
        # We were away: what others owed meanwhile is not held against them (settle.resume).
        return ""
    if group.state == Group.State.CREATING:
        return "silent_creator" if _silent(group, now) else ""
    _watch(group, now)
    if group.orphaned_at is not None and group.orphaned_at <= now:
        return "orphaned"
    return "stuck" if group.stuck_at is not None and group.stuck_at <= now else ""


def _silent(group: Group, now: int) -> bool:
    """Tell whether the creator has lost its turn to somebody else who waits (LOG-13)."""
    others = Seat.objects.filter(call=group.call, gone="").exclude(socket="").exclude(participant=group.creator)
    creator_there = Seat.objects.filter(call=group.call, participant=group.creator, gone="").exclude(socket="").exists()
    return (not creator_there or (group.create_until or 0) <= now) and others.exists()


def _watch(group: Group, now: int) -> None:
    """Write down who keeps the heartbeat, and since when nobody could commit, and since when something waits (LOG-11, LOG-15)."""
    first = lease.able(group=group).first()
    group.keeper = first.participant if first else ""
    if first or not Seat.objects.filter(call=group.call, gone="").exclude(socket="").exists():
        group.orphaned_at = None
    elif not _may_come_back(group):
        group.orphaned_at = now
    else:
        group.orphaned_at = group.orphaned_at or now + ORPHAN_MS
    pending = group.announced > group.spent
    group.stuck_at = (group.stuck_at or now + STUCK_MS) if pending else None


def _may_come_back(group: Group) -> bool:
    """Tell whether a member holds the group's state though it cannot commit now: its socket is lost, or it has only just been added."""
    return Seat.objects.filter(group=group, leaf=True, gone="", acked_epoch__gt=LEFT_BEHIND, removed__lte=group.spent).exists()


def _due(group: Group, now: int) -> int | None:
    """Return the next moment at which something may have to be done."""
    if group.state == Group.State.CREATING:
        # After its time the creator loses to the next who comes, and coming is a step of its own.
        return group.create_until if (group.create_until or 0) > now else None
    times = [group.stuck_at, group.orphaned_at, lease.due(group=group, now=now)]
    return min((time for time in times if time is not None), default=None)
