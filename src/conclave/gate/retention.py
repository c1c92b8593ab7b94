"""For how long restrictions are kept once they forbid nothing any more."""

from django.db.models import Q

from conclave.gate.models import LONGEST_MS, Application, Restriction
from conclave.kernel import retention
from conclave.kernel.clock import DAY

# KNOCK-5: for so long a refusal still counts for how long the next one holds.
REMEMBERED_MS = DAY
OVER = retention.keeps(
    name="gate.restriction", ms=REMEMBERED_MS, rows=lambda now: Restriction.objects.filter(ends_at__lte=now - REMEMBERED_MS)
)
# Whoever was met by an order may complain for six months after it is over (DSA art. 20), and for as long the notice tells what was done.
APPLIED_MS = 183 * DAY
APPLIED = retention.keeps(
    name="gate.application",
    ms=APPLIED_MS,
    # A measure is over after LONGEST_MS (ORD-4), whether or not that was written down for each of its rows.
    rows=lambda now: Application.objects.filter(Q(undone_at__lte=now - APPLIED_MS) | Q(at__lte=now - LONGEST_MS - APPLIED_MS)),
)
