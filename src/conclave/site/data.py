"""The pages of one's own data: taking a copy of everything, and having it erased."""

import tempfile
from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conclave.accounts.personal import GRACE_MS, ask_erasure, erased_at, keep_account
from conclave.accounts.queries import address_of, me
from conclave.authorities.given import notices_of
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.pieces import Pieces
from conclave.site.inventory import time_in_words
from conclave.site.personal import write_archive

EXPORT_RATE = Rate(name="export", burst=5, every_ms=10 * clock.MINUTE)
IN_MEMORY = 1024 * 1024


class EraseForm(forms.Form):
    """Typed once more, so that nobody erases an account by a slip."""

    email = forms.CharField(label=_("Your e-mail address"), max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        """Know which address it has to be."""
        super().__init__(*args, **kwargs)
        self._address = address

    def clean_email(self) -> str:
        """Take only the account's own."""
        typed = str(self.cleaned_data["email"]).strip().lower()
        if typed != self._address:
            raise forms.ValidationError(_("This is not the address of your account."), code="other_address")
        return typed


@never_cache
@login_required
@require_safe
def own_data(request: HttpRequest) -> HttpResponse:
    """Say what somebody can do with what is kept about them."""
    at = erased_at(account=me(request))
    told = notices_of(account=me(request))
    return render(request, "data.html", {"erased_at": clock.to_datetime(at) if at else None, "told": told, **_grace()})


@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Give a person everything about them in one archive."""
    account, now = me(request), clock.now()
    LIMITER.check(rate=EXPORT_RATE, subject=account, now=now)
    # Written first, then sent: who takes it slowly holds no row of the database.
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    write_archive(account=account, language=_language(), now=now, file=file)
    headers = {"Content-Disposition": f'attachment; filename="conclave-{clock.to_day(now)}.zip"', "Content-Length": str(file.tell())}
    file.seek(0)
    return StreamingHttpResponse(Pieces(file), content_type="application/zip", headers=headers)


@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Let an account be erased in a week, once its person has read what goes and typed its address."""
    account = me(request)
    form = EraseForm(request.POST or None, address=address_of(account=account))
    if request.method == "POST" and form.is_valid():
        ask_erasure(account=account, now=clock.now())
        return redirect("own_data")
    return render(request, "erase.html", {"form": form, **_grace()}, status=422 if form.errors else 200)


@login_required
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Take back that an account is to be erased."""
    keep_account(account=me(request), now=clock.now())
    return redirect("own_data")


def _language() -> str:
    """Return the language of the page."""
    return get_language() or str(settings.LANGUAGE_CODE)


def _grace() -> dict[str, str]:
    """Return how long an account waits for its erasure, in words."""
    return {"grace": time_in_words(ms=GRACE_MS, language=_language())}
