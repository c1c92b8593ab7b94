"""What accounts know of one person, table by table, for orders that ask for it; which fields may be told is the inventory's to say."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db.models import Model, QuerySet

from conclave.accounts.models import Membership, Organisation, PolicyVersion, ProviderIdentity, StaffMember, User
from conclave.kernel.canonical import Json

Rows = Callable[[str], QuerySet[Any]]
# By table, as the inventory names it: the rows that are about an account.
TABLES: Mapping[str, Rows] = {
    "accounts.User": lambda account: User.objects.filter(pk=account),
    "account.EmailAddress": lambda account: EmailAddress.objects.filter(user=account),
    "accounts.StaffMember": lambda account: StaffMember.objects.filter(user=account),
    "usersessions.UserSession": lambda account: UserSession.objects.filter(user=account),
    "accounts.Organisation": lambda account: Organisation.objects.filter(
        pk__in=Membership.objects.filter(user=account).values("organisation")
    ),
    "accounts.Membership": lambda account: Membership.objects.filter(user=account),
    "accounts.PolicyVersion": lambda account: PolicyVersion.objects.filter(made_by=account),
    "accounts.ProviderIdentity": lambda account: ProviderIdentity.objects.filter(user=account),
}


def rows_of(*, rows: QuerySet[Model], fields: Iterable[str]) -> list[dict[str, Json]]:
    """Return rows with these of their fields and no other, in canonical values.

    Args:
        rows: which.
        fields: of their table.
    """
    return [{name: _plain(value) for name, value in row.items()} for row in rows.order_by("pk").values(*sorted(fields))]


def _plain(value: object) -> Json:
    """Return a value as JSON has it: times of other libraries as ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else value
