"""The account pages that allauth does not have."""

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from conclave.accounts.forms import OwnerForm
from conclave.accounts.owner import OwnerLinkForAnother, use_owner_link
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate

OWNER_RATE = Rate(name="owner", burst=10, every_ms=30 * clock.SECOND)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def owner(request: HttpRequest) -> HttpResponse:
    """Make the owner's account from a one-time link, sign in, and go to the meetings."""
    form = OwnerForm(request.POST or None)
    if request.method == "POST":
        now = clock.now()
        LIMITER.check(rate=OWNER_RATE, subject=LIMITER.address_key(request.META.get("REMOTE_ADDR", "")), now=now)
        if form.is_valid():
            fields = {name: form.cleaned_data[name] for name in ("token", "email", "name", "password")}
            try:
                user = use_owner_link(**fields, now=now)
            except OwnerLinkForAnother as error:
                form.add_error("email", error.text)
            else:
                response: HttpResponse = perform_login(request, user, email_verification="none", redirect_url="/meetings")
                return response
    return render(request, "accounts/owner.html", {"form": form}, status=422 if form.errors else 200)
