"""An owner's acts on a meeting: make, change, delete (docs/protocol/meetings.md)."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from conclave.accounts.finding import search_key
from conclave.accounts.rulebook import members_among
from conclave.accounts.rules import STARTS
from conclave.accounts.standing import LEFT
from conclave.gate.impose import forget
from conclave.gate.policy import Scope
from conclave.kernel import clock, outbox
from conclave.kernel.errors import Refused
from conclave.kernel.ids import MeetingId, UserId
from conclave.keys.locks import writing
from conclave.meetings.departure import finish
from conclave.meetings.entrance import Changes, Preset, settle_entrance
from conclave.meetings.hosting import check_host, check_maker
from conclave.meetings.knock import dismiss
from conclave.meetings.models import Ban, Call, Ended, FormerLink, Invitation, Meeting
from conclave.meetings.names import clean_line
from conclave.meetings.now import check_now_token, use_now_token
from conclave.meetings.queries import OwnMeeting, own_meeting
from conclave.meetings.reconsider import reconsider
from conclave.meetings.ruled import OwnRules, adopt_held, settle_rules, starting_preset
from conclave.meetings.stale import check_seen
from conclave.transparency.journal import journal

LONGEST_TITLE = 120
LONGEST_KEY = 500
NO_CHANGES: Changes = {}
NO_RULES: OwnRules = {}
UNPLANNED = {"plan_start": "", "plan_zone": "", "plan_minutes": 0, "plan_rule": "", "plan_off": "", "next_at": None, "turn_at": None}


class MeetingExists(Refused):
    """This id is taken, be it by a deleted meeting (MEET-3); a browser that makes ids at random never meets this."""

    code = "meeting_exists"
    status = 409
    message = _("This meeting exists already. Make a new one.")


class TitleForbidden(Refused):
    """The title is too long or holds characters that cannot be shown (MEET-2)."""

    code = "title_forbidden"
    status = 422
    message = _("A title has at most 120 characters, all of which can be shown.")


def create_meeting(
    *,
    meeting: str,
    title: str,
    link_id: str,
    host_hash: str,
    owner: UserId,
    now: int,
    preset: Preset | None = None,
    changes: Changes = NO_CHANGES,
    organisation: str = "",
    own_rules: OwnRules = NO_RULES,
    shown: Collection[str] = (),
) -> MeetingId:
    """Store a meeting that its owner's browser made.

    Args:
        meeting: its id.
        title: its title, which the server can read; may be empty.
        link_id: what the browser derived from the link's secret.
        host_hash: the hash of the host key.
        owner: who is signed in.
        now: the time.
        preset: what its entrance settings start from (MEET-10); None for what the organisation or else the platform starts with.
        changes: what is set otherwise.
        organisation: under whose policy it is to be; empty for nobody's.
        own_rules: what the meeting says itself beside that policy.
        shown: what its owner has shown when they signed in.

    Returns:
        The id, for use as proof.

    Raises:
        TitleForbidden, PasscodeForbidden: the title or the passcode cannot be used.
        OrganisationUnknown, RuleMet: the owner does not belong there, or its policy refuses the meeting (RULE-2).
        MeetingExists: the id is taken.
    """
    row = Meeting(id=meeting, owner_id=owner, title=clean_title(raw=title), link_id=link_id, host_hash=host_hash, created_at=now)
    row.title_key = key_of_title(title=row.title)
    row.organisation_id = organisation or None
    settle_entrance(meeting=row, preset=preset or starting_preset(organisation=organisation), changes=changes)
    settle_rules(meeting=row, own_rules=own_rules)
    with writing():
        check_maker(meeting=row, account=owner, shown=shown)
        return _store(row)


def create_now(
    *,
    meeting: str,
    title: str,
    link_id: str,
    host_hash: str,
    token: str,
    now: int,
    preset: Preset | None = None,
    changes: Changes = NO_CHANGES,
) -> MeetingId:
    """Store a meeting made by whoever holds the one-time meet-now token, and use the token up (MEET-6); nobody owns it (MEET-7).

    Args:
        meeting: its id.
        title: its title; may be empty.
        link_id: what the browser derived from the link's secret.
        host_hash: the hash of the host key.
        token: the one-time token.
        now: the time.
        preset: what its entrance settings start from (MEET-10).
        changes: what is set otherwise.

    Returns:
        The id, for use as proof.

    Raises:
        NowUsed: the token is not the outstanding one.
        TitleForbidden, PasscodeForbidden: the title or the passcode cannot be used; the token stays good.
        MeetingExists: the id is taken; the token stays good.
    """
    check_now_token(token=token)
    row = Meeting(id=meeting, owner=None, title=clean_title(raw=title), link_id=link_id, host_hash=host_hash, created_at=now)
    settle_entrance(meeting=row, preset=preset or STARTS, changes=changes)
    with writing():
        use_now_token(token=token)
        return _store(row)


def change_meeting(
    *,
    meeting: str,
    owner: UserId,
    title: str | None = None,
    preset: Preset | None = None,
    changes: Changes = NO_CHANGES,
    own_rules: OwnRules = NO_RULES,
    shown: Collection[str] = (),
    seen: str | None = None,
    now: int,
) -> OwnMeeting:
    """Give a meeting another title or another entrance (MEET-8).

    Args:
        meeting: its id.
        owner: who is signed in.
        title: the new title; None leaves it.
        preset: what the entrance settings start from anew; None leaves them.
        changes: what is set otherwise.
        own_rules: what the meeting says itself beside its organisation's policy.
        shown: what its owner has shown when they signed in.
        seen: the version of the entrance that they have looked at; None for whoever changes it without looking.
        now: the time.

    Returns:
        The meeting as it is now.

    Raises:
        MeetingStale: the entrance was set otherwise since (MEET-21).
        TitleForbidden, PasscodeForbidden: the title or the passcode cannot be used.
        MeetingUnknown: it is not theirs.
        OrganisationUnknown, RuleMet: its organisation's policy refuses the settings, or does not let them host (RULE-2).
    """
    cleaned = None if title is None else clean_title(raw=title)
    row = Meeting.objects.get(pk=own_meeting(meeting=meeting, owner=owner).meeting)
    # Outside of the transaction: a passcode's hash takes a tenth of a second.
    adopted = adopt_held(meeting=row) if preset or changes or own_rules else []
    columns = [*settle_entrance(meeting=row, preset=preset, changes=changes), *settle_rules(meeting=row, own_rules=own_rules), *adopted]
    with writing():
        proof = own_meeting(meeting=meeting, owner=owner)
        check_seen(seen=seen, now=proof.entrance.version)
        if columns:
            check_maker(meeting=row, account=owner, shown=shown)
        elif cleaned is not None:
            check_host(organisation=row.organisation_id or "", account=owner, shown=shown)
        if cleaned is not None:
            row.title, row.title_key = cleaned, key_of_title(title=cleaned)
            # Inside the transaction and in the database: nobody's other change of the plan is undone.
            Meeting.objects.filter(pk=row.pk).exclude(plan_start="").update(plan_sequence=F("plan_sequence") + 1)
            journal(kind="meeting_renamed", obj=proof.meeting, fields={}, now=now)
        if columns:
            journal(kind="meeting_entrance", obj=proof.meeting, fields={"preset": row.preset, "waiting": row.waiting}, now=now)
        row.save(update_fields=[*([] if cleaned is None else ["title", "title_key"]), *columns])
        if columns:
            reconsider(meeting=proof.meeting, passcode="passcode_hash" not in columns or not row.passcode_hash, now=now)
    return own_meeting(meeting=proof.meeting, owner=owner)


def delete_meeting(*, meeting: str, owner: UserId, now: int) -> None:
    """Delete a meeting; its link opens nothing any more and a live call ends (MEET-5).

    Args:
        meeting: its id.
        owner: who is signed in.
        now: the time.

    Raises:
        MeetingUnknown: it is not theirs.
    """
    with writing():
        forget_meeting(meeting=own_meeting(meeting=meeting, owner=owner).meeting, now=now)


def forget_meeting(*, meeting: str, now: int) -> None:
    """Delete a meeting for good, whoever owned it; what stays is that its id is taken, and the times of its calls (MEET-5).

    Args:
        meeting: one that is not deleted yet.
        now: the time.
    """
    with writing():
        call = Call.objects.filter(meeting=meeting, ended_at=None).values_list("pk", flat=True).first()
        if call:
            finish(call=call, reason=Ended.DELETED, now=now)
        # Neither whose it was nor its link outlives it.
        Meeting.objects.filter(pk=meeting).update(
            deleted_at=now,
            owner=None,
            title="",
            passcode_hash="",
            link_id="",
            host_hash="",
            title_key="",
            past_at=None,
            link_used_at=None,
            **UNPLANNED,
        )
        dismiss(meeting=meeting, now=now)
        # Nobody's name does either, and nobody can meet its restrictions again.
        Ban.objects.filter(meeting=meeting).delete()
        FormerLink.objects.filter(meeting=meeting).delete()
        Invitation.objects.filter(meeting=meeting).delete()
        forget(scope=(Scope.MEETING, meeting))
        journal(kind="meeting_deleted", obj=meeting, fields={}, now=now)


@outbox.handles(LEFT)
def leave_organisation(payload: outbox.Payload) -> None:
    """Let the meetings of somebody who belongs to an organisation no more be theirs alone; done twice, it changes nothing.

    Args:
        payload: the organisation, and whose meetings; everybody's where that is empty.
    """
    whose = {"owner": payload["account"]} if payload["account"] else {}
    with writing():
        # Who came back before this was done keeps them there.
        rows = Meeting.objects.filter(organisation=payload["organisation"], **whose)
        back = members_among(organisation=payload["organisation"], accounts=[pk for pk in rows.values_list("owner", flat=True) if pk])
        gone = rows.exclude(owner__in=back).update(organisation=None)
        if gone:
            journal(kind="meetings_left_organisation", fields={**payload, "meetings": gone}, now=clock.now())


def clean_title(*, raw: str) -> str:
    """Return a title in NFC with its white space folded (MEET-2).

    Args:
        raw: what the owner typed; may be empty.

    Raises:
        TitleForbidden: longer than 120 characters, or with characters that cannot be shown.
    """
    title = clean_line(raw=raw, longest=LONGEST_TITLE)
    if title is None:
        raise TitleForbidden
    return title


def key_of_title(*, title: str) -> str:
    """Return a title as searches compare it, each word after a space."""
    return f" {search_key(raw=title)}"[:LONGEST_KEY]


def _store(row: Meeting) -> MeetingId:
    """Insert a new meeting, inside the caller's transaction."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise MeetingExists from error
    journal(kind="meeting_made", obj=row.pk, fields={"owner": row.owner_id or ""}, now=row.created_at)
    return MeetingId(row.pk)
