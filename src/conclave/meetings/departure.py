"""What every way out of a call has in common: the seat ends, the group and the media engine follow, an empty call is over."""

from collections.abc import Sequence

from django.db.models import F, Value
from django.db.models.functions import Coalesce, Greatest

from conclave.gate.impose import forget
from conclave.gate.policy import Scope
from conclave.keys import delivery
from conclave.media import outbox as engine
from conclave.meetings.models import Call, Ended, Gone, Meeting, Participant
from conclave.meetings.there import FORGOTTEN
from conclave.transparency.journal import Line, journal_lines


def depart(*, participant: str, reason: Gone, now: int, by: tuple[str, str] | None = None) -> bool:
    """End one seat, inside the caller's transaction.

    Args:
        participant: whose seat.
        reason: why.
        now: the time.
        by: the host's word when a host asked, key and signature, as keys/ returned them.

    Returns:
        Whether it was this call that ended it; a seat that is over already is left as it is.
    """
    # Locked, so that of two who leave at once one is the last, and nobody joins a call that ends (join.py locks the same row).
    call = Call.objects.select_for_update(of=("self",)).filter(participants=participant).first()
    seat = Participant.objects.filter(pk=participant, left_at=None)
    # Where they were is nobody's business any more: an order that met them has it in its own row (ORD-2).
    if call is None or not seat.update(left_at=now, gone_reason=reason, awaited_until=None, **FORGOTTEN):
        return False
    delivery.depart(call=call.pk, participant=participant, reason=str(reason), by=by, now=now)
    lines: list[Line] = []
    _follow(call, [participant], str(reason), lines, now)
    journal_lines(lines=lines, now=now)
    return True


def depart_together(*, call: str, participants: Sequence[str], reason: Gone, told: str, lines: list[Line], now: int) -> None:
    """End several live seats of a call at once, inside the caller's transaction: the group has one epoch for it, the engine one act.

    Args:
        call: the call; its row is locked by the caller.
        participants: whose seats.
        reason: why.
        told: what the others read instead: an order is between whoever it meets and us.
        lines: where to put what the journal is to say; the caller has more to do, and holds the journal last.
        now: the time.
    """
    row = Call.objects.filter(pk=call).get()
    Participant.objects.filter(pk__in=participants, left_at=None).update(left_at=now, gone_reason=reason, awaited_until=None, **FORGOTTEN)
    delivery.depart_together(call=call, participants=participants, reason=str(reason), told=told, now=now)
    _follow(row, participants, told, lines, now)


def _follow(call: Call, participants: Sequence[str], word: str, lines: list[Line], now: int) -> None:
    """Let the media engine and the journal follow, and the call end with its last seat."""
    engine.emit_remove(region=call.region, call=call.pk, participants=participants, now=now)
    lines.extend(Line(kind=f"participant_{word}", obj=call.pk, fields={"participant": one}) for one in participants)
    if not Participant.objects.filter(call=call, left_at=None).exists():
        finish(call=call.pk, reason=Ended.EMPTY, now=now, lines=lines)


def finish(*, call: str, reason: Ended, now: int, lines: list[Line] | None = None) -> bool:
    """End a call for everybody, inside the caller's transaction; its names, keys and messages go with it.

    Args:
        call: which call.
        reason: why.
        now: the time.
        lines: as in depart_together(): the journal is held last, so that nobody who waits for it holds what is needed here.

    Returns:
        Whether it was this call that ended it; one that is over already is left as it is.
    """
    row = Call.objects.filter(pk=call, ended_at=None).first()
    if row is None or not Call.objects.filter(pk=call, ended_at=None).update(ended_at=now, end_reason=reason):
        return False
    Meeting.objects.filter(pk=row.meeting_id).update(
        past_at=Greatest(Coalesce(F("past_at"), Value(0)), Value(row.started_at)), link_used_at=Coalesce(F("link_used_at"), Value(now))
    )
    seats = Participant.objects.filter(call=call)
    seats.filter(left_at=None).update(left_at=now, gone_reason=Gone.ENDED)
    # Nobody's name outlives the call. The hashes of seat secrets stay, so that a late tab can be told why it is over.
    seats.update(name="", signature_key="", device="", pseudonym="", account=None, invitation="", awaited_until=None, **FORGOTTEN)
    delivery.close(call=call, now=now)
    forget(scope=(Scope.CALL, call))
    engine.emit_end(region=row.region, call=call, now=now)
    said = lines if lines is not None else []
    said.append(Line(kind="call_ended", obj=call, fields={"reason": str(reason)}))
    if lines is None:
        journal_lines(lines=said, now=now)
    return True
