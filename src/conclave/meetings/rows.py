"""What every join and knock reads and writes, by statements that the ORM writes once (kernel/statements.py)."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from conclave.kernel.statements import columns, written_once
from conclave.meetings.models import Call, Invitation, Knock, Meeting, Participant

# What of a meeting the door goes by; the rest is not loaded.
_DOOR = columns(
    Meeting, "id", "title", "owner_id", "organisation_id", "own_rules", "kept_days", "link_id", "link_version", "link_since",
    "link_used_at", "host_hash", "created_at", "preset", "who", "waiting", "passcode_hash", "before_host", "capacity",
)  # fmt: skip
_CALL, _KNOCK = columns(Call), columns(Knock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A meeting that is there, what its owner is called, and whether an invitation to it is for an address."""

    row: Meeting
    inviter: str
    by_address: bool


def meeting(*, pk: str) -> Found | None:
    """Return a meeting as its door goes by it; None when there is none or it was deleted.

    Args:
        pk: its id.
    """
    for *row, inviter, by_address in _meeting(pk=pk):
        return Found(row=Meeting.from_db(None, _DOOR, row), inviter=inviter or "", by_address=by_address)
    return None


def live_call(*, meeting: str, locked: bool) -> Call | None:
    """Return a meeting's live call.

    Args:
        meeting: its id.
        locked: whether it stays as it is until the end of the caller's transaction.
    """
    found = _locked_call(meeting=meeting) if locked else _live_call(meeting=meeting)
    return Call.from_db(None, _CALL, found[0]) if found else None


def seated(*, call: str) -> int:
    """Return how many have a seat in a call.

    Args:
        call: its id.
    """
    return sum(many for (many,) in _seated(call=call))


def waiting(*, meeting: str, device: str) -> tuple[int, int]:
    """Return how many wait at a meeting's door, and how many of them by this device.

    Args:
        meeting: its id.
        device: a device's pseudonym.
    """
    for everybody, mine in _waiting(meeting=meeting, device=device):
        return everybody, mine
    return 0, 0


def knock_row(*, pk: str) -> Knock | None:
    """Return a knock.

    Args:
        pk: its id.
    """
    found = _knock(pk=pk)
    return Knock.from_db(None, _KNOCK, found[0]) if found else None


def settle_first(*, meeting: str, account: str | None, imposing: bool) -> None:
    """Let either whoever comes in or the measure that would meet them be first, inside the caller's transaction, before either looks.

    Of the two the later one sees what the other has written: the measure the seat, or the door the measure. However many come in at once do
    not wait for each other.

    Args:
        meeting: where somebody comes in, or where the measure holds; empty for neither.
        account: as whom they come, or on whom it holds; None or empty for neither.
        imposing: whether it is the measure.
    """
    if connection.vendor != "postgresql":
        return  # one writer at a time
    kind = "" if imposing else "_shared"
    with connection.cursor() as cursor:
        for name in (f"meeting {meeting}" if meeting else "", f"account {account}" if account else ""):
            if name:
                # By hand: the ORM knows no lock of what is not a row yet, such as the first seat of a call.
                cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtextextended(%s, 0))", [name])


def next_version(*, meeting: str) -> int:
    """Count one more change of the meeting's knocks, inside the caller's transaction, and return the count.

    Args:
        meeting: its id.
    """
    # By hand, as the ORM has no word for RETURNING here, nor every SQLite.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE meetings_meeting SET knocks = knocks + 1 WHERE id = %s", [meeting])
        cursor.execute("SELECT knocks FROM meetings_meeting WHERE id = %s", [meeting])
        return int(cursor.fetchone()[0])


def _calls(meeting: str) -> QuerySet[Call]:
    """Return the live call of a meeting."""
    return Call.objects.filter(meeting=meeting, ended_at=None)


@written_once
def _meeting(*, pk: str) -> QuerySet[Meeting, tuple[Any, ...]]:
    by_address = Invitation.objects.filter(meeting=OuterRef("pk"), revoked_at=None).exclude(address="")
    return Meeting.objects.filter(pk=pk, deleted_at=None).values_list(*_DOOR, F("owner__name"), Exists(by_address))


@written_once
def _live_call(*, meeting: str) -> QuerySet[Call, tuple[Any, ...]]:
    return _calls(meeting).values_list(*_CALL)


@written_once
def _locked_call(*, meeting: str) -> QuerySet[Call, tuple[Any, ...]]:
    return _calls(meeting).select_for_update().values_list(*_CALL)


@written_once
def _seated(*, call: str) -> QuerySet[Participant, tuple[int]]:
    return Participant.objects.filter(call=call, left_at=None).values_list("call").annotate(many=Count("pk")).values_list("many")


@written_once
def _knock(*, pk: str) -> QuerySet[Knock, tuple[Any, ...]]:
    return Knock.objects.filter(pk=pk).values_list(*_KNOCK)


@written_once
def _waiting(*, meeting: str, device: str) -> QuerySet[Knock, tuple[int, int]]:
    waiting = Knock.objects.filter(meeting=meeting, state=Knock.State.WAITING).values_list("meeting")
    return waiting.annotate(everybody=Count("pk"), mine=Count("pk", filter=Q(device=device))).values_list("everybody", "mine")
