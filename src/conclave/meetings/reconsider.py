"""Asking the gate anew about who waits, when the door stands differently: settings were changed, or a host has come (MEET-8)."""

from dataclasses import replace
from typing import Any

from conclave.accounts.rulebook import members_among
from conclave.accounts.rules import SignIn
from conclave.gate.policy import Admit, Bar, Decision, Facts, Refuse, Standing, Why, admit
from conclave.gate.policy import Knock as MustKnock
from conclave.kernel import deadlines
from conclave.keys import delivery
from conclave.keys.locks import writing
from conclave.meetings.door import door_now, group_of
from conclave.meetings.knock import KEPT_MS, NAMELESS, PASS_MS, State, tell
from conclave.meetings.models import Call, Knock
from conclave.meetings.queries import access_waiting
from conclave.meetings.rows import live_call, next_version

# Restrictions are asked for when the pass is shown (KNOCK-3).
_NOBODY: dict[str, Any] = {"subjects": frozenset(), "scopes": frozenset()}


def reconsider(*, meeting: str, passcode: bool, now: int) -> None:
    """Ask the gate anew about all who wait, as the door stands differently now; inside the caller's transaction.

    Who need not wait is let in; who waits for another reason from now on waits for that one. Who might not ask any more has to ask again,
    and reads why then; so has whom an invitation might help, which is not kept with the knock: a browser does so by itself.

    Args:
        meeting: where.
        passcode: whether the passcode that they have shown is still the right one.
        now: the time.
    """
    access = access_waiting(meeting=meeting)
    call = live_call(meeting=meeting, locked=False)
    door = door_now(meeting=access, call=call, group=group_of(call=call), now=now)
    becomes: dict[tuple[State, str], list[str]] = {}
    waiting = list(Knock.objects.filter(meeting=meeting, state=State.WAITING))
    who = [row.account_id for row in waiting if row.account_id]
    members = members_among(organisation=access.organisation, accounts=who) if access.organisation and who else set()
    for row in waiting:
        # How they have signed in is asked for when the pass is shown (KNOCK-3).
        known: dict[str, Any] = {"signed_in": row.account_id is not None, "member": row.account_id in members, "sign_in": SignIn.SSO}
        shown = Standing(**known, passcode=passcode, link_old=row.why == Why.LINK_OLD)
        both = (shown, replace(shown, invited=True))
        stands, invited = (_stands(admit(Facts(**_NOBODY, now=now, door=door, standing=one))) for one in both)
        if stands != (State.WAITING, row.why):
            becomes.setdefault(stands if stands == invited else (State.OVER, ""), []).append(row.pk)
    if not becomes:
        return
    version = next_version(meeting=meeting)
    for (state, why), knocks in becomes.items():
        changes: dict[State, dict[str, Any]] = {
            State.WAITING: {"why": why},
            State.ADMITTED: {"until": now + PASS_MS},
            State.OVER: {"until": now + KEPT_MS, **NAMELESS},
        }
        Knock.objects.filter(pk__in=knocks).update(state=state, version=version, **changes[state])
    tell(meeting)


@deadlines.settles
def settle_before_host(now: int) -> None:
    """Let in who waited for a host to be there, once one is (MEET-8)."""
    waits = Knock.objects.filter(state=State.WAITING, why="before_host").values_list("meeting", flat=True).distinct()
    for call, meeting in Call.objects.filter(meeting__in=list(waits), ended_at=None).values_list("pk", "meeting"):
        if delivery.hosts_inside(call=call):
            with writing():
                reconsider(meeting=meeting, passcode=True, now=now)


def _stands(decision: Decision) -> tuple[State, str]:
    """Return what becomes of somebody at the door, and what they wait for."""
    match decision:
        case Admit():
            return State.ADMITTED, ""
        case MustKnock():
            return State.WAITING, decision.why
        # Until there is room again, or the call is unlocked, somebody has to look after them.
        case Refuse(reason=Bar.FULL | Bar.LOCKED):
            return State.WAITING, Why.WAITING_ROOM
    return State.OVER, ""
