"""Who finds whom: members of one organisation, in a domain that it holds, and nobody else.

One query decides, by the ids of the organisation, its claims and its members; an address only ever has to stand in a domain that this
organisation holds (D3). What a claim or a membership no longer grants is gone with the next search: nothing is copied.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex, Substr
from django.utils.translation import gettext_lazy as _

from conclave.accounts.finding import search_key
from conclave.accounts.models import DomainClaim, Membership, Organisation, School, User
from conclave.accounts.policy import Act
from conclave.accounts.schooling import STANDS
from conclave.accounts.standing import allow, own_seat
from conclave.accounts.tenure import HOLDS
from conclave.kernel import clock
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.limits import Rate
from conclave.transparency.journal import journal

SHORTEST = 3
LONGEST = 100
MOST_FOUND = 20
# D5: what a person looks for in a day, and nobody needs to list everybody.
SEARCH_RATES = (
    Rate(name="directory_search", burst=30, every_ms=5 * clock.SECOND),
    Rate(name="directory_search_day", burst=300, every_ms=5 * clock.MINUTE),
)


class SearchTooShort(Refused):
    """A search needs the first three letters of somebody, so that nobody lists everybody (D5)."""

    code = "search_too_short"
    status = 422
    message = _("Type at least three letters of a name or an e-mail address.")


class Access(StrEnum):
    """Whether somebody finds others in a directory, or why not."""

    OPEN = "open"
    OFF = "off"
    NO_DOMAIN = "no_domain"
    # Their own verified address stands in no domain of the organisation.
    OTHER_ADDRESS = "other_address"
    SCHOOL = "school"
    # Not for them; whoever is flagged as a minor is not told that this is why.
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How somebody stands to a directory."""

    access: Access
    # Those that the organisation holds.
    domains: tuple[str, ...]
    # Whether they let themselves be found.
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody in the directory."""

    name: str
    address: str


def search(*, organisation: str, account: UserId, text: str, now: int) -> list[Entry]:
    """Return the members whose name has a word, or whose address begins, like this; at most 20 of them.

    Args:
        organisation: whose directory.
        account: who looks.
        text: the first letters.
        now: the time.

    Raises:
        OrganisationUnknown: they do not belong.
        SearchTooShort: fewer than three letters.
    """
    own_seat(organisation=organisation, account=account)
    typed = "".join(filter(str.isprintable, text[:LONGEST])).strip().lower()
    key = search_key(raw=typed)
    if sum(map(str.isalnum, key)) < SHORTEST:
        raise SearchTooShort
    eligible = _eligible(organisation=organisation, now=now)
    looks = Exists(eligible.filter(user=account))
    found = eligible.filter(looks, sharing=True).filter(Q(user__search_key__contains=f" {key}") | Q(user__email__startswith=typed))
    return [
        Entry(name=row.user.name, address=row.user.email)
        for row in found.select_related("user").order_by("user__search_key", "user__email")[:MOST_FOUND]
    ]


def place(*, organisation: str, account: UserId, now: int) -> Place:
    """Tell how somebody who belongs stands to this directory: whether they find others there, and are found.

    Args:
        organisation: whose directory.
        account: who would look.
        now: the time.

    Raises:
        OrganisationUnknown: they do not belong.
    """
    own = own_seat(organisation=organisation, account=account)
    domains = tuple(_held(organisation, now=now).order_by("domain").values_list("domain", flat=True))
    if _schools(organisation).exists():
        access = Access.SCHOOL
    elif not own.organisation.directory_on:
        access = Access.OFF
    elif not domains:
        access = Access.NO_DOMAIN
    else:
        eligible = _eligible(organisation=organisation, now=now).filter(user=account).exists()
        minor = _minors().filter(user=account).exists()
        access = Access.OPEN if eligible else Access.CLOSED if minor else Access.OTHER_ADDRESS
    return Place(access=access, domains=domains, listed=own.sharing)


def switch_directory(*, organisation: str, account: UserId, on: bool, now: int) -> None:
    """Let an organisation have a directory, or not.

    Args:
        organisation: which.
        account: who asks.
        on: whether members find each other.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    with transaction.atomic():
        allow(act=Act.CLAIM_DOMAIN, own=own_seat(organisation=organisation, account=account, changing=True))
        if Organisation.objects.filter(pk=organisation).exclude(directory_on=on).update(directory_on=on):
            journal(kind="directory_switched", obj=organisation, fields={"by": account, "on": on}, now=now)


def list_oneself(*, organisation: str, account: UserId, listed: bool) -> None:
    """Let oneself be found by the other members, or not.

    Args:
        organisation: in whose directory.
        account: who decides, about themselves.
        listed: whether they are found.

    Raises:
        OrganisationUnknown: they do not belong.
    """
    own = own_seat(organisation=organisation, account=account)
    Membership.objects.filter(pk=own.pk).update(sharing=listed)


def others_with_an_address(*, organisation: str, domain: str) -> int:
    """Return how many people have a verified address in a domain and do not belong to this organisation; who they are is not said.

    Args:
        organisation: which.
        domain: in normal form.
    """
    belong = Membership.objects.filter(organisation=organisation, left_at=None).values("user")
    there = User.objects.alias(domain=_domain_of("email")).filter(domain=domain, is_active=True, is_verified=True)
    return there.exclude(pk__in=belong).count()


def holder_of(*, domain: str, now: int) -> str:
    """Return the organisation that holds exactly this domain now, empty when none does (D2).

    Args:
        domain: in normal form.
        now: the time.
    """
    holding = DomainClaim.objects.filter(domain=domain, state__in=HOLDS, ends_at__gt=now, organisation__dissolved_at=None)
    return holding.values_list("organisation", flat=True).first() or ""


def _eligible(*, organisation: str, now: int) -> "QuerySet[Membership]":
    """Return the memberships that give a place: accepted, of a verified address in a domain that the organisation holds.

    No school has a directory, and no minor a place in anybody's, whichever school says so (D6).
    """
    living = Membership.objects.filter(
        organisation=organisation,
        organisation__dissolved_at=None,
        organisation__directory_on=True,
        left_at=None,
        user__is_active=True,
        user__is_verified=True,
    )
    living = living.exclude(Exists(_schools(organisation))).exclude(Exists(_minors().filter(user=OuterRef("user"))))
    return living.alias(domain=_domain_of("user__email")).filter(
        Exists(_held(organisation, now=now).filter(domain=OuterRef("domain"), organisation=OuterRef("organisation")))
    )


def _schools(organisation: str) -> "QuerySet[School]":
    """Return the organisation as a school, if it is one or was until its year ran out."""
    return School.objects.filter(organisation=organisation, standing__in=STANDS)


def _minors() -> "QuerySet[Membership]":
    """Return the memberships of which a school says that they are a minor's."""
    return Membership.objects.filter(minor=True, left_at=None, organisation__dissolved_at=None)


def _domain_of(field: str) -> Substr:
    """Return what stands behind the @ of a stored address, which has one (addresses.py)."""
    return Substr(F(field), StrIndex(F(field), Value("@")) + 1)


def _held(organisation: str, *, now: int) -> "QuerySet[DomainClaim]":
    """Return the claims by which an organisation holds a domain now; what is over is over, whether or not it was settled."""
    return DomainClaim.objects.filter(organisation=organisation, state__in=HOLDS, ends_at__gt=now)
