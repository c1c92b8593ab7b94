"""Whether a leaf was cosigned: the one place that asks. Until there is a witness none is, and so no measure acts (ORD-12)."""


def is_cosigned(*, index: int) -> bool:  # noqa: ARG001 - no checkpoint is cosigned yet
    """Tell whether a leaf is in a checkpoint with enough cosignatures.

    Args:
        index: of the leaf.
    """
    return False


def cosign_now(*, now: int) -> None:
    """Ask the witness for its cosignature on the ledger as it stands.

    Args:
        now: the time.
    """


def proof(*, index: int) -> str:  # noqa: ARG001 - no checkpoint is cosigned yet
    """Return the proof that a leaf is in the ledger, empty while there is none.

    Args:
        index: of the leaf.
    """
    return ""
