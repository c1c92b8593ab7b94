"""Where a call's media is processed: the region's engine, and whether it takes another call or person."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Unavailable
from conclave.media import turn
from conclave.media.credentials import EngineCredentials, engine_credentials

MOST_PARTICIPANTS = 1000
# A bad report is believed for this long; then the next person who joins tries again.
BELIEVED_SECONDS = 15.0

_down_since: dict[str, float] = {}


class MediaUnavailable(Unavailable):
    """No region that may be used has a working engine."""

    code = "media_unavailable"
    message = _("Sound and picture cannot be carried right now. Try again in a moment.")


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

    def ice_servers(self, *, participant: str, now: int) -> list[turn.IceServer]:
        """Return the ICE servers of one participant's ticket (JOIN-10).

        Args:
            participant: the participant's id.
            now: the time.
        """
        config = settings.CONCLAVE
        if not turn.is_offered(config=config):
            return []
        return [turn.ice_server(public_url=config.public_url, participant=participant, credentials=self.credentials(), now=now)]


def regions() -> dict[str, Region]:
    """Return every region of this installation by its name; one, for now."""
    config = settings.CONCLAVE
    return {config.region: Region(id=config.region, territory="", engine_host=f"127.0.0.1:{config.engine_port}")}


def place() -> Region:
    """Choose the region of a new call.

    Returns:
        A region that is allowed and not known to be down.

    Raises:
        MediaUnavailable: there is none.
    """
    for region in regions().values():
        if not is_down(region=region.id):
            return region
    raise MediaUnavailable


def check_place(*, region: str, present: int) -> Region:
    """Return the region of a live call if one more person may come in.

    Args:
        region: the name of the call's region.
        present: how many are seated.

    Returns:
        The region.

    Raises:
        MediaUnavailable: its engine is down, or the installation has it no longer.
        CallFull: there is no room.
    """
    found = regions().get(region)
    if found is None or is_down(region=region):
        raise MediaUnavailable
    if present >= MOST_PARTICIPANTS:
        raise CallFull
    return found


def report(*, region: str, up: bool) -> None:
    """Note whether a region's engine answered; a hint that this process keeps for some seconds, not a rule.

    Args:
        region: the region's name.
        up: whether it answered.
    """
    if up:
        _down_since.pop(region, None)
    else:
        _down_since[region] = time.monotonic()


def is_down(*, region: str) -> bool:
    """Tell whether the region's engine failed to answer in the last seconds.

    Args:
        region: the region's name.
    """
    reported = _down_since.get(region)
    return reported is not None and time.monotonic() - reported < BELIEVED_SECONDS
