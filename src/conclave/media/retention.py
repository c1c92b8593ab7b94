"""For how long one person's approval of an engine waits for a second one's, and a gateway that is gone is remembered."""

from conclave.kernel import clock, retention
from conclave.media.models import Gateway, NodeApproval
from conclave.media.policy import WORD_MS

APPROVALS = retention.keeps(name="media.node_approval", ms=WORD_MS, rows=lambda now: NodeApproval.objects.filter(at__lte=now - WORD_MS))
GATEWAYS = retention.keeps(name="media.gateway", ms=clock.DAY, rows=lambda now: Gateway.objects.filter(at__lte=now - clock.DAY))
