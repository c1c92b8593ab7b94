"""Entering a region's engine in the ledger, changing or taking out what stands there (REG-11).

The settings alone decide at the first start and as long as nobody has a role on this server; then two people do, each with a passkey for
exactly this change. What two people have decided counts once its entry is cosigned; that an engine serves no more counts at once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.accounts.assertion import Question, Shown, ask_passkey, use_passkey
from conclave.accounts.staff import StaffOtherRole, allow_staff, facts_of, was_staffed
from conclave.accounts.staff_policy import Act
from conclave.kernel import canonical, clock, deadlines, outbox
from conclave.kernel.canonical import Json
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId, new_id
from conclave.media import gateways
from conclave.media.description import Described
from conclave.media.models import Node, NodeApproval
from conclave.media.nodes import CONFIGURATION, GONE, KIND, SERVES, TWO_PEOPLE, describe
from conclave.media.policy import WORD_MS, Word, configuration_decides, second_word
from conclave.transparency import cosign, ledger
from conclave.transparency.journal import journal

COSIGN = "media.cosign"

# Regions that another live gateway's settings name as the ledger does: what this one's say waits until that gateway is gone.
_put_off: set[str] = set()
_looking = clock.Seldom(every_ms=gateways.SAID_MS)
_log = structlog.get_logger("conclave.media")


class NodeNotNow(Refused):
    """Nothing of this region's engine waits to be entered, changed or taken out."""

    code = "node_not_now"
    status = 409
    message = _("There is nothing to approve here: the ledger says already what this would change, or the region does not exist.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the ledger is to say of a region's engine: that this one serves, or, without a description, that none does."""

    region: str
    described: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Return a hash over all of it, in hex."""
        return hashlib.sha256(canonical.encode({"region": self.region, "described": {**self.described}})).hexdigest()

    @property
    def act(self) -> dict[str, Json]:
        """Return what a passkey signs for it."""
        return {"act": "enter_node", "region": self.region, "described": {**self.described}}


def enter_configuration(*, now: int) -> int:
    """Enter the engines that the settings name, and take out those that they name no more, where the settings may decide.

    Called at each start, before anybody is served: it asks nobody, and waits for no witness. What another live gateway's
    settings name stays as it is for so long (gateways.py).

    Args:
        now: the time.

    Returns:
        How many entries were made.
    """
    with transaction.atomic():
        ledger.hold()
        if not configuration_decides(entered=ledger.has(kind=KIND), staffed=was_staffed()):
            return 0
        found = {region.name: describe(region) for region in settings.CONCLAVE.all_regions}
        known = {row.region: row for row in Node.objects.all()}
        changes = [Change(region=name, described=said) for name, said in found.items() if not _stands(known.get(name), said)]
        changes += [Change(region=name, described={}) for name, row in known.items() if name not in found and row.described]
        changes = _without_others(changes, known, now)
        for change in changes:
            _write(known.get(change.region), change, by=CONFIGURATION, more={}, now=now)
    return len(changes)


@deadlines.settles
def settle_put_off(now: int) -> None:
    """Enter what another gateway's settings have kept out, once that gateway is gone.

    Args:
        now: the time.
    """
    if _put_off and _looking.due(now=now):
        enter_configuration(now=now)


def pending(*, region: str, out: bool) -> Change:
    """Return the change of what the ledger says of a region's engine that two people can approve now.

    Args:
        region: which.
        out: whether it is to be taken out, and not entered as the settings have it.

    Raises:
        NodeNotNow: there is none.
    """
    row = Node.objects.filter(pk=region).first()
    wanted = {} if out else next((describe(one) for one in settings.CONCLAVE.all_regions if one.name == region), {})
    if (not out and not wanted) or _stands(row, wanted):
        raise NodeNotNow
    return Change(region=region, described=wanted)


def ask_word(*, region: str, out: bool, account: UserId, now: int) -> Question:
    """Ask somebody for a passkey, for approving a change of what the ledger says of an engine.

    Args:
        region: whose engine.
        out: whether it is to be taken out.
        account: who approves.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffPlace: not for them.
        NodeNotNow: there is nothing to approve.
        StaffOtherRole: they have approved it already.
        PasskeyMissing: they have none.
    """
    allow_staff(account=account, act=Act.ENTER_NODE, now=now, asking=True)
    change = pending(region=region, out=out)
    _refuse_twice(change, account, now)
    return ask_passkey(account=account, act=change.act, now=now)


def give_word(*, region: str, out: bool, account: UserId, shown: Shown | None, now: int) -> bool:
    """Approve a change; with the second person's approval the entry is made, and waits for the witness.

    Args:
        region: whose engine.
        out: whether it is to be taken out.
        account: who approves.
        shown: the passkey that was shown for it.
        now: the time.

    Returns:
        Whether it is entered; else it waits for a second person.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffPlace: not for them.
        NodeNotNow: there is nothing to approve.
        StaffOtherRole: they have approved it already.
        PasskeyNotShown: no passkey was shown for exactly this within five minutes.
    """
    with transaction.atomic():
        # Taken first: two who approve at once are one after the other, and whoever needs the journal too takes it after this.
        ledger.hold()
        allow_staff(account=account, act=Act.ENTER_NODE, now=now, asking=True)
        change = pending(region=region, out=out)
        _refuse_twice(change, account, now)
        shown_at = use_passkey(account=account, act=change.act, shown=shown, now=now)
        allow_staff(account=account, act=Act.ENTER_NODE, now=now, shown_at=shown_at)
        first = _word(change, now)
        done = second_word(first=first, by=account, change=change.digest, now=now)
        row = Node.objects.filter(pk=region).first()
        if done and first is not None:
            places = sorted({facts_of(account=UserId(one)).work_country or "-" for one in (first.by, account)})
            row = _write(row, change, by=TWO_PEOPLE, people=(first.by, account), more={"countries": ",".join(places)}, now=now)
            NodeApproval.objects.filter(region=region).delete()
        else:
            said = {"account": account, "out": out, "at": now, "shown_at": shown_at}
            NodeApproval.objects.update_or_create(region=region, change=change.digest, defaults=said)
        told: dict[str, Json] = {"by": account, "region": region, "change": change.digest}
        journal(kind="node_entered" if done else "node_approved", obj=row.obj if row else None, fields=told, now=now)
    return done


@outbox.handles(COSIGN)
def settle(_payload: outbox.Payload) -> None:
    """Ask the witnesses until they have cosigned what two people have decided; from then on it counts.

    Raises:
        WitnessAway: too few of them have.
    """
    waiting = Node.objects.filter(counts_at=None).exclude(described={})
    if not waiting.exists():
        return
    now = clock.now()
    cosign.cosign_now(now=now)
    for row in waiting:
        if not cosign.is_cosigned(index=row.leaf):
            raise cosign.WitnessAway
        Node.objects.filter(pk=row.pk, leaf=row.leaf, counts_at=None).update(counts_at=max(now, row.entered_at))


def _without_others(changes: list[Change], known: Mapping[str, Node], now: int) -> list[Change]:
    """Leave out what would undo another live gateway's settings, and keep in mind that it waits."""
    named = gateways.named_by_others(now=now)
    theirs = {name for name, row in known.items() if row.described and (name, gateways.digest(row.described)) in named}
    waiting = {change.region for change in changes} & theirs
    if waiting - _put_off:
        _log.warning("another gateway of this database has other regions", regions=sorted(waiting))
    _put_off.clear()
    _put_off.update(waiting)
    return [change for change in changes if change.region not in waiting]


def _stands(row: Node | None, described: Mapping[str, str]) -> bool:
    """Tell whether the ledger says this already."""
    return (row.described if row is not None else {}) == described


def _word(change: Change, now: int) -> Word | None:
    """Return the approval that this change has and that still holds: its giver still may, and gave it to exactly this."""
    row = NodeApproval.objects.filter(region=change.region, change=change.digest, at__gt=now - WORD_MS).first()
    if row is None:
        return None
    try:
        allow_staff(account=UserId(row.account), act=Act.ENTER_NODE, now=now, asking=True)
    except Refused:
        return None
    return Word(by=row.account, change=row.change, at=row.at)


def _refuse_twice(change: Change, account: UserId, now: int) -> None:
    """Refuse somebody who has approved this already: nobody is two people."""
    first = _word(change, now)
    if first is not None and first.by == account:
        raise StaffOtherRole


def _write(row: Node | None, change: Change, *, by: str, more: Mapping[str, Json], now: int, people: tuple[str, str] = ("", "")) -> Node:
    """Append the entry and keep what it says; inside the caller's transaction."""
    described: Described = {**change.described}
    named: Described = described or dict(row.described if row else {})
    fields: dict[str, Json] = {**named, "state": SERVES if described else GONE, "by": by, "day": clock.to_day(now), **more}
    obj, prev = (row.obj, row.leaf) if row else (new_id(), None)
    leaf = ledger.append(kind=KIND, fields=fields, now=now, obj=obj, prev=prev)
    counts = now if by == CONFIGURATION and described else None
    said = {"obj": obj, "leaf": leaf, "described": described, "by": by, "entered_at": now, "counts_at": counts}
    said |= {"first": people[0], "second": people[1]}
    made, _new = Node.objects.update_or_create(region=change.region, defaults=said)
    if counts is None:
        outbox.emit(kind=COSIGN, payload={"region": change.region}, now=now)
    return made
