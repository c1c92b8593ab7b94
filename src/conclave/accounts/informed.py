"""Writing to the owners and admins of organisations what the staff of the server has done that concerns them."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.urls import reverse

from conclave.accounts import mail as post
from conclave.accounts.models import Membership, Role


def mail_organisations(*, organisations: Collection[str], facts: Mapping[str, str], mail: str, now: int) -> None:
    """Write to those who look after organisations, with the address of the journal that says more; inside the caller's transaction.

    Args:
        organisations: which.
        facts: what is known of it; no names, and nobody of the staff.
        mail: which of templates/accounts/mail/.
        now: the time.
    """
    seats = Membership.objects.filter(organisation__in=organisations, role__in=(Role.OWNER, Role.ADMIN), left_at=None)
    for seat in seats.select_related("user", "organisation").order_by("organisation", "pk"):
        page = settings.CONCLAVE.public_url.rstrip("/") + reverse("organisation_journal", args=[seat.organisation.pk])
        told = {**facts, "organisation": seat.organisation.name, "address": page}
        # Nobody knows in which language they read: somebody else did it.
        post.send(to=seat.user.email, what=mail, facts=told, now=now, language="")
