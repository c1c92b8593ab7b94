"""The public keys of the log and of its witnesses, for the ledger itself to name them (KEY)."""

from collections.abc import Mapping

from conclave.transparency import current, witnesses

WITNESS = "witness "


@current.says("KEY")
def _keys() -> Mapping[str, Mapping[str, str]]:
    """Return them as C2SP writes keys; our own witness has none before it has started for the first time."""
    log = {"log": {"public": witnesses.key().vkey}}
    try:
        found = witnesses.policy().witnesses.values()
    except witnesses.PolicyWrong:
        # They are not gone for that: the ledger says so in public, and for good.
        return {**log, **current.said(kind="KEY", prefix=WITNESS)}
    return {**log, **{f"{WITNESS}{one.key.name}": {"public": one.key.vkey} for one in found}}
