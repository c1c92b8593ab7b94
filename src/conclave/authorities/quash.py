"""An order is quashed by a court, or taken back by whoever gave it: everything it did is undone in the same moment."""

from conclave.accounts.staff_policy import Act
from conclave.authorities.disclose import end
from conclave.authorities.models import Measure
from conclave.authorities.policy import Cause, Move, ToldState
from conclave.authorities.receive import paragraphs
from conclave.authorities.report import close
from conclave.authorities.restore import regret, undo
from conclave.authorities.standing import facts_of, move, order_for
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing


def take_back(*, order: str, account: UserId, quashed: bool, document: str, now: int) -> None:
    """Write down that an order does not stand any more, and undo it.

    Args:
        order: which; a court may quash also what is over already, if it has met anybody.
        account: who of this desk writes it down; to undo takes one person.
        quashed: whether a court has done so, or else whoever gave it.
        document: by which document.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, OrderUnknown: it is not for them.
        OrderNotNow: it is over already, or no document was named.
        OrderTextForbidden: the text cannot be used.
    """
    cause, to = (Cause.QUASHED, Move.QUASH) if quashed else (Cause.WITHDRAWN, Move.WITHDRAW)
    with writing():
        row = order_for(order=order, account=account, act=Act.LIFT_MEASURE, now=now)
        row.explanation = paragraphs(raw=document)
        move(row=row, to=to, facts=facts_of(row=row, now=now, reason=row.explanation), now=now)
        for measure in Measure.objects.filter(order=row).order_by("pk"):
            if measure.over_at is None:
                undo(order=row, measure=measure, cause=cause, now=now)
            elif quashed:
                regret(measure=measure, now=now)
        end(row=row, state=ToldState.QUASHED if quashed else ToldState.LIFTED, now=now)
        close(row=row, now=now)
