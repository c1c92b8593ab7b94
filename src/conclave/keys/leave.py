"""Leaving a call: bye, a removal, a socket that stayed away; each announces the leaf's removal (LOG-10)."""

from collections.abc import Iterable

from django.db.models import Q

from conclave.keys import incarnation, lease, log
from conclave.keys.locks import writing
from conclave.keys.models import Group, Held, LogEntry, Seat, Welcome
from conclave.keys.step import step
from conclave.keys.wake import EVERYBODY, wake

MOST_AT_ONCE = 200
LEFT_OUT = frozenset({"not_securing", "call_locked"})


def depart(*, call: str, participant: str, reason: str, now: int, by: tuple[str, str] | None = None) -> bool:
    """End a seat and announce that its leaf goes.

    Args:
        call: the call.
        participant: the seat.
        reason: why: `left`, `lost` or `removed`.
        now: the time.
        by: the host's key and signature when a host asked for it, as host_word() found them right.

    Returns:
        False when there was no such seat or it was over already.
    """
    with writing():
        seat = _end(call, participant, reason)
        if seat is None:
            return False
        group = log.live(call=call)
        if group is not None:
            _announce(group, seat, reason, by, now)
            step(group=group, now=now)
        wake(call=call, participant=participant)
    return True


def depart_together(*, call: str, participants: Iterable[str], reason: str, told: str, now: int) -> None:
    """End several seats at once: one commit removes all of their leaves, and nobody who goes is asked to make it.

    Args:
        call: the call.
        participants: the seats.
        reason: why, as whoever sat there reads it.
        told: what members read instead.
        now: the time.
    """
    with writing():
        seats = [seat for participant in participants if (seat := _end(call, participant, reason)) is not None]
        group = log.live(call=call)
        if group is not None and seats:
            for seat in seats:
                _announce(group, seat, told, None, now)
            step(group=group, now=now)
        for seat in seats:
            wake(call=call, participant=seat.participant)


def close(*, call: str, now: int) -> None:  # noqa: ARG001 - every act takes its time
    """End a call's group for all: nobody creates another one, and every seat is over.

    Args:
        call: the call that a host ended, or that is empty.
        now: the time.
    """
    with writing():
        group = log.live(call=call)
        if group is not None:
            incarnation.finish(group=group, because="ended")
        # Nobody's name or key outlives the call.
        Seat.objects.filter(call=call, gone="").update(gone="ended", lost_until=None)
        Seat.objects.filter(call=call).update(signature_key="")
        Seat.objects.filter(call=call, socket="").delete()
        wake(call=call, participant=EVERYBODY)


def absent(*, now: int) -> list[str]:
    """Return whose sockets have stayed away for too long (JOIN-7, LOG-10), and who was left out of the group.

    The caller ends their seats, which calls depart().

    Args:
        now: the time.
    """
    overdue = Seat.objects.filter(Q(gone="") | Q(gone__in=LEFT_OUT), lost_until__lte=now).order_by("lost_until")
    return list(overdue.values_list("participant", flat=True)[:MOST_AT_ONCE])


def _end(call: str, participant: str, reason: str) -> Seat | None:
    """Let a seat be over; None when there is no such seat or it was over already."""
    seat = Seat.objects.filter(call=call, participant=participant).first()
    if seat is None or seat.gone in {"removed", reason}:
        return None
    # Whoever was left out of the group has been told why, and may still be hearing it.
    word = seat.gone if seat.gone in LEFT_OUT and reason == "lost" else reason
    Seat.objects.filter(pk=seat.pk).update(gone=word, lost_until=None, wish=Seat.Wish.NOTHING)
    Held.objects.filter(participant=participant).delete()
    return seat


def _announce(group: Group, seat: Seat, reason: str, by: tuple[str, str] | None, now: int) -> None:
    """Append the removal when there is a leaf, or an addition that somebody may be committing."""
    known = seat.group_id == group.pk and (seat.leaf or seat.added > group.spent)
    announced = seat.removed > group.spent and seat.removed > seat.added
    # A host's word is announced even after another removal: it is what members show, and remember (LOG-12).
    if known and (not announced or reason == "removed"):
        word = {"key": by[0], "signature": by[1]} if by else None
        index = log.append(group=group, kind=LogEntry.Kind.REMOVE, participant=seat.participant, reason=reason, by=word)
        Seat.objects.filter(pk=seat.pk).update(removed=index)
        Welcome.objects.filter(group=group, participant=seat.participant).delete()
    lease.hasten(group=group, holder=seat.participant, now=now)
    if group.next_lease_at is not None and known:
        group.next_lease_at = min(group.next_lease_at, now + lease.NEXT_REMOVAL_MS)
