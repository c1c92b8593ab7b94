"""The delivery service's deadlines, settled by whichever gateway comes first."""

import contextlib

from django.db.models import Q

from conclave.kernel import clock, deadlines
from conclave.keys import franking, gateway, groups, lease, log, rights
from conclave.keys.arrive import LOST_LOCKED_MS, LOST_MS
from conclave.keys.incarnation import CREATE_MS
from conclave.keys.locks import writing
from conclave.keys.models import LARGE, Gateway, Group, Seat
from conclave.keys.step import ORPHAN_MS, STUCK_MS, step
from conclave.keys.wake import wake

MOST_AT_ONCE = 200
TIDY_MS = clock.MINUTE
_last = {"beat": 0, "tidy": 0}


@deadlines.settles
def settle(now: int) -> None:
    """Make the step of every incarnation that has something due.

    Args:
        now: the time.
    """
    # Compiling the module takes a second or two: not when the first creator waits for an answer.
    groups.module()
    if now - _last["beat"] >= gateway.BEAT_MS:
        _last["beat"] = now
        gateway.beat(now=now)
    for pk in list(Group.objects.filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)[:MOST_AT_ONCE]):
        settle_group(pk=pk, now=now)
    if now - _last["tidy"] >= TIDY_MS:
        _last["tidy"] = now
        groups.drop_ended()
        _forget_ended()
        franking.destroy_old(now=now)


@deadlines.resumes
def resume(now: int) -> None:
    """Give members, creators and lost sockets their whole time again, and take back what a moved clock has put too far away.

    After an upgrade, what an earlier version did not write down of live groups is made good.

    Args:
        now: the time.
    """
    _last.update(beat=0, tidy=0)
    with writing():
        live = Group.objects.exclude(state=Group.State.ENDED)
        live.exclude(stuck_at=None).update(stuck_at=now + STUCK_MS)
        live.exclude(create_until=None).update(create_until=now + CREATE_MS)
        live.exclude(orphaned_at=None).update(orphaned_at=now + ORPHAN_MS)
        live.filter(next_lease_at__gt=now + lease.NEXT_MS).update(next_lease_at=now + lease.NEXT_MS)
        live.filter(batch_at__gt=now + lease.BATCH_LARGE_MS).update(batch_at=now + lease.BATCH_LARGE_MS)
        live.filter(rekey_at__gt=now + lease.REKEY_MS).update(rekey_at=now + lease.REKEY_MS)
        live.update(due_at=now)
        Seat.objects.filter(lost_until__lt=now + LOST_MS).update(lost_until=now + LOST_MS)
        Seat.objects.filter(lost_until__gt=now + LOST_LOCKED_MS).update(lost_until=now + LOST_LOCKED_MS)
        Gateway.objects.filter(seen_at__gt=now).update(seen_at=now)
    _catch_up(now)


def settle_group(*, pk: int, now: int) -> None:
    """Make one incarnation's step, if it is still due when its row is ours.

    Args:
        pk: the row.
        now: the time.
    """
    with writing():
        due = Group.objects.select_for_update().defer(*LARGE).filter(pk=pk, due_at__lte=now)
        group = due.exclude(state=Group.State.ENDED).first()
        if group is not None:
            before = _visible(group)
            after = step(group=group, now=now)
            if after is not group or _visible(group) != before:
                wake(call=group.call)


def _catch_up(now: int) -> None:
    """Write down what this version goes by of the policies of groups that an earlier one opened: who hosts, and what each may."""
    lacking = Group.objects.filter(Q(newcomer=None) | Q(hosts=[]), state=Group.State.OPEN).values_list("call", "incarnation")
    for call, incarnation in list(lacking):
        # One that is over meanwhile, or cannot be read, is its members' to renew.
        with contextlib.suppress(log.NotLive, groups.MlsError), groups.hold(call=call, incarnation=incarnation) as public, writing():
            group = log.live_as(call=call, incarnation=incarnation)
            rights.copy_policy(group=group, public=public, now=now)
            group.save(update_fields=["locked", "strict", "hosts", "newcomer"])


def _visible(group: Group) -> tuple[object, ...]:
    """Return what sockets would be told of."""
    return group.state, group.keeper, group.next_lease_at, group.log_next


def _forget_ended() -> None:
    """Delete the rows of calls that are over, once their last sockets have been told."""
    Seat.objects.filter(gone="ended", socket="").delete()
    Group.objects.filter(state=Group.State.ENDED).exclude(call__in=Seat.objects.values("call")).delete()
