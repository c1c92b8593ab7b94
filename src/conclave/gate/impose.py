"""Imposing a restriction: a row that every admission from now on looks at."""

from collections.abc import Iterable
from dataclasses import replace

from conclave.gate import approved, models
from conclave.gate.policy import Cause, Measure, Scope, Subject, What, restriction_of
from conclave.gate.queries import plain


def restrict(
    *,
    subjects: Iterable[tuple[Subject, str | None]],
    scope: tuple[Scope, str],
    what: What,
    cause: Cause,
    starts_at: int,
    ends_at: int | None = None,
    notice: str = "",
    territory: str = "",
    leaf: int | None = None,
) -> None:
    """Write one restriction for each name of a person; one that stands already is left as it is.

    Args:
        subjects: everything the person is known by; an empty or absent value names nobody.
        scope: where it holds.
        what: what is forbidden.
        cause: why.
        starts_at: from when.
        ends_at: until when; None is for as long as the scope lasts.
        notice: what the person was told, by which it is lifted again.
        territory: where it holds only for those who are there; empty for everywhere.
        leaf: of an order, the leaf of its measure in the ledger.
    """
    models.Restriction.objects.bulk_create(
        [
            models.Restriction(
                subject_kind=kind,
                subject=name,
                scope_kind=scope[0],
                scope=scope[1],
                what=what,
                cause=cause,
                starts_at=starts_at,
                ends_at=ends_at,
                notice=notice,
                territory=territory,
                leaf=leaf,
            )
            for kind, name in subjects
            if name
        ],
        ignore_conflicts=True,
    )


def impose_measure(*, measure: Measure) -> None:
    """Write the one restriction that a measure is; again, nothing. What is there under its name and is something else keeps nothing back.

    Args:
        measure: which, with its leaf.
    """
    rule = restriction_of(measure)
    if all(replace(plain(row=row), id=0) != rule for row in models.Restriction.objects.filter(notice=measure.id)):
        restrict(
            subjects=[rule.subject],
            scope=rule.scope,
            what=rule.what,
            cause=rule.cause,
            starts_at=rule.starts_at,
            ends_at=rule.ends_at,
            notice=rule.notice,
            territory=rule.territory,
            leaf=rule.leaf,
        )
    approved.forget(notice=measure.id)


def lift(*, notice: str) -> None:
    """Delete the restrictions of one notice, wherever they hold.

    Args:
        notice: what the person was told; never empty.
    """
    models.Restriction.objects.filter(notice=notice).exclude(notice="").delete()
    approved.forget(notice=notice)


def forget(*, scope: tuple[Scope, str]) -> None:
    """Delete every restriction of a scope that is over, as nobody can meet it again.

    Args:
        scope: the call that ended, or the meeting that was deleted.
    """
    models.Restriction.objects.filter(scope_kind=scope[0], scope=scope[1]).delete()
