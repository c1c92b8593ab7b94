"""An order in somebody's hands: who may touch it, which step is taken, and the leaf that says so (ORD-13)."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from conclave.accounts.staff import allow_staff, staffed
from conclave.accounts.staff_policy import Act, Case, Role
from conclave.authorities.models import ERASED, Disclosure, EffectReport, Hand, Measure, Order, Part, Review
from conclave.authorities.outcomes import outcome_of
from conclave.authorities.policy import (
    APPROVERS,
    AuthorityKind,
    Facts,
    Item,
    MeasureState,
    Move,
    OrderKind,
    Policy,
    Reason,
    State,
    ToldState,
    step,
)
from conclave.kernel import canonical, clock
from conclave.kernel.canonical import Json
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.transparency import ledger

# Which approval is whose.
NUMBERS = {Part.FIRST: 1, Part.SECOND: 2}
# As what the staff's table knows each part.
ROLES = {Part.INTAKE: Role.INTAKE, Part.REVIEWER: Role.REVIEWER, Part.FIRST: Role.APPROVER, Part.SECOND: Role.APPROVER}
SENTENCES = {
    Reason.NOT_NOW: _("As this order stands, that cannot be done."),
    Reason.UNSTAFFED: _("This desk is not staffed: without a reviewer and two approvers it refuses and publishes, and never acts."),
    Reason.NO_REASON: _("Say why. Whoever ordered it reads it, and so does the public in numbers."),
    Reason.INCOMPLETE: _("The order does not say everything that it has to. Ask for what is missing, or refuse it."),
    Reason.UNVERIFIED: _("Say how you made sure that this authority is the one it says, and of what kind it is."),
    Reason.NOTHING_ORDERED: _("This order does not ask for something to be done. Only an order to act leads to a measure."),
    Reason.POLICY: _("By the policy of this server such an order leads to no measure."),
    Reason.APPROVALS: _("Two people have to approve it who did nothing else in it."),
    Reason.WITNESS: _("Its entry in the ledger was not cosigned yet. Until the witness is there, the measure waits."),
    Reason.TOO_EARLY: _("Its time is not over."),
    Reason.NOT_UNDONE: _("What was done is not undone yet."),
    Reason.NOT_REPORTED: _("The authority was not told of the effect yet."),
    Reason.KIND: _("There is no such measure."),
    Reason.NOT_CLAIMED: _("A measure holds in one territory, and the order has to name it."),
    Reason.NOT_COMPETENT: _("The authority is not competent in that territory."),
    Reason.TARGET: _("A measure is about one meeting or else one account."),
    Reason.PERIOD: _("A measure has an end, at most 90 days after it begins."),
    Reason.NOTHING_LEFT: _("Nothing is left that may be told: no field that is marked so, or nobody who is surely in the territory now."),
    Reason.PERIOD_TOLD: _("What is told has an end, at most 30 days from now."),
    Reason.NOT_NAMED: _("The order names people by their e-mail addresses, and not all of these are among them."),
    Reason.TRIES: _("This was tried three times. Each try tells where people are, so there is no other; the journal has each."),
    Reason.CHANGED: _("What is stored is not what was approved and cosigned. Nothing is handed out."),
    Reason.DEFERRAL: _("Not to tell somebody takes a law that says so, and an end, at most 90 days from now."),
}


class OrderUnknown(Refused):
    """There is no such order, or it is not for the asker; which of the two is not said."""

    code = "order_unknown"
    status = 404
    message = _("There is no such order.")


class OrderNotNow(Refused):
    """The order cannot take this step; the sentence says why."""

    code = "order_not_now"
    status = 409
    message = _("As this order stands, that cannot be done.")

    def __init__(self, reason: Reason) -> None:
        """Say why."""
        super().__init__(SENTENCES[reason])
        self.reason = reason


def is_staffed() -> bool:
    """Tell whether this desk can act: somebody reviews, and two others may approve."""
    held = staffed()
    return held[Role.REVIEWER] > 0 and held[Role.APPROVER] >= APPROVERS


def order_for(*, order: str, account: UserId, act: Act, now: int, shown_at: int | None = None, asking: bool = False) -> Order:
    """Return an order to whoever may do this with it, locked while it is changed; inside the caller's transaction.

    Args:
        order: its id.
        account: who wants it.
        act: what they want.
        now: the time.
        shown_at: when they were asked for the passkey that they have shown.
        asking: whether they are only about to be asked for it.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, StaffPlaceUnknown, StaffWorksThere, PasskeyNotShown: not for them.
        OrderUnknown: there is none.
    """
    # Whoever is not of the staff does not learn which orders there are.
    allow_staff(account=account, act=act, now=now, case=Case(), shown_at=shown_at, asking=True)
    row = Order.objects.select_for_update().filter(pk=order).first()
    if row is None:
        raise OrderUnknown
    allow_staff(account=account, act=act, now=now, case=case_of(row=row, account=account), shown_at=shown_at, asking=asking)
    return row


def case_of(*, row: Order, account: UserId) -> Case:
    """Return what the staff's rule may know of an order.

    Args:
        row: the order.
        account: of the staff.
    """
    parts = Hand.objects.filter(order=row, account=account).values_list("part", flat=True)
    return Case(
        territories=frozenset(row.claimed),
        acted=frozenset(ROLES[Part(part)] for part in parts),
        established=settings.CONCLAVE.established,
        court=Review.objects.filter(order=row, authority_kind=AuthorityKind.COURT).exists(),
    )


def facts_of(*, row: Order, now: int, missing: frozenset[Item] = frozenset(), reason: str = "") -> Facts:
    """Return what a step with an order may depend on.

    Args:
        row: the order.
        now: the time.
        missing: what it does not say.
        reason: why the step is taken.
    """
    measures = list(Measure.objects.filter(order=row).exclude(state__in=(MeasureState.LIFTED, MeasureState.QUASHED)))
    told = list(Disclosure.objects.filter(order=row).exclude(state__in=(ToldState.LIFTED, ToldState.QUASHED)))
    held: list[Measure | Disclosure] = [*measures, *told]
    found = Review.objects.filter(order=row).first()
    return Facts(
        now=now,
        staffed=is_staffed(),
        missing=missing,
        reason=reason,
        kind=OrderKind(row.kind),
        authority=AuthorityKind(found.authority_kind if found and found.authority_kind else row.authority_kind),
        verified=found is not None and found.authority_verified != "",
        policy=Policy(settings.CONCLAVE.order_policy),
        measures=len(measures),
        told=sum(len(one.fields) for one in told if one.subjects.exists()),
        ends_at=max((one.ends_at for one in held), default=0),
        cosigned=all(one.cosigned_at is not None for one in held if one.state != MeasureState.EXPIRED),
        late=any(one.ends_at <= now for one in held if one.state == MeasureState.DRAFT),
        acted=Measure.objects.filter(order=row, active_at__isnull=False).exclude(state=MeasureState.QUASHED).exists()
        or any(one.state == ToldState.HANDED for one in told),
        approvals=sum(_still_may(row, UserId(one.account), now) for one in approvals_of(row=row)),
        undone=not Measure.objects.filter(order=row, over_at=None).exists()
        and not Disclosure.objects.filter(order=row, over_at=None).exists(),
        reported=EffectReport.objects.filter(order=row).exists(),
    )


def approvals_of(*, row: Order, before: int | None = None) -> list[Hand]:
    """Return the approvals of an order: those of which the ledger says the same as the row, who gave it and where they worked. What has
    only one of the two is none: a row alone anybody could write who writes to the database (ORD-10).

    Args:
        row: the order.
        before: the leaf before which theirs stand: what is cosigned with it.
    """
    hands = list(Hand.objects.filter(order=row, part__in=NUMBERS).order_by("part"))
    said = ledger.all_told(kind="APPROVAL", obj=row.obj, fields=("number", "country", "by"), before=before) if hands else []
    return [one for one in hands if any(_is_of(one, leaf) for leaf in said)]


def approval_leaf(*, hand: Hand) -> dict[str, Json]:
    """Return what is sealed of an approval; who gave it only as a hash with the number of the order, without which nobody guesses it.

    Args:
        hand: its row.
    """
    by = hashlib.sha256(canonical.encode([hand.order_id, hand.account])).hexdigest()
    return {"number": NUMBERS[Part(hand.part)], "country": hand.work_country, "by": by}


def _is_of(hand: Hand, leaf: Mapping[str, Json]) -> bool:
    """Tell whether a leaf is of this approval; of whoever has erased their account since, nothing tells who it was."""
    here = approval_leaf(hand=hand)
    return {**leaf} == ({**here, "by": leaf["by"]} if hand.account == f"{ERASED}-{hand.pk}" else here)


def _still_may(row: Order, approver: UserId, now: int) -> bool:
    """Tell whether whoever has approved still may: they hold the role, and neither work in the territory nor are recused by now."""
    # As on the day they approved: their own approval is what is judged, and not a second one.
    case = replace(case_of(row=row, account=approver), acted=frozenset())
    try:
        allow_staff(account=approver, act=Act.APPROVE_MEASURE, now=now, case=case, asking=True)
    except Refused:
        return False
    return True


def move(*, row: Order, to: Move, facts: Facts, now: int) -> None:
    """Take a step with an order, and write its leaf; inside the caller's transaction.

    Args:
        row: the order, locked.
        to: the step.
        facts: what it depends on.
        now: the time.

    Raises:
        OrderNotNow: it cannot be taken.
    """
    taken = step(state=State(row.state), move=to, facts=facts)
    if taken.state is None:
        raise OrderNotNow(taken.reason)
    row.state = taken.state
    acted = Measure.objects.filter(order=row, active_at__isnull=False).values_list("territory", flat=True)
    given = Disclosure.objects.filter(order=row, handed_at__isnull=False)
    told = dict(given.values_list("territory", "left_out"))
    row.outcome = outcome_of(move=to, before=row.outcome, claimed=row.claimed, acted=[*acted, *told], whole=not any(told.values()))
    row.save()
    note(row=row, kind="ORDER_STATE", fields={"state": row.state, "outcome": row.outcome, "reason": row.grounds}, now=now)


def note(*, row: Order, kind: str, fields: Mapping[str, Json], now: int, prev: int | None = None) -> int:
    """Append a leaf about an order to the ledger, after its last one or one of its earlier ones; inside the caller's transaction.

    Args:
        row: the order, locked.
        kind: the leaf's type.
        fields: what is sealed in it, beside the time.
        now: the time.
        prev: the leaf that it continues; the order's last one by default.

    Returns:
        Its index.
    """
    when: dict[str, Json] = {"day": clock.to_day(now), "minute": now // clock.MINUTE}
    index = ledger.append(kind=kind, fields={**when, **fields}, now=now, obj=row.obj, prev=row.last_leaf if prev is None else prev)
    row.last_leaf = index
    if row.leaf is None:
        row.leaf = index
    row.save(update_fields=["leaf", "last_leaf"])
    return index


def take_part(*, row: Order, account: UserId, part: Part, now: int, shown_at: int | None = None, work_country: str = "") -> Hand:
    """Write down that somebody has a part in an order; that it is their only one, the database says too (ORD-10).

    Args:
        row: the order, locked.
        account: who.
        part: which.
        now: the time.
        shown_at: when they were asked for the passkey that they have shown.
        work_country: where they work.

    Returns:
        Its row.
    """
    return Hand.objects.create(order=row, account=account, part=part, at=now, shown_at=shown_at, work_country=work_country)
