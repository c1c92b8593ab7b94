"""Counting what whoever holds the terminal does to one account, and whether it came right after an order about it (REP-8).

No act of the staff closes a meeting or an account. These acts are left to whoever holds the machine, and done because of an order they
would be that order under another name: so each has a leaf, written with it or not done at all.
"""

from collections.abc import Iterator
from enum import StrEnum

from django.db.models import Q

from conclave.accounts import owner
from conclave.accounts.queries import addresses_of
from conclave.authorities.about import folded, names, parts
from conclave.authorities.models import Disclosure, Glass, Hand, Measure, Order, Subject
from conclave.authorities.policy import DAY, State, ToldState
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.meetings.touched import meetings_of
from conclave.transparency import ledger

KIND = "TERMINAL"
AFTER_MS = 30 * DAY


class Act(StrEnum):
    """What can be done to one account at the terminal."""

    ERASE = "erase"
    EXPORT = "export"
    OWNER_LINK = "owner_link"
    ADDRESS = "address"


def enter(*, act: Act, account: UserId, now: int) -> None:
    """Enter an act into the ledger, inside the caller's transaction and before the act itself (REP-8).

    Args:
        act: what is about to be done.
        account: to whom; the leaf does not say so.
        now: the time.
    """
    _lock(account)
    # Whatever order has a leaf before this one is looked at.
    ledger.hold()
    after = "no" if last_order(account=account, now=now) is None else "yes"
    ledger.append(kind=KIND, fields={"act": act.value, "day": clock.to_day(now), "after_order": after}, now=now)


def last_order(*, account: UserId, now: int) -> int | None:
    """Return when the last order came that is about an account, None where none came in the last 30 days; whatever became of it.

    It is about an account if what it says names one of its addresses, its number or that of one of its meetings, or if it has led to a
    measure or a disclosure about one of them.

    Args:
        account: whose.
        now: the time.
    """
    addresses = [parts(address=address) for address in sorted(addresses_of(account=account))]
    owned = frozenset(meetings_of(owner=account))
    numbers = frozenset(folded(number=number) for number in (account, *owned))
    led = frozenset(_led_to(account, owned, now - AFTER_MS))
    # The index on the time is by state first.
    recent = Order.objects.filter(state__in=[state.value for state in State], received_at__gte=now - AFTER_MS)
    # Nor does the ledger tell anybody what a law lets nobody tell them yet (ORD-19).
    recent = recent.exclude(pk__in=Disclosure.objects.filter(deferred_until__gt=now).values("order")).order_by("-received_at")
    for pk, at, *said in recent.values_list("pk", "received_at", "target", "reasons").iterator():
        if pk in led or any(names(text=text, addresses=addresses, numbers=numbers) for text in said):
            return int(at)
    return None


@owner.counts
def take_over(account: UserId, now: int) -> None:
    """Enter that the link for the first owner, which stands on the terminal, opens an account that was there already.

    Args:
        account: whose.
        now: the time.
    """
    enter(act=Act.OWNER_LINK, account=account, now=now)


def _led_to(account: UserId, owned: frozenset[str], since: int) -> Iterator[str]:
    """Yield the orders by which something is done to an account or one of its meetings, or told of it."""
    measures = Measure.objects.filter(order__received_at__gte=since)
    for order, whose, meeting in measures.values_list("order", "account", "meeting").iterator():
        if whose == account or meeting in owned:
            yield order
    told = Subject.objects.filter(account=account, disclosure__order__received_at__gte=since)
    yield from told.exclude(disclosure__state=ToldState.DRAFT).values_list("disclosure__order", flat=True)


def _lock(account: UserId) -> None:
    """Hold what the desk may be changing that an erasure changes too: rows before the ledger, the ledger before the journal (ORD-13)."""
    of = [table.objects.filter(account=account).values("order") for table in (Hand, Measure)]
    told = Disclosure.objects.filter(subjects__account=account).values("order")
    about = Q(pk__in=of[0]) | Q(pk__in=of[1]) | Q(pk__in=told)
    looked = Glass.objects.filter(Q(asker=account) | Q(second=account) | Q(target=account))
    for rows in (Order.objects.filter(about), looked):
        list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
