"""A measure of a public authority on meetings: its row at the gate, and whoever it meets in a live call; taken back, both are gone.

Exactly those are taken out whose evidence, as they came, is in the territory (ORD-2). Nothing changes for anybody else: not the call, the
room or the tickets of the others, who see an ordinary departure (ORD-5).
"""

from collections import Counter
from dataclasses import dataclass

from conclave.gate.apply import Action, Applied, Met, apply, undo
from conclave.gate.impose import impose_measure
from conclave.gate.impose import lift as lift_rows
from conclave.gate.policy import Confidence, Kind, Measure, verdict
from conclave.keys.locks import writing
from conclave.meetings.departure import depart
from conclave.meetings.models import Gone, Participant
from conclave.meetings.there import evidence_of
from conclave.transparency.journal import journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What imposing a measure has done: how many were taken out, by the account that owns their meeting; nobody's own is under none."""

    removed: Counter[str]


def impose(*, measure: Measure, now: int) -> Effect:
    """Let a measure hold from now on; again, nothing more happens to anybody.

    Args:
        measure: which; its time has come.
        now: the time.
    """
    removed: Counter[str] = Counter()
    with writing():
        impose_measure(measure=measure)
        for row in _met(measure, now) if measure.kind is Kind.REMOVE_FROM else ():
            _take_out(row, measure, now)
            removed[row.call.meeting.owner_id or ""] += 1
        journal(kind="measure_imposed", obj=measure.id, fields={"removed": str(removed.total())}, now=now)
    return Effect(removed=removed)


def lift(*, measure: str, now: int) -> list[Applied]:
    """Let a measure hold no more: whoever it met may come back, without anybody's doing (ORD-9).

    Args:
        measure: its id.
        now: the time.

    Returns:
        What was undone by this.
    """
    with writing():
        lift_rows(notice=measure)
        undone = undo(measure=measure, now=now)
        journal(kind="measure_lifted", obj=measure, fields={"undone": str(len(undone))}, now=now)
    return undone


def _met(measure: Measure, now: int) -> list[Participant]:
    """Return the live seats that a measure meets, by the gate's own rule."""
    there = Participant.objects.filter(left_at=None, country=measure.territory, geo_confidence=Confidence.HIGH)
    rows = there.filter(account=measure.account) if measure.account else there.filter(call__meeting=measure.meeting)
    return [row for row in rows.select_related("call__meeting").order_by("joined_at", "pk") if _is_met(row, measure, now)]


def _is_met(row: Participant, measure: Measure, now: int) -> bool:
    """Ask the gate's rule about one seat."""
    met = verdict(
        evidence=evidence_of(row=row), measures=[measure], meeting=row.call.meeting_id, account=row.account_id, now=now, seated=True
    )
    return measure.id in met


def _take_out(row: Participant, measure: Measure, now: int) -> None:
    """End one seat; the notice is written before it ends (ORD-8)."""
    met = Met(meeting=row.call.meeting_id, call=row.call_id, device=row.device, account=row.account_id or "")
    notice = apply(measure=measure.id, territory=measure.territory, action=Action.REMOVED, met=met, evidence=evidence_of(row=row), now=now)
    Participant.objects.filter(pk=row.pk).update(notice=notice)
    depart(participant=row.pk, reason=Gone.ORDERED, told=str(Gone.LEFT), now=now)
