"""What each seat may by the group's policy, written down as the group says it (POL-19); who acts on it is told by the outbox."""

from collections.abc import Collection

from conclave.kernel import outbox
from conclave.keys.groups import PublicGroup
from conclave.keys.models import Group, Seat
from conclave.keys.read import newcomers

CHANGED = "keys.rights"


def note(*, group: Group, may: dict[str, list[str]], newcomer: list[str], now: int) -> None:
    """Write down what members may from now on, inside the caller's transaction; the caller saves the group.

    Args:
        group: an open incarnation, locked.
        may: what those may who came or whose rights have changed, by participant.
        newcomer: what somebody without a leaf may.
        now: the time.
    """
    seats = Seat.objects.filter(participant__in=list(may)).only("participant", "may")
    changed = {seat: may[seat.participant] for seat in seats if seat.may != may[seat.participant]}
    # Who comes in has so far been a newcomer, by the ticket.
    touched = {seat.participant for seat, rights in changed.items() if rights != (group.newcomer if seat.may is None else seat.may)}
    for seat, rights in changed.items():
        seat.may = rights
    Seat.objects.bulk_update(changed, ["may"], batch_size=200)
    if group.newcomer != newcomer:
        group.newcomer = newcomer
        touched.update(Seat.objects.filter(call=group.call, may__isnull=True, gone="").values_list("participant", flat=True))
    if touched:
        outbox.emit(kind=CHANGED, payload={"call": group.call, "participants": sorted(touched)}, now=now)


def copy_policy(*, group: Group, public: PublicGroup, now: int) -> None:
    """Write down what the gateway goes by of a policy, as the public group has it; inside the caller's transaction, who saves the group.

    Args:
        group: an open incarnation, locked.
        public: its public group.
        now: the time.
    """
    group.locked, group.strict, group.hosts = public.locked, public.strict, public.host_keys
    note(group=group, may=public.may, newcomer=public.newcomer, now=now)


def may(*, call: str, participants: Collection[str]) -> dict[str, frozenset[str] | None]:
    """Return what participants may by the policy in force.

    Args:
        call: their call.
        participants: with a leaf or without.

    Returns:
        Their rights; None while no group of the call has been opened.
    """
    newcomer = newcomers(call=call).may
    seats = Seat.objects.filter(participant__in=participants, may__isnull=False).values_list("participant", "may")
    own = {participant: frozenset(map(str, rights or ())) for participant, rights in seats}
    return {participant: own.get(participant, newcomer) for participant in participants}
