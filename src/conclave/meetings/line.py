"""Standing in line for a place in a region that is full (REG-3): whoever asks again in time keeps the place in it."""

from dataclasses import dataclass

from django.db.models import Q

from conclave.kernel.clock import SECOND
from conclave.kernel.ids import MeetingId, new_id
from conclave.media import placement
from conclave.media.policy import Lists, Picture
from conclave.meetings.models import InLine
from conclave.meetings.route import seated_by_region

# Whoever does not ask again for so long has gone.
KEPT_MS = 10 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """How full the regions are, and since when somebody stands in line; where no region has a capacity, nobody counts."""

    seated: dict[str, int]
    row: InLine | None = None

    def waited(self, *, now: int) -> int:
        """Return for how long, in milliseconds."""
        return now - self.row.since if self.row else 0

    def ahead(self, *, regions: list[str], now: int) -> int:
        """Return how many stand before this one in the lines of these regions.

        Args:
            regions: where.
            now: the time.
        """
        if not placement.counts():
            return 0
        line = InLine.objects.filter(region__in=regions, until__gte=now)
        if self.row is not None:
            line = line.filter(Q(since__lt=self.row.since) | Q(since=self.row.since, pk__lt=self.row.pk))
        return line.count()


def spot(*, meeting: MeetingId, device: str, now: int) -> Spot:
    """Return how somebody stands who asks for a place.

    Args:
        meeting: where.
        device: the device that asks.
        now: the time.
    """
    if not placement.counts():
        return Spot(seated={})
    return Spot(seated=seated_by_region(), row=InLine.objects.filter(meeting=meeting, device=device, until__gte=now).first())


def serve(*, own: Spot, region: placement.Region, lists: Lists, now: int) -> Picture:
    """Return what somebody may send who gets a place now, and take them off the line.

    Args:
        own: how they stand.
        region: where the call is held.
        lists: who allows what.
        now: the time.

    Raises:
        PlaceAwaited: they have to wait.
        RegionFull: there is no place.
    """
    if not region.capacity:
        return Picture.FULL
    ahead = own.ahead(regions=[region.id], now=now)
    waited = own.waited(now=now)
    picture = placement.picture_in(region=region, lists=lists, seated=own.seated, ahead=ahead, waited_ms=waited, now=now)
    if own.row is not None:
        own.row.delete()
    return picture


def stand(*, meeting: str, device: str, region: str, now: int) -> None:
    """Stand in line, or go on doing so; outside of the transaction in which there was no place.

    Args:
        meeting: where.
        device: the device that asks.
        region: in whose line.
        now: the time.
    """
    until = now + KEPT_MS
    if not InLine.objects.filter(meeting=meeting, device=device, until__gte=now).update(until=until, region=region):
        start = {"id": new_id(), "region": region, "since": now, "until": until}
        InLine.objects.update_or_create(meeting_id=meeting, device=device, defaults=start)
