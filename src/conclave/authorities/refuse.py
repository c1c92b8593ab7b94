"""Refusing an order: it changes nothing for anybody, is counted, and whoever ordered it reads why."""

from conclave.accounts.staff_policy import Act
from conclave.authorities.disclose import end
from conclave.authorities.models import Measure
from conclave.authorities.policy import Grounds, MeasureState, Move, ToldState
from conclave.authorities.receive import paragraphs
from conclave.authorities.report import close
from conclave.authorities.review import reviewed_by
from conclave.authorities.standing import facts_of, move
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing


def refuse(*, order: str, account: UserId, grounds: Grounds, explanation: str, now: int) -> None:
    """Refuse an order, at any time before it was approved.

    Args:
        order: which.
        account: its reviewer.
        grounds: why, as it is counted.
        explanation: why, in words.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: it cannot be refused any more, or no reason was given.
        OrderTextForbidden: the explanation cannot be used.
    """
    with writing():
        row = reviewed_by(order=order, account=account, act=Act.REVIEW_ORDER, now=now)
        row.grounds, row.explanation = grounds, paragraphs(raw=explanation)
        move(row=row, to=Move.REFUSE, facts=facts_of(row=row, now=now, reason=row.explanation), now=now)
        Measure.objects.filter(order=row, state=MeasureState.DRAFT).update(state=MeasureState.LIFTED, over_at=now)
        end(row=row, state=ToldState.LIFTED, now=now)
        close(row=row, now=now)
