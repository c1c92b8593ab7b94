"""Who may do what in an organisation, the only copy of the rule. Pure: facts in, a decision with its reason out.

    owner    everything, the sign-in alone; whoever goes leaves another owner behind
    admin    people, invitations, domains, tokens, what makes it a school, policy, name and journal, sees that meetings exist;
             makes nobody an admin and touches none
    member   belongs
    auditor  reads the journal, the policy and that meetings exist, and nothing else

Everybody may leave but the last owner. Whoever does not belong is told nothing, not even that the organisation exists.
"""

from dataclasses import dataclass
from enum import StrEnum

OWNER, ADMIN, MEMBER, AUDITOR = "owner", "admin", "member", "auditor"
ROLES = (OWNER, ADMIN, MEMBER, AUDITOR)
# Nobody is asked to become an owner by a link that could be passed on.
INVITED_AS = (ADMIN, MEMBER, AUDITOR)


class Act(StrEnum):
    """What somebody may want to do."""

    SEE_PEOPLE = "see_people"
    READ_JOURNAL = "read_journal"
    RENAME = "rename"
    INVITE = "invite"
    REVOKE = "revoke"
    CHANGE_ROLE = "change_role"
    REMOVE = "remove"
    LEAVE = "leave"
    TRANSFER = "transfer"
    DISSOLVE = "dissolve"
    CLAIM_DOMAIN = "claim_domain"
    SEE_POLICY = "see_policy"
    CHANGE_POLICY = "change_policy"
    SEE_MEETINGS = "see_meetings"
    SCHOOL = "school"
    SET_UP_SIGN_IN = "set_up_sign_in"
    HOLD_TOKENS = "hold_tokens"


class Reason(StrEnum):
    """Why something may be done or not."""

    MAY = "may"
    STRANGER = "stranger"
    ROLE_TOO_LOW = "role_too_low"
    ABOVE_ROLE = "above_role"
    LAST_OWNER = "last_owner"
    OWN_SEAT = "own_seat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who acts, on whom, and what it is about; a role is empty for whoever does not belong."""

    actor: str
    # The role that the person concerned has now, or that an open invitation offers.
    target: str = ""
    # The role that they are to have.
    role: str = ""
    # Whether they are the one who acts.
    oneself: bool = False
    owners: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it may be done, and why."""

    reason: Reason

    @property
    def allowed(self) -> bool:
        """Tell whether it may be done."""
        return self.reason is Reason.MAY


_WHO: dict[Act, tuple[str, ...]] = {
    Act.SEE_PEOPLE: (OWNER, ADMIN),
    Act.READ_JOURNAL: (OWNER, ADMIN, AUDITOR),
    Act.RENAME: (OWNER, ADMIN),
    Act.INVITE: (OWNER, ADMIN),
    Act.REVOKE: (OWNER, ADMIN),
    Act.CHANGE_ROLE: (OWNER, ADMIN),
    Act.REMOVE: (OWNER, ADMIN),
    Act.LEAVE: ROLES,
    Act.TRANSFER: (OWNER,),
    Act.DISSOLVE: (OWNER,),
    Act.CLAIM_DOMAIN: (OWNER, ADMIN),
    Act.SEE_POLICY: (OWNER, ADMIN, AUDITOR),
    Act.SEE_MEETINGS: (OWNER, ADMIN, AUDITOR),
    Act.CHANGE_POLICY: (OWNER, ADMIN),
    Act.SCHOOL: (OWNER, ADMIN),
    # Whoever names the provider and its keys can come as everybody whose account it opens, owners too (SSO-12).
    Act.SET_UP_SIGN_IN: (OWNER,),
    Act.HOLD_TOKENS: (OWNER, ADMIN),
}
# On whom each role acts, and what it gives; nobody acts on those above them, nor on their own kind but an owner.
_REACH: dict[str, tuple[str, ...]] = {OWNER: ROLES, ADMIN: (MEMBER, AUDITOR)}


def open_to(*, role: str) -> frozenset[Act]:
    """Return what a role may do as such; on whom and to what, decide() says.

    Args:
        role: which; empty for whoever does not belong.
    """
    return frozenset(act for act, roles in _WHO.items() if role in roles)


def roles_that(*, act: Act) -> tuple[str, ...]:
    """Return the roles that an act as such is open to.

    Args:
        act: which.
    """
    return _WHO[act]


def decide(*, act: Act, facts: Facts) -> Decision:
    """Decide whether somebody may do something in an organisation now.

    Args:
        act: what they want to do.
        facts: everything the rule may look at.

    Returns:
        The decision with its reason; STRANGER for whoever does not belong, whatever they ask.
    """
    if facts.actor not in ROLES:
        return Decision(Reason.STRANGER)
    if facts.actor not in _WHO[act]:
        return Decision(Reason.ROLE_TOO_LOW)
    return Decision(_about_somebody(act, facts))


def _about_somebody(act: Act, facts: Facts) -> Reason:
    """Return the reason, for an actor whose role is high enough for the act as such."""
    if act is Act.INVITE:
        return Reason.MAY if facts.role in INVITED_AS and facts.role in _REACH[facts.actor] else Reason.ABOVE_ROLE
    if act is Act.REVOKE:
        return Reason.MAY if facts.target in _REACH[facts.actor] else Reason.ABOVE_ROLE
    if act is Act.LEAVE:
        return Reason.LAST_OWNER if facts.actor == OWNER and facts.owners < 2 else Reason.MAY
    if act in {Act.REMOVE, Act.TRANSFER} and facts.oneself:
        return Reason.OWN_SEAT
    if act is Act.REMOVE:
        return Reason.MAY if facts.target in _REACH[facts.actor] else Reason.ABOVE_ROLE
    return _role_change(facts) if act is Act.CHANGE_ROLE else Reason.MAY


def _role_change(facts: Facts) -> Reason:
    """Return the reason for giving somebody another role."""
    reach = _REACH[facts.actor]
    if facts.target not in reach or facts.role not in reach:
        return Reason.ABOVE_ROLE
    last = facts.target == OWNER and facts.role != OWNER and facts.owners < 2
    return Reason.LAST_OWNER if last else Reason.MAY
