"""What somebody has shown in this session, as the rules of organisations count it (rules.sign_in_of)."""

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from conclave.accounts.queries import signed_in_by

SECOND_FACTOR = "second_factor"


def shown_in(request: HttpRequest) -> frozenset[str]:
    """Return what was shown in the session of a request, beside the password.

    A passkey counts as a second factor by itself: it was asked for the person as well as for the device.

    Args:
        request: of whoever is signed in, or of nobody.
    """
    if not request.user.is_authenticated:
        return frozenset()
    records = get_authentication_records(request, request.user)
    factors = {SECOND_FACTOR} if any(record.get("method") == "mfa" for record in records) else set()
    organisation = signed_in_by(request)
    return frozenset(factors | ({f"sso:{organisation}"} if organisation else set()))
