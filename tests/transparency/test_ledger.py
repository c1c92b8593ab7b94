"""The ledger has no gaps, keeps its leaves, and forgets what is erased."""

import json

import pytest
from django.db import IntegrityError, transaction

from conclave.transparency.ledger import append, last, obj_of, openings
from conclave.transparency.models import LedgerEntry, Opening
from conclave.transparency.sealing import opens
from tests.conftest import Writers


@pytest.mark.django_db
def test_entries_are_numbered_from_zero_and_refer_to_each_other() -> None:
    first = append(kind="ORDER", fields={"territory": "CN"}, now=1)
    entry = LedgerEntry.objects.get(index=first)
    second = append(kind="ORDER_STATE", fields={"state": "refused"}, now=2, obj=entry.obj, prev=first)
    assert (first, second) == (0, 1)
    leaf = json.loads(LedgerEntry.objects.get(index=second).leaf)
    assert (leaf["obj"], leaf["prev"]) == (entry.obj, 0)


@pytest.mark.django_db
def test_openings_open_until_they_are_destroyed() -> None:
    index = append(kind="SOR", fields={"territory": "FR", "minutes": 7, "redacted": True}, now=1)
    leaf = LedgerEntry.objects.get(index=index).leaf
    found = openings(index=index)
    assert {one.field: one.value for one in found} == {"territory": "FR", "minutes": 7, "redacted": True}
    assert all(opens(leaf=leaf.encode(), opening=one) for one in found)
    Opening.objects.filter(entry_id=index, field="territory").delete()
    assert [one.field for one in openings(index=index)] == ["minutes", "redacted"]
    assert LedgerEntry.objects.get(index=index).leaf == leaf
    assert openings(index=99) == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [{"obj": "x"}, {"obj": ""}, {"kind": "ORDER"}, {"kind": "STATE"}, {"kind": ""}, {"leaf": "{}"}, {"leaf": ""}],
    ids=["obj", "no obj", "kind", "part of the kind", "no kind", "leaf", "no leaf"],
)
def test_the_database_finds_an_entry_by_nothing_but_what_its_leaf_says(changed: dict[str, str]) -> None:
    index = append(kind="ORDER_STATE", fields={"state": "quashed"}, now=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.filter(index=index).update(**changed)
    entry = LedgerEntry.objects.get(index=index)
    swapped = entry.obj.swapcase()
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.filter(index=index).update(obj=swapped)


@pytest.mark.django_db(transaction=True)
def test_an_entry_lives_and_dies_with_its_action() -> None:
    with pytest.raises(RuntimeError):
        append(kind="ORDER", fields={}, now=1)
    with transaction.atomic():
        append(kind="ORDER", fields={}, now=1)
        transaction.set_rollback(True)
    with transaction.atomic():
        assert append(kind="ORDER", fields={}, now=1) == 0
    assert LedgerEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_writers_leave_no_gap(writers: Writers) -> None:
    writers(lambda: append(kind="ORDER", fields={"n": 1}, now=1), 10)
    assert list(LedgerEntry.objects.order_by("index").values_list("index", flat=True)) == list(range(40))


@pytest.mark.django_db
def test_what_an_entry_is_about_leads_to_the_last_one_about_it_also_after_another() -> None:
    first, _other, newest = (append(kind="PROOF", fields={}, now=1, obj=obj) for obj in ("a", "b", "a"))
    assert (obj_of(index=first), obj_of(index=newest + 1)) == ("a", "")
    assert [last(kind="PROOF", obj="a", after=after) for after in (-1, first, newest)] == [newest, newest, None]
