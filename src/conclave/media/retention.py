"""For how long one person's approval of an engine waits for a second one's."""

from conclave.kernel import retention
from conclave.media.models import NodeApproval
from conclave.media.policy import WORD_MS

APPROVALS = retention.keeps(name="media.node_approval", ms=WORD_MS, rows=lambda now: NodeApproval.objects.filter(at__lte=now - WORD_MS))
