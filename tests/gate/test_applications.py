"""gate/apply.py, retention.py and the tables: whom a measure has met, once each, while it holds, and no wider than it may (ORD-1, 8)."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError

from conclave.gate.apply import Action, Met, NotThere, OrderOver, applied, apply, undo
from conclave.gate.impose import impose_measure, lift
from conclave.gate.models import Application, Restriction
from conclave.gate.policy import Confidence, Evidence, Kind, Measure
from conclave.gate.retention import APPLIED
from conclave.kernel.clock import DAY
from tests.authorities.test_database import RESTRICTION, write
from tests.gate.sealed import sealed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cosigned")]
NOW = 1_763_762_400_000
CHINA = Evidence(country="CN", confidence=Confidence.HIGH, database="d" * 64, built_at=1)
LONGEST = Measure(id="n" * 22, kind=Kind.REMOVE_FROM, territory="CN", meeting="m", starts_at=NOW, ends_at=NOW + 90 * DAY)


def denied(*, device: str, account: str = "", meeting: str = "m", action: Action = Action.DENIED, now: int = NOW) -> str:
    """Let the measure meet somebody; return their notice."""
    met = Met(meeting=meeting, device=device, account=account)
    return apply(measure=LONGEST.id, territory="CN", action=action, met=met, evidence=CHINA, now=now)


def test_ord_8_an_account_is_denied_once_whatever_it_comes_with_and_each_guest_by_their_device() -> None:
    impose_measure(measure=sealed(LONGEST))
    assert denied(device="phone", account="bob") == denied(device="laptop", account="bob") == denied(device="", account="bob")
    assert denied(device="phone") == denied(device="phone") != denied(device="laptop")
    assert denied(device="phone", account="carol") != denied(device="phone", account="bob", meeting="m2")
    assert sorted(one.person for one in applied(measure=LONGEST.id)) == ["bob", "bob", "carol", "laptop", "phone"]


def test_the_database_itself_has_each_of_them_once() -> None:
    impose_measure(measure=sealed(LONGEST))
    denied(device="phone", account="bob")
    denied(device="phone")
    for row in Application.objects.all():
        again = {field.attname: getattr(row, field.attname) for field in Application._meta.concrete_fields}
        with pytest.raises(IntegrityError):
            write("gate_application", {**again, "id": "x" * 22, "device": "laptop" if row.account else row.device})


def test_whoever_is_taken_out_of_two_seats_has_two_rows_and_is_one_person() -> None:
    impose_measure(measure=sealed(LONGEST))
    assert denied(device="phone", account="bob", action=Action.REMOVED) != denied(device="phone", account="bob", action=Action.REMOVED)
    assert {one.person for one in applied(measure=LONGEST.id)} == {"bob"}


def test_ord_9_nobody_is_met_by_what_does_not_hold() -> None:
    with pytest.raises(OrderOver):
        denied(device="phone")
    impose_measure(measure=sealed(LONGEST))
    denied(device="phone")
    lift(notice=LONGEST.id)
    assert len(undo(measure=LONGEST.id, now=NOW + 1)) == 1
    for action in Action:
        with pytest.raises(OrderOver):
            denied(device="phone", action=action)
    assert not Application.objects.filter(undone_at=None).exists()


def test_ord_2_nobody_is_met_by_a_measure_of_another_territory() -> None:
    impose_measure(measure=sealed(replace(LONGEST, territory="HK")))
    with pytest.raises(NotThere):
        denied(device="phone")


def test_what_was_applied_is_forgotten_after_its_time_whether_or_not_it_was_undone() -> None:
    impose_measure(measure=sealed(LONGEST))
    denied(device="undone")
    undo(measure=LONGEST.id, now=NOW + DAY)
    denied(device="orphan")

    def kept(now: int) -> set[str]:
        APPLIED.sweep(now=now)
        return set(Application.objects.values_list("device", flat=True))

    assert kept(NOW + 184 * DAY - 1) == {"undone", "orphan"}
    assert kept(NOW + 184 * DAY) == {"orphan"}
    assert kept(NOW + (90 + 183) * DAY - 1) == {"orphan"}
    assert kept(NOW + (90 + 183) * DAY) == set()


ACCOUNT = {**RESTRICTION, "subject_kind": "account", "subject": "a" * 22, "scope_kind": "platform", "scope": ""}
BAN = {
    **RESTRICTION,
    "subject_kind": "account",
    "subject": "a" * 22,
    "cause": "banned_by_host",
    "territory": "",
    "ends_at": None,
    "leaf": None,
}
WIDER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (RESTRICTION, {"scope_kind": "platform", "scope": ""}),
    (RESTRICTION, {"scope_kind": "organisation"}),
    (RESTRICTION, {"scope_kind": "call"}),
    (RESTRICTION, {"ends_at": RESTRICTION["starts_at"] + 90 * DAY + 1}),
    (RESTRICTION, {"what": "chat"}),
    (RESTRICTION, {"subject_kind": "device", "subject": "d"}),
    (ACCOUNT, {"scope_kind": "meeting", "scope": "m" * 22}),
    (ACCOUNT, {"scope": "m" * 22}),
    (ACCOUNT, {"territory": ""}),
    (ACCOUNT, {"ends_at": None}),
    (ACCOUNT, {"ends_at": RESTRICTION["starts_at"] + 90 * DAY + 1}),
    (ACCOUNT, {"cause": "removed_by_host"}),
    (ACCOUNT, {"leaf": None}),
    (BAN, {"leaf": 1}),
    (BAN, {"scope_kind": "platform", "scope": ""}),
    (BAN, {"scope_kind": "world"}),
    (BAN, {"subject_kind": "everybody"}),
    (BAN, {"what": "sign_in"}),
    (BAN, {"cause": "whatever"}),
]


@pytest.mark.parametrize(("row", "change"), WIDER, ids=lambda one: " and ".join(one) if len(one) < 4 else "")
def test_ord_1_no_row_at_the_gate_reaches_further_than_a_measure_can(row: dict[str, Any], change: dict[str, Any]) -> None:
    write("gate_restriction", {**row, "ends_at": row["ends_at"] and row["starts_at"] + 90 * DAY})
    Restriction.objects.all().delete()
    with pytest.raises(IntegrityError):
        write("gate_restriction", {**row, **change})
