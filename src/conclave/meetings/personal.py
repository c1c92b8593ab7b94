"""What meetings know of one person, and letting it go. What others typed without knowing the account cannot be told apart, and stays."""

from collections.abc import Iterable

from django.db.models import F

from conclave.accounts.queries import address_of, verified_address
from conclave.gate.personal import notices
from conclave.keys.locks import writing
from conclave.meetings.departure import depart
from conclave.meetings.knock import KEPT_MS, NAMELESS, State, tell
from conclave.meetings.models import Ban, Call, Gone, Invitation, Knock, Meeting, Participant
from conclave.meetings.own import forget_meeting
from conclave.meetings.rows import next_version
from conclave.meetings.there import FORGOTTEN

_ENTRANCE = ("preset", "who", "waiting", "before_host", "capacity", "organisation", "own_rules", "kept_days")
_PLANNED = ("plan_start", "plan_zone", "plan_minutes", "plan_rule", "plan_off", "next_at", "past_at")
_INVITED = ("meeting", "made_at", "expires_at", "revoked_at", "used_at")


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return a person's meetings, calls and invitations, and where they sit, wait or are kept out; of other people nothing.

    Args:
        account: whose.
    """
    mine = Meeting.objects.filter(owner=account, deleted_at=None).order_by("created_at", "pk")
    calls = Call.objects.filter(meeting__in=mine).order_by("started_at", "pk")
    made = Invitation.objects.filter(meeting__in=mine).order_by("made_at", "pk")
    # Whose they are is another person's; that one was made for this address is its holder's.
    address = verified_address(account=account)
    received = Invitation.objects.filter(address=address).exclude(address="").order_by("made_at", "pk")
    seats = Participant.objects.filter(account=account).order_by("joined_at", "pk")
    knocks = Knock.objects.filter(account=account).order_by("made_at", "pk")
    bans = Ban.objects.filter(pk__in=notices(account=account)).order_by("since", "pk")
    return {
        "meetings": mine.values("id", "title", "created_at", "link_version", *_ENTRANCE, *_PLANNED).iterator(),
        "calls": calls.values("id", "meeting", "region", "started_at", "ended_at", "end_reason").iterator(),
        "invitations_made": made.values("id", *_INVITED).iterator(),
        "invitations_received": received.values("whom", *_INVITED).iterator(),
        "seats": seats.values("id", "call", "name", "role", "joined_at", "left_at", "country").iterator(),
        "knocks": knocks.values("meeting", "name", "state", "made_at").iterator(),
        "bans": bans.values("meeting", "name", "blocked", since_at=F("since")).iterator(),
    }


def erase(*, account: str, now: int) -> None:
    """End a person's meetings and their calls, take them out of other calls and from doors, and take their name off what stays.

    Args:
        account: whose.
        now: the time.
    """
    address = address_of(account=account)
    with writing():
        for meeting in Meeting.objects.filter(owner=account, deleted_at=None).values_list("pk", flat=True):
            forget_meeting(meeting=meeting, now=now)
        # Those that an earlier version deleted: their ids stay taken.
        Meeting.objects.filter(owner=account).update(owner=None)
        _leave(account, now)
        Ban.objects.filter(pk__in=notices(account=account)).update(name="")
        if address:
            Invitation.objects.filter(address=address).update(whom="", address="")


def _leave(account: str, now: int) -> None:
    """Take somebody out of every call and away from every door, inside the caller's transaction."""
    seats = Participant.objects.filter(account=account)
    for seat in seats.filter(left_at=None).values_list("pk", flat=True):
        depart(participant=seat, reason=Gone.LEFT, now=now)
    # A key sits once among the live seats only, so that these may all be without one.
    seats.update(name="", signature_key="", device="", pseudonym="", account=None, **FORGOTTEN)
    for knock in Knock.objects.filter(account=account):
        gone = {
            "state": State.OVER,
            "until": now + KEPT_MS,
            "version": next_version(meeting=knock.meeting_id),
            "account": None,
            "device": "",
        }
        Knock.objects.filter(pk=knock.pk).update(**gone, **NAMELESS)
        tell(knock.meeting_id)
