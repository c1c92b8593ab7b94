"""Who may commit, and when: leases (LOG-7, LOG-8, LOG-9)."""

from django.db.models import F, QuerySet

from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.keys.models import Group, Lease, LogEntry, Seat

BATCH_MS = 250
BATCH_LARGE_MS = 1_000
LARGE = 200
MOST_ADDITIONS = 100
NEXT_MS = 2_000
NEXT_REMOVAL_MS = 500
REKEY_MS = 5 * clock.MINUTE


def able(*, group: Group) -> QuerySet[Seat]:
    """Return who can commit, the longest-seated first: connected, in the group's state, and not itself being removed (LOG-8)."""
    return (
        Seat.objects.filter(group=group, leaf=True, gone="", acked_epoch__gte=F("joined_epoch"), removed__lte=group.spent)
        .exclude(socket="")
        .order_by("id")
    )


def offer(*, group: Group, now: int) -> None:
    """Give a lease when one is due; the caller saves the group.

    Args:
        group: an open incarnation, locked.
        now: the time.
    """
    if group.next_lease_at is None:
        rekey = group.rekey_at is not None and group.rekey_at <= now
        waits = (group.announced > group.spent or group.wished) and _gathered_by(group) <= now
        if rekey or waits:
            _first(group, now)
    elif group.next_lease_at <= now:
        _next(group, now)


def due(*, group: Group, now: int) -> int | None:
    """Return when offer() has to be asked again."""
    if group.next_lease_at is not None:
        return group.next_lease_at if group.next_lease_at > now else now + NEXT_REMOVAL_MS
    if group.announced > group.spent or group.wished:
        # When its time has come and nobody can commit, it is asked again soon.
        gathered = _gathered_by(group)
        return gathered if gathered > now else now + BATCH_MS
    return group.rekey_at


def hasten(*, group: Group, holder: str, now: int) -> None:
    """Let the next candidate have its turn at once, because this holder is gone, was refused or nacked."""
    if group.next_lease_at is not None and Lease.objects.filter(group=group, epoch=group.epoch, holder=holder).exists():
        group.next_lease_at = now


def _gathered_by(group: Group) -> int:
    """Return until when announcements are gathered (LOG-7).

    Everybody pays for every epoch: while a crowd comes, the next commit waits until the last one is digested, at most 1 s longer.
    """
    batched = group.batch_at or 0
    digested = group.acked >= group.epoch or _waiting(group, LogEntry.Kind.REMOVE).exists()
    return batched if digested else batched + BATCH_LARGE_MS


def _first(group: Group, now: int) -> None:
    """Give the epoch's first lease: to a host who asked to change the policy, else to the longest seat."""
    wishing = able(group=group).exclude(wish=Seat.Wish.NOTHING).first() if group.wished else None
    if wishing is not None and wishing.wish == Seat.Wish.ALONE and _in_between(group):
        wishing = None
    holder = wishing or able(group=group).exclude(participant=group.quarantined).first() or able(group=group).first()
    if holder is not None:
        _give(group, holder, now, ordinary=wishing is None)
        group.batch_at = now + (BATCH_LARGE_MS if group.members >= LARGE else BATCH_MS)


def _next(group: Group, now: int) -> None:
    """Give a further lease of the same epoch to somebody who has none; the ones that stand stay good (LOG-8)."""
    had = Lease.objects.filter(group=group, epoch=group.epoch).values("holder")
    fresh = able(group=group).exclude(participant__in=had)
    holder = fresh.exclude(participant=group.quarantined).first() or fresh.first()
    if holder is None:
        # Everybody has one: a socket that comes back is told of its lease again, so nothing is lost.
        group.next_lease_at = now + NEXT_MS
    else:
        _give(group, holder, now)


def _in_between(group: Group) -> bool:
    """Tell whether people who come with the former link go first, members who come back under another name among them (POL-4).

    A commit that changes the link leaves them out, and their link MACs mean nothing after it. Not when the commit before added somebody: a
    crowd that keeps coming does not hold up the new link.
    """
    just_added = Seat.objects.filter(group=group, leaf=True, joined_epoch=group.epoch).exists()
    return not just_added and _waiting(group, LogEntry.Kind.ADD).exists()


def _give(group: Group, holder: Seat, now: int, *, ordinary: bool = False) -> None:
    """Write the lease down, with what it covers, and when the next candidate gets one; an ordinary one leaves the holder's wish alone."""
    wish = "" if ordinary else holder.wish
    Lease.objects.create(
        group=group,
        epoch=group.epoch,
        lease=new_id(),
        holder=holder.participant,
        covers=_covers(group, alone=wish == Seat.Wish.ALONE),
        policy=bool(wish),
        given_at=now,
    )
    if wish:
        Seat.objects.filter(pk=holder.pk).update(wish=Seat.Wish.NOTHING)
        group.wished = Seat.objects.filter(group=group, gone="").exclude(wish=Seat.Wish.NOTHING).exists()
    removal = _waiting(group, LogEntry.Kind.REMOVE).exists()
    group.next_lease_at = now + (NEXT_REMOVAL_MS if removal else NEXT_MS)


def _covers(group: Group, *, alone: bool) -> int:
    """Return the index up to which the commit acts: at most 100 additions (LOG-7), none when it must add nobody (POL-4)."""
    last = group.log_next - 1
    if not alone and group.announced - group.spent <= MOST_ADDITIONS:
        return last
    most = 0 if alone else MOST_ADDITIONS
    over = _waiting(group, LogEntry.Kind.ADD).order_by("index").values_list("index", flat=True)[most : most + 1]
    # A replacement's removal stands just before its addition and must not be taken without it.
    return max(group.spent, min([last, *(index - 2 if _replaces(group, index) else index - 1 for index in over)]))


def _replaces(group: Group, index: int) -> bool:
    """Tell whether this addition follows its own removal."""
    pair = LogEntry.objects.filter(group=group, index__in=(index - 1, index)).values_list("participant", flat=True)
    before = LogEntry.objects.filter(group=group, index=index - 1, kind=LogEntry.Kind.REMOVE).exists()
    return before and len(set(pair)) == 1


def _waiting(group: Group, kind: LogEntry.Kind) -> QuerySet[LogEntry]:
    """Return the announcements that no commit has spent."""
    return LogEntry.objects.filter(group=group, index__gt=group.spent, kind=kind)
