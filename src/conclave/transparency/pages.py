"""The public ledger, for people and for whoever checks it; nothing here is about the asker, and all of it may be kept by caches."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from conclave.transparency import checkpoints, tree, witnesses
from conclave.transparency.models import Checkpoint, Witness
from conclave_verify.tile import parse_path

TEXT = "text/plain; charset=utf-8"
A_MOMENT, FOR_GOOD = "public, max-age=2", "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """A witness as people read of it: its name, when it last signed, and what was wrong since."""

    name: str
    seen_at: int | None
    failure: str


@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    """Say how large the ledger is, what was signed last, and who has seen it."""
    last = _published()
    told = {
        "size": last.size if last else 0,
        "last": last,
        "waiting": checkpoints.appended() - (last.size if last else 0),
        "log": witnesses.key().vkey,
        "watchers": _watchers(),
        "cosigned": last is not None and _is_cosigned(last),
        "independent": witnesses.is_independent(),
        "trouble": checkpoints.trouble(),
        "site": settings.CONCLAVE.public_url.rstrip("/"),
    }
    return render(request, "transparency/ledger.html", told)


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - everybody gets the same
    """Give the newest checkpoint that enough witnesses have signed; before there is one, the newest that the log has.

    Raises:
        Http404: there is no entry yet.
    """
    last = _published()
    if last is None:
        raise Http404
    return HttpResponse(checkpoints.signed(checkpoint=last), content_type=TEXT, headers={"Cache-Control": A_MOMENT})


@require_safe
def policy(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - everybody gets the same
    """Give the policy file: which log, which witnesses, how many of them (LEDG-6).

    Raises:
        Http404: our own witness has no key yet.
    """
    try:
        text = witnesses.policy_text()
    except witnesses.PolicyWrong as error:
        raise Http404 from error
    return HttpResponse(text, content_type=TEXT, headers={"Cache-Control": A_MOMENT})


@gzip_page
@require_safe
def tile(request: HttpRequest, tile: str) -> HttpResponse:  # noqa: ARG001 - everybody gets the same
    """Give a tile of hashes or a bundle of entries (LEDG-3).

    Raises:
        Http404: it is none, or the tree does not have it.
    """
    wanted = parse_path(tile)
    content = tree.content(wanted=wanted) if wanted else None
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="application/octet-stream", headers={"Cache-Control": FOR_GOOD})


def _published() -> Checkpoint | None:
    """Return the checkpoint that everybody is shown."""
    try:
        found = checkpoints.cosigned(policy=witnesses.policy(), above=-1)
    except witnesses.PolicyWrong:
        found = None
    return found or checkpoints.newest()


def _is_cosigned(last: Checkpoint) -> bool:
    """Tell whether enough witnesses have signed it."""
    try:
        return checkpoints.cosigned(policy=witnesses.policy(), above=last.size - 1) is not None
    except witnesses.PolicyWrong:
        return False


def _watchers() -> list[Watcher]:
    """Return the witnesses of the policy."""
    try:
        keys = [witness.key for witness in witnesses.policy().witnesses.values()]
    except witnesses.PolicyWrong:
        return []
    rows = {row.vkey: row for row in Witness.objects.filter(vkey__in=[key.vkey for key in keys])}
    return [
        Watcher(name=key.name, seen_at=row.answered_at if row else None, failure=row.failure if row else "")
        for key in keys
        for row in [rows.get(key.vkey)]
    ]
