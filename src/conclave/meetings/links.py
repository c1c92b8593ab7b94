"""A meeting gets another link: a host registers the one that the group has moved on to, or the owner makes one between calls (LINK-6)."""

from collections.abc import Collection

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.keys.delivery import host_policy
from conclave.keys.locks import writing
from conclave.keys.wake import tell_all
from conclave.meetings.hosting import check_host
from conclave.meetings.models import Call, FormerLink, Meeting
from conclave.meetings.queries import OwnMeeting, own_meeting
from conclave.transparency.journal import journal


class LinkTaken(Refused):
    """This is not the meeting's next link: another has its version, or it had this one before."""

    code = "link_taken"
    status = 409
    message = _("This meeting has another link by now.")


class CallLive(Refused):
    """There is a call, whose hosts replace the link inside it, so that everybody there gets the new one."""

    code = "call_live"
    status = 409
    message = _("Somebody is in the meeting now. A host replaces the link there.")


def register(*, call: str, meeting: str, by: str, link_version: int, link_id: str, now: int) -> None:
    """Take the link that a call's group has moved on to, from one of its hosts; said twice, it is taken once.

    Args:
        call: the call.
        meeting: its meeting.
        by: the participant who says it.
        link_version: the version in the group's policy.
        link_id: what members derive from the new secret.
        now: the time.

    Raises:
        NotHost, NotLive: keys/ does not know this participant as a host.
        LinkTaken: the policy has another version, or the meeting has another link of this version.
    """
    policy = host_policy(call=call, participant=by)
    if policy["link_version"] != link_version:
        raise LinkTaken
    with writing():
        row = Meeting.objects.get(pk=meeting)
        if (row.link_version, row.link_id) != (link_version, link_id):
            _replace(row, link_version=link_version, link_id=link_id, now=now)
            # Only members can tell whether it is their group's: they derive it from the new secret.
            tell_all(call=call, message={"t": "linked", "link_version": link_version, "link_id": link_id})


def replace_between_calls(*, meeting: str, owner: UserId, link_id: str, now: int, shown: Collection[str] = ()) -> OwnMeeting:
    """Give a meeting another link while nobody is in it.

    Args:
        meeting: the meeting's id.
        owner: who is signed in.
        link_id: what the owner's browser derived from the new secret.
        now: the time.
        shown: what its owner has shown when they signed in.

    Returns:
        The meeting as it is now.

    Raises:
        MeetingUnknown: it is not theirs.
        OrganisationUnknown, RuleMet: its organisation's policy does not let them host (RULE-2).
        CallLive: somebody is in it.
        LinkTaken: the meeting has, or had, this link.
    """
    with writing():
        proof = own_meeting(meeting=meeting, owner=owner)
        check_host(organisation=proof.organisation, account=owner, shown=shown)
        if Call.objects.filter(meeting=proof.meeting, ended_at=None).exists():
            raise CallLive
        row = Meeting.objects.get(pk=proof.meeting)
        _replace(row, link_version=row.link_version + 1, link_id=link_id, now=now)
        return own_meeting(meeting=meeting, owner=owner)


def _replace(row: Meeting, *, link_version: int, link_id: str, now: int) -> None:
    """Move a meeting on to its next link, inside the caller's transaction; versions go up, and no link comes back."""
    used = row.link_id == link_id or FormerLink.objects.filter(meeting=row, link_id=link_id).exists()
    if link_version <= row.link_version or used:
        raise LinkTaken
    FormerLink.objects.create(meeting=row, link_id=row.link_id, link_version=row.link_version, replaced_at=now)
    new = {"link_id": link_id, "link_version": link_version, "link_since": now, "link_used_at": None}
    Meeting.objects.filter(pk=row.pk).update(**new, plan_sequence=F("plan_sequence") + 1)
    journal(kind="link_replaced", obj=row.pk, fields={"link_version": link_version}, now=now)
