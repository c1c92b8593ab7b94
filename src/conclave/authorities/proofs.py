"""The proofs that people and authorities are given of leaves about them, and what of a leaf whoever holds one may read (ORD-8)."""

from conclave.transparency import cosign

# What whoever holds a proof may read of its leaf: of a measure that has met them, and of one's own order.
OF_MEASURE = ("kind", "territory", "starts_at", "ends_at")
# Of what was told of them: the hash of their notice's number is among the subjects, and those of others are only hashes.
OF_DISCLOSURE = ("territory", "field", "count", "subjects", "deferred_until", "deferral_basis", "day", "minute")
OF_ORDER = ("dummy", "territory", "kind", "channel", "category", "authority", "targets", "day", "minute")


def proof(*, index: int, fields: tuple[str, ...]) -> str:
    """Return the proof that a leaf is in the ledger, empty while there is none.

    Args:
        index: of the leaf.
        fields: which of its fields whoever holds it may read.
    """
    return cosign.proof(index=index, fields=fields) or ""
