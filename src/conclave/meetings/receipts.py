"""Who may have the routing receipt of a call (REG-8): whoever sat in it, its meeting's owner, and those who look after its organisation."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from conclave.accounts.organisations import belonging
from conclave.accounts.policy import Act
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.media import receipt
from conclave.meetings.models import Call, Meeting
from conclave.meetings.queries import MeetingUnknown
from conclave.meetings.queries import seat as find_seat

MOST = 100


class ReceiptUnknown(Refused):
    """A call of which nothing is kept any more, or that began before receipts were kept."""

    code = "receipt_unknown"
    status = 404
    message = _("There is no receipt of this call any more.")


def receipt_for(*, participant: str, seat: str, now: int) -> bytes:
    """Return the receipt of the call in which somebody has or had a seat.

    Args:
        participant: who asks.
        seat: their seat's secret.
        now: the time.

    Raises:
        SeatUnknown: the seat is not theirs.
        ReceiptUnknown: there is none.
    """
    call = Call.objects.get(pk=find_seat(participant=participant, seat=seat).call)
    if not call.route:
        raise ReceiptUnknown
    return _receipt(call, now=now)


def receipts_of(*, meeting: str, account: UserId, now: int) -> list[str]:
    """Return the receipts of a meeting's last calls, newest first, each as a file's text.

    Args:
        meeting: the meeting's id.
        account: who asks.
        now: the time.

    Raises:
        MeetingUnknown: there is no such meeting among theirs.
    """
    if not Meeting.objects.filter(pk=meeting, owner=account, deleted_at=None).exists():
        raise MeetingUnknown
    return _newest(Call.objects.filter(meeting=meeting), now=now)


def receipts_of_house(*, organisation: str, account: UserId, now: int) -> list[str]:
    """Return the receipts of an organisation's last calls, newest first, each as a file's text; whose meetings they were is not told.

    Args:
        organisation: whose.
        account: who asks.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = belonging(organisation=organisation, account=account, act=Act.SEE_MEETINGS)
    return _newest(Call.objects.filter(meeting__organisation=own.organisation), now=now)


def _newest(calls: QuerySet[Call], *, now: int) -> list[str]:
    """Return the receipts of some calls."""
    return [_receipt(call, now=now).decode() for call in calls.exclude(route=[]).order_by("-started_at", "pk")[:MOST]]


def _receipt(call: Call, *, now: int) -> bytes:
    """Return the receipt of a row."""
    # Another gateway's clock may have ended it: a receipt goes forward.
    ended_at = None if call.ended_at is None else max(call.ended_at, call.route[-1]["from"])
    return receipt.receipt(call=call.pk, meeting=call.meeting_id, started_at=call.started_at, ended_at=ended_at, route=call.route, now=now)
