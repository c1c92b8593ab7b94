"""Retention: for how long what is kept, said once; the inventory shows the same numbers, and what is over goes by itself.

Each domain registers its own (`retention.py`): which rows are over at a time. Any gateway settles them, several may at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from conclave.kernel import clock, deadlines

# What is kept for days goes within the hour, what is kept for less within the minute.
EVERY_MS, EVERY_SHORT_MS = clock.HOUR, clock.MINUTE
# So many rows at once, so often: the database has one writer, who must not be held up by a year's worth.
MOST_AT_ONCE, ROUNDS = 500, 20

Rows = Callable[[int], QuerySet[Any]]
Purge = Callable[[QuerySet[Any], int], object]


def _delete(rows: QuerySet[Any], _now: int) -> None:
    """Delete the rows and what hangs on them."""
    rows.delete()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """For how long something is kept; what goes by a deadline of its own, or is in no table, has no rows here."""

    name: str
    ms: int
    rows: Rows | None = None
    purge: Purge = _delete
    _pace: clock.Seldom = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look as often as it matters."""
        object.__setattr__(self, "_pace", clock.Seldom(every_ms=EVERY_MS if self.ms > clock.DAY else EVERY_SHORT_MS))

    def settle(self, now: int) -> None:
        """Let go of what is over, once in a while.

        Args:
            now: the time.
        """
        if self.rows is not None and self._pace.due(now=now):
            for _ in range(ROUNDS):
                if self.sweep(now=now) < MOST_AT_ONCE:
                    break

    def sweep(self, *, now: int) -> int:
        """Let go of what is over, at most so much at once; return how many rows that were.

        Args:
            now: the time.
        """
        # Asked first: a deletion takes the database's one writer, also when there is nothing to delete.
        over = list(self.rows(now).values_list("pk", flat=True)[:MOST_AT_ONCE]) if self.rows is not None else []
        if self.rows is not None and over:
            self.purge(self.rows(now).filter(pk__in=over), now)
        return len(over)


_rules: dict[str, Rule] = {}


def keeps(*, name: str, ms: int, rows: Rows | None = None, purge: Purge = _delete) -> Rule:
    """Register for how long something is kept; where rows are given, they go on time from now on.

    Args:
        name: the domain and what, as the inventory names it: "meetings.call".
        ms: for how long.
        rows: returns what is over at a time, of one table.
        purge: lets go of some of these at a time; by default they are deleted.

    Returns:
        The rule.
    """
    rule = Rule(name=name, ms=ms, rows=rows, purge=purge)
    _rules[name] = rule
    deadlines.settles(rule.settle)
    return rule


def rules() -> dict[str, Rule]:
    """Return every rule by its name."""
    return dict(sorted(_rules.items()))


def would_go(*, now: int) -> dict[str, int]:
    """Return, by rule, how many rows are over at a time and still there; nothing is changed (a dry run).

    Args:
        now: the time.
    """
    return {name: rule.rows(now).count() for name, rule in rules().items() if rule.rows is not None}
