"""ORD-1: what must never be is refused by the database itself, whoever writes: direct SQL, behind all of the code."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from conclave.authorities.policy import DAY
from conclave.kernel.ids import new_id
from tests.authorities.desk import NOW, Desk

pytestmark = pytest.mark.django_db

MEASURE: dict[str, Any] = {
    "kind": "remove_from",
    "territory": "CN",
    "meeting": "m" * 22,
    "account": "",
    "starts_at": NOW,
    "ends_at": NOW + DAY,
    "state": "draft",
}
RESTRICTION: dict[str, Any] = {
    "subject_kind": "territory",
    "subject": "CN",
    "scope_kind": "meeting",
    "scope": "m" * 22,
    "what": "join",
    "starts_at": NOW,
    "ends_at": NOW + DAY,
    "cause": "ordered",
    "notice": "n" * 22,
    "territory": "CN",
    "leaf": 1,
}
APPLICATION: dict[str, Any] = {
    "measure": "n" * 22,
    "territory": "CN",
    "action": "removed",
    "meeting": "m" * 22,
    "call": "",
    "device": "d",
    "account": "",
    "country": "CN",
    "database": "d" * 64,
    "built_at": 1,
    "at": NOW,
}


def write(table: str, values: dict[str, Any]) -> None:
    """Insert a row by SQL, and let the database check it at once."""
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(["%s"] * len(values))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values.values()))  # noqa: S608 - names of this file
        connection.check_constraints()


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": None},
        {"order_id": "nobody"},
        {"ends_at": None},
        {"ends_at": NOW},
        {"ends_at": NOW + 90 * DAY + 1},
        {"territory": None},
        {"territory": ""},
        {"territory": "ZZ"},
        {"territory": "CN,HK"},
        {"territory": "cn"},
        {"kind": "end_meeting"},
        {"kind": "close_account"},
        {"kind": ""},
        {"account": "a" * 22},
        {"meeting": ""},
        {"state": "forever"},
        {"state": "active"},
        {"state": "active", "leaf": 1},
        {"state": "active", "leaf": 1, "active_at": NOW},
        {"state": "active", "cosigned_at": NOW, "active_at": NOW},
    ],
    ids=str,
)
def test_ord_1_no_measure_without_order_end_single_territory_known_kind_or_cosigned_leaf(desk: Desk, change: dict[str, Any]) -> None:
    order = desk.receives().order
    write("authorities_measure", {**MEASURE, "id": new_id(), "order_id": order})
    active = {"state": "active", "leaf": 1, "cosigned_at": NOW, "active_at": NOW, "ends_at": NOW + 90 * DAY}
    write("authorities_measure", {**MEASURE, **active, "id": new_id(), "order_id": order})
    with pytest.raises(Exception) as refused:  # noqa: PT011 - which of the database's errors depends on the column
        write("authorities_measure", {**MEASURE, "id": new_id(), "order_id": order, **change})
    assert isinstance(refused.value, IntegrityError) or type(refused.value).__name__ == "DataError"


@pytest.mark.parametrize(
    "change",
    [{"ends_at": None}, {"territory": ""}, {"territory": "HK"}, {"notice": ""}, {"cause": "banned_by_host"}, {"leaf": None}, {"leaf": -1}],
    ids=str,
)
def test_ord_1_and_ord_10_no_row_at_the_gate_by_an_order_without_end_territory_measure_or_leaf(change: dict[str, Any]) -> None:
    write("gate_restriction", RESTRICTION)
    with pytest.raises(IntegrityError):
        write("gate_restriction", {**RESTRICTION, **change})


@pytest.mark.parametrize("change", [{"country": "HK"}, {"country": ""}, {"country": "", "territory": ""}, {"database": ""}], ids=str)
def test_ord_2_nobody_is_met_who_is_not_there(change: dict[str, Any]) -> None:
    write("gate_application", {**APPLICATION, "id": new_id()})
    with pytest.raises(IntegrityError):
        write("gate_application", {**APPLICATION, "id": new_id(), **change})


def test_ord_10_nobody_has_two_parts_and_no_part_is_had_twice(desk: Desk) -> None:
    order = desk.receives().order
    hand: dict[str, Any] = {"order_id": order, "account": "a", "part": "reviewer", "at": NOW, "work_country": ""}
    write("authorities_hand", hand)
    approval = {"part": "approver1", "shown_at": NOW, "work_country": "DE"}
    for change in ({"part": "intake"}, {"account": "b"}, {**approval}, {"account": "b", **approval, "shown_at": None}):
        with pytest.raises(IntegrityError):
            write("authorities_hand", {**hand, **change})
    with pytest.raises(IntegrityError):
        write("authorities_hand", {**hand, "account": "b", **approval, "work_country": ""})
    write("authorities_hand", {**hand, "account": "b", **approval})


DISCLOSURE: dict[str, Any] = {
    "territory": "CN",
    "fields": '["accounts.User.email"]',
    "left_out": "[]",
    "made_at": NOW,
    "ends_at": NOW + DAY,
    "deferral_basis": "",
    "state": "draft",
    "leaves": "[]",
    "sha256": "",
}
HANDED = {"state": "handed", "leaf": 1, "cosigned_at": NOW, "handed_at": NOW, "sha256": "d" * 64}


@pytest.mark.parametrize(
    "change",
    [
        {"order_id": None},
        {"ends_at": NOW},
        {"ends_at": NOW + 30 * DAY + 1},
        {"territory": "CN,HK"},
        {"state": "told"},
        {"deferred_until": NOW + DAY},
        {"deferred_until": NOW + 90 * DAY + 1, "deferral_basis": "x"},
        {"state": "handed"},
        {**HANDED, "leaf": None},
        {**HANDED, "cosigned_at": None},
        {**HANDED, "sha256": ""},
        {**HANDED, "handed_at": NOW + DAY},
    ],
    ids=str,
)
def test_ord_18_nothing_is_told_without_order_end_single_territory_or_cosigned_leaf(desk: Desk, change: dict[str, Any]) -> None:
    orders = [desk.receives().order for _ in range(2)]
    write("authorities_disclosure", {**DISCLOSURE, **HANDED, "id": new_id(), "order_id": orders[0]})
    with pytest.raises(IntegrityError):
        write("authorities_disclosure", {**DISCLOSURE, "id": new_id(), "order_id": orders[1], **change})


@pytest.mark.parametrize("change", [{"country": "HK"}, {"country": "", "territory": ""}, {"database": ""}, {"told_at": NOW}], ids=str)
def test_ord_17_nothing_is_told_of_who_is_not_there(desk: Desk, change: dict[str, Any]) -> None:
    told = new_id()
    write("authorities_disclosure", {**DISCLOSURE, "id": told, "order_id": desk.receives().order})
    subject = {"disclosure_id": told, "account": "a", "territory": "CN", "country": "CN", "database": "d" * 64, "built_at": 1}
    write("authorities_subject", {**subject, "id": new_id()})
    with pytest.raises(IntegrityError):
        write("authorities_subject", {**subject, "account": "b", "id": new_id(), **change})
