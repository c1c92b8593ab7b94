"""Reading people."""

from allauth.account.models import EmailAddress
from django.http import HttpRequest

from conclave.accounts.models import IdentityProvider, ProviderIdentity, User
from conclave.kernel.ids import UserId

# Of a session: by whose provider whom, and when; kept beside what Django keeps of who is signed in.
VOUCHED = "vouched_for"


def me(request: HttpRequest) -> UserId:
    """Return who is signed in, for pages that ask for nothing else of them.

    Args:
        request: of a page that only whoever is signed in can reach.
    """
    return UserId(str(request.user.pk))


def signed_in_by(request: HttpRequest) -> str:
    """Return the organisation by whose provider whoever is signed in came into this session; empty for everybody else.

    What a provider said counts as long as it is on, as it was set up then, and still opens the account (SSO-13).

    Args:
        request: of a page that only whoever is signed in can reach.
    """
    kept = request.session.get(VOUCHED)
    if kept is None or kept["account"] != request.user.pk:
        return ""
    organisation = str(kept["organisation"])
    there = IdentityProvider.objects.filter(
        organisation=organisation, organisation__dissolved_at=None, is_on=True, changed_at=kept["set_up"]
    )
    tied = ProviderIdentity.objects.filter(pk=kept["identity"], user=request.user.pk, organisation=organisation)
    return organisation if tied.filter(issuer__in=there.values("issuer")).exists() else ""


def vouched_at(request: HttpRequest) -> int:
    """Return when a provider last said in this session that this is whoever is signed in; 0 when none did, or its word counts no more.

    Args:
        request: of a page that only whoever is signed in can reach.
    """
    return int(request.session[VOUCHED]["at"]) if signed_in_by(request) else 0


def address_of(*, account: str) -> str:
    """Return the e-mail address with which this person signs in, in lower case; empty when there is no such account.

    Args:
        account: whose.
    """
    return User.objects.filter(pk=account).values_list("email", flat=True).first() or ""


def addresses_of(*, account: str) -> frozenset[str]:
    """Return every e-mail address that is known to be this person's: to sign in, and as their organisations' providers said last.

    Args:
        account: whose.
    """
    kept = (
        User.objects.filter(pk=account).values_list("email", flat=True),
        EmailAddress.objects.filter(user=account).values_list("email", flat=True),
        ProviderIdentity.objects.filter(user=account).values_list("address", flat=True),
    )
    return frozenset(address for rows in kept for address in rows if address)


def account_of(*, address: str) -> str:
    """Return who signs in with this e-mail address; empty when nobody does.

    Args:
        address: as it was typed.
    """
    return User.objects.filter(email=address.strip().lower()).values_list("pk", flat=True).first() or ""


def verified_address(*, account: str) -> str:
    """Return the e-mail address that was shown to be this person's, in lower case; empty when there is none.

    Args:
        account: whose.
    """
    return User.objects.filter(pk=account, is_active=True, is_verified=True).values_list("email", flat=True).first() or ""
