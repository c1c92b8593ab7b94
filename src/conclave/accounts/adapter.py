"""Where allauth's defaults are not ours."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from conclave.accounts.models import User
from conclave.accounts.organisations import news
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER


class Adapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Sign-up is closed, and rates know an address only by a keyed pseudonym."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Accounts come from the owner link or an invitation."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return a pseudonym of the peer's address; allauth uses it for rates only."""
        return LIMITER.address_key(request.META.get("REMOTE_ADDR", ""))

    def post_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse:  # noqa: ANN401 - allauth's, passed on as given
        """Tell whoever signs in of which organisations they were taken out meanwhile."""
        for sentence in news(account=UserId(user.pk), now=clock.now()):
            messages.warning(request, sentence)
        response: HttpResponse = super().post_login(request, user, **given)
        return response
