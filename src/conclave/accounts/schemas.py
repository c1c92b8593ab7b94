"""What the JSON API answers about accounts, organisations and tokens: nothing that opens anything, and nothing that was said (TOK-5)."""

from conclave.kernel.schema import Strict


class TokenOut(Strict):
    """GET /token: what the token that asks is good for, and nothing that would be a token."""

    id: str
    begins: str
    name: str
    scopes: list[str]
    organisation: str | None
    made_at: int
    expires_at: int


class OrganisationOut(Strict):
    """An organisation that somebody belongs to."""

    organisation: str
    name: str
    role: str


class OrganisationsOut(Strict):
    """GET /organisations."""

    organisations: list[OrganisationOut]


class EntryOut(Strict):
    """Somebody in a directory."""

    name: str
    address: str


class EntriesOut(Strict):
    """GET /organisations/<organisation>/directory."""

    entries: list[EntryOut]


class PersonOut(Strict):
    """Somebody who belongs."""

    membership: str
    name: str
    address: str
    role: str
    since: int


class PeopleOut(Strict):
    """GET /organisations/<organisation>/people: one page of them."""

    people: list[PersonOut]
    found: int
    page: int
    pages: int


class OfferOut(Strict):
    """An invitation to an organisation that nobody has taken yet."""

    invitation: str
    address: str
    role: str
    by: str
    expires_at: int


class OffersOut(Strict):
    """GET /organisations/<organisation>/invitations: one page of them."""

    invitations: list[OfferOut]
    found: int
    page: int
    pages: int


class LineOut(Strict):
    """A row of a journal, in the asker's language."""

    row: int
    at: int
    kind: str
    what: str
    by: str
    about: str
    before: str
    role: str


class JournalOut(Strict):
    """GET /organisations/<organisation>/journal: some rows; `older` continues them."""

    lines: list[LineOut]
    older: int | None
