"""ORD-16 to ORD-19 as one machine: anybody tries anything with an order that asks for data, in any order, while people come, move and go
and the witness with them; after each step everything that must hold does.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts.models import User
from conclave.accounts.staff_policy import FRESH_MS
from conclave.authorities import produce
from conclave.authorities.approve import approve, ask_approval
from conclave.authorities.disclose import Asked, narrow_to_fields
from conclave.authorities.fields import TABLES, marks
from conclave.authorities.models import Disclosure, Hand, Order, Subject
from conclave.authorities.narrowing import LONGEST_DEFERRED_MS, LONGEST_TOLD_MS
from conclave.authorities.policy import DAY, Channel, Grounds, OrderKind, State
from conclave.authorities.produce import hand_out
from conclave.authorities.quash import take_back
from conclave.authorities.receive import receive
from conclave.authorities.refuse import refuse
from conclave.authorities.review import take
from conclave.kernel.errors import ConclaveError
from conclave.kernel.ids import new_id
from conclave.meetings.models import Participant
from conclave.transparency.models import LedgerEntry
from tests.accounts.organisation import account
from tests.accounts.passkey import Device, Passkey
from tests.authorities.desk import FOUND, NOW, SAID, Desk, goes_on, there
from tests.conftest import longer
from tests.meetings.conftest import Joins, account_of

pytestmark = pytest.mark.django_db

PLACES = ["CN", "HK", ""]
FIELDS = ["accounts.User.email", "accounts.User.password", "keys.Said.message", "meetings.Participant.role", "accounts.School.registry"]
WHO = st.integers(min_value=0, max_value=4)
STEPS = st.one_of(
    st.tuples(st.just("receive"), st.sampled_from(["inform", "inform", "act"]), st.sets(st.sampled_from(["CN", "HK"]), max_size=2)),
    st.tuples(st.just("take"), WHO),
    st.tuples(
        st.just("narrow"), WHO, st.sampled_from(["CN", "HK", "FR"]), st.sets(st.sampled_from(FIELDS)), st.sampled_from([0, 7, 30, 31]),
        st.sampled_from([0, 0, 20, 90, 91]),
    ),
    st.tuples(st.just("approve"), WHO, st.sampled_from([0, 0, 0, FRESH_MS + 1])),
    st.tuples(st.just("hand_out"), WHO),
    st.tuples(st.just("hand_out"), st.just(1)),
    st.tuples(st.just("refuse"), WHO),
    st.tuples(st.just("take_back"), WHO, st.booleans()),
    st.tuples(st.just("witness"), st.booleans()),
    st.tuples(st.just("time"), st.sampled_from([1, DAY, 20 * DAY])),
    st.tuples(st.just("move"), st.sampled_from(["Alice", "Bob"]), st.sampled_from(PLACES)),
    st.tuples(st.just("leave"), st.sampled_from(["Alice", "Bob"])),
)  # fmt: skip
BEGIN: list[tuple[Any, ...]] = [
    ("receive", "inform", {"CN"}), ("take", 1), ("narrow", 1, "CN", set(FIELDS), 30, 20), ("approve", 2, 0), ("approve", 3, 0),
]  # fmt: skip


@dataclass
class Machine:
    """The desk, two people in a call, and the clock."""

    desk: Desk
    people: dict[str, User]
    now: int = NOW
    order: str = ""
    keys: dict[int, Passkey] = field(default_factory=dict)
    # What was handed out, with the time.
    archives: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)

    def person(self, number: int) -> User:
        """Return one of the five of the desk."""
        return [self.desk.ivy, self.desk.rita, self.desk.ann.user, self.desk.ben.user, self.desk.zoe.user][number]

    def device(self, number: int) -> Device:
        """Return their device."""
        known = {2: self.desk.ann, 3: self.desk.ben, 4: self.desk.zoe}
        return known[number] if number in known else Device(self.person(number), self.keys.setdefault(number, Passkey(new_id().encode())))

    def take_step(self, step: tuple[Any, ...]) -> None:
        """Let somebody try something; what may not be is refused, and nothing else happens."""
        try:
            with transaction.atomic():
                self.try_step(*step)
        except ConclaveError:
            return

    def try_step(self, what: str, *how: Any) -> None:
        """Do it."""
        by = (
            account(self.person(how[0])) if how and isinstance(how[0], int) and what not in {"time", "witness"} else account(self.desk.rita)
        )
        match what:
            case "receive":
                said = replace(SAID, kind=OrderKind(how[0]), claimed=tuple(sorted(how[1])))
                self.order = receive(said=said, channel=Channel.PORTAL, by=None, now=self.now).order
            case "take":
                take(order=self.order, account=by, now=self.now)
            case "narrow":
                _who, territory, wanted, days, silent = how
                later = self.now + silent * DAY if silent else None
                asked = Asked(
                    territory=territory, people=[one.email for one in self.people.values()], fields=sorted(wanted),
                    ends_at=self.now + days * DAY, deferred_until=later, deferral_basis="Law 2",
                )  # fmt: skip
                narrow_to_fields(order=self.order, account=by, found=FOUND, asked=asked, now=self.now)
            case "approve":
                question = ask_approval(order=self.order, account=by, now=self.now)
                approve(order=self.order, account=by, shown=self.device(how[0]).answers(question), now=self.now + how[1])
            case "hand_out":
                self.hands_out(by)
            case _:
                self.meanwhile(by, what, *how)

    def meanwhile(self, by: Any, what: str, *how: Any) -> None:
        """Do what ends an order, or what happens beside it."""
        match what:
            case "refuse":
                refuse(order=self.order, account=by, grounds=Grounds.HUMAN_RIGHTS, explanation="No.", now=self.now)
            case "take_back":
                take_back(order=self.order, account=by, quashed=how[1], document="J", now=self.now)
            case "witness":
                self.desk.cosigns = how[0]
            case "time":
                self.now += how[0]
                goes_on(self.now)
                produce.settle(self.now)
            case "move":
                where = {"country": how[1], "geo_confidence": "high" if how[1] else ""}
                Participant.objects.filter(account=self.people[how[0]], left_at=None).update(**where)
            case "leave":
                Participant.objects.filter(account=self.people[how[0]], left_at=None).update(
                    left_at=self.now, gone_reason="left", country=""
                )

    def hands_out(self, by: Any) -> None:
        """Let somebody take the archive; it is judged as the world was at that moment."""
        seats = {who: set(self.seats_of(who)) for who in self.people}
        archive = json.loads(hand_out(order=self.order, account=by, now=self.now))
        told = Disclosure.objects.get(order=self.order)
        order = Order.objects.get(pk=self.order)
        assert order.kind == "inform", "ORD-18"
        parts = dict(Hand.objects.filter(order=order).values_list("part", "account"))
        assert {"reviewer", "approver1", "approver2"} <= set(parts), "ORD-18"
        assert len(set(parts.values())) == len(parts), "ORD-10"
        assert parts["reviewer"] == by, "ORD-18"
        assert self.desk.cosigns, "ORD-18"
        assert LedgerEntry.objects.filter(kind="DISCLOSURE", index__in=told.leaves).count() == len(archive["fields"]), "ORD-18"
        assert self.now < told.ends_at, "ORD-18"
        assert self.order not in {known for _at, known, _archive in self.archives}, "ORD-18: once"
        for one in archive["people"]:
            (row,) = one["data"].get("accounts.User", [{}])
            who = next((name for name, user in self.people.items() if user.email == row.get("email")), "")
            assert not who or seats[who] <= {"CN"}, "ORD-17"
        assert len(archive["people"]) == Subject.objects.filter(disclosure=told, given_at=self.now).count()
        self.archives.append((self.now, self.order, archive))

    def seats_of(self, who: str) -> list[str]:
        """Return where somebody's seats are."""
        return list(Participant.objects.filter(account=self.people[who], left_at=None).values_list("country", flat=True))

    def check(self) -> None:
        """Look at everything that must hold."""
        known = marks()
        for told in Disclosure.objects.select_related("order__review"):
            assert all(known[name] and name.rpartition(".")[0] in TABLES for name in told.fields), "ORD-16"
            assert told.territory in told.order.claimed, "ORD-17"
            assert told.territory == told.order.review.authority_territory, "ORD-17"
            assert told.made_at < told.ends_at <= told.made_at + LONGEST_TOLD_MS, "ORD-18"
            assert told.deferred_until is None or told.deferred_until <= told.made_at + LONGEST_DEFERRED_MS, "ORD-19"
            assert (told.handed_at is not None) == (told.order_id in {order for _at, order, _archive in self.archives}), "ORD-18"
        for _at, _order, archive in self.archives:
            names = {
                f"{table}.{column}" for one in archive["people"] for table, rows in one["data"].items() for row in rows for column in row
            }
            assert names <= set(archive["fields"]), "ORD-16"
            assert all(known[name] for name in archive["fields"]), "ORD-16"
        for subject in Subject.objects.select_related("disclosure"):
            assert subject.country == subject.territory == subject.disclosure.territory, "ORD-17"
            later = subject.disclosure.deferred_until
            if subject.given_at is None:
                assert subject.told_at is None, "ORD-19"
            elif later is None or subject.disclosure.state == "quashed":
                assert subject.told_at is not None, "ORD-19"
            else:
                assert (subject.told_at is None) == (self.now < later), "ORD-19"
        for order in Order.objects.filter(kind="act"):
            assert not Disclosure.objects.filter(order=order).exists(), "ORD-18"


@pytest.fixture
def people(alice: User, bob: User) -> dict[str, User]:
    """Alice and Bob, by name."""
    return {"Alice": alice, "Bob": bob}


def machine_of(desk: Desk, people: dict[str, User], joins: Joins) -> Machine:
    """Return the machine with Alice and Bob in one call, both in China."""
    for name, user in people.items():
        joins(name, account=account_of(user), evidence=there("CN"))
    return Machine(desk, people)


@examples(max_examples=longer(25), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=12), st.booleans())
def test_ord_16_to_ord_19_hold_whatever_anybody_tries_in_whatever_order(
    desk: Desk,
    people: dict[str, User],
    joins: Joins,
    steps: list[tuple[Any, ...]],
    begun: bool,  # noqa: FBT001 - drawn
) -> None:
    desk.cosigns = True
    with transaction.atomic():
        machine = machine_of(desk, people, joins)
        for step in [*(BEGIN if begun else []), *steps]:
            machine.take_step(step)
            machine.check()
        transaction.set_rollback(True)


def test_the_machine_gets_as_far_as_an_archive(desk: Desk, people: dict[str, User], joins: Joins) -> None:
    machine = machine_of(desk, people, joins)
    for step in [*BEGIN, ("move", "Alice", "HK"), ("hand_out", 1), ("hand_out", 1), ("time", 20 * DAY)]:
        machine.take_step(step)
        machine.check()
    ((_at, order, archive),) = machine.archives
    assert [one["data"]["accounts.User"] for one in archive["people"]] == [[{"email": people["Bob"].email}]]
    assert Order.objects.get(pk=order).state == State.EXECUTED
    assert Subject.objects.get(account=people["Bob"].pk).told_at == NOW + 20 * DAY
