"""The desk of orders: what has come, and one order with everything that can be done with it by whoever looks at it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypedDict

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conclave.accounts.confirm import confirmation, passkey_in
from conclave.accounts.queries import account_of, me
from conclave.accounts.staff import acts_of
from conclave.accounts.staff_policy import Act
from conclave.authorities import queries, words
from conclave.authorities.approve import approve, ask_approval
from conclave.authorities.challenge import challenge
from conclave.authorities.disclose import narrow_to_fields
from conclave.authorities.fields import offered
from conclave.authorities.forms import ChallengeForm, IntakeForm, NarrowForm, RefuseForm, TakeBackForm, TellForm
from conclave.authorities.given import Told
from conclave.authorities.models import Part
from conclave.authorities.outcomes import Outcome
from conclave.authorities.policy import DAY, LIVE, Channel, Grounds, OrderKind, State, ToldState
from conclave.authorities.produce import hand_out
from conclave.authorities.quash import take_back
from conclave.authorities.queries import Held, Whole
from conclave.authorities.receive import OrderTextForbidden, receive
from conclave.authorities.refuse import refuse
from conclave.authorities.review import Draft, Judgement, ask, confirm_contact, narrow, take
from conclave.authorities.standing import OrderNotNow, is_staffed
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER, Rate

PAGES = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
# What a court may quash when it is over.
ENDED = (Outcome.EXECUTED, Outcome.NARROWED, Outcome.WITHDRAWN)
DESK_RATE = Rate(name="order_desk", burst=60, every_ms=10 * clock.SECOND)


class Who(TypedDict):
    """Whose act on which order, and when."""

    order: str
    account: UserId
    now: int


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """List what has come; let intake write down what came by another way than the portal."""
    now, by = clock.now(), me(request)
    page = int(request.GET["page"]) if PAGES.fullmatch(request.GET.get("page", "")) else 1
    listed = queries.orders(account=by, now=now, page=page)
    may = acts_of(account=by, now=now)
    form = IntakeForm(request.POST or None) if Act.RECEIVE_ORDER in may else None
    if request.method == "POST" and form is not None and form.is_valid():
        LIMITER.check(rate=DESK_RATE, subject=by, now=now)
        try:
            made = receive(said=form.said(), channel=Channel(form.cleaned_data["channel"]), by=by, now=now)
        except OrderTextForbidden as error:
            form.add_error(None, error.text)
        else:
            messages.success(request, _("The order is received."))
            return redirect("staff_order", made.order)
    rows = [(one, words.STATES[one.state], [words.called(code) for code in one.claimed]) for one in listed.rows]
    shown = {"listed": rows, "form": form, "staffed": is_staffed(), "older": page + 1 if listed.more else 0, "page": page}
    return render(request, "authorities/desk.html", shown, status=422 if form is not None and form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, order: str) -> HttpResponse:
    """Show one order, and take what somebody decides about it."""
    now, by = clock.now(), me(request)
    about = queries.whole_order(order=order, account=by, now=now)
    may = acts_of(account=by, now=now)
    act = request.POST.get("act", "")
    forms = _forms(request, about, may, act)
    if request.method == "POST":
        LIMITER.check(rate=DESK_RATE, subject=by, now=now)
        if act == "approve":
            return _approve(request, about)
        if act == "hand_out":
            return _hand_out(request, about)
        form = forms.get(act)
        if form is None or form.is_valid():
            try:
                _do(request, about, act, form)
            except (OrderNotNow, OrderTextForbidden) as error:
                if form is None:
                    raise
                form.add_error(None, error.text)
            else:
                messages.success(request, _("It is done."))
                return redirect("staff_order", order)
    return _page(request, about, may, forms)


def _page(request: HttpRequest, about: Whole, may: frozenset[Act], forms: dict[str, Form]) -> HttpResponse:
    """Return the page of one order."""
    state = about.listed.state
    mine = about.part == Part.REVIEWER
    measures = [
        (
            held,
            words.MEASURES[held.kind],
            words.called(held.territory),
            words.MEASURE_STATES[held.state],
            _target(held),
            words.WAITS[held.waits],
        )
        for held in about.measures
    ]
    shown = {
        "about": about,
        "state": words.STATES[state],
        "outcome": words.OUTCOMES.get(about.outcome, ""),
        "grounds": words.GROUNDS.get(about.grounds, ""),
        "kind": words.KINDS[about.listed.kind],
        "channel": words.CHANNELS[about.listed.channel],
        "authority_kind": words.AUTHORITIES[about.authority_kind],
        "competent": words.called(about.authority_territory),
        "claimed": [words.called(code) for code in about.listed.claimed],
        "found_kind": words.AUTHORITIES.get(about.found_kind, ""),
        "found_territory": words.called(about.found_territory) if about.found_territory else "",
        "checklist": [(word, item not in about.missing) for item, word in words.ITEMS.items()],
        "measures": measures,
        "told": _told(about.told) if about.told else None,
        "can_hand_out": mine and about.told is not None and about.told.state is ToldState.SCHEDULED,
        "can_take": Act.REVIEW_ORDER in may and state is State.ACKNOWLEDGED,
        "can_ask": mine and state is State.UNDER_REVIEW and about.missing,
        "can_confirm": mine and not about.contact_confirmed and state is not State.CLOSED,
        "can_approve": Act.APPROVE_MEASURE in may and state is State.NARROWED and not about.part,
        "forms": forms,
    }
    wrong = any(form.is_bound and form.errors for form in forms.values())
    return render(request, "authorities/order.html", shown, status=422 if wrong else 200)


def _forms(request: HttpRequest, about: Whole, may: frozenset[Act], act: str) -> dict[str, Form]:
    """Return the forms for what whoever looks at it can do now; the one that was sent has what was typed."""
    state, mine = about.listed.state, about.part == Part.REVIEWER

    def sent(name: str) -> Mapping[str, Any] | None:
        return request.POST if act == name else None

    open_now: dict[str, bool] = {
        "narrow": mine and state is State.UNDER_REVIEW and about.listed.kind != OrderKind.INFORM,
        "tell": mine and state is State.UNDER_REVIEW and about.listed.kind == OrderKind.INFORM,
        "refuse": mine and state in (State.UNDER_REVIEW, State.INFO_REQUESTED, State.NARROWED),
        "challenge": mine and state is State.UNDER_REVIEW,
        "take_back": Act.LIFT_MEASURE in may and (state in LIVE or about.outcome in ENDED),
    }
    made: dict[str, Callable[[], Form]] = {
        "narrow": lambda: NarrowForm(sent("narrow"), claimed=about.listed.claimed, auto_id="narrow_%s"),
        "tell": lambda: TellForm(sent("tell"), claimed=about.listed.claimed, auto_id="tell_%s"),
        "refuse": lambda: RefuseForm(sent("refuse"), auto_id="refuse_%s"),
        "challenge": lambda: ChallengeForm(sent("challenge"), auto_id="challenge_%s"),
        "take_back": lambda: TakeBackForm(sent("take_back"), auto_id="back_%s"),
    }
    return {name: make() for name, make in made.items() if open_now[name]}


def _do(request: HttpRequest, about: Whole, act: str, form: Form | None) -> None:
    """Do one act of the desk but for an approval; what may not be done is refused by the act itself."""
    who: Who = {"order": about.listed.id, "account": me(request), "now": clock.now()}
    said = form.cleaned_data if form is not None else {}
    match act:
        case "take":
            take(**who)
        case "ask":
            ask(**who)
        case "confirm_contact":
            confirm_contact(**who)
        case "narrow" if form is not None:
            narrow(**who, found=_found(said), drafts=[_draft(said, who["now"])])
        case "tell" if isinstance(form, TellForm):
            narrow_to_fields(**who, found=_found(said), asked=form.asked(now=who["now"]))
        case "refuse" if form is not None:
            refuse(**who, grounds=Grounds(said["grounds"]), explanation=said["explanation"])
        case "challenge" if form is not None:
            challenge(**who, explanation=said["explanation"])
        case "take_back" if form is not None:
            take_back(**who, quashed=said["quashed"] == "yes", document=said["document"])


def _found(said: Mapping[str, Any]) -> Judgement:
    """Return what the reviewer found."""
    return Judgement(**{one.name: said[one.name] for one in fields(Judgement)})


def _draft(said: Mapping[str, Any], now: int) -> Draft:
    """Return the measure that was typed; it begins when it is approved."""
    account = account_of(address=str(said["address"])) if said["address"] else ""
    return Draft(
        kind=said["kind"], territory=said["territory"], meeting=said["meeting"], account=account,
        starts_at=now, ends_at=now + int(said["days"]) * DAY,
    )  # fmt: skip


def _target(held: Held) -> str:
    """Return what a measure is about."""
    return words.target(meeting=held.meeting, account=held.account, known=held.called)


def _said(held: Held) -> str:
    """Return all of a measure that the passkey signs, as its approver reads it: what, where, on what, from when until when."""
    what = _("%(measure)s (%(territory)s)") % {"measure": words.MEASURES[held.kind], "territory": words.called(held.territory)}
    return f"{what}. {_target(held)}, {words.period(start=held.starts_at, end=held.ends_at)}"


def _told(told: Told) -> dict[str, Any]:
    """Return what is told, in words: each field, each person, and what was left out."""
    known = {one.name: f"{one.table}: {one.text}" for one in offered(language=get_language() or "en")}
    return {
        "territory": words.called(told.territory),
        "state": words.TOLD_STATES[told.state],
        "waits": told.waits,
        "fields": [(name, known.get(name, "")) for name in told.fields],
        "people": told.people,
        "left_out": words.left_out(told.left_out),
        "ends_at": told.ends_at,
        "deferred_until": told.deferred_until,
        "deferral_basis": told.deferral_basis,
        "handed_at": told.handed_at,
        "sha256": told.sha256,
    }


def _said_told(told: Told) -> str:
    """Return all of what is told that the passkey signs, as its approver reads it: what, of whom, where, until when, by which law."""
    said = {
        "fields": ", ".join(told.fields),
        "people": ", ".join(one.address or one.account for one in told.people),
        "territory": words.called(told.territory),
        "end": words.moment(told.ends_at),
    }
    sentence = _("To be told: %(fields)s. Of: %(people)s (%(territory)s). Once, until %(end)s.") % said
    if told.deferred_until is None:
        return sentence + " " + _("They are told in the same moment.")
    later = {"moment": words.moment(told.deferred_until), "law": told.deferral_basis}
    return sentence + " " + _("They are not told until %(moment)s, by this law: %(law)s") % later


def _hand_out(request: HttpRequest, about: Whole) -> HttpResponse:
    """Give the reviewer the archive for the authority."""
    archive = hand_out(order=about.listed.id, account=me(request), now=clock.now())
    headers = {"Content-Disposition": f'attachment; filename="order-{about.listed.public_id}.json"'}
    return HttpResponse(archive, content_type="application/json", headers=headers)


def _after(about: Whole) -> str:
    """Return what follows from the second approval."""
    if about.told:
        return _(
            "With the second approval its reviewer can hand it out, once the ledger’s witness has cosigned. Both names stay in the order."
        )
    return _("With the second approval it acts by itself, once the ledger’s witness has cosigned. Both names stay in the order.")


def _approve(request: HttpRequest, about: Whole) -> HttpResponse:
    """Approve with the passkey that was sent, or ask for one."""
    by, now, shown, here = me(request), clock.now(), passkey_in(request), about.listed.id
    if shown is None:
        question = ask_approval(order=here, account=by, now=now)
        return confirmation(
            request,
            question=question,
            chosen={"act": "approve"},
            sentence=_said_told(about.told) if about.told else "; ".join(_said(held) for held in about.measures),
            after=_after(about),
            back=reverse("staff_order", args=[here]),
        )
    approve(order=here, account=by, shown=shown, now=now)
    messages.success(request, _("You have approved it."))
    return redirect("staff_order", here)
