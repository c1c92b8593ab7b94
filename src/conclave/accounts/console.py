"""The pages of organisations: mine, the invitation's, and one organisation's console. Strangers get the answer of what does not exist."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conclave.accounts import belong, organisation_journal, organisations, organise
from conclave.accounts import invite as invitations
from conclave.accounts.organisation_forms import InviteForm, JoinForm, JournalForm, OrganisationForm, RoleForm, TypedNameForm
from conclave.accounts.policy import Act
from conclave.accounts.queries import me
from conclave.accounts.school import flag_minor
from conclave.accounts.school_list import contact_in, renewal_due
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate

FOUND_RATE = Rate(name="organisation_found", burst=10, every_ms=10 * clock.MINUTE)
INVITE_RATE = Rate(name="organisation_invite", burst=200, every_ms=5 * clock.SECOND)
JOIN_RATE = Rate(name="organisation_join", burst=20, every_ms=30 * clock.SECOND)
TAKE_RATE = Rate(name="organisation_journal", burst=10, every_ms=clock.MINUTE)


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show the organisations that somebody belongs to, and what they have to be told of former ones."""
    told = organisations.news(account=me(request), now=clock.now())
    return render(request, "organisations/mine.html", {"organisations": organisations.my_organisations(account=me(request)), "news": told})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an organisation."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        LIMITER.check(rate=FOUND_RATE, subject=me(request), now=now)
        try:
            made = organise.found(name=form.cleaned_data["name"], account=me(request), now=now)
        except organise.OrganisationNameForbidden as error:
            form.add_error("name", error.text)
        else:
            return redirect("organisation", made)
    return render(request, "organisations/new.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Show what an invitation offers, and take it. Its token comes in a body, never in an address."""
    form = JoinForm(request.POST or None)
    if not request.user.is_authenticated or request.method != "POST" or not form.is_valid():
        return render(request, "organisations/join.html", {"form": form}, status=422 if form.errors else 200)
    now, token = clock.now(), form.cleaned_data["token"]
    LIMITER.check(rate=JOIN_RATE, subject=me(request), now=now)
    if "accept" in request.POST:
        organisation = invitations.accept(token=token, account=me(request), now=now)
        messages.success(request, _("You belong to it now."))
        return redirect("organisation", organisation)
    offer = invitations.look_at(token=token, now=now)
    return render(request, "organisations/offer.html", {"offer": offer, "token": token})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: HttpRequest, organisation: str) -> HttpResponse:
    """Show an organisation to whoever belongs, and let them leave."""
    if request.method == "POST":
        belong.leave(organisation=organisation, account=me(request), now=clock.now())
        messages.success(request, _("You have left the organisation."))
        return redirect("organisations")
    own = organisations.belonging(organisation=organisation, account=me(request))
    owners = organisations.owners(organisation=organisation, account=me(request))
    shown = {
        "own": own,
        "owners": owners,
        "contact": contact_in(organisation=organisation, account=me(request)),
        "renewal": renewal_due(organisation=organisation, now=clock.now()),
    }
    return render(request, "organisations/overview.html", shown)


@never_cache
@login_required
@require_safe
def people(request: HttpRequest, organisation: str) -> HttpResponse:
    """List those who belong, a page at a time."""
    words = request.GET.get("words", "")[:200]
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.SEE_PEOPLE)
    shown = organisations.people(organisation=organisation, account=me(request), words=words, page=_number(request.GET.get("page")) or 1)
    query = urlencode({"words": words}) if words else ""
    return render(request, "organisations/people.html", {"own": own, "shown": shown, "words": words, "query": query})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, organisation: str, membership: str) -> HttpResponse:
    """Show one of those who belong; give them another role, hand the organisation over to them, or remove them."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.SEE_PEOPLE)
    about = organisations.person(organisation=organisation, account=me(request), membership=membership)
    form = RoleForm(request.POST if request.POST.get("act") == "role" else None, roles=about.roles, initial={"role": about.role})
    if request.method == "POST" and _change(request, organisation=organisation, about=about, form=form):
        return redirect("organisation_people", organisation)
    school = contact_in(organisation=organisation, account=me(request)) is not None
    shown = {"own": own, "about": about, "form": form, "school": school}
    return render(request, "organisations/person.html", shown, status=422 if form.errors else 200)


def _change(request: HttpRequest, *, organisation: str, about: organisations.Person, form: RoleForm) -> bool:
    """Do what was chosen for somebody, and tell whether anything was."""
    by, whose, now = me(request), about.membership, clock.now()
    name = {"name": about.name or about.address}
    act = request.POST.get("act")
    if act == "role" and form.is_valid():
        belong.change_role(organisation=organisation, account=by, membership=whose, role=form.cleaned_data["role"], now=now)
        messages.success(request, _("%(name)s has another role now.") % name)
    elif act == "remove":
        belong.remove_member(organisation=organisation, account=by, membership=whose, now=now)
        messages.success(request, _("%(name)s does not belong to the organisation any more.") % name)
    elif act == "transfer":
        belong.transfer(organisation=organisation, account=by, membership=whose, now=now)
        messages.success(request, _("%(name)s owns the organisation now. You are an admin.") % name)
    elif act in {"minor", "adult"}:
        flag_minor(organisation=organisation, account=by, membership=whose, minor=act == "minor", now=now)
        said = _("%(name)s is flagged as a minor.") if act == "minor" else _("%(name)s is not flagged any more.")
        messages.success(request, said % name)
    else:
        return False
    return True


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, organisation: str) -> HttpResponse:
    """List the open invitations; make one, whose link is shown once, in the answer."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.INVITE)
    form = InviteForm(request.POST or None, roles=organisations.invitable(role=own.role))
    now, link, address = clock.now(), "", ""
    if request.method == "POST" and form.is_valid():
        LIMITER.check(rate=INVITE_RATE, subject=me(request), now=now)
        address = form.cleaned_data["address"]
        try:
            link = invitations.invite(
                organisation=organisation, account=me(request), address=address, role=form.cleaned_data["role"], now=now
            )
        except (invitations.AddressForbidden, invitations.AlreadyMember) as error:
            form.add_error("address", error.text)
    status = 422 if form.errors else 200
    if link:
        form = InviteForm(roles=organisations.invitable(role=own.role))
    shown = organisations.open_invitations(
        organisation=organisation, account=me(request), page=_number(request.GET.get("page")) or 1, now=now
    )
    context = {"own": own, "form": form, "link": link, "address": address, "shown": shown, "days": invitations.DAYS}
    return render(request, "organisations/invitations.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, organisation: str, invitation: str) -> HttpResponse:
    """Take an open invitation back."""
    invitations.revoke(organisation=organisation, account=me(request), invitation=invitation, now=clock.now())
    messages.success(request, _("The invitation opens nothing any more."))
    return redirect("organisation_invitations", organisation)


@never_cache
@login_required
@require_safe
def journal(request: HttpRequest, organisation: str) -> HttpResponse:
    """Show the journal, a page at a time, the newest first."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.READ_JOURNAL)
    form = JournalForm(request.GET)
    shown = None
    if form.is_valid():
        before = _number(request.GET.get("before"))
        try:
            shown = organisation_journal.journal_page(organisation=organisation, account=me(request), wanted=form.wanted(), before=before)
        except organisation_journal.JournalWordTooWide as error:
            form.add_error("words", error.text)
    query = urlencode({name: request.GET[name] for name in form.fields if request.GET.get(name)})
    context = {"own": own, "form": form, "shown": shown, "query": query}
    return render(request, "organisations/journal.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def take_journal(request: HttpRequest, organisation: str) -> HttpResponseBase:
    """Give the journal as a file, as far as it was looked for; that it was taken stands in it."""
    form, now = JournalForm(request.POST), clock.now()
    file = "csv" if request.POST.get("file") == "csv" else "jsonl"
    if not form.is_valid():
        return redirect("organisation_journal", organisation)
    LIMITER.check(rate=TAKE_RATE, subject=me(request), now=now)
    search = organisation_journal.take_journal(organisation=organisation, account=me(request), wanted=form.wanted(), now=now)
    text = organisation_journal.text_of(organisation=organisation, search=search, form=file, language=get_language())
    kind = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}[file]
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="journal-{clock.to_day(now)}.{file}"'}
    return StreamingHttpResponse(_piece_by_piece(text), headers=headers)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, organisation: str) -> HttpResponse:
    """Give the organisation another name, or dissolve it."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.RENAME)
    dissolving = request.POST.get("act") == "dissolve"
    form = OrganisationForm(request.POST if request.method == "POST" and not dissolving else None, initial={"name": own.name})
    typed = TypedNameForm(request.POST if dissolving else None, auto_id="typed_%s")
    used = typed if dissolving else form
    if request.method == "POST" and used.is_valid():
        act = organise.dissolve if dissolving else organise.rename
        try:
            act(organisation=organisation, account=me(request), name=used.cleaned_data["name"], now=clock.now())
        except (organise.OrganisationNameForbidden, organise.OrganisationNameDiffers) as error:
            used.add_error("name", error.text)
        else:
            messages.success(request, _("The organisation is dissolved.") if dissolving else _("The name is changed."))
            return redirect("organisations") if dissolving else redirect("organisation_settings", organisation)
    return render(request, "organisations/settings.html", {"own": own, "form": form, "typed": typed}, status=422 if used.errors else 200)


async def _piece_by_piece(text: Iterator[str]) -> AsyncIterator[str]:
    """Yield a file while it is read from the database, so that nobody keeps the whole of it."""

    def read() -> str:
        # In a thread that answers nobody else meanwhile, and gives the connection back between two pieces.
        try:
            return next(text, "")
        finally:
            connection.close()

    while piece := await sync_to_async(read, thread_sensitive=False)():
        yield piece


def _number(raw: str | None) -> int | None:
    """Return a whole number out of an address, or None for what is none."""
    return int(raw) if raw is not None and raw.isascii() and raw.isdigit() and len(raw) < 16 else None
