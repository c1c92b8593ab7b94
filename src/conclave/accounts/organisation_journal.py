"""An organisation's journal as its owners, admins and auditors read it: searched by words, kind and time, paged, taken as a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from conclave.accounts.models import ApiToken, DomainClaim, Membership, OrganisationInvitation, Role, User
from conclave.accounts.policy import Act
from conclave.accounts.standing import allow, own_seat
from conclave.kernel import clock, spreadsheet
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.transparency.journal import Entry, Match, Search, journal, read

PAGE = 50
BATCH = 500
MOST_WORDS = 5
MOST_MEANT = 1000
COLUMNS = ("time", "kind", "what", "by", "about", "before", "role", "row")

KINDS = {
    "organisation_made": gettext_lazy("Organisation made"),
    "organisation_renamed": gettext_lazy("Name changed"),
    "organisation_invited": gettext_lazy("Invitation made"),
    "organisation_uninvited": gettext_lazy("Invitation taken back"),
    "organisation_joined": gettext_lazy("Invitation accepted"),
    "organisation_role_changed": gettext_lazy("Role changed"),
    "organisation_removed": gettext_lazy("Person removed"),
    "organisation_left": gettext_lazy("Person left"),
    "organisation_transferred": gettext_lazy("Organisation handed over"),
    "organisation_dissolved": gettext_lazy("Organisation dissolved"),
    "domain_claimed": gettext_lazy("Domain claimed"),
    "domain_verified": gettext_lazy("Domain shown to be the organisation’s"),
    "domain_grace": gettext_lazy("Domain not shown any more, 14 days left"),
    "domain_lapsed": gettext_lazy("Claim to a domain lapsed"),
    "domain_disputed": gettext_lazy("Domain shown to be another organisation’s as well"),
    "domain_revoked": gettext_lazy("Domain lost to another organisation"),
    "domain_withdrawn": gettext_lazy("Claim to a domain removed"),
    "school_applied": gettext_lazy("Application as a school"),
    "school_approved": gettext_lazy("Known as a school"),
    "school_refused": gettext_lazy("Application as a school refused"),
    "school_ended": gettext_lazy("No school any more"),
    "school_lapsed": gettext_lazy("Year as a school over"),
    "school_contact": gettext_lazy("Safeguarding contact changed"),
    "minor_flagged": gettext_lazy("Flagged as a minor"),
    "minor_unflagged": gettext_lazy("Not flagged as a minor any more"),
    "roster_invited": gettext_lazy("People invited by a roster"),
    "directory_switched": gettext_lazy("Directory switched on or off"),
    "sso_set_up": gettext_lazy("Sign-in by a provider set up"),
    "sso_tried": gettext_lazy("Sign-in by a provider tried"),
    "sso_switched": gettext_lazy("Sign-in by a provider switched on or off"),
    "sso_removed": gettext_lazy("Sign-in by a provider removed"),
    "sso_linked": gettext_lazy("Account tied to the provider"),
    "sso_untied": gettext_lazy("Account untied from the provider"),
    "policy_saved": gettext_lazy("Policy saved"),
    "organisation_token_made": gettext_lazy("Token made"),
    "organisation_token_ended": gettext_lazy("Token taken back"),
    "organisation_journal_taken": gettext_lazy("Journal downloaded"),
    "glass_opened": gettext_lazy("Logs or addresses opened by the staff of this server"),
}


# Decided by the platform's staff, whoever of them it was.
STAFFS = ("school_approved", "school_refused", "school_ended")


class JournalWordTooWide(Refused):
    """A word means more people than can be looked for at once."""

    code = "journal_word_too_wide"
    status = 422
    message = gettext_lazy("One of these words fits more than 1,000 people. Type more of it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the journal in the reader's language; empty where it says nothing of it."""

    row: int
    at: int
    kind: str
    what: str
    by: str
    about: str
    before: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for, as it was typed; times in milliseconds, `until` not included."""

    words: str = ""
    kind: str = ""
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPage:
    """Some rows, the newest first; `older` continues them, or is None at the end."""

    lines: list[Line]
    older: int | None


def kinds() -> list[tuple[str, str]]:
    """Return the kinds of rows, each as the reader calls it."""
    return [(kind, str(label)) for kind, label in KINDS.items()]


def journal_page(*, organisation: str, account: UserId, wanted: Wanted, before: int | None) -> JournalPage:
    """Return a page of the journal.

    Args:
        organisation: whose.
        account: who reads.
        wanted: what is looked for.
        before: the row that the page before ended with.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        JournalWordTooWide: a word means too many people.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.READ_JOURNAL, own=own)
    search = _search(organisation=organisation, wanted=wanted)
    rows = read(obj=organisation, search=search, before=before, limit=PAGE + 1)
    lines = _lines(rows[:PAGE])
    return JournalPage(lines=lines, older=lines[-1].row if len(rows) > PAGE else None)


def take_journal(*, organisation: str, account: UserId, wanted: Wanted, now: int) -> Search:
    """Note that somebody takes the journal along as a file, and return what goes in; text_of() makes the file of it.

    Args:
        organisation: whose.
        account: who takes it.
        wanted: what is looked for.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        JournalWordTooWide: a word means too many people.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account)
        allow(act=Act.READ_JOURNAL, own=own)
        search = _search(organisation=organisation, wanted=wanted)
        journal(kind="organisation_journal_taken", obj=organisation, fields={"by": account}, now=now)
    return search


def text_of(*, organisation: str, search: Search, form: str, language: str) -> Iterator[str]:
    """Yield the journal's rows as a file, the newest first.

    Args:
        organisation: whose; take_journal() has asked whether it may be read.
        search: what goes in.
        form: csv, or jsonl for one JSON object a line.
        language: the reader's; whoever sends the file on may have another by then.
    """
    if form == "csv":
        # The mark tells spreadsheets that this is UTF-8.
        yield "\ufeff" + spreadsheet.line(cells=COLUMNS)
    before: int | None = None
    while rows := read(obj=organisation, search=search, before=before, limit=BATCH):
        before = rows[-1].index
        with override(language):
            lines = _lines(rows)
        pairs = zip(lines, rows, strict=True)
        yield "".join(spreadsheet.line(cells=_cells(line)) if form == "csv" else _json(line, row) for line, row in pairs)


def _cells(line: Line) -> tuple[str, ...]:
    """Return a row's cells, in the order of COLUMNS."""
    time = clock.to_datetime(line.at).isoformat(timespec="seconds")
    return (time, line.kind, line.what, line.by, line.about, line.before, line.role, str(line.row))


def _json(line: Line, row: Entry) -> str:
    """Return a row as one line of JSON: as it is read, and as it was written."""
    told = dict(zip(COLUMNS[:-1], _cells(line), strict=False))
    return json.dumps({"row": line.row, **told, "fields": dict(row.fields)}, ensure_ascii=False) + "\n"


def _search(*, organisation: str, wanted: Wanted) -> Search:
    """Return what is looked for, with what each word may stand for."""
    words = tuple(_meant(organisation, word) for word in wanted.words.casefold().split()[:MOST_WORDS])
    return Search(kind=wanted.kind, since=wanted.since, until=wanted.until, words=words)


def _meant(organisation: str, word: str) -> Match:
    """Return the kinds, people, invitations and roles that a word may stand for."""
    people = Membership.objects.filter(organisation=organisation).filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    invited = OrganisationInvitation.objects.filter(organisation=organisation, address__icontains=word)
    meant = list(people.order_by().values_list("user", flat=True).distinct()[: MOST_MEANT + 1])
    meant += list(invited.values_list("pk", flat=True)[: MOST_MEANT + 1])
    meant += list(DomainClaim.objects.filter(organisation=organisation, domain__icontains=word).values_list("pk", flat=True)[:MOST_MEANT])
    if len(meant) > MOST_MEANT:
        raise JournalWordTooWide
    roles = {role.value for role in Role if word in str(role.label).casefold()}
    kinds_meant = {kind for kind, label in KINDS.items() if word in str(label).casefold()}
    return Match(kinds=frozenset(kinds_meant), values=frozenset({*meant, *roles}))


def _lines(rows: list[Entry]) -> list[Line]:
    """Return rows in the reader's language, whose names are looked up together."""
    ids = {str(row.fields[field]) for row in rows for field in ("by", "account") if field in row.fields}
    people = {user.pk: _called(user) for user in User.objects.filter(pk__in=ids)}
    offers = {str(row.fields["invitation"]) for row in rows if "invitation" in row.fields}
    addresses = dict(OrganisationInvitation.objects.filter(pk__in=offers).values_list("pk", "address"))
    claims = {str(row.fields["claim"]) for row in rows if "claim" in row.fields}
    addresses |= dict(DomainClaim.objects.filter(pk__in=claims).values_list("pk", "domain"))
    tokens = {str(row.fields["token"]) for row in rows if "token" in row.fields}
    # As long as they are kept; then the row says that there was one.
    addresses |= dict(ApiToken.objects.filter(pk__in=tokens).values_list("pk", "name")) if tokens else {}
    return [_line(row, people=people, addresses=addresses) for row in rows]


def _line(row: Entry, *, people: dict[str, str], addresses: dict[str, str]) -> Line:
    """Return one row in the reader's language."""
    said = {name: str(value) for name, value in row.fields.items()}
    gone = _("somebody whose account is gone")
    about = people.get(said["account"], gone) if "account" in said else ""
    if "invitation" in said:
        about = addresses.get(said["invitation"], _("an address that is forgotten by now"))
    about = addresses.get(said.get("claim", ""), about)
    about = addresses.get(said.get("token", ""), about)
    if "version" in said:
        about = _("version %(number)s") % {"number": said["version"]}
    # Which reviewer it was is the platform's to know; what happens by itself has nobody.
    by = _("a reviewer of this server") if row.kind in STAFFS else people.get(said.get("by", ""), gone)
    by = _("two engineers of this server") if row.kind == "glass_opened" else by
    return Line(
        row=row.index,
        at=row.at,
        kind=row.kind,
        what=str(KINDS.get(row.kind, row.kind)),
        by="" if row.kind == "school_lapsed" else by,
        about=about,
        before=_role(said.get("before", "")),
        role=_role(said.get("role", "")),
    )


def _called(user: User) -> str:
    """Return a person's name with what tells them from others of that name."""
    return f"{user.name} ({user.email})" if user.name else user.email


def _role(role: str) -> str:
    """Return a role in the reader's language."""
    return str(Role(role).label) if role in Role.values else role
