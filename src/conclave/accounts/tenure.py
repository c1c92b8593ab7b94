"""How long a claim to a domain holds: the only copy of the rule. Pure: a look's result in, the new standing out.

    pending ──proved──> verified ──not proved──> grace ──14 days──> lapsed
    a second organisation proves control: all of them disputed, for 7 days; then the newest that DNS still proves is verified
    taken back, or lost in a dispute: revoked

`ends_at` is when a standing is over if nothing happens: a token is good for 72 hours, grace for 14 days, and a claim that nobody has looked
at for a week and 14 days lapses too. What is over at a time is over at that time, whether or not a gateway has noticed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from conclave.accounts.challenge import Method, Outcome
from conclave.kernel.clock import DAY, HOUR

TOKEN_MS = 72 * HOUR
AGAIN_MS = 7 * DAY
GRACE_MS = 14 * DAY
DISPUTE_MS = 7 * DAY


class State(StrEnum):
    """How a claim stands."""

    PENDING = "pending"
    VERIFIED = "verified"
    GRACE = "grace"
    LAPSED = "lapsed"
    DISPUTED = "disputed"
    REVOKED = "revoked"


HOLDS = (State.VERIFIED, State.GRACE)
LIVES = (State.PENDING, *HOLDS, State.DISPUTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """How a claim stands, until when, and when it is looked at next."""

    state: State
    ends_at: int | None = None
    next_check_at: int | None = None

    @property
    def columns(self) -> dict[str, State | int | None]:
        """How it is stored: whatever a claim does not have any more is emptied."""
        return {"state": self.state, "ends_at": self.ends_at, "next_check_at": self.next_check_at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One of the claims in a dispute, and what was found at its end."""

    claim: str
    method: Method
    created_at: int
    outcome: Outcome


def begun(*, now: int) -> Tenure:
    """Return the standing of a new claim: its token waits to be found."""
    return Tenure(state=State.PENDING, ends_at=now + TOKEN_MS)


def proved(*, now: int) -> Tenure:
    """Return the standing of a claim that was just proved."""
    return Tenure(state=State.VERIFIED, ends_at=now + AGAIN_MS + GRACE_MS, next_check_at=now + AGAIN_MS)


def contested(*, now: int) -> Tenure:
    """Return the standing of each claim to a domain that two organisations have proved."""
    return Tenure(state=State.DISPUTED, ends_at=now + DISPUTE_MS, next_check_at=now + DISPUTE_MS)


def after_check(*, tenure: Tenure, outcome: Outcome, now: int) -> Tenure:
    """Return how a claim stands after a look at its token.

    Args:
        tenure: how it stood.
        outcome: what was found.
        now: the time.
    """
    if over(tenure=tenure, now=now):
        return Tenure(state=State.LAPSED)
    if tenure.state not in {State.PENDING, *HOLDS}:
        return tenure
    if outcome is Outcome.PROVED:
        return proved(now=now)
    if tenure.state is State.PENDING:
        return tenure
    ends_at = tenure.ends_at or now
    if tenure.state is State.VERIFIED:
        ends_at = min(ends_at, now + GRACE_MS)
    return Tenure(state=State.GRACE, ends_at=ends_at, next_check_at=min(now + DAY, ends_at))


def over(*, tenure: Tenure, now: int) -> bool:
    """Tell whether a standing has come to its end: a token that was not found in time, a claim not proved again."""
    return tenure.state in {State.PENDING, *HOLDS} and tenure.ends_at is not None and tenure.ends_at <= now


def winner(*, contenders: Iterable[Contender]) -> str | None:
    """Return the claim that a dispute leaves: the newest that DNS proves, else the only one that a web server proves; None for neither.

    Args:
        contenders: every claim in it.
    """
    standing = [one for one in contenders if one.outcome is Outcome.PROVED]
    by_dns = [one for one in standing if one.method is Method.DNS]
    if by_dns:
        return max(by_dns, key=lambda one: (one.created_at, one.claim)).claim
    return standing[0].claim if len(standing) == 1 else None
