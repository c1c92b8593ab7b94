"""What orders say of one person: of the staff, in which they had a part; of anybody, which measure is about their account
and what was told of them.
"""

from collections.abc import Iterable, Iterator

from django.db.models import F, Q, QuerySet

from conclave.authorities.glass_rule import Scope
from conclave.authorities.models import ERASED, Glass, Hand, Measure, Subject
from conclave.meetings.touched import meetings_of

_PARTS = ("order", "part", "at", "work_country")
_GLASS = ("reason", "asked_at", "opened_at")
_MEASURES = ("kind", "territory", "starts_at", "ends_at", "state")


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return a person's parts in orders and behind the glass, the measures on their account, what was told of them, and who
    looked at what is theirs: that it was somebody, and not who.

    Args:
        account: whose.
    """
    parts = Hand.objects.filter(account=account).order_by("at", "pk")
    measures = Measure.objects.filter(account=account).order_by("starts_at", "pk")
    # Whoever is not to be told yet does not learn it here either; the deferral has an end (ORD-19).
    told = Subject.objects.filter(account=account, told_at__isnull=False).order_by("given_at", "pk")
    own = Q(scope=Scope.ADDRESSES, target=account) | Q(scope=Scope.MEETING, target__in=meetings_of(owner=account))
    opened = Glass.objects.filter(own, opened_at__isnull=False).order_by("opened_at", "leaf")
    return {
        "glass_opened": opened.values("scope", "target", "opened_at", entry=F("leaf")).iterator(),
        "told_to_authorities": _told(told),
        "glass_asked": Glass.objects.filter(asker=account).order_by("asked_at", "pk").values("scope", *_GLASS).iterator(),
        "glass_agreed": Glass.objects.filter(second=account).order_by("asked_at", "pk").values("scope", *_GLASS).iterator(),
        "order_parts": parts.values(*_PARTS).iterator(),
        "measures": measures.values("id", *_MEASURES).iterator(),
    }


def _told(rows: QuerySet[Subject]) -> Iterator[dict[str, object]]:
    """Yield what was in fact told of somebody; what was left out by then was not."""
    for row in rows.select_related("disclosure").iterator():
        given = {"territory": row.territory, "given_at": row.given_at, "told_at": row.told_at}
        yield {"id": row.pk, **given, "fields": row.disclosure.handed()}


def erase(*, account: str, now: int) -> None:  # noqa: ARG001 - every domain's erase takes its time
    """Take a person out of orders: what was done stays, and not who did it or whom it was about.

    Args:
        account: whose.
        now: the time.
    """
    for hand in Hand.objects.filter(account=account):
        # Still one person in each part.
        Hand.objects.filter(pk=hand.pk).update(account=f"{ERASED}-{hand.pk}")
    Measure.objects.filter(account=account).update(account=ERASED)
    for glass in Glass.objects.filter(Q(asker=account) | Q(second=account) | Q(target=account)):
        names = {"asker": f"{ERASED}-1", "second": f"{ERASED}-2", "target": ERASED}
        Glass.objects.filter(pk=glass.pk).update(**{name: put for name, put in names.items() if getattr(glass, name) == account})
    for subject in Subject.objects.filter(account=account):
        Subject.objects.filter(pk=subject.pk).update(account=f"{ERASED}-{subject.pk}")
