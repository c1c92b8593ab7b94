"""Whether a leaf was cosigned, and the proof of it: the one place of this domain that asks the ledger's witnesses (ORD-12)."""

from conclave.transparency import cosign

# What whoever holds a proof may read of its leaf: of a measure that has met them, and of one's own order.
OF_MEASURE = ("kind", "territory", "starts_at", "ends_at")
# Of what was told of them: the hash of their notice's number is among the subjects, and those of others are only hashes.
OF_DISCLOSURE = ("territory", "field", "count", "subjects", "deferred_until", "deferral_basis", "day", "minute")
OF_ORDER = ("dummy", "territory", "kind", "channel", "category", "authority", "targets", "day", "minute")


def is_cosigned(*, index: int) -> bool:
    """Tell whether a leaf is in a checkpoint with enough cosignatures.

    Args:
        index: of the leaf.
    """
    return cosign.is_cosigned(index=index)


def cosign_now(*, now: int) -> None:
    """Ask the witnesses for their cosignature on the ledger as it stands; outside a transaction.

    Args:
        now: the time.

    Raises:
        WitnessAway: too few of them have given it.
    """
    cosign.cosign_now(now=now)


def proof(*, index: int, fields: tuple[str, ...]) -> str:
    """Return the proof that a leaf is in the ledger, empty while there is none.

    Args:
        index: of the leaf.
        fields: which of its fields whoever holds it may read.
    """
    return cosign.proof(index=index, fields=fields) or ""
