"""Whom an order keeps out at the door: that it did is written down, and they are told where its notice stands (ORD-8)."""

from collections.abc import Iterator
from contextlib import contextmanager

from conclave.gate.apply import Action, Met, apply
from conclave.gate.policy import located
from conclave.keys.locks import writing
from conclave.meetings.door import Newcomer, Ordered


@contextmanager
def noting(*, newcomer: Newcomer, meeting: str, now: int) -> Iterator[None]:
    """Run a block in which somebody asks to come in; a refusal by an order says where its notice stands.

    What the block wrote is rolled back by then, so this is a transaction of its own.

    Args:
        newcomer: who asks.
        meeting: where.
        now: the time.

    Raises:
        Ordered: an order keeps them out.
        OrderOver: it did, and was taken back in this very moment.
    """
    try:
        yield
    except Ordered as refused:
        met = Met(meeting=meeting, device=newcomer.device, account=newcomer.account or "")
        territory = located(newcomer.evidence)
        with writing():
            refused.notice = apply(
                measure=refused.measure, territory=territory, action=Action.DENIED, met=met, evidence=newcomer.evidence, now=now
            )
        raise
