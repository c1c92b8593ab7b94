"""A half-year that never was: some hundreds of orders, the same each time, as the desk and the server enter them, with a real witness.

What is made is what an outsider gets: the ledger's public files, two reports, their openings and proofs, each in a folder.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.test.utils import override_settings

from conclave.accounts.models import StaffMember
from conclave.authorities import execute, expire, staffed, terminal
from conclave.authorities.challenge import challenge
from conclave.authorities.models import Measure
from conclave.authorities.policy import DAY, Channel, Grounds, MeasureState, OrderKind
from conclave.authorities.quash import take_back
from conclave.authorities.refuse import refuse
from conclave.authorities.review import Draft
from conclave.gate.policy import Kind
from conclave.kernel import clock
from conclave.kernel.canonical import Json
from conclave.meetings import turned
from conclave.meetings.models import RegionRefusal
from conclave.transparency import cosign, named, publish
from conclave.transparency.ledger import append
from conclave.transparency.models import LedgerEntry
from conclave_verify import ledger
from conclave_verify.quorum import parse as parse_policy
from tests.accounts.organisation import account, person
from tests.authorities.desk import SAID, Desk, make_desk
from tests.transparency.conftest import own
from tests.transparency.test_publish import body

SEED, PERIOD, NEXT = 2026, "2026H2", "2027H1"
START, END = named.begins(PERIOD), named.begins(NEXT)
# So many orders go through the desk, so many more are entered as it enters them: what the desk does with each takes a while.
BY_THE_DESK, ENTERED = 30, 210
# Whom each order that goes through the desk names.
NAMED = "nan@example.org"
TERRITORIES = ("CN", "CN", "CN", "HK", "FR", "FR", "DE", "TR", "US", "CN,HK")


@dataclass(frozen=True, slots=True)
class Given:
    """What an outsider has: the public files of the ledger as they are addressed, and a folder for each report."""

    public: Path
    first: Path
    second: Path


class Kept:
    """Reads the public files as a visitor, and keeps them."""

    def __init__(self, folder: Path) -> None:
        """Begin with none."""
        self._client, self._folder = Client(), folder

    def read(self, path: str) -> bytes | None:
        """Return a file."""
        answer = self._client.get(f"/transparency/{path}")
        if answer.status_code != 200:
            return None
        place = self._folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(answer.content)
        return bytes(answer.content)


def make(folder: Path) -> Given:
    """Let the half-year happen, and fetch what is public of it; nothing is left in the database.

    Args:
        folder: where it is put.
    """
    given = Given(folder / "public", folder / PERIOD, folder / NEXT)
    state = folder / "state"
    with _server(state), own(state), transaction.atomic():
        _happens(random.Random(SEED))  # noqa: S311 - the same each time
        publish.publish(period=PERIOD, now=END)
        _entered(random.Random(SEED + 1), END + DAY)  # noqa: S311
        publish.publish(period=NEXT, now=END + 2 * DAY)
        for period, target in ((PERIOD, given.first), (NEXT, given.second)):
            _fetch(period, target)
        kept = Kept(given.public)
        policy = kept.read("policy")
        assert policy is not None
        ledger.check(files=kept, policy=parse_policy(policy))
        transaction.set_rollback(True)
    return given


@contextmanager
def _server(state: Path) -> Iterator[None]:
    """Be a server of this test's own."""
    config = replace(settings.CONCLAVE, state_dir=state, witnesses="", witness_quorum=0)
    with override_settings(CONCLAVE=config):
        yield


def _fetch(period: str, folder: Path) -> None:
    """Fetch the files of a report as a visitor."""
    folder.mkdir(parents=True)
    for name in publish.FILES:
        answer = Client().get(f"/transparency/reports/{period}/{name}")
        assert answer.status_code == 200, name
        (folder / name).write_bytes(body(answer))


def _happens(chance: random.Random) -> None:
    """Let half a year go by."""
    desk, now = make_desk(), START
    for number in range(ENTERED):
        _entered(chance, START + number * 20 * clock.HOUR)
    for number in range(BY_THE_DESK):
        now = START + (number + 1) * (5 * DAY + clock.HOUR)
        _ordered(desk, chance, now)
        if Measure.objects.filter(state=MeasureState.SCHEDULED).exists():
            cosign.cosign_now(now=now)
        for moment in (now + clock.HOUR, now + 2 * DAY):
            execute.settle(moment)
            expire.settle(moment)
    expire.settle(now + 90 * DAY)
    staffed.settle(START)
    for day in range(1, 180):
        if day == 100:
            StaffMember.objects.filter(orders="approver").delete()
        staffed.settle(START + day * DAY)
    for day in range(0, 180, 7):
        RegionRefusal.objects.create(
            day=clock.to_day(START + day * DAY), reason=chance.choice(("full", "lists", "down", "ledger", "moves")), count=day + 1
        )
    turned.settle(END)
    people = [account(person(name)) for name in ("Nan", "Olaf")]
    for day in range(3, 180, 4):
        terminal.enter(act=chance.choice(list(terminal.Act)), account=chance.choice(people), now=START + day * DAY)


def _ordered(desk: Desk, chance: random.Random, now: int) -> None:
    """Let an order go through the desk, as far as chance has it."""
    territory = chance.choice(TERRITORIES)
    kind = chance.choice((OrderKind.ACT, OrderKind.ACT, OrderKind.INFORM))
    claimed = tuple(territory.split(","))
    said = replace(SAID, claimed=claimed, kind=kind, authority_territory=claimed[0], target=f"The meetings of <{NAMED}>")
    order = desk.receives(said, now=now, channel=Channel.PORTAL).order
    fate = chance.choice(("waits", "refused", "refused", "challenged", "executed", "executed", "withdrawn", "quashed"))
    if fate == "waits":
        return
    now += chance.randrange(1, 300) * clock.MINUTE
    desk.takes(order, now=now)
    rita = account(desk.rita)
    now += chance.randrange(1, 300) * clock.MINUTE
    if fate == "refused" or kind is not OrderKind.ACT:
        grounds = chance.choice((Grounds.HUMAN_RIGHTS, Grounds.TOO_BROAD, Grounds.NO_LEGAL_BASIS))
        refuse(order=order, account=rita, grounds=grounds, explanation="It is not lawful.", now=now)
    elif fate == "challenged":
        challenge(order=order, account=rita, explanation="Before the court.", now=now)
    elif fate == "withdrawn":
        take_back(order=order, account=account(desk.ivy), quashed=False, document="A letter", now=now)
    else:
        days = chance.randrange(1, 40)
        drafted = Draft(kind=Kind.REMOVE_FROM, territory=claimed[0], meeting="m" * 22, starts_at=now, ends_at=now + days * DAY)
        desk.narrows(order, drafted, now=now, authority_territory=claimed[0])
        # Nobody approves who works there.
        for approver in [one for country, one in {"DE": desk.ann, "FR": desk.ben, "CN": desk.zoe}.items() if country != claimed[0]][:2]:
            desk.approves(order, approver, now=now)
        if fate == "quashed":
            take_back(order=order, account=account(desk.ivy), quashed=True, document="Judgement 8", now=now + clock.MINUTE)


def _entered(chance: random.Random, now: int) -> None:
    """Enter what else happens, and an order as the desk does: received, read, decided."""
    territory, kind = chance.choice(TERRITORIES), chance.choice(("act", "inform", "emergency"))
    minute = now // clock.MINUTE
    day = clock.to_day(now)
    said = {"channel": chance.choice(("email", "post")), "category": chance.choice(("court", "police")), "authority": "A", "targets": "x"}
    told = {"day": day, "minute": minute, "dummy": 0, "territory": territory, "kind": kind, **said}
    index = append(kind="ORDER", fields=told, now=now)
    obj = LedgerEntry.objects.get(index=index).obj
    if chance.random() < 0.8:
        who = {"day": day, "minute": minute, "category": said["category"], "territory": territory.split(",")[0], "verified": "Called back."}
        index = append(kind="AUTHORITY", fields=who, now=now, obj=obj, prev=index)
    outcome = chance.choice(("refused", "executed", "narrowed", "challenged", "withdrawn", "not_executed", ""))
    reason = chance.choice(("human_rights", "too_broad")) if outcome == "refused" else ""
    steps = [("acknowledged", "", ""), (outcome or "under_review", outcome, reason)]
    for state, came, why in steps:
        minute += chance.randrange(1, 3000)
        fields = {"day": day, "minute": minute, "state": state, "outcome": came, "reason": why}
        index = append(kind="ORDER_STATE", fields=fields, now=now, obj=obj, prev=index)
    if kind == "inform" and outcome == "executed":
        deferred = chance.choice(("0", "0", "1-7", "8-30", "31-90"))
        for field in ("accounts.User.email", "accounts.User.name"):
            what: dict[str, Json] = {"day": day, "minute": minute, "territory": territory.split(",")[0], "field": field, "count": 2}
            leaf = append(kind="DISCLOSURE", fields={**what, "subjects": "x,y"}, now=now, obj=obj, prev=index)
            if chance.random() < 0.7:
                append(kind="HANDED", fields={**what, "deferred": deferred}, now=now, obj=obj, prev=leaf)
    if chance.random() < 0.05:
        append(kind="GLASS", fields={"day": day, "scope": chance.choice(("log", "addresses", "meeting"))}, now=now)
        append(kind="REPORTS_COUNT", fields={"source": "art16", "category": "VIOLENCE", "count": chance.randrange(1, 9)}, now=now)
