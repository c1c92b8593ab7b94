"""The hint that a call's log, leases or seats have changed; what changed is read from the database (feed.py)."""

from conclave.kernel import bus

WAKE = "call.wake"
EVERYBODY = "*"


def channel(*, call: str) -> str:
    """Return the name of the channel group that hears of this call."""
    return f"call.{call}"


def wake(*, call: str, participant: str = "") -> None:
    """Tell every gateway that a call has something new, once the current transaction is committed.

    Args:
        call: the call.
        participant: whose seat changed, so that its socket looks at once, or EVERYBODY; empty when only the group did.
    """
    bus.post_on_commit(group=channel(call=call), message={"type": WAKE, "participant": participant})


def wake_hosts(*, call: str) -> None:
    """Let the sockets of a call's hosts look for what is for hosts alone, once the current transaction is committed.

    Args:
        call: the call.
    """
    bus.post_on_commit(group=channel(call=call), message={"type": WAKE, "hosts": True})


def tell_all(*, call: str, message: dict[str, object]) -> None:
    """Tell every socket of a call something that is kept nowhere, as a late word of it is worth nothing.

    Args:
        call: the call.
        message: a message of the meeting socket.
    """
    bus.post_on_commit(group=channel(call=call), message={"type": WAKE, "alarm": message})
