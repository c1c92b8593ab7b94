"""For how long keys of the delivery service are kept; rows of a call go with it (settle.py, incarnation.py)."""

from conclave.kernel import retention
from conclave.keys.franking import KEPT_MS

FRANKING = retention.keeps(name="keys.franking", ms=KEPT_MS)
