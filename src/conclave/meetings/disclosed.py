"""What meetings know of one person, table by table, for orders that ask for it; which of its fields may be told is the inventory's to say.

What is said and shown in a meeting is no field of any table here: keys/ and media/ pass it on as ciphertext.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from conclave.gate.policy import Evidence
from conclave.meetings.models import Call, Meeting, Participant
from conclave.meetings.there import evidence_of

Rows = Callable[[str], QuerySet[Any]]
# By table, as the inventory names it: the rows that are about an account.
TABLES: Mapping[str, Rows] = {
    "meetings.Meeting": lambda account: Meeting.objects.filter(owner=account),
    "meetings.Call": lambda account: Call.objects.filter(
        Q(meeting__owner=account) | Q(pk__in=Participant.objects.filter(account=account).values("call"))
    ),
    "meetings.Participant": lambda account: Participant.objects.filter(account=account),
}


def seats_of(*, account: str) -> tuple[Evidence, ...]:
    """Return where each live seat of somebody is, as they came last (ORD-2); nothing for whoever is in no call.

    Args:
        account: whose.
    """
    rows = Participant.objects.filter(account=account, left_at=None).order_by("joined_at", "pk")
    return tuple(evidence_of(row=row) for row in rows)
