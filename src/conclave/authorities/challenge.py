"""Challenging an order before a court: until it has decided, nothing is done."""

from conclave.accounts.staff_policy import Act
from conclave.authorities.policy import Move
from conclave.authorities.receive import paragraphs
from conclave.authorities.review import reviewed_by
from conclave.authorities.standing import facts_of, move
from conclave.authorities.tell import tell_authority
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing


def challenge(*, order: str, account: UserId, explanation: str, now: int) -> None:
    """Say that an order is challenged.

    Args:
        order: which.
        account: its reviewer.
        explanation: before whom, and why.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: it is not under review, or no reason was given.
        OrderTextForbidden: the explanation cannot be used.
    """
    with writing():
        row = reviewed_by(order=order, account=account, act=Act.REVIEW_ORDER, now=now)
        row.explanation = paragraphs(raw=explanation)
        move(row=row, to=Move.CHALLENGE, facts=facts_of(row=row, now=now, reason=row.explanation), now=now)
        tell_authority(row=row, change="challenged", now=now)
