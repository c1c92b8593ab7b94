"""Reading people."""

from conclave.accounts.models import User


def verified_address(*, account: str) -> str:
    """Return the e-mail address that was shown to be this person's, in lower case; empty when there is none.

    Args:
        account: whose.
    """
    return User.objects.filter(pk=account, is_active=True, is_verified=True).values_list("email", flat=True).first() or ""
