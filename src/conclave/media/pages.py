"""The page on which two people enter a region's engine in the ledger, and the proof of an entry for everybody (REG-10, REG-11)."""

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from conclave.accounts.confirm import confirmation, passkey_in
from conclave.accounts.queries import me
from conclave.accounts.staff import acts_of, was_staffed
from conclave.accounts.staff_policy import Act
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.territories import territory_name
from conclave.media.description import HERE
from conclave.media.enter import ask_word, give_word, pending
from conclave.media.node_list import Listed, Standing, nodes_for_staff, proof_of

RATE = Rate(name="nodes", burst=60, every_ms=10 * clock.SECOND)
STANDINGS = {
    Standing.SERVES: gettext_lazy("Calls may be held here."),
    Standing.WAITS: gettext_lazy("Two people have approved it. It waits for the witness of the ledger; until then no call is held here."),
    Standing.NEW: gettext_lazy("The ledger does not name it, so no call is held here. It takes two people."),
    Standing.OTHER: gettext_lazy("The settings name another engine than the ledger, so no call is held here. It takes two people."),
    Standing.TAKEN_OUT: gettext_lazy("It was taken out of the ledger, so no call is held here, although the settings name it."),
    Standing.SHARED: gettext_lazy(
        "This engine has a Redis, by which machines that the ledger does not name take calls from it, so no call is held here. "
        "Take the Redis out of its configuration, and make each further engine a region of its own."
    ),
    Standing.LEFT: gettext_lazy("The settings do not name it any more. The ledger does, until two people take it out."),
}
BY = {
    "configuration": gettext_lazy("the settings alone, while nobody had a role on this server"),
    "two_people": gettext_lazy("two people, each with a passkey"),
}
LABELS = {
    "territory": gettext_lazy("Territory"),
    "engine": gettext_lazy("Where the engine answers"),
    "node_address": gettext_lazy("Address that the engine itself names"),
    "addresses": gettext_lazy("Where browsers reach its media"),
    "turn": gettext_lazy("TURN server"),
    "redis": gettext_lazy("Redis by which other machines join it"),
    "key": gettext_lazy("Fingerprint of its key pair"),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def nodes(request: HttpRequest) -> HttpResponse:
    """Show what the ledger says of each region's engine; take an approval, with its passkey or by asking for one."""
    now, by = clock.now(), me(request)
    listed = nodes_for_staff(account=by, now=now)
    may = Act.ENTER_NODE in acts_of(account=by, now=now)
    if request.method == "POST":
        LIMITER.check(rate=RATE, subject=by, now=now)
        return _approve(request, region=request.POST.get("region", ""), out=request.POST.get("out") == "yes")
    rows = [
        {
            "about": one,
            "standing": STANDINGS[one.standing],
            "by": BY.get(one.by, ""),
            "facts": _facts(one),
            "enters": may and _enters(one) and not (one.by_me and not one.out),
            "takes_out": may and bool(one.known) and not (one.by_me and one.out),
        }
        for one in listed
    ]
    return render(request, "media/nodes.html", {"rows": rows, "staffed": was_staffed()})


@require_safe
def region_proof(request: HttpRequest, region: str) -> HttpResponse:  # noqa: ARG001 - everybody gets the same
    """Give everybody the proof of what the ledger says of a region's engine (LEDG-7).

    Raises:
        Http404: there is no such region, or its entry is not cosigned yet.
    """
    proof = proof_of(region=region)
    if proof is None:
        raise Http404
    return HttpResponse(proof, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=60"})


def _approve(request: HttpRequest, *, region: str, out: bool) -> HttpResponse:
    """Approve with the passkey that was sent, or ask for one."""
    by, now, shown, here = me(request), clock.now(), passkey_in(request), reverse("staff_nodes")
    if shown is None:
        question = ask_word(region=region, out=out, account=by, now=now)
        return confirmation(
            request,
            question=question,
            chosen={"region": region, "out": "yes" if out else ""},
            sentence=_sentence(region, pending(region=region, out=out).described),
            after=_("It takes two people. With the second one’s passkey the ledger says so, for everybody and for good."),
            back=here,
        )
    done = give_word(region=region, out=out, account=by, shown=shown, now=now)
    messages.success(request, _("The ledger has it.") if done else _("You have approved it. It takes another person."))
    return redirect("staff_nodes")


def _sentence(region: str, described: Mapping[str, str]) -> str:
    """Return what the passkey signs, as whoever approves reads it."""
    if not described:
        return _("Region %(region)s: its engine serves no more, and no call is held there.") % {"region": region}
    return _("Region %(region)s: calls may be held on this engine: %(facts)s.") % {
        "region": region,
        "facts": "; ".join(f"{label}: {value}" for label, value, _other in _lines(described, {})),
    }


def _enters(one: Listed) -> bool:
    """Tell whether the settings name an engine that the ledger does not."""
    return one.standing in {Standing.NEW, Standing.OTHER, Standing.TAKEN_OUT}


def _facts(one: Listed) -> list[tuple[str, str, str]]:
    """Return what settings and ledger say of an engine, and what differs."""
    return _lines(one.wanted or one.known, one.known if _enters(one) and one.known else {})


def _lines(said: Mapping[str, str], other: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the facts of an engine in words: label, value, and what stands in the ledger instead, if that differs."""
    return [
        (str(label), _word(name, said[name]), _word(name, other[name]) if other and other[name] != said[name] else "")
        for name, label in LABELS.items()
        if name in said and (name != "redis" or said[name] or (other and other[name]))  # only older entries name one (REG-12)
    ]


def _word(name: str, value: str) -> str:
    """Return one fact in the reader's language."""
    if name == "territory":
        return territory_name(code=value, language=get_language() or "en") if value else "—"
    if name == "engine" and value == HERE:
        return _("on this machine, started by this server")
    return value.replace(",", ", ") or "—"
