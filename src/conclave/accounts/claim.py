"""Acts on claims to domains: make one, look for its token now or when it is time, take it back, settle what is over.

A look asks the network, so it happens outside any transaction; what it found is applied to the claim as it stands by then.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from conclave.accounts.challenge import Method, Outcome, new_token
from conclave.accounts.domains import claimable
from conclave.accounts.models import DomainClaim
from conclave.accounts.policy import Act
from conclave.accounts.proof_dns import addresses, look_in_dns
from conclave.accounts.proof_web import look_on_web
from conclave.accounts.standing import allow, own_seat
from conclave.accounts.tenure import HOLDS, LIVES, Contender, State, Tenure, after_check, begun, contested, over, proved, winner
from conclave.accounts.visit import PLACES, Crowded, Web
from conclave.kernel import clock, deadlines, outbox
from conclave.kernel.errors import Refused, TooOften
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal

MOST_LIVING = 50
MOST_AT_ONCE = 50
# When a look was lost with its process, the next one comes then; and so much time a claim gets whose end nobody could see coming.
RETRY_MS = clock.HOUR
RESPITE_MS = 10 * clock.MINUTE


class ClaimUnknown(Refused):
    """The organisation has no such claim (any more)."""

    code = "claim_unknown"
    status = 404
    message = _("This organisation has no such claim.")


class ClaimExists(Refused):
    """The organisation has a living claim to this domain."""

    code = "claim_exists"
    status = 409
    message = _("Your organisation has a claim to this domain already.")


class ClaimsFull(Refused):
    """An organisation has at most 50 claims at once."""

    code = "claims_full"
    status = 409
    message = _("Your organisation has 50 claims already. Remove one first.")


class ClaimNotOpen(Refused):
    """There is nothing to look for: the claim is over, or in a dispute that is decided at its end."""

    code = "claim_not_open"
    status = 409
    message = _("There is nothing to check for this claim as it stands.")


def claim_domain(*, organisation: str, account: UserId, domain: str, method: Method, now: int) -> str:
    """Make a claim; a lapsed one to the same domain is replaced, with another token.

    Args:
        organisation: whose domain it is to be.
        account: who says so.
        domain: as it was typed.
        method: where the token will stand.
        now: the time.

    Returns:
        The claim's id.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        DomainMalformed, DomainShared, DomainOfMail, DomainOfProvider: nobody may claim this domain.
        ClaimExists, ClaimsFull: there is one already, or there are too many.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.CLAIM_DOMAIN, own=own)
        name = claimable(raw=domain)
        claims = DomainClaim.objects.filter(organisation=organisation)
        for row in claims.filter(domain=name, state__in=LIVES):
            if not over(tenure=_tenure(row), now=now):
                raise ClaimExists
        claims.filter(domain=name, state__in=[*LIVES, State.LAPSED]).update(**Tenure(state=State.REVOKED).columns)
        if claims.filter(state__in=LIVES).count() >= MOST_LIVING:
            raise ClaimsFull
        tenure = begun(now=now)
        made = DomainClaim.objects.create(
            organisation_id=organisation,
            domain=name,
            method=method,
            token=new_token(),
            state=tenure.state,
            made_by_id=account,
            created_at=now,
            ends_at=tenure.ends_at,
        )
        journal(kind="domain_claimed", obj=organisation, fields={"by": account, "claim": made.pk, "method": method}, now=now)
    return made.pk


def check_now(*, organisation: str, account: UserId, claim: str, now: int) -> Outcome:
    """Look for a claim's token at once.

    Args:
        organisation: whose claim.
        account: who asks.
        claim: which.
        now: the time.

    Returns:
        What was found.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, ClaimUnknown: it is not for them.
        ClaimNotOpen: there is nothing to look for.
        TooOften: too many look at once (SSO-14).
    """
    row = _own_claim(organisation=organisation, account=account, claim=claim)
    if row.state not in {State.PENDING, *HOLDS} or over(tenure=_tenure(row), now=now):
        raise ClaimNotOpen
    try:
        with PLACES.place(subject=organisation):
            outcome = _look(row)
    except Crowded:
        raise TooOften from None
    return _apply(claim=claim, outcome=outcome, now=now)


def withdraw(*, organisation: str, account: UserId, claim: str, now: int) -> None:
    """Take a claim back: its domain grants nothing any more, at once.

    Args:
        organisation: whose claim.
        account: who asks.
        claim: which.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, ClaimUnknown: it is not for them.
    """
    with transaction.atomic():
        row = _own_claim(organisation=organisation, account=account, claim=claim)
        _stand(row, Tenure(state=State.REVOKED))
        journal(kind="domain_withdrawn", obj=organisation, fields={"by": account, "claim": claim}, now=now)


@deadlines.settles
def settle(now: int) -> None:
    """Let end what is over, and have looked at what is due."""
    for row in DomainClaim.objects.filter(state__in=[State.PENDING, *HOLDS], ends_at__lte=now).order_by("ends_at")[:MOST_AT_ONCE]:
        with transaction.atomic():
            same = DomainClaim.objects.filter(pk=row.pk, state=row.state, ends_at=row.ends_at)
            if same.update(**Tenure(state=State.LAPSED).columns):
                _note("domain_lapsed", row, now=now)
    due = DomainClaim.objects.filter(state__in=[*HOLDS, State.DISPUTED], next_check_at__lte=now).order_by("next_check_at")
    for row in due[:MOST_AT_ONCE]:
        with transaction.atomic():
            same = DomainClaim.objects.filter(pk=row.pk, state=row.state, next_check_at=row.next_check_at)
            if same.update(next_check_at=now + RETRY_MS):
                outbox.emit(kind="claim_check", payload={"claim": row.pk}, now=now)


@deadlines.resumes
def resume(now: int) -> None:
    """Have every claim looked at before it lapses whose end came while nobody could look: this gateway was away."""
    late = DomainClaim.objects.filter(state__in=HOLDS, ends_at__lte=now)
    late.update(ends_at=now + RESPITE_MS, next_check_at=now)


@outbox.handles("claim_check")
def recheck(payload: outbox.Payload) -> None:
    """Look at a claim because it is time; done twice, it looks twice."""
    row = DomainClaim.objects.filter(pk=payload["claim"], state__in=[*HOLDS, State.DISPUTED]).first()
    if row is None:
        return
    if row.state == State.DISPUTED:
        _decide(domain=row.domain, now=clock.now())
    else:
        _apply(claim=row.pk, outcome=_look(row), now=clock.now())


def _look(row: DomainClaim) -> Outcome:
    """Ask the network, outside any transaction."""
    resolvers = settings.CONCLAVE.resolver_addresses
    if row.method == Method.DNS:
        return look_in_dns(domain=row.domain, token=row.token, resolvers=resolvers)
    return look_on_web(domain=row.domain, token=row.token, web=Web(find=lambda host: addresses(host=host, resolvers=resolvers)))


def _apply(*, claim: str, outcome: Outcome, now: int) -> Outcome:
    """Apply what was found to the claim as it stands by now; return what that means for it."""
    with transaction.atomic():
        rows = list(_contenders(DomainClaim.objects.values_list("domain", flat=True).get(pk=claim)))
        own = next((row for row in rows if row.pk == claim), None)
        if own is None:
            raise ClaimUnknown
        rivals = [row for row in rows if row.organisation_id != own.organisation_id and row.state in {*HOLDS, State.DISPUTED}]
        if own.state == State.PENDING and outcome is Outcome.PROVED and rivals and not over(tenure=_tenure(own), now=now):
            if own.method != Method.DNS and any(row.method == Method.DNS for row in rivals):
                outcome = Outcome.HELD
            else:
                _dispute([own, *rivals], now=now)
        else:
            before = _tenure(own)
            after = after_check(tenure=before, outcome=outcome, now=now)
            if after != before:
                _stand(own, after)
            if after.state is not before.state:
                _note(f"domain_{after.state}", own, now=now)
        DomainClaim.objects.filter(pk=claim).update(checked_at=now, outcome=outcome)
    return outcome


def _dispute(rows: list[DomainClaim], *, now: int) -> None:
    """Freeze all claims to a domain; whoever comes later joins the dispute as it is."""
    tenure = contested(now=now)
    begun_before = next((_tenure(row) for row in rows if row.state == State.DISPUTED), tenure)
    for row in rows:
        if row.state != State.DISPUTED:
            _stand(row, begun_before)
            _note("domain_disputed", row, now=now)


def _decide(*, domain: str, now: int) -> None:
    """End a dispute that has run its time: look at every claim in it, and leave one, or leave it to staff."""
    looked = {row.pk: _look(row) for row in DomainClaim.objects.filter(domain=domain, state=State.DISPUTED)}
    with transaction.atomic():
        rows = [row for row in _contenders(domain) if row.state == State.DISPUTED and row.pk in looked]
        if not rows or any((row.ends_at or 0) > now for row in rows):
            return
        chosen = winner(
            contenders=[
                Contender(claim=row.pk, method=Method(row.method), created_at=row.created_at, outcome=looked[row.pk]) for row in rows
            ]
        )
        for row in rows:
            DomainClaim.objects.filter(pk=row.pk).update(checked_at=now, outcome=looked[row.pk])
            if chosen is None and any(outcome is Outcome.PROVED for outcome in looked.values()):
                _stand(row, contested(now=now))
            elif row.pk == chosen:
                _stand(row, proved(now=now))
                _note("domain_verified", row, now=now)
            else:
                _stand(row, Tenure(state=State.REVOKED))
                _note("domain_revoked", row, now=now)


def _contenders(domain: str) -> "QuerySet[DomainClaim]":
    """Return the living claims to a domain, locked until the end of the caller's transaction."""
    return DomainClaim.objects.select_for_update().filter(domain=domain, state__in=LIVES).order_by("pk")


def _own_claim(*, organisation: str, account: UserId, claim: str) -> DomainClaim:
    """Return a claim of an organisation's, for somebody who may act on it."""
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.CLAIM_DOMAIN, own=own)
    row = DomainClaim.objects.filter(pk=claim, organisation=organisation).exclude(state=State.REVOKED).first()
    if row is None:
        raise ClaimUnknown
    return row


def _tenure(row: DomainClaim) -> Tenure:
    """Return how a stored claim stands."""
    return Tenure(state=State(row.state), ends_at=row.ends_at, next_check_at=row.next_check_at)


def _stand(row: DomainClaim, tenure: Tenure) -> None:
    """Store how a claim stands from now on."""
    DomainClaim.objects.filter(pk=row.pk).update(**tenure.columns)


def _note(kind: str, row: DomainClaim, *, now: int) -> None:
    """Write into the journal of its organisation what became of a claim by itself."""
    journal(kind=kind, obj=row.organisation_id, fields={"claim": row.pk}, now=now)
