"""Who was refused because of regions is counted, and the ledger says how many those were, once a day (REG-3, REP-3)."""

from typing import Any

import pytest

from conclave.kernel import clock
from conclave.media import placement
from conclave.meetings import turned
from conclave.meetings.models import RegionRefusal
from conclave.transparency.models import LedgerEntry, Opening
from tests.meetings.conftest import Joins, Link, Posts, device_of, key_of
from tests.meetings.test_regions import Sets, says, sets

__all__ = ["sets"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count from nothing."""
    monkeypatch.setattr(turned, "_counted", type(turned._counted)())
    monkeypatch.setattr(turned, "_writes", clock.Seldom(every_ms=turned.WRITTEN_MS))
    monkeypatch.setattr(turned, "_looks", clock.Seldom(every_ms=1))


def rows() -> list[tuple[str, int]]:
    return list(RegionRefusal.objects.order_by("day", "reason").values_list("reason", "count"))


def entered() -> list[dict[str, Any]]:
    """Return what the ledger was told."""
    indices = LedgerEntry.objects.filter(kind=turned.KIND).order_by("index").values_list("index", flat=True)
    return [dict(Opening.objects.filter(entry_id=index).values_list("field", "value")) for index in indices]


def test_reg_3_a_refusal_by_the_lists_is_counted_and_entered_when_its_day_is_over(sets: Sets, posts: Posts, link: Link) -> None:
    sets(fr={"capacity": 2}, us={"capacity": 0})
    says(link, "XX")
    for _ in range(3):
        answer = posts("/join", {"v": 1, "meeting": link.meeting, "link_id": link.link_id, "name": "Bob", "signature_key": key_of("Bob"),
                                 "device": device_of("Bob")})  # fmt: skip
        assert answer.status_code == 451
    now = clock.now()
    turned.settle(now)
    assert rows() == [("lists", 3)]
    assert entered() == [], "the day still runs"
    tomorrow = now + clock.DAY
    turned.settle(tomorrow)
    turned.settle(tomorrow + clock.MINUTE)
    assert entered() == [{"day": clock.to_day(now), "reason": "lists", "count": 3}]
    assert rows() == []


def test_what_has_nothing_to_do_with_regions_is_not_counted() -> None:
    now = clock.now()
    refusals = (placement.CallFull(), placement.PlaceAwaited(region="fr", position=1, again_at=now), placement.RegionFull())
    for refused in (*refusals, placement.MediaUnavailable()):
        turned.count(refused=refused, now=now)
    turned.settle(now)
    assert rows() == [("down", 1), ("full", 1)]


def joining(posts: Posts, link: Link, name: str) -> tuple[int, str]:
    """Return what somebody is answered who asks to join."""
    asked = {
        "v": 1,
        "meeting": link.meeting,
        "link_id": link.link_id,
        "name": name,
        "signature_key": key_of(name),
        "device": device_of(name),
    }
    answer = posts("/join", asked)
    return answer.status_code, answer.json()["error"]["code"]


def test_reg_10_whom_an_engine_keeps_out_that_the_ledger_does_not_name_is_counted_as_such(
    monkeypatch: pytest.MonkeyPatch, sets: Sets, posts: Posts, link: Link
) -> None:
    sets("fr")
    monkeypatch.setattr("conclave.media.nodes.entered", frozenset)
    assert joining(posts, link, "Bob") == (503, "region_unentered")
    turned.settle(clock.now())
    assert rows() == [("ledger", 1)]


@pytest.mark.usefixtures("sets")
def test_reg_6_whom_a_call_keeps_out_that_has_to_leave_its_region_is_not_counted_as_if_an_engine_were_down(
    posts: Posts, joins: Joins, link: Link
) -> None:
    joins("Bob")
    says(link, "DE")
    assert joining(posts, link, "Ada") == (503, "media_unavailable")
    turned.settle(clock.now())
    assert rows() == [("moves", 1)]


def test_a_crowd_is_written_at_once_and_what_could_not_be_written_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()

    def fails(**_row: object) -> None:
        raise RuntimeError

    for _ in range(500):
        turned.count(refused=placement.RegionFull(), now=now)
    with monkeypatch.context() as broken:
        broken.setattr(RegionRefusal.objects, "get_or_create", fails)
        with pytest.raises(RuntimeError):
            turned.settle(now)
    assert rows() == []
    turned.settle(now + 1000)
    assert rows() == [], "not sooner than in a while"
    turned.settle(now + turned.WRITTEN_MS)
    turned.count(refused=placement.RegionFull(), now=now)
    turned.settle(now + 2 * turned.WRITTEN_MS)
    assert rows() == [("full", 501)]
