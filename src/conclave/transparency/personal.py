"""What the chains say of one person, and making it unreadable for good."""

from collections.abc import Iterable, Iterator

from django.db.models import F, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import Contains

from conclave.transparency.models import JournalOpening, Opening


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return what was written down of a person's acts, oldest first; of other people only random numbers stand there, which are left out.

    Args:
        account: whose.
    """
    return {"journal": _entries(JournalOpening, account), "ledger": _entries(Opening, account)}


def erase(*, account: str, now: int) -> None:  # noqa: ARG001 - every domain's erase takes its time
    """Destroy value and salt of every field that names a person: the rows stay, and nobody can read any more whom they are about.

    Args:
        account: whose.
        now: the time.
    """
    JournalOpening.objects.filter(_names(account)).delete()
    Opening.objects.filter(_names(account)).delete()


def _entries(table: type[JournalOpening] | type[Opening], account: str) -> Iterator[dict[str, object]]:
    """Yield what was done, when, and as what the person is named there."""
    told = {"index": F("entry__index"), "kind": F("entry__kind"), "appended_at": F("entry__appended_at")}
    for row in table.objects.filter(_names(account)).order_by("entry_id", "field").values("field", **told).iterator():
        yield {**row}


def _names(account: str) -> Contains:
    """Return the condition that a value names the account, be it within a longer one; an id is too random to be there by chance."""
    return Contains(Cast("value", TextField()), account)
