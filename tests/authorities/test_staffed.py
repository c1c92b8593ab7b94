"""Each day the ledger is told whether the desk of orders is staffed (ORD-15, REP-3)."""

import pytest

from conclave.accounts.models import StaffMember
from conclave.authorities import staffed
from conclave.kernel import clock
from conclave.transparency.models import LedgerEntry, Opening
from tests.authorities.desk import NOW, Desk

pytestmark = pytest.mark.django_db
START = NOW - NOW % clock.DAY + 8 * clock.HOUR


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin anew."""
    monkeypatch.setattr(staffed, "_began", {})
    monkeypatch.setattr(staffed, "_pace", clock.Seldom(every_ms=staffed._pace.every_ms))


def said() -> list[tuple[str, str]]:
    """Return what the ledger was told, day by day."""
    entries = LedgerEntry.objects.filter(kind=staffed.KIND).order_by("index").values_list("index", flat=True)
    told = [dict(Opening.objects.filter(entry_id=index).values_list("field", "value")) for index in entries]
    assert all(one["desk"] == "orders" for one in told)
    return [(one["day"], one["staffed"]) for one in told]


def runs(since: int, until: int) -> None:
    """Let the server run for a while."""
    for now in range(since, until + 1, 10 * clock.MINUTE):
        staffed.settle(now)


def test_a_day_is_said_once_and_each_day_anew(desk: Desk) -> None:
    runs(START, START + 50 * clock.MINUTE)
    assert said() == [], "somebody may only be having a look"
    runs(START + clock.HOUR, START + clock.DAY)
    days = [clock.to_day(START), clock.to_day(START + clock.DAY)]
    assert said() == [(day, "yes") for day in days]
    StaffMember.objects.filter(user=desk.ben.user).delete()
    StaffMember.objects.filter(user=desk.zoe.user).delete()
    runs(START + clock.DAY, START + 2 * clock.DAY)
    assert said()[2:] == [(clock.to_day(START + 2 * clock.DAY), "no")]


def test_another_gateway_that_was_faster_has_said_it(monkeypatch: pytest.MonkeyPatch) -> None:
    runs(START, START + clock.HOUR)
    assert len(said()) == 1
    monkeypatch.setattr(staffed, "_pace", clock.Seldom(every_ms=1))
    staffed.settle(START + 2 * clock.HOUR)
    assert len(said()) == 1
