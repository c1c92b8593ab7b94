"""The pages of tokens: somebody's own, and an organisation's. A token is in one answer, the one to the form that made it (TOK-1)."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conclave.accounts import organisations
from conclave.accounts.forms import TokenForm
from conclave.accounts.policy import Act
from conclave.accounts.queries import me
from conclave.accounts.scopes import offered
from conclave.accounts.tokens import TokenNameForbidden, TokensFull, end_token, make_token, tokens_of
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate

MAKE_RATE = Rate(name="token_made", burst=20, every_ms=clock.MINUTE)


@never_cache
@login_required
@require_safe
def own_tokens(request: HttpRequest) -> HttpResponse:
    """List somebody's own tokens."""
    return render(request, "accounts/tokens.html", {"tokens": tokens_of(account=me(request), now=clock.now())})


@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator] # allauth ships no types
@require_http_methods(["GET", "HEAD", "POST"])
def own_token(request: HttpRequest) -> HttpResponse:
    """Make a token of somebody's own, who has just shown once more who they are."""
    return _made(request, organisation=None, role=None, context={})


@login_required
@require_POST
def own_token_end(request: HttpRequest, token: str) -> HttpResponse:
    """Take one of somebody's own tokens back."""
    end_token(account=me(request), token=token, now=clock.now())
    messages.success(request, _("The token opens nothing any more."))
    return redirect("own_tokens")


@never_cache
@login_required
@require_safe
def tokens(request: HttpRequest, organisation: str) -> HttpResponse:
    """List an organisation's tokens."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.HOLD_TOKENS)
    found = tokens_of(account=me(request), organisation=organisation, now=clock.now())
    return render(request, "organisations/tokens.html", {"own": own, "tokens": found})


@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator] # allauth ships no types
@require_http_methods(["GET", "HEAD", "POST"])
def token(request: HttpRequest, organisation: str) -> HttpResponse:
    """Make a token of an organisation."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.HOLD_TOKENS)
    return _made(request, organisation=organisation, role=own.role, context={"own": own})


@login_required
@require_POST
def token_end(request: HttpRequest, organisation: str, token: str) -> HttpResponse:
    """Take one of an organisation's tokens back."""
    end_token(account=me(request), token=token, organisation=organisation, now=clock.now())
    messages.success(request, _("The token opens nothing any more."))
    return redirect("organisation_tokens", organisation)


def _made(request: HttpRequest, *, organisation: str | None, role: str | None, context: dict[str, Any]) -> HttpResponse:
    """Show the form of a token, or the token that was made by it."""
    form, made = TokenForm(request.POST or None, scopes=offered(role=role)), ""
    if request.method == "POST" and form.is_valid():
        now, terms = clock.now(), form.cleaned_data
        LIMITER.check(rate=MAKE_RATE, subject=me(request), now=now)
        try:
            made = make_token(account=me(request), organisation=organisation, now=now, **terms)
        except (TokenNameForbidden, TokensFull) as error:
            form.add_error("name", error.text)
    page = "organisations/token.html" if organisation else "accounts/token.html"
    return render(request, page, {**context, "form": form, "made": made}, status=422 if form.errors else 200)
