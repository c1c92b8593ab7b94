"""Members that could not apply a commit: the lease moves, or the incarnation ends (LOG-11)."""

from conclave.keys import ack, groups, lease, log
from conclave.keys.incarnation import renew
from conclave.keys.locks import writing
from conclave.keys.models import Group, LogEntry, Nack, Seat
from conclave.keys.step import LEFT_BEHIND, step
from conclave.keys.wake import wake


def nack(*, call: str, participant: str, incarnation: str, index: int, code: str, now: int) -> None:
    """Note that a member could not apply a commit.

    Args:
        call: the call.
        participant: who could not.
        incarnation: the open incarnation.
        index: the commit's index in the log.
        code: why, one word.
        now: the time.

    Raises:
        NotLive: the incarnation is not open.
    """
    with groups.hold(call=call, incarnation=incarnation) as public:
        hosts = public.hosts()
    with writing():
        group = log.live_as(call=call, incarnation=incarnation)
        entry = LogEntry.objects.filter(group=group, index=index, kind=LogEntry.Kind.COMMIT).first()
        seat = Seat.objects.filter(group=group, participant=participant, leaf=True, gone="").first()
        if entry is None or seat is None or entry.participant == participant:
            return
        Nack.objects.get_or_create(group=group, index=index, participant=participant, defaults={"code": code[:32]})
        # It stays in its epoch until it comes back by replacement, so it cannot commit (LOG-11).
        Seat.objects.filter(pk=seat.pk).update(acked_epoch=LEFT_BEHIND)
        if participant in hosts or _most(group, index):
            renew(group=group, because="nacked", now=now, avoid=entry.participant)
        else:
            group.quarantined = entry.participant
            lease.hasten(group=group, holder=entry.participant, now=now)
            lease.hasten(group=group, holder=participant, now=now)
            ack.count(group=group)
            step(group=group, now=now)
        wake(call=call)


def _most(group: Group, index: int) -> bool:
    """Tell whether more than half of the members other than the committer nacked it."""
    others = max(group.members - 1, 1)
    return Nack.objects.filter(group=group, index=index).count() * 2 > others
