"""The page on orders of public authorities: the policy, as the code enforces it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from conclave.accounts import staff_policy
from conclave.accounts.staff import LABELS
from conclave.authorities import narrowing, policy, terminal, words
from conclave.authorities.standing import SENTENCES, is_staffed
from conclave.kernel import clock
from conclave.site import request_words, requests
from conclave.site.inventory import inventory
from conclave.site.requests import May, Place


@require_safe
def government_requests(request: HttpRequest) -> HttpResponse:
    """Say what becomes of an order here: from whom, how far, who decides, what is refused, what is never done."""
    config = settings.CONCLAVE
    chosen = policy.Policy(config.order_policy)
    shown = {
        "policy": request_words.POLICIES[chosen],
        "staffed": is_staffed(),
        "established": [words.called(code) for code in sorted(config.established)],
        "channels": words.CHANNELS.values(),
        "follows": [
            (words.KINDS[kind], [words.AUTHORITIES[one] for one in found]) for kind, found in requests.follows(chosen=chosen).items()
        ],
        "items": [words.ITEMS[item] for item in requests.items()],
        "measures": words.MEASURES.values(),
        "fields": _fields(),
        "drafts": [(request_words.DRAFTS[one.id], SENTENCES[one.fault] if one.fault else None) for one in requests.drafts()],
        "places": [_place(one) for one in requests.places()],
        "acts": [_act(one) for one in requests.acts()],
        "steps": [(words.STATES[state], [words.STATES[one] for one in leads]) for state, leads in requests.steps()],
        "grounds": words.GROUNDS.values(),
        "terminal": words.TERMINAL.values(),
        **_numbers(),
        **_decided(),
    }
    return render(request, "requests.html", shown)


def _fields() -> list[tuple[str, str]]:
    """Return what an order can ask for at all, as the inventory has it marked."""
    parts = inventory(language=get_language() or settings.LANGUAGE_CODE)
    return [(table.title, row.text) for part in parts for table in part.tables for row in table.rows if row.disclose]


def _numbers() -> dict[str, int]:
    """Return the numbers of the rules, in the units of the page."""
    return {
        "approvers": policy.APPROVERS,
        "fresh_minutes": staff_policy.FRESH_MS // clock.MINUTE,
        "told_days": narrowing.LONGEST_TOLD_MS // clock.DAY,
        "deferred_days": narrowing.LONGEST_DEFERRED_MS // clock.DAY,
        "longest_days": policy.LONGEST_MS // clock.DAY,
        "restored_hours": policy.RESTORED_WITHIN_MS // clock.HOUR,
        "after_days": terminal.AFTER_MS // clock.DAY,
    }


def _decided() -> dict[str, bool]:
    """Return what the rules answer to single questions."""
    return {
        "fewer_do": requests.approvals_are_enough(count=policy.APPROVERS - 1),
        "there_approve": requests.may_approve(works="CN", claimed="CN", court=True, established=[]),
        "elsewhere_approve": requests.may_approve(works="FR", claimed="CN", court=True, established=[]),
        "home_approve": requests.may_approve(works="FR", claimed="FR", court=True, established=["FR"]),
        "home_approve_without_court": requests.may_approve(works="FR", claimed="FR", court=False, established=["FR"]),
        "waits": requests.waits_for_witness(),
        "ends": requests.over_at_its_end(),
    }


def _place(one: Place) -> tuple[str, str, str, bool]:
    """Return a row of the table of territories in words."""
    there = words.called(one.there) if one.there else "—"
    return there, str(request_words.SURE[one.confidence]), words.called(one.territory), one.met


def _act(one: May) -> tuple[str, list[tuple[str, str]], bool]:
    """Return a row of the table of the staff in words: the act, each role with how far it goes, and whether a passkey is asked for."""
    roles = [(str(LABELS[role]), str(request_words.EXTENTS.get(extent, ""))) for role, extent in one.roles.items()]
    return str(request_words.ACTS[one.act]), roles, one.passkey
