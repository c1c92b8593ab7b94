"""Reading claims, as the owners and admins of an organisation see them."""

from dataclasses import dataclass

from conclave.accounts.challenge import PATH, Method, Outcome, record_name, record_text
from conclave.accounts.directory import others_with_an_address
from conclave.accounts.models import DomainClaim
from conclave.accounts.policy import Act
from conclave.accounts.standing import allow, own_seat
from conclave.accounts.tenure import HOLDS, State, Tenure, over
from conclave.kernel.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim as it stands, with what has to be where."""

    claim: str
    domain: str
    method: Method
    state: State
    outcome: Outcome | None
    checked_at: int | None
    next_check_at: int | None
    ends_at: int | None
    record_name: str
    record_text: str
    address: str
    # How many people have an address in the domain and do not belong; only for a domain that is held.
    others: int

    @property
    def open(self) -> bool:
        """Return whether its token can be looked for now."""
        return self.state in {State.PENDING, *HOLDS}


def claims_of(*, organisation: str, account: UserId, now: int) -> list[Claim]:
    """Return an organisation's claims by domain, without those that were taken back.

    Args:
        organisation: whose.
        account: who asks.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    allow(act=Act.CLAIM_DOMAIN, own=own_seat(organisation=organisation, account=account))
    rows = DomainClaim.objects.filter(organisation=organisation).exclude(state=State.REVOKED).order_by("domain", "-created_at")
    return [_claim(row, now=now) for row in rows]


def _claim(row: DomainClaim, *, now: int) -> Claim:
    """Return a stored claim as it stands now, whether or not its end was settled."""
    state = State(row.state)
    if over(tenure=Tenure(state=state, ends_at=row.ends_at), now=now):
        state = State.LAPSED
    holds = state in HOLDS
    return Claim(
        claim=row.pk,
        domain=row.domain,
        method=Method(row.method),
        state=state,
        outcome=Outcome(row.outcome) if row.outcome else None,
        checked_at=row.checked_at,
        next_check_at=row.next_check_at if state is not State.LAPSED else None,
        ends_at=row.ends_at if state is not State.LAPSED else None,
        record_name=record_name(domain=row.domain),
        record_text=record_text(token=row.token),
        address=f"https://{row.domain}{PATH}",
        others=others_with_an_address(organisation=row.organisation_id, domain=row.domain) if holds else 0,
    )
