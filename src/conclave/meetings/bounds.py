"""What the fields of the sockets' messages are bound by, and what all messages have in common (JOIN-6)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LARGEST_TEXT = 1024 * 1024
LARGEST_INDEX = 2**53 - 1

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$", min_length=22, max_length=22)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$", max_length=32)]
B64Text = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=LARGEST_TEXT)]
B64Small = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=16_384)]
B64Of32 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$", min_length=43, max_length=43)]
B64Of64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{86}$", min_length=86, max_length=86)]
Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64)]
Index = Annotated[int, Field(ge=0, le=LARGEST_INDEX)]


class Message(BaseModel):
    """What all messages have in common: unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
