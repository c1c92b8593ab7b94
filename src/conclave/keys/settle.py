"""The delivery service's deadlines, settled by whichever gateway comes first."""

from conclave.kernel import clock, deadlines
from conclave.keys import franking, gateway, groups
from conclave.keys.locks import writing
from conclave.keys.models import Group, Seat
from conclave.keys.step import step
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


def settle_group(*, pk: int, now: int) -> None:
    """Make one incarnation's step, if it is still due when its row is ours.

    Args:
        pk: the row.
        now: the time.
    """
    with writing():
        due = Group.objects.select_for_update().defer("group_info", "tree").filter(pk=pk, due_at__lte=now)
        group = due.exclude(state=Group.State.ENDED).first()
        if group is not None:
            before = _visible(group)
            after = step(group=group, now=now)
            if after is not group or _visible(group) != before:
                wake(call=group.call)


def _visible(group: Group) -> tuple[object, ...]:
    """Return what sockets would be told of."""
    return group.state, group.keeper, group.next_lease_at, group.log_next


def _forget_ended() -> None:
    """Delete the rows of calls that are over, once their last sockets have been told."""
    Seat.objects.filter(gone="ended", socket="").delete()
    Group.objects.filter(state=Group.State.ENDED).exclude(call__in=Seat.objects.values("call")).delete()
