"""What somebody has shown in this session, as the rules of organisations count it (rules.sign_in_of)."""

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

SECOND_FACTOR = "second_factor"
# What signing in by an organisation's provider leaves in a session: by whose it was, and whom.
SIGNED_IN_BY = "signed_in_by"


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
    organisation, account = request.session.get(SIGNED_IN_BY, ("", ""))
    return frozenset(factors | ({f"sso:{organisation}"} if organisation and account == request.user.pk else set()))
