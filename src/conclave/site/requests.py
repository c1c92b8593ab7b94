"""What becomes of orders of public authorities, asked of the rules themselves: a rule that changes changes the page.

Nothing here says what is allowed. Tables come from the tables that the desk works by, and every answer from the function that decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from conclave.accounts import staff_policy
from conclave.accounts.staff_policy import Act, Case, Extent, Person, Role
from conclave.authorities import policy
from conclave.authorities.policy import AuthorityKind, Facts, Item, Move, OrderKind, Policy, Reason, State, Waiting
from conclave.gate import policy as gate
from conclave.gate.policy import Confidence, Evidence, Kind, Measure
from conclave.kernel import clock

# The acts of those who work on orders, in the order of the work. The others are for schools, cases, and those who appoint the staff.
ACTS = (Act.RECEIVE_ORDER, Act.READ_ORDER, Act.REVIEW_ORDER, Act.DRAFT_MEASURE, Act.APPROVE_MEASURE, Act.LIFT_MEASURE)
# An example to ask the rules with: any time, a measure of a week on one meeting.
NOW, MEETING, ACCOUNT, ID = 0, "meeting", "account", "measure"
WEEK = 7 * clock.DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What the staff's table says of one act: who may, how far, and whether a passkey must be shown for it."""

    act: Act
    roles: Mapping[Role, Extent]
    passkey: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A measure that somebody might want, and what the rule finds wrong with it; nothing, where it would be allowed."""

    id: str
    fault: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somebody who is somewhere, by evidence of that kind, a measure for one territory, and whether it meets them."""

    there: str
    confidence: Confidence
    territory: str
    met: bool


def follows(*, chosen: Policy) -> dict[OrderKind, list[AuthorityKind]]:
    """Return, for each kind of order, from which authorities one may lead to anything at all.

    Args:
        chosen: the policy of this server.
    """
    return {kind: [one for one in AuthorityKind if _leads(kind, one, chosen)] for kind in OrderKind}


def steps() -> list[tuple[State, list[State]]]:
    """Return where each state can lead; the last one leads nowhere, unless a court comes after the end."""
    found: dict[State, list[State]] = {state: [] for state in State}
    for (state, _move), leads in policy.TRANSITIONS.items():
        if leads not in found[state]:
            found[state].append(leads)
    return [(state, leads) for state, leads in found.items() if leads]


def acts() -> list[May]:
    """Return who of the staff may do what with an order."""
    return [May(act=act, roles=staff_policy.TABLE[act], passkey=act in staff_policy.DANGEROUS) for act in ACTS]


def may_approve(*, works: str, claimed: str, court: bool, established: Iterable[str]) -> bool:
    """Tell whether an approver who works somewhere may approve what an order claims.

    Args:
        works: the country where they work.
        claimed: the territory that the order names.
        court: whether a court has ordered it.
        established: the countries in which whoever runs this server is established.
    """
    person = Person(roles=frozenset({Role.APPROVER}), work_country=works, shown_at=NOW)
    case = Case(territories=frozenset({claimed}), court=court, established=frozenset(established))
    return staff_policy.may(person=person, act=Act.APPROVE_MEASURE, case=case, now=NOW).allowed


def approvals_are_enough(*, count: int) -> bool:
    """Tell whether so many approvals make an order act.

    Args:
        count: of different people who had no other part in it.
    """
    facts = Facts(verified=True, measures=1, approvals=count)
    return policy.step(state=State.NARROWED, move=Move.APPROVE, facts=facts).allowed


def drafts() -> list[Draft]:
    """Return what the rule says of measures that authorities have asked for elsewhere, the first one being as it must be."""
    asked = {
        "right": _measure(),
        "elsewhere": _measure(territory="US"),
        "beyond": _measure(territory="HK"),
        "no_territory": _measure(territory=""),
        "no_end": _measure(ends_at=0),
        "too_long": _measure(ends_at=policy.LONGEST_MS + 1),
        "nobody": _measure(meeting=""),
        "both": _measure(account=ACCOUNT),
    }
    return [
        Draft(id=name, fault=policy.fault_of(measure=measure, claimed=("CN", "HK"), competent=("CN",), now=NOW))
        for name, measure in asked.items()
    ]


def places() -> list[Place]:
    """Return whom a measure meets by where they are: nobody but who is in its territory for sure."""
    cases = [(there, Confidence.HIGH, "CN") for there in ("CN", "HK", "MO", "TW")]
    cases += [("RE", Confidence.HIGH, "FR"), ("CN", Confidence.LOW, "CN"), ("", Confidence.NONE, "CN")]
    return [Place(there=there, confidence=sure, territory=where, met=_meets(there, sure, where)) for there, sure, where in cases]


def waits_for_witness() -> bool:
    """Tell whether a measure that was approved twice meets nobody before a witness has cosigned its entry."""
    waiting = Waiting(cosigned=False, starts_at=NOW, ends_at=NOW + WEEK, now=NOW + 1)
    return policy.becomes(waiting) is policy.MeasureState.SCHEDULED


def over_at_its_end() -> bool:
    """Tell whether people are let in from the end on, whether or not somebody has noticed that it has come."""
    evidence = Evidence(country="CN", confidence=Confidence.HIGH)
    measure = _measure()
    return not gate.verdict(evidence=evidence, measures=[measure], meeting=MEETING, account=None, now=measure.ends_at)


def items() -> list[Item]:
    """Return what an order has to say: each of these alone, if it is missing, keeps it from leading to a measure."""
    return [item for item in Item if not _narrows(Facts(verified=True, measures=1, missing=frozenset({item})))]


def _leads(kind: OrderKind, authority: AuthorityKind, chosen: Policy) -> bool:
    """Tell whether such an order may be narrowed to a measure, or to something that is told."""
    facts = Facts(kind=kind, authority=authority, verified=True, policy=chosen)
    return _narrows(replace(facts, measures=1)) or _narrows(replace(facts, told=1))


def _narrows(facts: Facts) -> bool:
    """Tell whether an order under review leads to a measure."""
    return policy.step(state=State.UNDER_REVIEW, move=Move.NARROW, facts=facts).allowed


def _measure(*, territory: str = "CN", meeting: str = MEETING, account: str = "", ends_at: int = WEEK) -> Measure:
    """Return the example, changed."""
    return Measure(id=ID, kind=Kind.REMOVE_FROM, territory=territory, meeting=meeting, account=account, starts_at=NOW, ends_at=ends_at)


def _meets(there: str, sure: Confidence, territory: str) -> bool:
    """Tell whether a measure meets somebody who is there."""
    evidence = Evidence(country=there, confidence=sure)
    return bool(gate.verdict(evidence=evidence, measures=[_measure(territory=territory)], meeting=MEETING, account=None, now=NOW))
