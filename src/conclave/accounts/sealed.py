"""Secrets that this server has to read again, sealed under a key that follows from its own secret, which is in no database."""

import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


def seal(*, kind: str, text: str) -> str:
    """Return a text sealed.

    Args:
        kind: what it is, so that none is opened as another.
        text: what nobody reads in a copy of the database.
    """
    return _sealing(kind).encrypt(text.encode()).decode()


def unseal(*, kind: str, text: str) -> str:
    """Open what seal() sealed.

    Args:
        kind: what it is.
        text: sealed.

    Raises:
        InvalidToken: it is not of this kind, or was sealed by another server.
    """
    return _sealing(kind).decrypt(text.encode()).decode()


def _sealing(kind: str) -> Fernet:
    """Return the seal of one kind."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"conclave/{kind}/1\0{settings.SECRET_KEY}".encode()).digest()))
