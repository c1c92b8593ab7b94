"""For how long orders are kept, once they are closed; their leaves stay in the ledger for good."""

from django.db.models import QuerySet

from conclave.authorities.models import Disclosure, EffectReport, Glass, Hand, Measure, Order, Restoration, Review, Subject
from conclave.authorities.policy import State
from conclave.kernel import clock, retention

# As long as reports on them can be asked for.
CLOSED_MS = 5 * 365 * clock.DAY


def _forget(rows: QuerySet[Order], _now: int) -> None:
    """Delete orders and all that hangs on them; nothing but this does."""
    Restoration.objects.filter(measure__order__in=rows).delete()
    Subject.objects.filter(disclosure__order__in=rows).delete()
    for table in (EffectReport, Review, Hand, Measure, Disclosure):
        table.objects.filter(order__in=rows).delete()
    rows.delete()


ORDERS = retention.keeps(
    name="authorities.order",
    ms=CLOSED_MS,
    rows=lambda now: Order.objects.filter(state=State.CLOSED, received_at__lte=now - CLOSED_MS),
    purge=_forget,
)
# As long as an organisation may ask who has looked.
GLASS_MS = 5 * 365 * clock.DAY
GLASS = retention.keeps(name="authorities.glass", ms=GLASS_MS, rows=lambda now: Glass.objects.filter(asked_at__lte=now - GLASS_MS))
