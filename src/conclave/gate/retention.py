"""For how long restrictions are kept once they forbid nothing any more."""

from conclave.gate.models import Restriction
from conclave.kernel import retention
from conclave.kernel.clock import DAY

# KNOCK-5: for so long a refusal still counts for how long the next one holds.
REMEMBERED_MS = DAY
OVER = retention.keeps(
    name="gate.restriction", ms=REMEMBERED_MS, rows=lambda now: Restriction.objects.filter(ends_at__lte=now - REMEMBERED_MS)
)
