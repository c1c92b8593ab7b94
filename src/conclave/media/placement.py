"""Where a call's media is processed: the regions with their engines, and what the rule (policy.py) says of them now."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused, Unavailable
from conclave.media import nodes
from conclave.media.credentials import EngineCredentials, engine_credentials
from conclave.media.policy import AGAIN_DOWN_MS, AGAIN_FULL_MS, Lists, Names, Outcome, Picture, Placed, Reason, Refuse, Site, Wait, permits
from conclave.media.policy import place as judge
from conclave.media.turn import IceServer, ice_server, is_offered, own_url

MOST_PARTICIPANTS = 1000
# A bad report is believed for this long; then the next person who joins tries again.
BELIEVED_SECONDS = 15.0
# An engine that has not answered for this long is given up: its supervisor would have started it again by then.
GONE_SECONDS = 10.0
# An answer says for this long that an engine works: whoever looks does so every five seconds and waits for three.
ANSWERED_SECONDS = 10.0
# How long whoever cannot wait has waited, and how soon whoever can asks again.
NEVER = 10**9
ASK_AGAIN_MS = 2_000

# By region: since when it does not answer, and when that was last seen.
_down: dict[str, tuple[float, float]] = {}
# And when it last answered to its own key pair.
_answered: dict[str, float] = {}


class MediaUnavailable(Unavailable):
    """No region that may be used has a working engine."""

    code = "media_unavailable"
    # Whether it is not for an engine that is down, but as the call has to leave where it is and another region may have it (REG-6).
    moves = False
    message = _("Sound and picture cannot be carried right now. Try again in a moment.")


class RegionForbidden(Refused):
    """No region of this server is on every list that speaks of this meeting (REG-2)."""

    code = "region_forbidden"
    status = 451
    message = _("This server has no region in which this meeting may be held, so it is not held anywhere. Ask whoever set its regions.")


class RegionUnentered(Unavailable):
    """No region that may be used has an engine that stands in the public ledger as the settings name it (REG-10)."""

    code = "region_unentered"
    message = _(
        "What would carry sound and picture is not in the public ledger yet, so no call is held there. Ask whoever runs this server."
    )


class RegionFull(Unavailable):
    """The regions that may be used have no place; `again_at` says when to ask again."""

    code = "region_full"
    message = _("The servers in the regions of this meeting are full, and it is not moved to another. Try again later.")


class PlaceAwaited(Unavailable):
    """There is no place yet; `position` says how many are served before and with this one, `again_at` when to ask again (REG-3)."""

    code = "place_awaited"
    message = _("All places are taken in the regions in which this meeting may be held. You are in line.")

    def __init__(self, *, region: str, position: int, again_at: int) -> None:
        """Take the region in whose line somebody stands."""
        super().__init__()
        self.region = region
        self.position = position
        self.again_at = again_at


class CallFull(Unavailable):
    """The call has as many people as its engine carries."""

    code = "call_full"
    message = _("This call is full.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One region: its name, its territory (ISO 3166-1, empty when the operator named none) and where its engine listens."""

    id: str
    territory: str
    engine_host: str
    # Whether this server has started it, by its own configuration.
    here: bool = True
    # Where browsers reach its media, for whoever wants to compare (REG-9).
    addresses: tuple[str, ...] = ()
    turn: str = ""
    capacity: int = 0

    @property
    def path(self) -> str:
        """Return where browsers reach the signal gate of this region."""
        return f"/media/{self.id}"

    @property
    def api_url(self) -> str:
        """Return the address of the engine's API, on loopback or a private network."""
        return f"http://{self.engine_host}"

    @property
    def signal_url(self) -> str:
        """Return the address of the engine's signalling, likewise."""
        return f"ws://{self.engine_host}"

    def credentials(self) -> EngineCredentials:
        """Return the key pair of this region's engine."""
        return engine_credentials(state_dir=settings.CONCLAVE.state_dir, region=self.id)

    def ice_servers(self, *, participant: str, now: int) -> list[IceServer]:
        """Return the ICE servers of one participant's ticket (JOIN-10): the region's own, or none (REG-7).

        Args:
            participant: the participant's id.
            now: the time.
        """
        config = settings.CONCLAVE
        urls = self.turn or (own_url(public_url=config.public_url) if is_offered(config=config) else "")
        return [ice_server(urls=urls, participant=participant, credentials=self.credentials(), now=now)] if urls else []


def regions() -> dict[str, Region]:
    """Return every region of this installation by its name, in the order in which they are chosen."""
    return {
        one.name: Region(
            id=one.name,
            territory=one.territory,
            engine_host=one.engine_host,
            here=one.here,
            addresses=one.addresses,
            turn=one.turn,
            capacity=one.capacity,
        )
        for one in settings.CONCLAVE.all_regions
    }


def platform() -> frozenset[str]:
    """Return the platform's own list."""
    return settings.CONCLAVE.platform_regions


def lists_of(*, others: tuple[Names, ...], entered: frozenset[str] | None = None) -> Lists:
    """Return every list that speaks of a meeting, the platform's among them, and which regions the ledger names (REG-10).

    Args:
        others: the organisation's and the meeting's.
        entered: what nodes.entered() has said a moment ago, where somebody asks for many meetings; None looks.
    """
    return Lists(platform=platform(), others=others, entered=nodes.entered() if entered is None else entered)


def permitted(*, lists: Lists) -> list[Region]:
    """Return the regions that every list allows and the ledger names, in the order in which they are chosen.

    Args:
        lists: who allows what.
    """
    return [one for one in _allowed(lists) if one.id in lists.entered]


def _allowed(lists: Lists) -> list[Region]:
    """Return the regions that every list allows."""
    return [one for one in regions().values() if permits(name=one.id, territory=one.territory, lists=lists)]


def counts() -> bool:
    """Tell whether any region has a capacity, so that somebody has to count."""
    return any(region.capacity for region in regions().values())


def place(*, lists: Lists, now: int, seated: Mapping[str, int] | None = None, ahead: int = 0, waited_ms: int = NEVER) -> Region:
    """Choose the region of a new call.

    Args:
        lists: who allows what.
        now: the time, in milliseconds.
        seated: how many people are in the calls of each region, where some region has a capacity.
        ahead: how many wait already.
        waited_ms: how long this one has; whoever cannot wait has waited for ever.

    Returns:
        A region that every list allows, that is not known to be down, and that has room.

    Raises:
        RegionForbidden: the lists allow none (REG-2).
        RegionUnentered: the ledger names none of those that they allow (REG-10).
        MediaUnavailable: what they allow does not work.
        PlaceAwaited: what they allow has no room yet.
        RegionFull: it has none.
    """
    outcome = judge(sites=_sites(seated or {}), lists=lists, ahead=ahead, waited_ms=waited_ms)
    return regions()[_settled(outcome, line=lambda: permitted(lists=lists)[0].id, now=now).region]


def place_call(*, lists: Lists, now: int, seated: Mapping[str, int], people: int, answering: bool = False) -> tuple[Region, Picture]:
    """Choose the region of a call that has to leave its own, whole (REG-6).

    Args:
        lists: who allows what.
        now: the time, in milliseconds.
        seated: how many people are in the calls of each region, where some region has a capacity.
        people: how many come with it.
        answering: whether only engines count that answered this process just now.

    Returns:
        The region, and what each may send there.

    Raises:
        RegionForbidden: the lists allow none (REG-2).
        RegionUnentered: the ledger names none of those that they allow (REG-10).
        MediaUnavailable: what they allow does not work.
        RegionFull: it has not so many places.
    """
    sites = [replace(site, up=has_answered(region=site.name)) for site in _sites(seated)] if answering else _sites(seated)
    placed = _settled(judge(sites=sites, lists=lists, people=people, waited_ms=NEVER), line=lambda: permitted(lists=lists)[0].id, now=now)
    return regions()[placed.region], placed.picture


def picture_in(*, region: Region, lists: Lists, seated: Mapping[str, int], ahead: int, waited_ms: int, now: int) -> Picture:
    """Return what one more person may send in a region, if there is a place (REG-3).

    Args:
        region: where the call is held.
        lists: who allows what.
        seated: how many people are in the calls of each region.
        ahead: how many wait there already.
        waited_ms: how long this one has.
        now: the time, in milliseconds.

    Raises:
        PlaceAwaited: there is none yet.
        RegionFull: there is none.
    """
    own = [site for site in _sites(seated) if site.name == region.id]
    return _settled(judge(sites=own, lists=lists, ahead=ahead, waited_ms=waited_ms), line=lambda: region.id, now=now).picture


def check_place(*, region: str, lists: Lists, present: int, now: int) -> Region:
    """Return the region of a live call if one more person may come in.

    Args:
        region: the name of the call's region.
        lists: who allows what, now.
        present: how many are seated.
        now: the time, in milliseconds.

    Returns:
        The region.

    Raises:
        MediaUnavailable: its engine is down, the installation has it no longer, or the lists do not allow it any more while they allow
            another, to which the call moves (REG-6).
        RegionForbidden: the lists allow none.
        RegionUnentered: the ledger names none of those that they allow.
        CallFull: there is no room.
    """
    found = check_allowed(region=region, lists=lists, now=now)
    if is_down(region=region):
        raise _again(MediaUnavailable(), now + AGAIN_DOWN_MS)
    if present >= MOST_PARTICIPANTS:
        raise CallFull
    return found


def check_allowed(*, region: str, lists: Lists, now: int) -> Region:
    """Return a region if a call may be held there now, whether or not its engine answers.

    Args:
        region: the region's name.
        lists: who allows what, now.
        now: the time, in milliseconds.

    Raises:
        MediaUnavailable: the lists allow another, and not this one.
        RegionUnentered: the ledger names none of those that they allow.
        RegionForbidden: they allow none.
    """
    allowed = permitted(lists=lists)
    if not allowed:
        raise _again(RegionUnentered(), now + AGAIN_FULL_MS) if _allowed(lists) else RegionForbidden()
    for one in allowed:
        if one.id == region:
            return one
    leaves = MediaUnavailable()
    leaves.moves = True
    raise _again(leaves, now + AGAIN_DOWN_MS)


def report(*, region: str, up: bool) -> None:
    """Note whether a region's engine answered; a hint that this process keeps for some seconds, not a rule.

    Args:
        region: the region's name.
        up: whether it answered.
    """
    now = time.monotonic()
    if up:
        _down.pop(region, None)
        _answered[region] = now
        return
    _answered.pop(region, None)
    since, last = _down.get(region, (now, now))
    # What was last seen long ago says nothing of the time between.
    _down[region] = (since if now - last < BELIEVED_SECONDS else now, now)


def is_down(*, region: str) -> bool:
    """Tell whether the region's engine failed to answer in the last seconds.

    Args:
        region: the region's name.
    """
    reported = _down.get(region)
    return reported is not None and time.monotonic() - reported[1] < BELIEVED_SECONDS


def is_gone(*, region: str) -> bool:
    """Tell whether the region's engine is away for so long that its calls go elsewhere (REG-6).

    Args:
        region: the region's name.
    """
    reported = _down.get(region)
    return reported is not None and is_down(region=region) and time.monotonic() - reported[0] >= GONE_SECONDS


def has_answered(*, region: str) -> bool:
    """Tell whether the region's engine answered this process just now, to its own key pair: not having been asked is no answer.

    Args:
        region: the region's name.
    """
    at = _answered.get(region)
    return at is not None and time.monotonic() - at < ANSWERED_SECONDS


def _sites(seated: Mapping[str, int]) -> list[Site]:
    """Return every region as it stands."""
    return [
        Site(name=one.id, territory=one.territory, up=not is_down(region=one.id), seated=seated.get(one.id, 0), capacity=one.capacity)
        for one in regions().values()
    ]


def _settled(outcome: Outcome, *, line: Callable[[], str], now: int) -> Placed:
    """Return a place, or raise what the outcome says; `line` names the region in whose line to stand."""
    match outcome:
        case Placed():
            return outcome
        case Wait(position=position):
            raise PlaceAwaited(region=line(), position=position, again_at=now + ASK_AGAIN_MS)
        case Refuse(reason=Reason.LISTS):
            raise RegionForbidden
        case Refuse(reason=Reason.LEDGER, again_in_ms=again):
            raise _again(RegionUnentered(), now + (again or 0))
        case Refuse(reason=Reason.FULL, again_in_ms=again):
            raise _again(RegionFull(), now + (again or 0))
    raise _again(MediaUnavailable(), now + AGAIN_DOWN_MS)


def _again(error: Unavailable, at: int) -> Unavailable:
    """Return an error that says when to ask again."""
    error.again_at = at
    return error
