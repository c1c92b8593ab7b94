"""What this server keeps, as the inventory says: of which fields a data order may be told (ORD-16). The inventory is the only list of them.

It stands above this domain (site/inventory.toml), so it makes itself known at the start. Until it has, nothing may be told.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conclave.accounts import disclosed as accounts
from conclave.meetings import disclosed as meetings

# By table: the rows that are one person's, so that fields of them can be told.
TABLES = {**accounts.TABLES, **meetings.TABLES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column that is kept: "accounts.User.email", what its table is called, why it is there, and whether it may be told."""

    name: str
    table: str
    text: str
    disclose: bool


Source = Callable[[str], Iterable[Field]]
_sources: list[Source] = []


def learn(*, source: Source) -> None:
    """Take the inventory.

    Args:
        source: returns every field in a language, "en" or "fr".
    """
    _sources[:] = [source]


def marks() -> dict[str, bool]:
    """Return every field that is kept, and whether the inventory marks it disclosable."""
    return {one.name: one.disclose for source in _sources for one in source("en")}


def offered(*, language: str) -> list[Field]:
    """Return the fields that may be told, in the inventory's order.

    Args:
        language: "en" or "fr".
    """
    known = [one for source in _sources for one in source(language)]
    return [one for one in known if one.disclose and one.name.rpartition(".")[0] in TABLES]
