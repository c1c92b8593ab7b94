"""A measure of a public authority on meetings: its row at the gate, and whoever it meets in a live call; taken back, both are gone.

Exactly those are taken out whose evidence, as they came last, is in the territory (ORD-2). Nothing changes for anybody else: not the call,
the room or the tickets of the others, who see an ordinary departure (ORD-5).
"""

from collections import Counter
from dataclasses import dataclass, replace

from conclave.gate.apply import Action, Applied, Met, OrderOver, apply, people_removed, undo
from conclave.gate.impose import impose_measure
from conclave.gate.impose import lift as lift_rows
from conclave.gate.policy import Cause, Confidence, Decision, Evidence, Kind, Measure, Refuse, located, verdict
from conclave.keys.locks import writing
from conclave.keys.wake import wake_hosts
from conclave.meetings.departure import depart_together
from conclave.meetings.door import judge_seated
from conclave.meetings.models import Call, Gone, Participant
from conclave.meetings.queries import Seat
from conclave.meetings.rows import settle_first
from conclave.meetings.there import columns_of, evidence_of
from conclave.transparency.journal import Line, journal, journal_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What imposing a measure has done: how many people were taken out, by who owns their meeting; nobody's own is under none."""

    removed: Counter[str]


def impose(*, measure: Measure, now: int) -> Effect:
    """Let a measure hold from now on; again, nothing more happens to anybody.

    Args:
        measure: which; its time has come.
        now: the time.
    """
    met: set[tuple[str, str]] = set()
    lines: list[Line] = []
    with writing():
        # Whoever is coming in at this moment sits by the time the seats are read, or reads the row at the door.
        settle_first(meeting=measure.meeting, account=measure.account, imposing=True)
        impose_measure(measure=measure)
        for rows in _by_call(_met(measure, now)) if measure.kind is Kind.REMOVE_FROM else ():
            evidence = {row.pk: evidence_of(row=row) for row in rows}
            people = _take_out(rows, measure=measure.id, evidence=evidence, lines=lines, now=now)
            met |= {(rows[0].call.meeting.owner_id or "", person) for person in people}
        removed = Counter(owner for owner, _person in met)
        # Last, as everybody else who writes waits for the journal.
        lines.append(Line(kind="measure_imposed", obj=measure.id, fields={"removed": str(removed.total())}))
        journal_lines(lines=lines, now=now)
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


def judge_inside(*, seat: Seat, now: int) -> Decision:
    """Ask the gate again about somebody who is seated, as every hello and every connect to the media does (JOIN-5, JOIN-9).

    Whom an order refuses by now has no seat any more, and a notice (ORD-2, ORD-8): they have come to where it holds.

    Args:
        seat: a live seat.
        now: the time.
    """
    decision = judge_seated(seat=seat, now=now)
    if not isinstance(decision, Refuse) or decision.reason is not Cause.ORDERED:
        return decision
    lines: list[Line] = []
    try:
        with writing():
            row = Participant.objects.select_related("call__meeting").get(pk=seat.participant)
            if _take_out([row], measure=decision.notice, evidence={row.pk: seat.evidence}, lines=lines, now=now):
                journal_lines(lines=lines, now=now)
    except OrderOver:
        return judge_inside(seat=seat, now=now)
    return decision


def taken_out(*, call: str) -> dict[str, int]:
    """Return how many people orders have taken out of a call so far, by territory: what its hosts are told, and nobody else (ORD-20).

    Args:
        call: which.
    """
    notices = Participant.objects.filter(call=call, gone_reason=Gone.ORDERED).exclude(notice="").values_list("notice", flat=True)
    return dict(people_removed(notices=notices)) if notices else {}


def look_again(*, seat: Seat, evidence: Evidence | None) -> Seat:
    """Return a seat with where its holder is by now, as they have come again (ORD-2).

    Args:
        seat: a live seat.
        evidence: where they are; None where nobody knows better than the seat.
    """
    if evidence is None or evidence == seat.evidence:
        return seat
    with writing():
        settle_first(meeting=seat.meeting, account=seat.account, imposing=False)
        Participant.objects.filter(pk=seat.participant, left_at=None).update(**columns_of(evidence=evidence))
    return replace(seat, evidence=evidence)


def _met(measure: Measure, now: int) -> list[Participant]:
    """Return the live seats that a measure meets, by the gate's own rule; their calls are locked, so that nobody leaves meanwhile."""
    there = Participant.objects.filter(left_at=None, country=measure.territory, geo_confidence=Confidence.HIGH)
    rows = there.filter(account=measure.account) if measure.account else there.filter(call__meeting=measure.meeting)
    calls = Call.objects.filter(pk__in=set(rows.values_list("call", flat=True)), ended_at=None)
    list(calls.select_for_update().order_by("pk").values_list("pk", flat=True))
    return [row for row in rows.select_related("call__meeting").order_by("joined_at", "pk") if _is_met(row, measure, now)]


def _is_met(row: Participant, measure: Measure, now: int) -> bool:
    """Ask the gate's rule about one seat."""
    met = verdict(
        evidence=evidence_of(row=row), measures=[measure], meeting=row.call.meeting_id, account=row.account_id, now=now, seated=True
    )
    return measure.id in met


def _by_call(rows: list[Participant]) -> list[list[Participant]]:
    """Return seats by the call in which they are."""
    calls: dict[str, list[Participant]] = {}
    for row in rows:
        calls.setdefault(row.call_id, []).append(row)
    return list(calls.values())


def _take_out(rows: list[Participant], *, measure: str, evidence: dict[str, Evidence], lines: list[Line], now: int) -> set[str]:
    """End seats of one call, and return whose they were; their notices are written before (ORD-8), and none of a seat that is over."""
    call = rows[0].call_id
    # Whoever leaves at this moment does so first: the same row is locked in depart() too.
    list(Call.objects.select_for_update().filter(pk=call).values_list("pk", flat=True))
    live = set(Participant.objects.filter(pk__in=[row.pk for row in rows], left_at=None).values_list("pk", flat=True))
    people = set()
    for row in (row for row in rows if row.pk in live):
        met = Met(meeting=row.call.meeting_id, call=call, device=row.device, account=row.account_id or "")
        there = evidence[row.pk]
        notice = apply(measure=measure, territory=located(there), action=Action.REMOVED, met=met, evidence=there, now=now)
        Participant.objects.filter(pk=row.pk).update(notice=notice)
        people.add(met.person or row.pk)
    out = [row.pk for row in rows if row.pk in live]
    if out:
        depart_together(call=call, participants=out, reason=Gone.ORDERED, told=str(Gone.LEFT), lines=lines, now=now)
        wake_hosts(call=call)
    return people
