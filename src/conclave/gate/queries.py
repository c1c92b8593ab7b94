"""The facts that the admission rule looks at."""

import functools
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from conclave.gate import approved, models
from conclave.gate.policy import NOWHERE, Cause, Door, Evidence, Facts, Restriction, Scope, Standing, Subject, What, subjects_at
from conclave.kernel.statements import Written, columns

Named = Iterable[tuple[Subject, str | None]]


_COLUMNS = columns(models.Restriction)

# At a door that is open, by somebody who has shown nothing.
OPEN, NOTHING = Door(), Standing()


def admission_facts(
    *,
    subjects: Named,
    scopes: Iterable[tuple[Scope, str]],
    now: int,
    evidence: Evidence = NOWHERE,
    door: Door = OPEN,
    standing: Standing = NOTHING,
) -> Facts:
    """Return the facts about one person at one place, with one query.

    Args:
        subjects: everything the person is known by here; an empty or absent value names nobody.
        scopes: the call, its meeting and what they are part of.
        now: the time to judge by.
        evidence: where the person is.
        door: how the meeting's door stands.
        standing: what the person has shown.

    Returns:
        The facts for gate.policy.admit.
    """
    known = subjects_at(evidence=evidence, named=subjects)
    places = frozenset(scopes)
    said = [part for kind, name in (*places, *known) for part in (kind.value, name)]
    rows = _naming(len(places), len(known))(*said) if places and known else []
    found = [plain(row=models.Restriction.from_db(None, _COLUMNS, row)) for row in rows]
    restrictions = tuple(one for one in found if _counts(one, now))
    return Facts(subjects=known, scopes=places, now=now, restrictions=restrictions, door=door, standing=standing)


def plain(*, row: models.Restriction) -> Restriction:
    """Return a row as plain values.

    Args:
        row: which.
    """
    return Restriction(
        id=row.pk,
        subject=(Subject(row.subject_kind), row.subject),
        scope=(Scope(row.scope_kind), row.scope),
        what=What(row.what),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        cause=Cause(row.cause),
        territory=row.territory,
        notice=row.notice,
        leaf=row.leaf,
    )


def times(*, subjects: Named, scope: tuple[Scope, str], cause: Cause, since: int) -> int:
    """Return how often a person was restricted there for this cause, as the name that was restricted most often has it.

    Args:
        subjects: everything the person is known by here; an empty or absent value names nobody.
        scope: the place.
        cause: why.
        since: only what began after this time counts.
    """
    rows = models.Restriction.objects.filter(scope_kind=scope[0], scope=scope[1], cause=cause, starts_at__gt=since)
    return max((rows.filter(subject_kind=kind, subject=name).count() for kind, name in subjects if name), default=0)


@functools.cache
def _naming(places: int, known: int) -> Written[tuple[Any, ...]]:
    """Return the statement that finds what names one of so many at one of so many places."""

    def query(*said: str) -> QuerySet[models.Restriction, tuple[Any, ...]]:
        pairs = list(zip(said[::2], said[1::2], strict=True))
        scopes, subjects = _any(("scope_kind", "scope"), pairs[:places]), _any(("subject_kind", "subject"), pairs[places:])
        return models.Restriction.objects.filter(scopes, subjects, what__in=(What.JOIN, What.KNOCK, What.HOST)).values_list(*_COLUMNS)

    return Written(query, places=[str] * 2 * (places + known))


def _any(columns: tuple[str, str], pairs: Iterable[tuple[str, str]]) -> Q:
    """Return the condition that two columns hold one of the pairs; no pair, no row."""
    condition = Q(pk__in=[])
    for pair in pairs:
        condition |= Q(**dict(zip(columns, pair, strict=True)))
    return condition


def _counts(one: Restriction, now: int) -> bool:
    """Tell whether a row may forbid anything: of orders only what was approved does, whoever wrote it (ORD-10)."""
    return one.cause is not Cause.ORDERED or approved.is_approved(restriction=one, now=now)
