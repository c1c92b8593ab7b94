"""The pages of an organisation's policy: what holds, what a change would do to whom, and what held before."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conclave.accounts import organisations, rulebook
from conclave.accounts.organisations import Belonging
from conclave.accounts.policy import Act
from conclave.accounts.queries import me
from conclave.accounts.rulebook import Version
from conclave.accounts.rules import Policy, Rule, hosts
from conclave.accounts.school_list import contact_in
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate
from conclave.meetings.ruled import concerned
from conclave.site.policy_forms import PolicyForm, answers
from conclave.site.policy_words import Said, said

SAVE_RATE = Rate(name="policy_save", burst=20, every_ms=clock.MINUTE)
# A look goes through all of the organisation's meetings.
LOOK_RATE = Rate(name="policy_look", burst=30, every_ms=5 * clock.SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A rule that would change: what holds, what would, and for how many."""

    before: Said
    after: Said
    people: int
    meetings: int


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, organisation: str) -> HttpResponse:
    """Show the policy and what held before; look at a change before it is made, and save it once it was looked at."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.SEE_POLICY)
    current = rulebook.current(organisation=organisation, account=me(request))
    if request.method == "POST":
        return _change(request, own=own, current=current)
    number = request.GET.get("version", "")
    if number.isascii() and number.isdigit() and len(number) < 9:
        wanted = rulebook.version(organisation=organisation, account=me(request), number=int(number))
        form = _form(request, own, answers(policy=wanted.policy, addresses=_listed(request, own, wanted.policy) or []))
        return _look(request, own=own, current=current, wanted=wanted.policy, form=form, back_to=wanted)
    form = PolicyForm(initial=answers(policy=current.policy, addresses=_listed(request, own, current.policy) or []))
    return _show(request, own=own, current=current, form=form)


def _change(request: HttpRequest, *, own: Belonging, current: Version) -> HttpResponse:
    """Show what was typed beside what holds; save it if that was looked at, and nobody has saved another since."""
    organisation, account = own.organisation, me(request)
    rulebook.current(organisation=organisation, account=account, act=Act.CHANGE_POLICY)
    form = _form(request, own, request.POST)
    if not form.is_valid():
        return _show(request, own=own, current=current, form=form)
    seen = _number(request.POST.get("seen"))
    back_to = max(_number(request.POST.get("back_to")), 0) or None
    if seen != current.number:
        return _look(request, own=own, current=current, wanted=form.policy(), form=form, stale=True)
    if "confirmed" not in request.POST:
        return _look(request, own=own, current=current, wanted=form.policy(), form=form)
    now = clock.now()
    LIMITER.check(rate=SAVE_RATE, subject=account, now=now)
    try:
        rulebook.save(organisation=organisation, account=account, policy=form.policy(), seen=seen, back_to=back_to, now=now)
    except rulebook.PolicyStale:
        newer = rulebook.current(organisation=organisation, account=account)
        return _look(request, own=own, current=newer, wanted=form.policy(), form=form, stale=True)
    messages.success(request, _("The policy is saved. It holds from now on."))
    return redirect("organisation_policy", organisation)


def _show(request: HttpRequest, *, own: Belonging, current: Version, form: PolicyForm) -> HttpResponse:
    """Show the policy to change or, for whoever only reads it, in words."""
    shown = {
        "own": own,
        "form": form,
        "current": current,
        "rules": said(policy=current.policy, listed=_listed(request, own, current.policy)),
        "school": contact_in(organisation=own.organisation, account=me(request)) is not None,
        "versions": rulebook.versions(organisation=own.organisation, account=me(request)),
    }
    return render(request, "organisations/policy.html", shown, status=422 if form.errors else 200)


def _look(
    request: HttpRequest,
    *,
    own: Belonging,
    current: Version,
    wanted: Policy,
    form: PolicyForm,
    back_to: Version | None = None,
    stale: bool = False,
) -> HttpResponse:
    """Show what would change, for whom, before it does."""
    LIMITER.check(rate=LOOK_RATE, subject=me(request), now=clock.now())
    shown = {
        "own": own,
        "form": form,
        "current": current,
        "back_to": back_to,
        "stale": stale,
        "changes": _changes(request, own=own, before=current.policy, after=wanted),
    }
    return render(request, "organisations/policy_change.html", shown, status=rulebook.PolicyStale.status if stale else 200)


def _changes(request: HttpRequest, *, own: Belonging, before: Policy, after: Policy) -> list[Change]:
    """Return the rules in which two policies differ, each with how many people and meetings that concerns."""
    roles = rulebook.roles_held(organisation=own.organisation, account=me(request))
    counted = concerned(organisation=own.organisation, before=before, after=after)
    people = {rule: owners for rule, (_meetings, owners) in counted.items()}
    people[Rule.HOSTS] = sum(_may(before, role, seat) != _may(after, role, seat) for seat, role in roles.items())
    people[Rule.SIGN_IN] = len(roles)
    both = zip(*(said(policy=policy, listed=_listed(request, own, policy)) for policy in (before, after)), strict=True)
    return [
        Change(before=first, after=second, people=people[Rule(first.rule)], meetings=counted.get(Rule(first.rule), (0, 0))[0])
        for first, second in both
        if rulebook.differs(rule=Rule(first.rule), first=before, second=after)
    ]


def _may(policy: Policy, role: str, membership: str) -> bool:
    """Tell whether nothing keeps somebody from hosting; what is only recommended does not."""
    return Rule.HOSTS not in policy.enforced or hosts(policy=policy, role=role, membership=membership)


def _form(request: HttpRequest, own: Belonging, typed: object) -> PolicyForm:
    """Return a form with answers, which knows the members whose addresses stand in it."""
    said_people = str(typed.get("host_people", "")) if hasattr(typed, "get") else ""
    addresses = said_people.lower().replace(",", " ").replace(";", " ").split()[:1000]
    people = {}
    if Act.SEE_PEOPLE in own.may:
        people = rulebook.memberships_of(organisation=own.organisation, account=me(request), addresses=addresses)
    return PolicyForm(typed, people=people)


def _listed(request: HttpRequest, own: Belonging, policy: Policy) -> list[str] | None:
    """Return the addresses of those to host who are named; None for whoever is not shown people."""
    if Act.SEE_PEOPLE not in own.may:
        return None
    return rulebook.addresses_of(organisation=own.organisation, account=me(request), memberships=policy.host_people)


def _number(raw: str | None) -> int:
    """Return a version's number out of a form; one that none has for what is none."""
    return int(raw) if raw is not None and raw.isascii() and raw.isdigit() and len(raw) < 9 else -1
