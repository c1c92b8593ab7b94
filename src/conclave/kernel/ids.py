"""Random ids: 16 bytes as b64, 22 characters, one type for each thing they name."""

import secrets
from typing import NewType

from conclave.kernel import b64

ID_BYTES = 16
ID_LENGTH = 22

UserId = NewType("UserId", str)
MeetingId = NewType("MeetingId", str)
CallId = NewType("CallId", str)
ParticipantId = NewType("ParticipantId", str)


def new_id() -> str:
    """Return a fresh random id; wrap it in the type of what it names."""
    return b64.encode(secrets.token_bytes(ID_BYTES))
