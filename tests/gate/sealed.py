"""Measures as the ledger has them after two approvals, for tests of what they do at the gate and in calls."""

from dataclasses import replace

from django.db import transaction

from conclave.gate.approved import sealed_of
from conclave.gate.policy import Measure
from conclave.kernel.ids import new_id
from conclave.transparency.ledger import append


def sealed(measure: Measure, *, state: str = "executing") -> Measure:
    """Return a measure with its leaf, whose order stands so."""
    obj, now = new_id(), measure.starts_at
    with transaction.atomic():
        leaf = append(kind="MEASURE", fields=sealed_of(measure=measure), obj=obj, now=now)
        append(kind="ORDER_STATE", fields={"state": state}, obj=obj, prev=leaf, now=now)
    return replace(measure, leaf=leaf)
