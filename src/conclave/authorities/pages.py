"""Pages of orders for everybody: the portal of authorities, how an order stands, and the notice of whoever it has met."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from conclave.authorities import queries, words
from conclave.authorities.fields import offered
from conclave.authorities.forms import AnswerForm, OrderForm
from conclave.authorities.given import given_notice
from conclave.authorities.policy import Channel, Item
from conclave.authorities.receive import OrderTextForbidden, receive
from conclave.authorities.review import answer
from conclave.authorities.standing import OrderNotNow, is_staffed
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate

# Twenty a day from one address: an authority that has more calls.
PORTAL_RATE = Rate(name="order_portal", burst=20, every_ms=clock.DAY // 20)
ANSWER_RATE = Rate(name="order_answer", burst=20, every_ms=clock.MINUTE)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def portal(request: HttpRequest) -> HttpResponse:
    """Say what an order can and cannot do here, and take one."""
    form = OrderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        LIMITER.check(rate=PORTAL_RATE, subject=LIMITER.visitor_key(request), now=now)
        try:
            made = receive(said=form.said(), channel=Channel.PORTAL, by=None, now=now)
        except OrderTextForbidden as error:
            form.add_error(None, error.text)
        else:
            messages.success(request, _("Your order is received. Keep the address of this page: it is your receipt."))
            return redirect("order_status", made.receipt)
    return render(request, "authorities/portal.html", {"form": form, "staffed": is_staffed()}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest, receipt: str) -> HttpResponse:
    """Show an authority how its order stands, and take what was missing."""
    now = clock.now()
    stands = queries.status(receipt=receipt, now=now)
    form = AnswerForm(request.POST or None, missing=stands.missing) if stands.missing else None
    if request.method == "POST" and form is not None and form.is_valid():
        LIMITER.check(rate=ANSWER_RATE, subject=receipt, now=now)
        try:
            answer(receipt=receipt, item=Item(form.cleaned_data["item"]), text=form.cleaned_data["text"], now=now)
        except (OrderNotNow, OrderTextForbidden) as error:
            form.add_error(None, error.text)
        else:
            messages.success(request, _("It is added to your order."))
            return redirect("order_status", receipt)
    shown = {
        "one": stands,
        "receipt": receipt,
        "state": words.STATES[stands.state],
        "outcome": words.OUTCOMES.get(stands.outcome, ""),
        "grounds": words.GROUNDS.get(stands.grounds, ""),
        "measures": [(held, words.MEASURES[held.kind], words.called(held.territory), words.WAITS[held.waits]) for held in stands.measures],
        "left_out": words.left_out(stands.left_out),
        "form": form,
    }
    return render(request, "authorities/status.html", shown, status=422 if form is not None and form.errors else 200)


@never_cache
@require_safe
def notice(request: HttpRequest, notice: str) -> HttpResponse:
    """Show somebody what an order has done to them, what not, and what they can do."""
    found = queries.notice(notice=notice)
    now = clock.now()
    shown = {
        "one": found,
        "territory": words.called(found.territory),
        "measure": words.MEASURES[found.kind],
        "over": found.undone_at is not None or found.ends_at <= now,
    }
    return render(request, "authorities/notice.html", shown)


@never_cache
@require_safe
def given(request: HttpRequest, notice: str) -> HttpResponse:
    """Show somebody what was told of them to an authority, by which law, and what they can do."""
    found = given_notice(notice=notice)
    known = {one.name: f"{one.table}: {one.text}" for one in offered(language=get_language() or "en")}
    fields = [(name, known.get(name, "")) for name in found.fields]
    return render(request, "authorities/given.html", {"one": found, "territory": words.called(found.territory), "fields": fields})
