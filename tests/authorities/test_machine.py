"""O1 to O12 as one machine: anybody tries anything in any order, while people come and go and the witness with them; after each step
everything that must hold does (ORD-1 to ORD-13).
"""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts.models import User
from conclave.accounts.staff_policy import FRESH_MS
from conclave.authorities.approve import approve, ask_approval, plain
from conclave.authorities.models import Hand, Measure, Order
from conclave.authorities.policy import DAY, LONGEST_MS, Channel, Grounds
from conclave.authorities.quash import take_back
from conclave.authorities.queries import notice
from conclave.authorities.receive import receive
from conclave.authorities.refuse import refuse
from conclave.authorities.review import narrow, take
from conclave.gate.models import Application, Restriction
from conclave.gate.policy import NOWHERE, Kind, restriction_of
from conclave.kernel.errors import ConclaveError
from conclave.kernel.ids import new_id
from conclave.meetings.door import Ordered
from conclave.meetings.models import Participant
from conclave.transparency.models import LedgerEntry
from tests.accounts.organisation import account
from tests.accounts.passkey import Device, Passkey
from tests.authorities.desk import FOUND, NOW, SAID, Desk, draft, goes_on, there
from tests.conftest import longer
from tests.meetings.conftest import Joins, Link, key_of

pytestmark = pytest.mark.django_db

PLACES = ["CN", "HK", "TW", "FR", ""]
LANDS = st.sampled_from(["CN", "HK", "FR"])
WHO = st.integers(min_value=0, max_value=4)
# What somebody who writes to the database makes of a measure at the door; nothing changed is what was approved, or what is over.
DOORS: list[dict[str, Any]] = [
    {}, {"territory": "HK", "subject": "HK"}, {"territory": "FR", "subject": "FR"}, {"starts_at": 1}, {"ends_at": 1},
    {"what": "join"}, {"what": "knock"},
    {"notice": "o" * 22}, {"leaf": 0}, {"leaf": 1}, {"leaf": 2},
]  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("receive"), WHO, st.sets(LANDS, max_size=2), LANDS),
    st.tuples(st.just("take"), WHO),
    st.tuples(st.just("narrow"), WHO, LANDS, st.sampled_from(Kind), st.sampled_from([0, 1, 7, 90, 91])),
    st.tuples(st.just("approve"), WHO, st.sampled_from([0, 0, 0, FRESH_MS + 1])),
    st.tuples(st.just("forge"), WHO, st.sampled_from(["approver1", "approver2"])),
    st.tuples(st.just("door"), st.sampled_from(DOORS), LANDS),
    st.tuples(st.just("refuse"), WHO),
    st.tuples(st.just("quash"), WHO),
    st.tuples(st.just("witness"), st.booleans()),
    st.tuples(st.just("time"), st.sampled_from([1, DAY, 7 * DAY])),
    st.tuples(st.just("come"), st.sampled_from(PLACES)),
)
# What leads to a measure that acts, so that most walks have one; then whatever comes.
BEGIN: list[tuple[Any, ...]] = [
    ("come", "CN"), ("come", "HK"), ("come", ""), ("receive", 0, {"CN", "HK"}, "CN"), ("take", 1), ("narrow", 1, "CN", Kind.REMOVE_FROM, 7),
    ("approve", 2, 0), ("approve", 3, 0), ("time", 1),
]  # fmt: skip


@dataclass
class Machine:
    """The desk, the meeting, and the clock."""

    desk: Desk
    link: Link
    joins: Joins
    now: int = NOW
    order: str = ""
    competent: str = ""
    seats: dict[str, str] = field(default_factory=dict)
    forged: set[int] = field(default_factory=set)
    keys: dict[str, Passkey] = field(default_factory=dict)

    def person(self, number: int) -> User:
        """Return one of the five of the desk."""
        return [self.desk.ivy, self.desk.rita, self.desk.ann.user, self.desk.ben.user, self.desk.zoe.user][number]

    def device(self, number: int) -> Device:
        """Return their device."""
        known = {2: self.desk.ann, 3: self.desk.ben, 4: self.desk.zoe}
        return (
            known[number] if number in known else Device(self.person(number), self.keys.setdefault(str(number), Passkey(new_id().encode())))
        )

    def take_step(self, step: tuple[Any, ...]) -> None:
        """Let somebody try something; what may not be is refused, and nothing else happens."""
        try:
            with transaction.atomic():
                self.try_step(*step)
        except IntegrityError:
            assert step[0] in {"forge", "door"}, "the database itself refuses only what nobody of the desk does"
        except Ordered:
            raise AssertionError("joining says so itself") from None
        except ConclaveError:
            return

    def try_step(self, what: str, *how: Any) -> None:
        """Do it."""
        match what:
            case "receive":
                number, claimed, self.competent = how
                said = replace(SAID, claimed=tuple(sorted(claimed)))
                self.order = receive(said=said, channel=Channel.POST, by=account(self.person(number)), now=self.now).order
            case "take":
                take(order=self.order, account=account(self.person(how[0])), now=self.now)
            case "narrow":
                number, territory, kind, days = how
                wanted = replace(
                    draft(meeting=self.link.meeting, territory=territory, kind=kind), starts_at=self.now, ends_at=self.now + days * DAY
                )
                found = replace(FOUND, authority_territory=self.competent)
                narrow(order=self.order, account=account(self.person(number)), found=found, drafts=[wanted], now=self.now)
            case "approve":
                who, device = account(self.person(how[0])), self.device(how[0])
                question = ask_approval(order=self.order, account=who, now=self.now)
                approve(order=self.order, account=who, shown=device.answers(question), now=self.now + how[1])
            case "refuse":
                refuse(
                    order=self.order, account=account(self.person(how[0])), grounds=Grounds.HUMAN_RIGHTS, explanation="No.", now=self.now
                )
            case "quash":
                take_back(order=self.order, account=account(self.person(how[0])), quashed=True, document="J", now=self.now)
            case _:
                self.meanwhile(what, *how)

    def meanwhile(self, what: str, *how: Any) -> None:
        """Do what nobody of the desk does."""
        match what:
            case "forge":
                # By direct SQL, as whoever has the database and nobody's passkey.
                made = {"account": account(self.person(how[0])), "part": how[1], "at": self.now, "shown_at": self.now}
                for order in Order.objects.filter(pk=self.order):
                    Hand.objects.create(order=order, work_country="US", **made)
                Measure.objects.filter(order=self.order, state="draft").update(state="scheduled", leaf=0)
            case "door":
                self.forge_door(how[0])
                self.come(how[1])
            case "witness":
                self.desk.cosigns = how[0]
                goes_on(self.now)
            case "time":
                self.now += how[0]
                goes_on(self.now)
            case "come":
                self.come(how[0])

    def forge_door(self, change: dict[str, Any]) -> None:
        """Write each measure that there is, changed like this, as a restriction at the door."""
        moves = {name: self.now + value * DAY for name, value in change.items() if name in {"starts_at", "ends_at"}}
        goes_on(self.now)
        for one in Measure.objects.filter(order=self.order):
            rule = restriction_of(plain(row=one))
            row: dict[str, Any] = {
                "subject_kind": rule.subject[0],
                "subject": rule.subject[1],
                "scope_kind": rule.scope[0],
                "scope": rule.scope[1],
                "what": rule.what,
                "starts_at": rule.starts_at,
                "ends_at": rule.ends_at,
                "cause": rule.cause,
                "notice": one.pk,
                "territory": rule.territory,
                "leaf": one.leaf or 0,
            }
            self.forged.add(Restriction.objects.create(**{**row, **change, **moves}).pk)

    def come(self, place: str) -> None:
        """Let somebody new come from a place: exactly those are refused for whom a measure holds."""
        name, evidence = new_id(), there(place) if place else NOWHERE
        kept_out = self.holding(place, "remove_from", "deny_join_from")
        try:
            ticket = self.joins("Somebody", at=self.now, evidence=evidence, signature_key=key_of(name), device=name)
        except Ordered as refused:
            told = notice(notice=refused.notice).territory
        else:
            told, self.seats[ticket.participant] = "", place
        assert told == (place if kept_out else ""), "ORD-2, ORD-3, ORD-8, ORD-9: kept out are those for whom a measure holds here and now"

    def holding(self, place: str, *kinds: str) -> list[Measure]:
        """Return the measures that hold for somebody at a place now."""
        held = Measure.objects.filter(territory=place, kind__in=kinds, state="active", starts_at__lte=self.now, ends_at__gt=self.now)
        return list(held) if place else []

    def check(self) -> None:
        """Look at everything that must hold."""
        for one in Measure.objects.select_related("order"):
            assert one.territory in one.order.claimed, "ORD-1"
            assert one.territory == one.order.review.authority_territory, "ORD-1"
            assert 0 < one.ends_at - one.starts_at <= LONGEST_MS, "ORD-4"
            parts = set(Hand.objects.filter(order=one.order).values_list("part", flat=True))
            if one.state != "draft" and one.leaf:
                assert {"reviewer", "approver1", "approver2"} <= parts, "ORD-10"
            if one.active_at is not None:
                assert LedgerEntry.objects.filter(kind="APPROVAL", obj=one.order.obj, index__lt=one.leaf).count() == 2, "ORD-10"
                assert one.cosigned_at is not None, "ORD-12"
            own = Restriction.objects.filter(notice=one.pk)
            assert own.exclude(pk__in=self.forged).exists() <= (one.state == "active") <= own.exists(), "ORD-9"
        for order in Order.objects.all():
            hands = list(Hand.objects.filter(order=order))
            assert len({hand.account for hand in hands}) == len(hands), "ORD-10"
            assert not any(hand.work_country in order.claimed for hand in hands if hand.part.startswith("approver")), "ORD-10"
        for met in Application.objects.all():
            assert met.country == met.territory == Measure.objects.get(pk=met.measure).territory, "ORD-2"
            assert notice(notice=met.pk).at == met.at, "ORD-8"
        gone = Participant.objects.filter(pk__in=self.seats).exclude(left_at=None)
        assert all(self.seats[seat.pk] != "" and seat.gone_reason == "ordered" for seat in gone), "ORD-5"
        removed = set(Application.objects.filter(action="removed").values_list("country", flat=True))
        assert {self.seats[seat.pk] for seat in gone} <= removed, "ORD-5"
        assert not set(removed) - {"CN", "HK", "FR"}


@examples(max_examples=longer(45), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=14), st.sampled_from([[], BEGIN, [*BEGIN, ("quash", 1)]]))
def test_ord_1_to_ord_13_hold_whatever_anybody_tries_in_whatever_order(
    desk: Desk,
    link: Link,
    joins: Joins,
    steps: list[tuple[Any, ...]],
    begun: list[tuple[Any, ...]],
) -> None:
    desk.cosigns, desk.signed = True, 0
    with transaction.atomic():
        machine = Machine(desk, link, joins)
        for step in [*begun, *steps]:
            machine.take_step(step)
            machine.check()
        transaction.set_rollback(True)


def test_the_machine_gets_as_far_as_a_measure_that_takes_somebody_out(desk: Desk, link: Link, joins: Joins) -> None:
    machine = Machine(desk, link, joins)
    for step in BEGIN:
        machine.take_step(step)
    machine.check()
    assert Application.objects.filter(action="removed").count() == 1
    assert Measure.objects.get().state == "active"
    machine.take_step(("come", "CN"))
    assert Application.objects.filter(action="denied").count() == 1
    machine.take_step(("time", 7 * DAY))
    machine.take_step(("come", "CN"))
    assert Participant.objects.filter(left_at=None, country="CN").exists()
