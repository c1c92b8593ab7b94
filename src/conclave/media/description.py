"""What a region's engine is, as the ledger names it (REG-10). Needs no Django: whoever looks at the server from outside compares it too."""

from pathlib import Path

from conclave.media.credentials import engine_credentials
from conclave.regions import RegionSettings

# An engine that this server starts itself.
HERE = "here"

Described = dict[str, str]


def describe(*, region: RegionSettings, state_dir: Path) -> Described:
    """Return what the ledger says of a region's engine, as the settings have it now.

    Args:
        region: which one.
        state_dir: the server's state folder, where the key pair is.

    Returns:
        Its name, territory, where the engine stands (`here` where this server starts it), where browsers reach its media, its TURN server,
        and the fingerprint of its key pair: the pair is symmetric, and its long secret cannot be found from a hash. Of an engine that is
        started here also the address that it names itself. An engine has no Redis (REG-12): that is said too, as older entries name one.
    """
    return {
        "node": region.name,
        "territory": region.territory,
        "engine": region.engine or HERE,
        "node_address": region.node_address if region.here else "",
        "addresses": ",".join(sorted(region.addresses)),
        "turn": region.turn,
        "redis": "",
        "key": engine_credentials(state_dir=state_dir, region=region.name).fingerprint,
    }
