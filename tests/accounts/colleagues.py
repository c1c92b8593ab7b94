"""People and organisations for the tests of claims and directories, made as rows."""

from conclave.accounts.challenge import Method, new_token
from conclave.accounts.models import DomainClaim, Membership, Organisation, User
from conclave.accounts.tenure import State, proved
from conclave.kernel.ids import UserId

NOW = 1_790_000_000_000


def person(address: str, name: str = "", *, verified: bool = True) -> User:
    """Make somebody with an account."""
    return User.objects.create(email=address, name=name, is_verified=verified, created_at=NOW)


def people(addresses: dict[str, str]) -> list[User]:
    """Make many at once, by address and name."""
    made = [User(email=address, name=name, is_verified=True, created_at=NOW) for address, name in addresses.items()]
    return User.objects.bulk_create(made)


def organisation(owner: User, name: str = "An organisation") -> str:
    """Make an organisation and its owner's membership."""
    made = Organisation.objects.create(name=name, created_at=NOW)
    Membership.objects.create(organisation=made, user=owner, role="owner", accepted_at=NOW)
    return made.pk


def member(where: str, user: User, role: str = "member") -> Membership:
    """Let somebody belong."""
    return Membership.objects.create(organisation_id=where, user=user, role=role, accepted_at=NOW)


def hold(where: str, domain: str, *, method: Method = Method.DNS, now: int = NOW) -> DomainClaim:
    """Let an organisation hold a domain since now."""
    tenure = proved(now=now)
    return DomainClaim.objects.create(
        organisation_id=where,
        domain=domain,
        method=method,
        token=new_token(),
        state=State.VERIFIED,
        created_at=now,
        ends_at=tenure.ends_at,
        next_check_at=tenure.next_check_at,
    )


def account(user: User) -> UserId:
    """Return somebody's id as the acts take it."""
    return UserId(user.pk)
