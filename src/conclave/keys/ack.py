"""Acknowledgements: gathered in memory, written together, so that 200 members cost a few writes per epoch (design.md §6.10)."""

import threading
from dataclasses import dataclass, field

from django.db import Error
from django.db.models import Count, F, Q

from conclave.keys import lease, log
from conclave.keys.locks import writing
from conclave.keys.models import Group, Seat, Welcome
from conclave.keys.step import LEFT_BEHIND, STUCK_MS, step
from conclave.keys.wake import wake

ENOUGH_PERCENT = 95
# After a commit, acknowledgements keep an incarnation from being stuck for no longer than this.
TAKEN_IN_MS = 60_000


@dataclass(slots=True)
class _Waiting:
    """What was acknowledged in one incarnation since the last write: participant → epoch."""

    incarnation: str
    epochs: dict[str, int] = field(default_factory=dict)


_waiting: dict[str, _Waiting] = {}
_lock = threading.Lock()


def take(*, call: str, participant: str, incarnation: str, epoch: int) -> bool:
    """Remember an acknowledgement until flush().

    Args:
        call: the call.
        participant: who acknowledges.
        incarnation: of which incarnation.
        epoch: the epoch it is in.

    Returns:
        True for the first one after a flush: the caller sees to it that flush() is called soon.
    """
    with _lock:
        waiting = _waiting.get(call)
        first = waiting is None or waiting.incarnation != incarnation
        if waiting is None or first:
            waiting = _waiting[call] = _Waiting(incarnation=incarnation)
        waiting.epochs[participant] = max(epoch, waiting.epochs.get(participant, -1))
        return first


def flush(*, call: str, now: int) -> None:
    """Write what was acknowledged; say so when 95 % of the old members are in the live epoch.

    Args:
        call: the call.
        now: the time.

    Raises:
        Error: the database did not take them; they wait for the next call.
    """
    with _lock:
        waiting = _waiting.pop(call, None)
    if waiting is None:
        return
    try:
        _settle(call, waiting, now)
    except Error:
        # Kept for the next time, which the caller sees to.
        for participant, epoch in waiting.epochs.items():
            take(call=call, participant=participant, incarnation=waiting.incarnation, epoch=epoch)
        raise


def _settle(call: str, waiting: _Waiting, now: int) -> None:
    """Write them, and go on with the group."""
    with writing():
        group = log.live(call=call)
        if group is None or group.incarnation != waiting.incarnation or group.state != Group.State.OPEN:
            return
        came, moved = _write(group, waiting.epochs)
        if moved and group.stuck_at is not None and group.acked < group.epoch:
            # A thousand members who are taking a commit in are not stuck; for a minute, until 95 % have: few cannot put it off (LOG-11).
            committed_at = now if group.rekey_at is None else group.rekey_at - lease.REKEY_MS
            group.stuck_at = max(group.stuck_at, min(now + STUCK_MS, committed_at + TAKEN_IN_MS))
        count(group=group)
        if came or moved or group.acked == group.epoch:
            step(group=group, now=now)


def count(*, group: Group) -> None:
    """Let the live epoch be acknowledged once 95 % of the old members are in it; the caller saves the group.

    Args:
        group: the open incarnation, locked.
    """
    if _enough(group):
        group.acked = group.epoch
        wake(call=group.call)


def _write(group: Group, epochs: dict[str, int]) -> tuple[int, int]:
    """Write the acknowledged epochs; return how many became able to commit, and how many reached the live epoch with this."""
    came = moved = 0
    for epoch in sorted(set(epochs.values())):
        names = [name for name, acked in epochs.items() if acked == epoch and epoch <= group.epoch]
        mine = Seat.objects.filter(group=group, leaf=True, participant__in=names, joined_epoch__lte=epoch)
        new = mine.filter(acked_epoch=-1).update(acked_epoch=epoch)
        further = mine.filter(acked_epoch__gte=0, acked_epoch__lt=epoch).update(acked_epoch=epoch)
        came += new
        moved += new + further if epoch == group.epoch else 0
        Welcome.objects.filter(group=group, participant__in=names, epoch__lte=epoch).delete()
    return came, moved


def _enough(group: Group) -> bool:
    """Tell whether 95 % of those who were there before this epoch and are connected have acknowledged it, for the first time.

    Who lost the group's state is not waited for: it can come back only after this has been said (LOG-11).
    """
    if group.acked >= group.epoch:
        return False
    there = Q(joined_epoch__lt=F("group__epoch"))
    counts = (
        Seat.objects.filter(group=group, leaf=True, acked_epoch__gt=LEFT_BEHIND)
        .exclude(socket="")
        .aggregate(old=Count("id", filter=there), done=Count("id", filter=there & Q(acked_epoch__gte=F("group__epoch"))))
    )
    return int(counts["done"]) * 100 >= int(counts["old"]) * ENOUGH_PERCENT
