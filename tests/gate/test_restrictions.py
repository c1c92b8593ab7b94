"""gate/impose.py and queries.py: rows in, facts out."""

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from conclave.gate.impose import forget, restrict
from conclave.gate.models import Restriction
from conclave.gate.policy import Admit, Cause, Refuse, Scope, Subject, What, admit
from conclave.gate.queries import admission_facts

pytestmark = pytest.mark.django_db
NOW = 1_763_762_400_000
CALL = (Scope.CALL, "call")
BOB = [(Subject.PARTICIPANT, "bob"), (Subject.DEVICE, "bobs"), (Subject.ACCOUNT, None)]


def test_a_restriction_holds_for_each_name_and_only_there() -> None:
    _bar_bob()
    assert _decision((Subject.DEVICE, "bobs")) is Refuse
    assert _decision((Subject.PARTICIPANT, "bob")) is Refuse
    assert _decision((Subject.PARTICIPANT, "bobs")) is Admit
    assert _decision((Subject.DEVICE, "bobs"), scope=(Scope.CALL, "other")) is Admit
    assert _decision((Subject.DEVICE, "")) is Admit
    assert _decision((Subject.DEVICE, "bobs"), now=NOW - 1) is Admit


def test_an_absent_name_restricts_nobody() -> None:
    _bar_bob()
    assert Restriction.objects.count() == 2
    assert _decision((Subject.ACCOUNT, None)) is Admit


def test_imposing_twice_is_imposing_once() -> None:
    _bar_bob()
    _bar_bob()
    assert Restriction.objects.count() == 2


def test_what_a_call_forbade_is_forgotten_with_it() -> None:
    _bar_bob()
    forget(scope=(Scope.CALL, "other"))
    assert Restriction.objects.count() == 2
    forget(scope=CALL)
    assert not Restriction.objects.exists()


def test_a_restriction_cannot_end_before_it_starts() -> None:
    with pytest.raises(IntegrityError):
        Restriction.objects.create(
            subject_kind="device",
            subject="bobs",
            scope_kind="call",
            scope="call",
            what="join",
            cause="removed_by_host",
            starts_at=2,
            ends_at=1,
        )


def test_the_facts_cost_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    _bar_bob()
    with django_assert_num_queries(1):
        assert len(admission_facts(subjects=BOB, scopes=[CALL], now=NOW).restrictions) == 2


def _bar_bob() -> None:
    restrict(subjects=BOB, scope=CALL, what=What.JOIN, cause=Cause.REMOVED_BY_HOST, starts_at=NOW)


def _decision(subject: tuple[Subject, str | None], *, scope: tuple[Scope, str] = CALL, now: int = NOW) -> type:
    return type(admit(admission_facts(subjects=[subject], scopes=[scope], now=now)))
