"""Ending a call for all."""

from conclave.keys.delivery import host_word
from conclave.keys.locks import writing
from conclave.meetings.departure import finish
from conclave.meetings.models import Ended
from conclave.transparency.journal import journal


def end(*, call: str, by: str, signature: str, now: int) -> bool:
    """End a call for everybody because a host said so.

    Args:
        call: which call.
        by: the participant who asks.
        signature: Ed25519 by their leaf key over the end (delivery.md), b64.
        now: the time.

    Returns:
        Whether the call was live.

    Raises:
        NotHost, NotLive: keys/ found the signature wrong, its key not listed as a host's, or no group (keys.delivery.host_word).
    """
    # Before the transaction: the public group's lock is never waited for while the database is held.
    host_word(call=call, participant=by, label="end", target=None, signature=signature)
    with writing():
        journal(kind="end_asked", obj=call, fields={"by": by}, now=now)
        return finish(call=call, reason=Ended.BY_HOST, now=now)
