"""The public keys of receipts and of the regions' engines, for the ledger to name them (KEY)."""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from conclave.media.credentials import engine_credentials
from conclave.media.receipt import receipt_key
from conclave.transparency import current


@current.says("KEY")
def _keys() -> Mapping[str, Mapping[str, str]]:
    """Return them: of a region's key pair, which is symmetric, its fingerprint."""
    config = settings.CONCLAVE
    pairs = {one.name: engine_credentials(state_dir=Path(config.state_dir), region=one.name) for one in config.all_regions}
    return {"receipt": {"public": receipt_key()}, **{f"region {name}": {"public": pair.fingerprint} for name, pair in pairs.items()}}
