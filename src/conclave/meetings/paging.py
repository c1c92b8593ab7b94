"""Lists of meetings a page at a time, read along an index from where the page before ended: a page costs the same however many there are.

Where a page ended is told sealed, and only for the same list: whoever may know that meetings exist is not told their ids by it (MEET-20).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cryptography.fernet import InvalidToken
from django.db.models import F, Q, QuerySet

from conclave.accounts.rules import Ruling
from conclave.accounts.sealed import seal, unseal
from conclave.kernel.errors import Malformed
from conclave.meetings.models import Meeting

LONGEST_PLACE = 200
_PLACE = re.compile(r"(\d{1,15})\.([A-Za-z0-9_-]{22})")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list; `after` is where the next one begins, empty at the end."""

    rows: list[T]
    after: str


def page_of(
    rows: QuerySet[Meeting],
    *,
    of: str,
    key: str,
    after: str,
    size: int,
    told: Callable[[Any, dict[str, Ruling | None]], T],
    strictly: bool = False,
) -> Page[T]:
    """Return the rows that follow a place in an order, as plain values; what is made or deleted meanwhile moves no other out of its place.

    Args:
        rows: the whole list.
        of: whose it is.
        key: the column by which it is ordered, falling with a "-" before it.
        after: the place, as the page before said it; empty is the beginning.
        size: how many, at most.
        told: makes the plain values of a row, with what was asked of organisations already.
        strictly: whether what is no place is refused; else it is the beginning.

    Raises:
        Malformed: it is, and no page of this list ever said this.
    """
    kind, column, falling = f"place/{key}/{of}", key.removeprefix("-"), key.startswith("-")
    place = _opened(after, kind=kind)
    if place is None and after and strictly:
        raise Malformed
    if place is not None:
        at, name = place
        # Said in this form, so that the index is entered at the place itself.
        rows = rows.filter(**{f"{column}__{'lte' if falling else 'gte'}": at})
        rows = rows.filter(Q(**{f"{column}__{'lt' if falling else 'gt'}": at}) | Q(pk__gt=name))
    found: list[Any] = list(rows.annotate(place=F(column)).order_by(key, "id")[: size + 1])
    known: dict[str, Ruling | None] = {}
    last = found[size - 1] if len(found) > size else None
    return Page(rows=[told(row, known) for row in found[:size]], after=seal(kind=kind, text=f"{last.place}.{last.pk}") if last else "")


def _opened(after: str, *, kind: str) -> tuple[int, str] | None:
    """Return the place that was sealed."""
    try:
        place = _PLACE.fullmatch(unseal(kind=kind, text=after)) if len(after) <= LONGEST_PLACE else None
    except (InvalidToken, UnicodeEncodeError):
        return None
    return (int(place[1]), place[2]) if place else None
