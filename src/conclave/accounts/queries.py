"""Reading people."""

from django.http import HttpRequest

from conclave.accounts.models import User
from conclave.kernel.ids import UserId

# Of a session: by whose provider whom, and when; kept beside what Django keeps of who is signed in.
SIGNED_IN_BY = "signed_in_by"


def me(request: HttpRequest) -> UserId:
    """Return who is signed in, for pages that ask for nothing else of them.

    Args:
        request: of a page that only whoever is signed in can reach.
    """
    return UserId(str(request.user.pk))


def signed_in_by(request: HttpRequest) -> str:
    """Return the organisation by whose provider whoever is signed in came into this session; empty for everybody else.

    Args:
        request: of a page that only whoever is signed in can reach.
    """
    organisation, account, _at = request.session.get(SIGNED_IN_BY, ("", "", 0))
    return str(organisation) if account == request.user.pk else ""


def vouched_at(request: HttpRequest) -> int:
    """Return when a provider last said in this session that this is whoever is signed in; 0 when none did.

    Args:
        request: of a page that only whoever is signed in can reach.
    """
    _organisation, account, at = request.session.get(SIGNED_IN_BY, ("", "", 0))
    return int(at) if account == request.user.pk else 0


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
