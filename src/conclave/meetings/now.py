"""Meet now: a one-time token with which somebody without an account makes one meeting (docs/protocol/meetings.md)."""

import secrets

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.kernel.secrets import stored_hash
from conclave.meetings.models import NowToken


class NowUsed(Refused):
    """The token was used, or a newer start of the server replaced it (MEET-6)."""

    code = "now_used"
    status = 403
    message = _("This address was used already. The server prints a new one each time it starts.")


def meet_now_link(*, now: int) -> str:
    """Return the address that makes one meeting, once; the one before it stops working.

    Args:
        now: the time.

    Returns:
        The public address with the token in its fragment, which browsers do not send.
    """
    token = secrets.token_urlsafe(16)
    with transaction.atomic():
        NowToken.objects.all().delete()
        NowToken.objects.create(token_hash=_hash(token), created_at=now)
    return f"{settings.CONCLAVE.public_url.rstrip('/')}/now#{token}"


def check_now_token(*, token: str) -> None:
    """Refuse at once what is not the outstanding token, before anything that takes its time is done for it.

    Args:
        token: what the page read from its fragment.

    Raises:
        NowUsed: it is not the outstanding one.
    """
    if not NowToken.objects.filter(token_hash=_hash(token)).exists():
        raise NowUsed


def use_now_token(*, token: str) -> None:
    """Use the token up, inside the transaction that makes the meeting.

    Args:
        token: what the page read from its fragment.

    Raises:
        NowUsed: it is not the outstanding one.
    """
    deleted, _ = NowToken.objects.filter(token_hash=_hash(token)).delete()
    if not deleted:
        raise NowUsed


def _hash(token: str) -> str:
    """Return what is stored of a token."""
    return stored_hash(kind="now", token=token)
