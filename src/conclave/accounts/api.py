"""The JSON API of accounts: what a token is good for, organisations, their directories, people, invitations and journals.

Programs only: whoever sits in a browser has pages for all of it.
"""

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import gettext_noop as _
from ninja import Query, Router

from conclave.accounts import directory as directories
from conclave.accounts import organisation_journal, organisations
from conclave.accounts.bearer import account_of, asker, speaks_for, takes
from conclave.accounts.schemas import (
    EntriesOut,
    EntryOut,
    JournalOut,
    LineOut,
    OfferOut,
    OffersOut,
    OrganisationOut,
    OrganisationsOut,
    PeopleOut,
    PersonOut,
    TokenOut,
)
from conclave.accounts.scopes import Scope
from conclave.accounts.tokens import TokenInvalid
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER
from conclave.kernel.schema import OWN_REFUSALS

LARGEST_NUMBER = 2**53 - 1

router = Router(tags=["accounts"])


@router.get(
    "/token", response={200: TokenOut, **OWN_REFUSALS}, **takes(None, alone=True), summary=_("What the token that asks is good for")
)
def get_token(request: HttpRequest) -> TokenOut:
    """Return everything about the token but itself."""
    held = asker(request).token
    if held is None:
        raise TokenInvalid
    return TokenOut(
        id=held.token,
        begins=held.begins,
        name=held.name,
        scopes=sorted(held.scopes),
        organisation=held.organisation or None,
        made_at=held.made_at,
        expires_at=held.expires_at,
    )


@router.get(
    "/organisations",
    response={200: OrganisationsOut, **OWN_REFUSALS},
    **takes(Scope.DIRECTORY_READ, alone=True),
    summary=_("The organisations that you belong to"),
)
def get_organisations(request: HttpRequest) -> OrganisationsOut:
    """Return the organisations of the token's maker, by name."""
    found = organisations.my_organisations(account=account_of(request))
    return OrganisationsOut(organisations=[OrganisationOut(organisation=one.organisation, name=one.name, role=one.role) for one in found])


@router.get(
    "/organisations/{organisation}/directory",
    response={200: EntriesOut, **OWN_REFUSALS},
    **takes(Scope.DIRECTORY_READ, alone=True),
    summary=_("Whom you find in an organisation’s directory"),
)
def get_directory(request: HttpRequest, organisation: str, words: Annotated[str, Query(max_length=directories.LONGEST)]) -> EntriesOut:
    """Return at most 20 people whose name or address begins like this; counted as the page's searches are (D5)."""
    account, now = account_of(request), clock.now()
    for rate in directories.SEARCH_RATES:
        LIMITER.check(rate=rate, subject=account, now=now)
    found = directories.search(organisation=organisation, account=account, text=words, now=now)
    return EntriesOut(entries=[EntryOut(name=one.name, address=one.address) for one in found])


@router.get(
    "/organisations/{organisation}/people",
    response={200: PeopleOut, **OWN_REFUSALS},
    **takes(Scope.PEOPLE_READ, alone=True),
    summary=_("Who belongs to the organisation"),
)
def get_people(
    request: HttpRequest,
    organisation: str,
    words: Annotated[str, Query(max_length=200)] = "",
    page: Annotated[int, Query(ge=1, le=LARGEST_NUMBER)] = 1,
) -> PeopleOut:
    """Return a page of those who belong, by name."""
    account = speaks_for(request, organisation=organisation)
    part = organisations.people(organisation=organisation, account=account, words=words, page=page)
    people = [PersonOut(membership=one.membership, name=one.name, address=one.address, role=one.role, since=one.since) for one in part.rows]
    return PeopleOut(people=people, found=part.found, page=part.page, pages=part.pages)


@router.get(
    "/organisations/{organisation}/invitations",
    response={200: OffersOut, **OWN_REFUSALS},
    **takes(Scope.PEOPLE_READ, alone=True),
    summary=_("Who is invited to the organisation"),
)
def get_offers(request: HttpRequest, organisation: str, page: Annotated[int, Query(ge=1, le=LARGEST_NUMBER)] = 1) -> OffersOut:
    """Return a page of the invitations that nobody has taken yet, the newest first; never what opens one."""
    account = speaks_for(request, organisation=organisation)
    part = organisations.open_invitations(organisation=organisation, account=account, page=page, now=clock.now())
    offers = [
        OfferOut(invitation=one.invitation, address=one.address, role=one.role, by=one.by, expires_at=one.expires_at) for one in part.rows
    ]
    return OffersOut(invitations=offers, found=part.found, page=part.page, pages=part.pages)


@router.get(
    "/organisations/{organisation}/journal",
    response={200: JournalOut, **OWN_REFUSALS},
    **takes(Scope.JOURNAL_READ, alone=True),
    summary=_("What was done in the organisation"),
)
def get_journal(  # noqa: PLR0917 - django-ninja calls it by name
    request: HttpRequest,
    organisation: str,
    words: Annotated[str, Query(max_length=200)] = "",
    kind: Annotated[str, Query(max_length=64)] = "",
    since: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER)] = None,
    until: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER)] = None,
    before: Annotated[int | None, Query(ge=0, le=LARGEST_NUMBER)] = None,
) -> JournalOut:
    """Return rows of the journal, the newest first; `before` takes what `older` said."""
    account = speaks_for(request, organisation=organisation)
    wanted = organisation_journal.Wanted(words=words, kind=kind, since=since, until=until)
    shown = organisation_journal.journal_page(organisation=organisation, account=account, wanted=wanted, before=before)
    lines = [
        LineOut(
            row=one.row,
            at=one.at,
            kind=one.kind,
            what=one.what,
            by=one.by,
            about=one.about,
            before=one.before,
            role=one.role,
        )
        for one in shown.lines
    ]
    return JournalOut(lines=lines, older=shown.older)
