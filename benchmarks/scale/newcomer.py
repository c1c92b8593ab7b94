"""What a browser sends to join, with keys that were drawn and belong to nobody."""

import base64
import os
from typing import Any


def newcomer(meeting: str, link_id: str) -> dict[str, Any]:
    """Return the body of a join.

    Args:
        meeting: its id.
        link_id: what a browser derives from its link.
    """
    drawn = [base64.urlsafe_b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (32, 16)]
    return {"v": 1, "meeting": meeting, "link_id": link_id, "name": "Bob", "signature_key": drawn[0], "device": drawn[1]}
