"""Reading people."""

from django.http import HttpRequest

from conclave.accounts.models import User
from conclave.kernel.ids import UserId


def me(request: HttpRequest) -> UserId:
    """Return who is signed in, for pages that ask for nothing else of them.

    Args:
        request: of a page that only whoever is signed in can reach.
    """
    return UserId(str(request.user.pk))


def address_of(*, account: str) -> str:
    """Return the e-mail address with which this person signs in, in lower case; empty when there is no such account.

    Args:
        account: whose.
    """
    return User.objects.filter(pk=account).values_list("email", flat=True).first() or ""


def verified_address(*, account: str) -> str:
    """Return the e-mail address that was shown to be this person's, in lower case; empty when there is none.

    Args:
        account: whose.
    """
    return User.objects.filter(pk=account, is_active=True, is_verified=True).values_list("email", flat=True).first() or ""
