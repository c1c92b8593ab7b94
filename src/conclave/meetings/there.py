"""Where whoever sits in a call was when they came: the columns of a seat, and the evidence that they are (docs/protocol/orders.md)."""

from typing import TypedDict

from conclave.gate.policy import NOWHERE, Confidence, Evidence
from conclave.meetings.models import Participant


class Columns(TypedDict):
    """What a seat keeps of it."""

    country: str
    geo_confidence: str
    geo_database: str
    geo_built_at: int


def columns_of(*, evidence: Evidence) -> Columns:
    """Return what a seat keeps of evidence: a country only where it is sure, never an address.

    Args:
        evidence: where somebody is.
    """
    return Columns(
        country=evidence.country,
        geo_confidence=evidence.confidence.value,
        geo_database=evidence.database,
        geo_built_at=evidence.built_at,
    )


# Nobody's place outlives the call.
FORGOTTEN = Columns(country="", geo_confidence="", geo_database="", geo_built_at=0)


def evidence_of(*, row: Participant) -> Evidence:
    """Return where somebody was when they came.

    Args:
        row: their seat.
    """
    if not row.geo_confidence:
        return NOWHERE
    return Evidence(country=row.country, confidence=Confidence(row.geo_confidence), database=row.geo_database, built_at=row.geo_built_at)
