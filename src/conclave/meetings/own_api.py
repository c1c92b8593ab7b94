"""One's own meetings in the JSON API: in a browser, or by a program with a token."""

from dataclasses import asdict
from typing import Annotated, Literal, cast

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Query, Router, Status

from conclave.accounts.bearer import account_of, has_shown, speaks_for, takes
from conclave.accounts.scopes import Scope
from conclave.kernel import clock
from conclave.kernel.errors import Malformed
from conclave.kernel.limits import Rate
from conclave.kernel.schema import OWN_REFUSALS
from conclave.meetings import hosting, invitations, links, lists, own, plan, queries
from conclave.meetings.entrance import Changes
from conclave.meetings.guard import limit
from conclave.meetings.media_schemas import ReceiptsOut
from conclave.meetings.paging import LONGEST_PLACE
from conclave.meetings.receipts import receipts_of
from conclave.meetings.ruled import OwnRules
from conclave.meetings.schemas import (
    ChangesIn,
    EntranceIn,
    EntranceOut,
    HousedListOut,
    HousedOut,
    HouseOut,
    InvitationIn,
    InvitationOut,
    InvitationsOut,
    LinkIn,
    MeetingIn,
    MeetingMade,
    MeetingOut,
    MeetingsOut,
    OwnRulesIn,
    PlanOut,
    PoliciesOut,
    PolicyOut,
    RevokedIn,
)

MEETINGS_RATE = Rate(name="meetings", burst=60, every_ms=10 * clock.SECOND)

router = Router()
_READS, _WRITES = takes(Scope.MEETINGS_READ), takes(Scope.MEETINGS_WRITE)


# Whoever holds the meet-now token needs neither session nor token.
@router.post(
    "/meetings",
    response={201: MeetingMade, **OWN_REFUSALS},
    **takes(Scope.MEETINGS_WRITE, visitors=True),
    summary=_("Make a meeting"),
)
def post_meeting(request: HttpRequest, body: MeetingIn) -> Status[MeetingMade]:
    """Store a meeting whose link the browser made."""
    now = limit(request, MEETINGS_RATE)
    fields = {"meeting": body.meeting, "title": body.title, "link_id": body.link_id, "host_hash": body.host_hash}
    changes = _changes(body.entrance)
    if body.now is not None:
        if body.organisation is not None:
            raise Malformed("A meeting that nobody owns belongs to no organisation.")
        meeting = own.create_now(**fields, token=body.now, preset=body.preset, changes=changes, now=now)
    else:
        meeting = own.create_meeting(
            **fields,
            owner=account_of(request),
            preset=body.preset,
            changes=changes,
            organisation=body.organisation or "",
            own_rules=_own_rules(body.rules),
            shown=has_shown(request),
            now=now,
        )
    return Status(201, MeetingMade(meeting=meeting, link_version=1))


@router.get(
    "/meetings/{meeting}/receipts",
    response={200: ReceiptsOut, **OWN_REFUSALS},
    **_READS,
    summary=_("Where a meeting’s calls were carried, signed"),
)
def get_receipts(request: HttpRequest, meeting: str) -> ReceiptsOut:
    """Return the routing receipts of a meeting's calls to its owner; an organisation's page has those of its meetings (regions.md)."""
    now = limit(request, MEETINGS_RATE)
    return ReceiptsOut(receipts=receipts_of(meeting=meeting, account=account_of(request), now=now))


@router.get("/policies", response={200: PoliciesOut, **OWN_REFUSALS}, **_READS, summary=_("Whose policy your meetings can follow"))
def get_policies(request: HttpRequest) -> PoliciesOut:
    """Return one's organisations, with the presets that each allows, and for each in which one may not host why (RULE-2)."""
    found = hosting.policies_for(account=account_of(request), shown=has_shown(request))
    return PoliciesOut(policies=[PolicyOut.model_validate(asdict(one)) for one in found])


@router.get("/meetings", response={200: MeetingsOut, **OWN_REFUSALS}, **_READS, summary=_("Your meetings"))
def get_meetings(
    request: HttpRequest,
    after: Annotated[str | None, Query(max_length=LONGEST_PLACE)] = None,
    limit: Annotated[int, Query(ge=1, le=queries.PAGE)] = queries.PAGE,
) -> MeetingsOut:
    """Return one's own meetings, newest first, a page at a time; `after` takes what `next` said."""
    page = queries.page_of_own(owner=account_of(request), after=after, limit=limit)
    return MeetingsOut(meetings=[_meeting_out(meeting) for meeting in page.rows], next=page.after or None)


@router.get(
    "/organisations/{organisation}/meetings",
    response={200: HousedListOut, **OWN_REFUSALS},
    **takes(Scope.HOUSE_READ, alone=True),
    summary=_("Which meetings an organisation has"),
)
def get_housed(
    request: HttpRequest,
    organisation: str,
    shown: Literal["all", "now", "past"] = "all",
    words: Annotated[str, Query(max_length=lists.LONGEST_WORDS)] = "",
    after: Annotated[str, Query(max_length=LONGEST_PLACE)] = "",
) -> HousedListOut:
    """Return a page of an organisation's meetings, as its page shows them (MEET-20); `words` begin the host's name."""
    account = speaks_for(request, organisation=organisation)
    page = lists.of_house(organisation=organisation, account=account, shown=shown, words=words, after=after)
    return HousedListOut(meetings=[HousedOut.model_validate(asdict(one)) for one in page.rows], next=page.after or None)


@router.get("/meetings/{meeting}", response={200: MeetingOut, **OWN_REFUSALS}, **_READS, summary=_("One of your meetings"))
def get_meeting(request: HttpRequest, meeting: str) -> MeetingOut:
    """Return one meeting to its owner."""
    return _meeting_out(queries.own_meeting(meeting=meeting, owner=account_of(request)))


@router.get(
    "/meetings/{meeting}/plan", response={200: PlanOut, **OWN_REFUSALS}, **_READS, summary=_("When one of your meetings is planned")
)
def get_plan(request: HttpRequest, meeting: str) -> PlanOut:
    """Return what a calendar file is made of; the browser puts the link in (MEET-18)."""
    made = plan.calendar_of(meeting=meeting, owner=account_of(request), now=clock.now())
    return PlanOut.model_validate(asdict(made))


@router.patch("/meetings/{meeting}", response={200: MeetingOut, **OWN_REFUSALS}, **_WRITES, summary=_("Change a meeting"))
def patch_meeting(request: HttpRequest, meeting: str, body: ChangesIn) -> MeetingOut:
    """Give one's own meeting another title or another entrance."""
    now = limit(request, MEETINGS_RATE)
    changed = own.change_meeting(
        meeting=meeting,
        owner=account_of(request),
        title=body.title,
        preset=body.preset,
        changes=_changes(body.entrance),
        own_rules=_own_rules(body.rules),
        shown=has_shown(request),
        seen=body.seen,
        now=now,
    )
    return _meeting_out(changed)


@router.post(
    "/meetings/{meeting}/link", response={200: MeetingOut, **OWN_REFUSALS}, **_WRITES, summary=_("Replace a meeting’s link between calls")
)
def post_link(request: HttpRequest, meeting: str, body: LinkIn) -> MeetingOut:
    """Give one's own meeting another link while nobody is in it (LINK-6)."""
    now = limit(request, MEETINGS_RATE)
    replaced = links.replace_between_calls(
        meeting=meeting, owner=account_of(request), link_id=body.link_id, shown=has_shown(request), now=now
    )
    return _meeting_out(replaced)


@router.get(
    "/meetings/{meeting}/invitations", response={200: InvitationsOut, **OWN_REFUSALS}, **_READS, summary=_("Whom you invited to a meeting")
)
def get_invitations(request: HttpRequest, meeting: str) -> InvitationsOut:
    """Return the invitations to one's own meeting, newest first."""
    found = invitations.invitations(meeting=meeting, owner=account_of(request))
    return InvitationsOut(invitations=[_invitation_out(one) for one in found])


@router.post(
    "/meetings/{meeting}/invitations", response={201: InvitationOut, **OWN_REFUSALS}, **_WRITES, summary=_("Invite somebody to a meeting")
)
def post_invitation(request: HttpRequest, meeting: str, body: InvitationIn) -> Status[InvitationOut]:
    """Store an invitation to one's own meeting that the browser drew (LINK-9)."""
    now = limit(request, MEETINGS_RATE)
    fields = {"digest": body.digest, "whom": body.whom}
    shown = has_shown(request)
    made = invitations.invite(meeting=meeting, owner=account_of(request), **fields, days=body.days, shown=shown, now=now)
    return Status(201, _invitation_out(made))


@router.patch(
    "/meetings/{meeting}/invitations/{invitation}",
    response={200: InvitationOut, **OWN_REFUSALS},
    **_WRITES,
    summary=_("Take an invitation back, or not"),
)
def patch_invitation(request: HttpRequest, meeting: str, invitation: str, body: RevokedIn) -> InvitationOut:
    """Take an invitation to one's own meeting back, or take that back."""
    now = limit(request, MEETINGS_RATE)
    changed = invitations.change_invitation(
        meeting=meeting, owner=account_of(request), invitation=invitation, revoked=body.revoked, shown=has_shown(request), now=now
    )
    return _invitation_out(changed)


@router.delete("/meetings/{meeting}", response={204: None, **OWN_REFUSALS}, **_WRITES, summary=_("Delete a meeting"))
def delete_meeting(request: HttpRequest, meeting: str) -> Status[None]:
    """Delete one's own meeting; its live call ends."""
    now = limit(request, MEETINGS_RATE)
    own.delete_meeting(meeting=meeting, owner=account_of(request), now=now)
    return Status(204, None)


def _meeting_out(own: queries.OwnMeeting) -> MeetingOut:
    """Return one of the owner's meetings as its answer."""
    return MeetingOut(
        meeting=own.meeting,
        title=own.title,
        link_version=own.link_version,
        created_at=own.created_at,
        live=own.live,
        entrance=EntranceOut.model_validate(asdict(own.entrance)),
        organisation=HouseOut.model_validate(asdict(own.house)) if own.house is not None else None,
    )


def _invitation_out(invited: invitations.Invited) -> InvitationOut:
    """Return an invitation as its answer."""
    return InvitationOut.model_validate(asdict(invited))


def _changes(body: EntranceIn) -> Changes:
    """Return what a body sets."""
    return cast("Changes", body.model_dump(exclude_none=True))


def _own_rules(body: OwnRulesIn) -> OwnRules:
    """Return what a body says of the meeting's own rules; a key that is there and null takes one back."""
    return cast("OwnRules", body.model_dump(exclude_unset=True))
