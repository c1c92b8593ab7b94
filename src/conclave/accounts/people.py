"""What people change about themselves."""

from django.db import transaction

from conclave.accounts.models import User
from conclave.transparency.journal import journal


def rename(*, user: User, name: str, now: int) -> None:
    """Give a person another name; calls they are in keep the old one.

    Args:
        user: who.
        name: the new name, cleaned.
        now: the time.
    """
    with transaction.atomic():
        user.name = name
        # Saved, not updated: what the directory searches is written with it.
        user.save(update_fields=["name"])
        journal(kind="person_renamed", fields={"account": user.pk}, now=now)
