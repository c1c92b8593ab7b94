"""A person's meetings a page at a time: all of them, those to come, those that are over, and those with words in their title."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from conclave.accounts.finding import search_key
from conclave.accounts.organisations import belonging
from conclave.accounts.policy import Act
from conclave.accounts.rules import Ruling
from conclave.kernel.ids import MeetingId, UserId
from conclave.meetings.models import Call, FormerLink, Invitation, Meeting
from conclave.meetings.paging import Page, page_of
from conclave.meetings.queries import MeetingUnknown
from conclave.meetings.ruled import ruled

PAGE = 50
LONGEST_WORDS, MOST_WORDS = 200, 6
CALLS = 20
_LIVE = Exists(Call.objects.filter(meeting=OuterRef("pk"), ended_at=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One of the owner's meetings in a list; `next_at` is None for one that has no time to come."""

    meeting: MeetingId
    title: str
    created_at: int
    link_version: int
    live: bool
    next_at: int | None
    minutes: int
    zone: str
    repeats: bool
    # Grows with each change of its plan.
    sequence: int
    # Under whose policy it is, by its name, and when that has its link replaced.
    house: str
    link_due_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A meeting whose time is over: when it last took place, or was planned and nobody came (`ended_at` is None)."""

    meeting: MeetingId
    title: str
    started_at: int
    ended_at: int | None
    invited: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Housed:
    """A meeting as its organisation's staff see it: that it exists, whose it is, when, and who comes in. No title, and nobody else."""

    host: str
    created_at: int
    live: bool
    next_at: int | None
    zone: str
    past_at: int | None
    preset: str
    who: str
    waiting: str
    passcode: bool
    before_host: bool
    guests: str
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """When a meeting took place."""

    started_at: int
    ended_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known around one meeting: when it took place, who was invited by name, and when its link was last replaced."""

    held: list[Held]
    older: int | None
    invited: list[str]
    replaced_at: int | None


def mine(*, owner: UserId, after: str = "") -> Page[Listed]:
    """Return a page of a person's meetings, newest first.

    Args:
        owner: whose.
        after: where the page before ended; what is no such place is the beginning.
    """
    return page_of(_of(owner), of=owner, key="-created_at", after=after, size=PAGE, told=_listed)


def upcoming(*, owner: UserId, after: str = "") -> Page[Listed]:
    """Return a page of the meetings that are planned, by when they are next.

    Args:
        owner: whose.
        after: where the page before ended.
    """
    return page_of(_of(owner).filter(next_at__isnull=False), of=owner, key="next_at", after=after, size=PAGE, told=_listed)


def past(*, owner: UserId, after: str = "") -> Page[Past]:
    """Return a page of the meetings that took place or whose time is over, the last one first; of what was said in them nothing is known.

    Args:
        owner: whose.
        after: where the page before ended.
    """
    ended = Call.objects.filter(meeting=OuterRef("pk"), started_at=OuterRef("past_at"), ended_at__isnull=False).values("ended_at")[:1]
    by_name = Invitation.objects.filter(meeting=OuterRef("pk")).order_by().values("meeting").annotate(many=Count("pk")).values("many")
    rows = Meeting.objects.filter(owner=owner, deleted_at=None, past_at__isnull=False)
    rows = rows.annotate(ended=Subquery(ended), invited=Subquery(by_name))
    return page_of(rows, of=owner, key="-past_at", after=after, size=PAGE, told=_past)


def with_words(*, owner: UserId, words: str, after: str = "") -> Page[Listed]:
    """Return a page of a person's meetings in whose title each of these words begins one, newest first; nobody else's are looked at.

    Args:
        owner: whose.
        words: what was typed; case and accents do not count.
        after: where the page before ended.
    """
    return page_of(_beginning(_of(owner), "title_key", words), of=owner, key="-created_at", after=after, size=PAGE, told=_listed)


def of_house(*, organisation: str, account: UserId, shown: str, words: str = "", after: str = "") -> Page[Housed]:
    """Return a page of an organisation's meetings to one of its owners, admins and auditors: that they exist, and their settings (MEET-20).

    Args:
        organisation: whose.
        account: who asks.
        shown: `now` for those that are held, `past` for those that were; all for anything else.
        words: each begins a word of the host's name.
        after: where the page before ended.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = belonging(organisation=organisation, account=account, act=Act.SEE_MEETINGS)
    rows = Meeting.objects.filter(organisation=own.organisation, deleted_at=None).annotate(live=_LIVE).select_related("owner")
    found = _beginning(rows, "owner__search_key", words)
    if shown == "past":
        return page_of(found.filter(past_at__isnull=False), of=own.organisation, key="-past_at", after=after, size=PAGE, told=_housed)
    if shown == "now":
        found = found.filter(pk__in=Call.objects.filter(ended_at=None).values("meeting"))
    return page_of(found, of=own.organisation, key="-created_at", after=after, size=PAGE, told=_housed)


def one(*, meeting: str, owner: UserId) -> Listed:
    """Return one meeting to its owner, as lists have it.

    Args:
        meeting: the meeting's id.
        owner: who asks.

    Returns:
        The meeting, for use as proof.

    Raises:
        MeetingUnknown: there is no such meeting, it was deleted, or it is somebody else's.
    """
    row = _of(owner).filter(pk=meeting).first()
    if row is None:
        raise MeetingUnknown
    return _listed(row, {})


def around(*, meeting: Listed, before: int | None = None) -> Around:
    """Return what is known around a meeting, to its owner.

    Args:
        meeting: one of theirs.
        before: only times that began before this, for the next page.
    """
    calls = Call.objects.filter(meeting=meeting.meeting, ended_at__isnull=False)
    if before is not None:
        calls = calls.filter(started_at__lt=before)
    found = list(calls.order_by("-started_at").values_list("started_at", "ended_at")[: CALLS + 1])
    invited = Invitation.objects.filter(meeting=meeting.meeting).exclude(whom="").order_by("made_at", "id").values_list("whom", flat=True)
    replaced = FormerLink.objects.filter(meeting=meeting.meeting).order_by("-replaced_at").values_list("replaced_at", flat=True).first()
    held = [Held(started_at=started, ended_at=ended or started) for started, ended in found[:CALLS]]
    return Around(
        held=held, older=held[-1].started_at if len(found) > CALLS else None, invited=list(dict.fromkeys(invited)), replaced_at=replaced
    )


def _of(owner: UserId) -> QuerySet[Meeting]:
    """Return the owner's meetings, each with whether it is live."""
    return Meeting.objects.filter(owner=owner, deleted_at=None).annotate(live=_LIVE)


def _beginning(rows: QuerySet[Meeting], column: str, words: str) -> QuerySet[Meeting]:
    """Return the rows in whose search key each of these words begins one."""
    for word in search_key(raw=words[:LONGEST_WORDS]).split()[:MOST_WORDS]:
        rows = rows.filter(**{f"{column}__contains": f" {word}"})
    return rows


def _listed(row: Any, known: dict[str, Ruling | None]) -> Listed:  # noqa: ANN401 - a row of _of, with what was annotated
    """Return a row as plain values; `known` is what was asked of organisations already."""
    found = ruled(meeting=row, known=known)
    return Listed(
        meeting=MeetingId(row.pk),
        title=row.title,
        created_at=row.created_at,
        link_version=row.link_version,
        live=row.live,
        next_at=row.next_at,
        minutes=row.plan_minutes,
        zone=row.plan_zone,
        repeats=row.plan_rule != "",
        sequence=row.plan_sequence,
        house=found.name,
        link_due_at=found.link_due_at,
    )


def _housed(row: Any, known: dict[str, Ruling | None]) -> Housed:  # noqa: ANN401 - a row of of_house(), with what was annotated
    """Return a row as plain values."""
    holds = ruled(meeting=row, known=known).holds
    return Housed(
        host=row.owner.get_short_name() if row.owner else "",
        created_at=row.created_at,
        live=row.live,
        next_at=row.next_at,
        zone=row.plan_zone,
        past_at=row.past_at,
        preset=holds.preset,
        who=holds.entrance.who,
        waiting=holds.entrance.waiting,
        passcode=row.passcode_hash != "",
        before_host=holds.entrance.before_host,
        guests=holds.guests.value,
        capacity=row.capacity,
    )


def _past(row: Any, _known: dict[str, Ruling | None]) -> Past:  # noqa: ANN401 - a row of past(), with what was annotated
    """Return a row as plain values."""
    return Past(meeting=MeetingId(row.pk), title=row.title, started_at=row.past_at, ended_at=row.ended, invited=row.invited or 0)


def title_of(*, meeting: str) -> str | None:
    """Return what a meeting is called, for those who judge an order about it; None when there is no such meeting.

    Args:
        meeting: its id.
    """
    return Meeting.objects.filter(pk=meeting).values_list("title", flat=True).first()
