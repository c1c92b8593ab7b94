"""Where allauth's defaults are not ours."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from conclave.kernel.limits import LIMITER


class Adapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Sign-up is closed, and rates know an address only by a keyed pseudonym."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Accounts come from the owner link or an invitation."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return a pseudonym of the peer's address; allauth uses it for rates only."""
        return LIMITER.address_key(request.META.get("REMOTE_ADDR", ""))
