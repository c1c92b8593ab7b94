"""Base64url without padding (RFC 4648 §5), strictly: one text for one value."""

import base64
import binascii

from conclave.kernel.errors import Malformed


def encode(data: bytes) -> str:
    """Return the bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str, *, size: int | None = None) -> bytes:
    """Return the bytes of a base64url text.

    Args:
        text: the text, without padding.
        size: how many bytes it must have, or None for any number.

    Raises:
        Malformed: another alphabet, padding, stray bits at the end, or another size.
    """
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed("A value is not base64url.") from error
    # The last character may carry unused bits: without this check two texts would mean the same bytes.
    if encode(data) != text or (size is not None and len(data) != size):
        raise Malformed("A value is not base64url of the right length.")
    return data
