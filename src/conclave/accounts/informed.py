"""Telling an organisation what the staff of the server has done that concerns it: in its journal, and its owners and admins by mail."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse

from conclave.accounts import mail as post
from conclave.accounts.models import Membership, Role
from conclave.kernel.canonical import Json
from conclave.transparency.journal import journal


def tell_organisation(*, organisation: str, kind: str, fields: Mapping[str, Json], mail: str, now: int) -> None:
    """Write it into an organisation's journal, and to those who look after it; inside the caller's transaction.

    Args:
        organisation: which.
        kind: what was done, as the journal calls it (organisation_journal.py).
        fields: what is known of it; no names, and nobody of the staff.
        mail: which of templates/accounts/mail/.
        now: the time.
    """
    journal(kind=kind, obj=organisation, fields=fields, now=now)
    page = settings.CONCLAVE.public_url.rstrip("/") + reverse("organisation_journal", args=[organisation])
    seats = Membership.objects.filter(organisation=organisation, role__in=(Role.OWNER, Role.ADMIN), left_at=None)
    for seat in seats.select_related("user", "organisation").order_by("pk"):
        told = {**{name: str(value) for name, value in fields.items()}, "organisation": seat.organisation.name, "address": page}
        # Nobody knows in which language they read: somebody else did it.
        post.send(to=seat.user.email, what=mail, facts=told, now=now, language="")
