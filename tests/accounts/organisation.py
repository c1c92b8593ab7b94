"""People with accounts and the organisations they make, for the tests of accounts/."""

from django.test import Client

from conclave.accounts.invite import accept, invite
from conclave.accounts.models import Membership, User
from conclave.accounts.organise import found
from conclave.kernel.ids import UserId
from conclave.transparency.models import JournalEntry

NOW = 1_800_000_000_000


def person(name: str) -> User:
    """Return somebody with an account; without a password, as hashing one takes longer than most tests."""
    user = User(email=f"{name.lower()}@example.org", name=name, created_at=1)
    user.set_unusable_password()
    user.save()
    return user


def account(user: User) -> UserId:
    """Return a person's account id."""
    return UserId(user.pk)


def make(owner: User, name: str = "Harbour School", *, now: int = NOW) -> str:
    """Return a new organisation of somebody's."""
    return found(name=name, account=account(owner), now=now)


def token_of(link: str) -> str:
    """Return the token in an invitation's link."""
    return link.partition("#")[2]


def belongs(organisation: str, by: User, who: User, role: str = "member", *, now: int = NOW) -> str:
    """Let somebody be invited and accept; return their membership."""
    link = invite(organisation=organisation, account=account(by), address=f"{who.name.lower()}@example.net", role=role, now=now)
    accept(token=token_of(link), account=account(who), now=now)
    return seat(organisation, who)


def seat(organisation: str, who: User) -> str:
    """Return somebody's living membership."""
    return Membership.objects.get(organisation=organisation, user=who, left_at=None).pk


def roles(organisation: str) -> dict[str, str]:
    """Return who belongs, by name, and as what."""
    living = Membership.objects.filter(organisation=organisation, left_at=None)
    return dict(living.values_list("user__name", "role"))


def kinds(organisation: str) -> list[str]:
    """Return what the organisation's journal says, the oldest first."""
    return list(JournalEntry.objects.filter(obj=organisation).order_by("index").values_list("kind", flat=True))


def browser(who: User) -> Client:
    """Return a browser in which somebody is signed in."""
    client = Client()
    client.force_login(who)
    return client
