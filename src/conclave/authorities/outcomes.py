"""What came of an order, as it is counted and as its authority is told. Pure."""

from collections.abc import Iterable
from enum import StrEnum

from conclave.authorities.policy import Move


class Outcome(StrEnum):
    """What came of an order, as it is counted."""

    EXECUTED = "executed"
    NARROWED = "narrowed"
    REFUSED = "refused"
    CHALLENGED = "challenged"
    WITHDRAWN = "withdrawn"
    QUASHED = "quashed"
    # Its time was over before the witness had signed, or before it was handed out, so that nothing was done.
    NOT_EXECUTED = "not_executed"


class Effect(StrEnum):
    """How far an order was followed, as its authority is told."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


EFFECTS = {Outcome.EXECUTED: Effect.FULL, Outcome.NARROWED: Effect.PARTIAL}


def outcome_of(*, move: Move, before: str, claimed: Iterable[str], acted: Iterable[str], whole: bool = True) -> str:
    """Return what came of an order, after a step.

    Args:
        move: the step.
        before: what had come of it.
        claimed: the territories that it names.
        acted: those in which a measure holds or has held, or for which something was told.
        whole: whether all that was asked for was told, where something was.
    """
    reached = set(acted)
    if move is Move.EXPIRE and not before and not reached:
        return Outcome.NOT_EXECUTED
    if move is Move.DONE or (move is Move.EXPIRE and not before):
        return Outcome.EXECUTED if whole and reached == set(claimed) else Outcome.NARROWED
    ends = {
        Move.REFUSE: Outcome.REFUSED,
        Move.REFUSE_UNSTAFFED: Outcome.REFUSED,
        Move.CHALLENGE: Outcome.CHALLENGED,
        Move.WITHDRAW: Outcome.WITHDRAWN,
        Move.QUASH: Outcome.QUASHED,
    }
    return ends.get(move, before)


def band_of(count: int) -> str:
    """Return how many people were met, as it is published: never so exactly that somebody could be told by it.

    Args:
        count: people.
    """
    if count == 0:
        return "0"
    low = 1
    while low * 10 <= count:
        low *= 10
    return f"{low}-{low * 10 - 1}"
