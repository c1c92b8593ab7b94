"""Length-prefixing: what is hashed or signed together cannot be cut in another place (docs/protocol/README.md)."""


def lp(*parts: bytes) -> bytes:
    """Return each part behind its length as 4 bytes big-endian, one after the other.

    Args:
        parts: what is joined.
    """
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
