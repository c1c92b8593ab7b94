"""Where a call has been held: the stops that its row keeps, from which receipts are made, and how full the regions are."""

from typing import Any

from django.db.models import Count

from conclave.accounts.organisations import my_organisations
from conclave.accounts.rulebook import ruling_of
from conclave.accounts.rules import Regions, Rule
from conclave.kernel.ids import UserId
from conclave.media import placement
from conclave.media.policy import Lists, permits
from conclave.meetings.models import Participant


def seated_by_region() -> dict[str, int]:
    """Return how many people are in the live calls of each region; nothing is counted where no region has a capacity."""
    if not placement.counts():
        return {}
    seats = Participant.objects.filter(left_at=None, call__ended_at=None).values("call__region")
    return dict(seats.annotate(count=Count("pk")).order_by().values_list("call__region", "count"))


def stop(*, region: placement.Region, others: tuple[Regions, ...], why: str, now: int) -> dict[str, Any]:
    """Return a stop of a call's route, as its row keeps it: what was so then, whatever becomes of settings and policies (REG-8).

    Args:
        region: where.
        others: the lists of the organisation and the meeting by which it was chosen.
        why: `began`, `policy` or `down`.
        now: the time.
    """
    return {
        "region": region.id,
        "territory": region.territory,
        "addresses": sorted(region.addresses),
        "platform": sorted(placement.platform()),
        "lists": [sorted(names) for names in others if names is not None],
        "from": now,
        "why": why,
    }


def outside_of(*, account: UserId | None, host: str, region: placement.Region) -> list[str]:
    """Return which other organisations of somebody would not let a meeting of theirs be held in a region: the host's list governs (REG-4).

    Args:
        account: who is about to join; nobody belongs anywhere.
        host: the organisation whose meeting it is.
        region: where it is held.

    Returns:
        What those organisations are called.
    """
    if account is None:
        return []
    others = [own.organisation for own in my_organisations(account=account) if own.organisation != host]
    found = []
    for ruling in filter(None, (ruling_of(organisation=one) for one in others)):
        lists = Lists(platform=frozenset({region.id}), others=(ruling.policy.regions,))
        if Rule.REGIONS in ruling.policy.enforced and not permits(name=region.id, territory=region.territory, lists=lists):
            found.append(ruling.name)
    return sorted(found)
