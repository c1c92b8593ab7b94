"""Moving calls out of a region that may not have them any more, or whose engine is gone: into another that may, or nowhere (REG-6)."""

from enum import StrEnum

from conclave.accounts.rules import Ruling
from conclave.kernel import clock, deadlines
from conclave.kernel.errors import Unavailable
from conclave.keys.locks import writing
from conclave.media import gateways, nodes, placement, reach
from conclave.media import outbox as engine
from conclave.media.policy import Lists, Picture
from conclave.meetings.departure import finish
from conclave.meetings.models import Call, Ended, Participant
from conclave.meetings.route import seated_by_region, stop
from conclave.meetings.ruled import ruled
from conclave.transparency.journal import journal

EVERY_MS = 5 * clock.SECOND
# With what passes until it is noticed, at most a minute is spent where a call may not be (safety.md §4.2).
WITHIN_MS = 50 * clock.SECOND
# Which engines are away is the opinion of one process: two that disagree pass a call to and fro no oftener than this.
DOWN_ONCE_MS = clock.MINUTE
# So many stops a receipt names; a call that would need more is over.
MOST_STOPS = 100

_looking = clock.Seldom(every_ms=EVERY_MS)


class Why(StrEnum):
    """What a call leaves its region for."""

    POLICY = "policy"
    DOWN = "down"


@deadlines.settles
def settle_regions(now: int) -> None:
    """Look every few seconds whether each live call is still where it may be."""
    if not _looking.due(now=now):
        return
    regions = placement.regions().values()
    # An engine that somebody else starts is looked at before it has any call: it may share what it gets (REG-12).
    if not all(one.here for one in regions) or (len(regions) > 1 and Call.objects.filter(ended_at=None).exists()):
        reach.look_aside()
    relocate(now=now)


def relocate(*, now: int) -> int:
    """Move every call that has to leave its region, or end it where nothing is left (REG-6).

    Args:
        now: the time.

    Returns:
        How many were moved or ended.
    """
    known: dict[str, Ruling | None] = {}
    left, entered, theirs = 0, nodes.entered(), gateways.held_by_others(now=now)
    # What another gateway holds by other settings is that one's to move: two that disagree would end each other's calls.
    for call in Call.objects.filter(ended_at=None).exclude(region__in=theirs).select_related("meeting"):
        lists = placement.lists_of(others=ruled(meeting=call.meeting, known=known).regions, entered=entered)
        why = _must_leave(call, lists, now)
        if why is not None:
            left += _leave(call, why, now=now)
        elif call.drain_by is not None:
            Call.objects.filter(pk=call.pk, region=call.region).update(drain_by=None)
    return left


def _must_leave(call: Call, lists: Lists, now: int) -> Why | None:
    """Return why a call cannot stay where it is; None where it can."""
    if call.region not in {region.id for region in placement.permitted(lists=lists)}:
        return Why.POLICY
    if not placement.is_gone(region=call.region) or len(call.route) >= MOST_STOPS:
        return None
    moved_at = next((stop["from"] for stop in reversed(call.route) if stop["why"] == Why.DOWN), None)
    return None if moved_at is not None and abs(now - moved_at) < DOWN_ONCE_MS else Why.DOWN


def _leave(call: Call, why: Why, *, now: int) -> bool:
    """Move one call or end it, by compare-and-set: of two gateways that see the same, one does it."""
    with writing():
        row = Call.objects.select_for_update(of=("self",)).filter(pk=call.pk, region=call.region, ended_at=None).first()
        if row is None:
            return False
        # Asked again under the lock, by the row of the meeting as it is now.
        others = ruled(meeting=row.meeting).regions
        lists = placement.lists_of(others=others)
        if _must_leave(row, lists, now) is not why:
            return False
        if len(row.route) >= MOST_STOPS:
            return finish(call=row.pk, reason=Ended.REGION, now=now)
        seats = Participant.objects.filter(call=row.pk, left_at=None)
        try:
            # For a region that is only away, nowhere but where somebody answers.
            region, picture = placement.place_call(
                lists=lists, now=now, seated=seated_by_region(), people=max(1, seats.count()), answering=why is Why.DOWN
            )
        except placement.RegionForbidden:
            return finish(call=row.pk, reason=Ended.REGION, now=now)
        except Unavailable:
            return _without_a_place(row, why, now=now)
        # The clocks of two gateways may differ: a receipt goes forward.
        since = max([now, *(one["from"] for one in row.route[-1:])])
        route = [*row.route, stop(region=region, others=others, why=why.value, now=since)]
        Call.objects.filter(pk=row.pk).update(region=region.id, route=route, drain_by=None)
        if picture is not Picture.FULL:
            seats.exclude(picture=Picture.NONE).update(picture=picture)
        engine.emit_end(region=row.region, call=row.pk, now=now)
        journal(kind="call_moved", obj=row.pk, fields={"from": row.region, "to": region.id, "why": why.value}, now=now)
        return True


def _without_a_place(row: Call, why: Why, *, now: int) -> bool:
    """Wait a little for a place in a region that is allowed; a call whose own region is only down waits for it instead."""
    if why is Why.DOWN:
        return False
    if row.drain_by is None:
        Call.objects.filter(pk=row.pk).update(drain_by=now + WITHIN_MS)
        return False
    return row.drain_by <= now and finish(call=row.pk, reason=Ended.REGION, now=now)
