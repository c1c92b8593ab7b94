"""Just enough of RFC 9420's wire format for Mallory to spoil what goes by, and to sign what she has poisoned."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.kernel import b64

HEADER = 4  # MLSMessage: version and wire format
LIFETIME = 16
TAIL = 132  # signature, confirmation tag and membership tag of a PublicMessage, with their lengths


def vector_end(whole: bytes, at: int) -> int:
    """Return where a vector ends that begins with a variable-size length (§2.1.2)."""
    size = 1 << (whole[at] >> 6)
    return at + size + int.from_bytes(bytes([whole[at] & 0x3F]) + whole[at + 1 : at + size], "big")


def without_path(commit: str) -> str:
    """Return a commit with an absent path (§6, §12.4)."""
    whole = b64.decode(commit)
    at = vector_end(whole, HEADER) + 8 + 5  # group id, epoch, sender
    at = vector_end(whole, at) + 1  # authenticated data, content type
    at = vector_end(whole, at)  # proposals
    assert whole[at] == 1
    return b64.encode(whole[:at] + b"\0" + whole[-TAIL:])


class KeyPackage:
    """A KeyPackage's fields (§7.2, §10), to be changed and signed anew."""

    def __init__(self, message: str) -> None:
        """Read the fields; those that nobody changes stay as they are."""
        whole = b64.decode(message)
        self._start = whole[: HEADER + 4]
        at = vector_end(whole, len(self._start))
        self.init_key = whole[at - 32 : at]
        at = vector_end(whole, at)
        self.encryption_key = whole[at - 32 : at]
        begin, at = at, vector_end(whole, at) + 2  # signature key, credential type
        for _ in range(6):  # identity, and five lists of capabilities
            at = vector_end(whole, at)
        self._middle = whole[begin : at + 1]  # leaf node source
        self.lifetime = whole[at + 1 : at + 1 + LIFETIME]
        assert whole[at + 1 + LIFETIME :].startswith(b"\0")  # no extensions

    def signed(self, seed: str) -> bytes:
        """Return it as an MLSMessage with both signatures right."""
        key = Ed25519PrivateKey.from_private_bytes(b64.decode(seed))
        leaf = _vector(self.encryption_key) + self._middle + self.lifetime + _vector(b"")
        leaf += _vector(_sign(key, b"LeafNodeTBS", leaf))
        body = self._start[HEADER:] + _vector(self.init_key) + leaf + _vector(b"")
        return self._start[:HEADER] + body + _vector(_sign(key, b"KeyPackageTBS", body))


def reference(message: bytes) -> str:
    """Return a KeyPackage's reference (§5.2), b64."""
    return b64.encode(hashlib.sha256(_vector(b"MLS 1.0 KeyPackage Reference") + _vector(message[HEADER:])).digest())


def _sign(key: Ed25519PrivateKey, label: bytes, content: bytes) -> bytes:
    """Sign with a label (§5.1.2)."""
    return key.sign(_vector(b"MLS 1.0 " + label) + _vector(content))


def _vector(content: bytes) -> bytes:
    size = len(content)
    head = bytes([size]) if size < 1 << 6 else ((1 << 14) | size).to_bytes(2, "big")
    return head + content
