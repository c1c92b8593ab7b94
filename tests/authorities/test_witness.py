"""ORD-12 with witnesses that really answer, or do not: no measure acts before its leaf is cosigned; the proof is in people's hands."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from conclave.authorities.execute import settle
from conclave.authorities.models import Measure, Order
from conclave.authorities.policy import State
from conclave.authorities.queries import notice, status
from conclave.gate.models import Application
from conclave.kernel import clock, outbox
from conclave.kernel.models import OutboxEvent
from conclave.meetings.door import Ordered
from conclave_verify import proof as proofs
from tests.authorities.desk import NOW, Desk, draft, goes_on, make_desk, measure_states, state_of, there
from tests.meetings.conftest import Joins, Link
from tests.transparency.conftest import own, state

__all__ = ["state"]
pytestmark = pytest.mark.django_db
LOOK = re.compile(r'FROM "transparency_(ledgerentry|opening|checkpoint|cosignature)"')


@pytest.fixture
def desk() -> Desk:
    """A desk that asks the real witness."""
    made = make_desk()
    for device in (made.ann, made.ben):
        device.key.origin, device.key.rp_id = "https://meet.example", "meet.example"
    return made


@pytest.fixture
def waiting(desk: Desk, link: Link, joins: Joins) -> str:
    """An order that was approved twice, with somebody inside whom it would meet."""
    joins("Ada", evidence=there("CN"))
    joins("Flo", evidence=there("FR"))
    return desk.orders(draft(meeting=link.meeting))


def asked() -> int:
    """Let the outbox ask for the cosignature now; return how often it has been asked."""
    OutboxEvent.objects.filter(kind="authorities.cosign").update(due_at=NOW)
    outbox.run_due(now=NOW)
    return OutboxEvent.objects.get(kind="authorities.cosign").attempts


def test_ord_12_without_a_witness_nothing_acts_and_it_is_asked_for_again_until_it_is_there(waiting: str, state: Path, joins: Joins) -> None:
    for attempt in (1, 2, 3):
        assert asked() == attempt
        settle(NOW)
    assert (state_of(waiting), measure_states(waiting)) == (State.EXECUTING, ["scheduled"])
    assert not Application.objects.exists()
    shown = Client().get(f"/authorities/{Order.objects.get().receipt}").content.decode()
    assert "It waits for the witness of the ledger." in shown
    with own(state):
        settle(NOW)
        assert measure_states(waiting) == ["scheduled"], "that it answers is not that it has signed"
        asked()
        settle(NOW)
    assert (state_of(waiting), measure_states(waiting)) == (State.EXECUTED, ["active"])
    assert OutboxEvent.objects.get(kind="authorities.cosign").done_at is not None
    assert Application.objects.get().country == "CN"
    looks = []
    for _again in range(2):
        with CaptureQueriesContext(connection) as queries, pytest.raises(Ordered):
            joins("Bo", at=NOW + clock.MINUTE, evidence=there("CN"))
        looks.append(sum(bool(LOOK.search(one["sql"])) for one in queries))
    assert looks == [8, 0], "a minute later the door looks into the ledger again, and not with each who comes"


def test_ord_8_the_notice_and_the_receipt_carry_a_proof_that_opens_only_what_its_holder_may_read(waiting: str, state: Path) -> None:
    with own(state):
        asked()
        goes_on(NOW)
    row = Order.objects.get(pk=waiting)
    met, own_order = notice(notice=Application.objects.get().pk).proof, status(receipt=row.receipt, now=NOW).proof
    measure, read = Measure.objects.get(), proofs.parse(met.encode())
    assert read.index == measure.leaf
    opened = {one.field: one.value for one in read.openings}
    assert opened == {"kind": "remove_from", "territory": "CN", "starts_at": measure.starts_at, "ends_at": measure.ends_at}
    assert measure.meeting not in met
    assert {one.field: one.value for one in proofs.parse(own_order.encode()).openings}["dummy"] == 0
    assert met.splitlines()[0] in Client().get(f"/notice/{Application.objects.get().pk}").content.decode()


def test_ord_12_a_setting_that_names_no_witness_of_ours_lets_nothing_act(waiting: str, settings: Settings) -> None:
    settings.CONCLAVE = replace(settings.CONCLAVE, witnesses="nonsense")
    asked()
    settle(NOW)
    assert measure_states(waiting) == ["scheduled"]
