"""The journal shows when somebody changed, removed or slipped in a row."""

import pytest
from django.db import transaction

from conclave.transparency.journal import first_broken, journal
from conclave.transparency.models import Head, JournalEntry, JournalOpening
from conclave.transparency.retention import READABLE, READABLE_MS


@pytest.fixture
def _three_rows(db: None) -> None:  # noqa: ARG001 - the fixture opens the database
    for number in range(3):
        assert journal(kind="role_given", fields={"account": f"person {number}"}, now=number) == number


@pytest.mark.usefixtures("_three_rows")
def test_an_untouched_journal_holds() -> None:
    assert first_broken() is None
    assert JournalOpening.objects.filter(entry_id=1).get().value == "person 1"


@pytest.mark.usefixtures("_three_rows")
def test_a_changed_row_is_found() -> None:
    row = JournalEntry.objects.get(index=1)
    row.leaf = row.leaf.replace("role_given", "role_taken")
    row.save()
    assert first_broken() == 1


@pytest.mark.usefixtures("_three_rows")
@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_removed_row_is_found(index: int) -> None:
    JournalOpening.objects.filter(entry_id=index).delete()
    JournalEntry.objects.filter(index=index).delete()
    assert first_broken() == index


@pytest.mark.usefixtures("_three_rows")
def test_a_cut_head_is_found() -> None:
    Head.objects.filter(chain="journal").update(size=2)
    assert first_broken() == 3


@pytest.mark.usefixtures("_three_rows")
def test_an_erased_opening_breaks_nothing() -> None:
    JournalOpening.objects.all().delete()
    assert first_broken() is None


@pytest.mark.django_db
def test_an_empty_journal_holds() -> None:
    assert first_broken() is None


@pytest.mark.django_db(transaction=True)
def test_a_row_belongs_to_the_transaction_of_its_action() -> None:
    with pytest.raises(RuntimeError):
        journal(kind="role_given", fields={}, now=1)
    with transaction.atomic():
        journal(kind="role_given", fields={}, now=1)
        transaction.set_rollback(True)
    assert JournalEntry.objects.count() == 0


@pytest.mark.usefixtures("_three_rows")
def test_after_a_year_nobody_can_read_it_any_more_and_it_still_holds() -> None:
    assert READABLE.sweep(now=READABLE_MS) == 1
    assert list(JournalOpening.objects.values_list("entry_id", flat=True)) == [1, 2]
    assert JournalEntry.objects.count() == 3
    assert first_broken() is None
