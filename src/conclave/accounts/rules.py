"""An organisation's policy for its meetings, the only copy of how it is judged. Pure: rules and facts in, a decision with its reason out.

A rule is enforced, and then no meeting loosens it (it may be stricter), or a default, and then it holds until a meeting says otherwise.
What is stricter than what stands here and nowhere else:

    regions    fewer; none named is anywhere, and an empty intersection is nowhere
    entrance   who: link < signed_in < invited · waiting: nobody < strangers < uninvited < everybody · before a host is there: yes < no
    sign-in    password < second_factor < sso
    guests     allowed < admitted < none
    retention  fewer days; 0 is as long as the platform keeps
    rotation   fewer days, and after each call
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from conclave.accounts.policy import ROLES

BROWSER = "browser"
# What there is of it; a kind that comes is one more word here.
CLIENTS = (BROWSER,)
# The preset of a meeting for which none is chosen.
STARTS = "guarded"
WHO = ("link", "signed_in", "invited")
WAITING = ("nobody", "strangers", "uninvited", "everybody")
LONGEST_DAYS = 365
DAY_MS = 24 * 60 * 60 * 1000


class Rule(StrEnum):
    """What a policy rules."""

    HOSTS = "hosts"
    SIGN_IN = "sign_in"
    PRESET = "preset"
    GUESTS = "guests"
    CLIENTS = "clients"
    REGIONS = "regions"
    RECORDING = "recording"
    RETENTION = "retention"
    ROTATION = "rotation"


class Hosts(StrEnum):
    """Who may make and change meetings of the organisation."""

    EVERYBODY = "everybody"
    ROLES = "roles"
    PEOPLE = "people"


class SignIn(StrEnum):
    """How somebody has signed in, the weakest first; by the organisation's own provider is the strongest: it says itself how."""

    PASSWORD = "password"  # noqa: S105 - a word for how somebody signed in
    SECOND_FACTOR = "second_factor"
    SSO = "sso"


class Guests(StrEnum):
    """What becomes of whoever is not signed in as a member, the widest first."""

    ALLOWED = "allowed"
    ADMITTED = "admitted"
    NONE = "none"


class Remedy(StrEnum):
    """What somebody can do who meets a rule."""

    ASK_AN_OWNER = "ask_an_owner"
    SIGN_IN_STRONGER = "sign_in_stronger"
    CHOOSE_ANOTHER = "choose_another"
    CHOOSE_STRICTER = "choose_stricter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """When a link is to be replaced: so many days after it was made (0: never), and after each call."""

    days: int = 0
    after_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What a preset or a meeting asks of who comes in."""

    who: str = WHO[0]
    waiting: str = WAITING[0]
    before_host: bool = True


Presets = Mapping[str, Entrance]
ANYWHERE = None
Regions = frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What an organisation rules for its meetings; without one, everything is as on the platform."""

    hosts: Hosts = Hosts.EVERYBODY
    host_roles: frozenset[str] = frozenset()
    # Memberships: whoever leaves is not listed any more.
    host_people: frozenset[str] = frozenset()
    sign_in: SignIn = SignIn.PASSWORD
    # Which may be chosen, none named being all, and which is chosen when nothing is said.
    presets: frozenset[str] = frozenset()
    preset: str = STARTS
    guests: Guests = Guests.ALLOWED
    clients: frozenset[str] = frozenset(CLIENTS)
    regions: Regions = ANYWHERE
    # There is none; what is stored says that there will be none until somebody changes it.
    recording: bool = False
    retention_days: int = 0
    rotation: Rotation = Rotation()
    enforced: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a meeting says itself; None where it says nothing."""

    sign_in: SignIn | None = None
    guests: Guests | None = None
    regions: Regions = None
    retention_days: int | None = None
    rotation: Rotation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """What holds for a meeting: its organisation's rules and its own word together."""

    preset: str
    entrance: Entrance
    sign_in: SignIn
    guests: Guests
    clients: frozenset[str]
    regions: Regions
    recording: bool
    retention_days: int
    rotation: Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Whose policy it is, by id and name."""

    organisation: str
    name: str
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Somebody who makes or changes a meeting: their role and membership (empty for whoever does not belong), and how they signed in."""

    role: str
    membership: str
    sign_in: SignIn
    client: str = BROWSER


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A meeting as it is to be."""

    preset: str
    entrance: Entrance = Entrance()
    wishes: Wishes = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether it may be so; if not, which rule says so, whose it is, and what the person can do."""

    rule: Rule | None = None
    organisation: str = ""
    remedy: Remedy | None = None

    @property
    def allowed(self) -> bool:
        """Tell whether it may be so."""
        return self.rule is None


# What a class goes by; among the platform's presets.
SCHOOL_PRESET = "school"

T = TypeVar("T")


def of_a_school(*, policy: Policy) -> Policy:
    """Return what a school rules: what it says itself, and beyond it what nobody there switches off (SCHOOL-5).

    Args:
        policy: as the organisation has saved it.
    """
    forced = frozenset({Rule.PRESET, Rule.RECORDING})
    return replace(policy, presets=frozenset({SCHOOL_PRESET}), preset=SCHOOL_PRESET, recording=False, enforced=policy.enforced | forced)


def sign_in_of(*, shown: Collection[str], organisation: str) -> SignIn:
    """Return how somebody has signed in, as an organisation counts it.

    Args:
        shown: what they have shown: `second_factor`, and `sso:` with the organisation whose provider vouches for them.
        organisation: whose meeting it is; another organisation's provider is worth nothing here.
    """
    if f"sso:{organisation}" in shown:
        return SignIn.SSO
    return SignIn.SECOND_FACTOR if "second_factor" in shown else SignIn.PASSWORD


def reaches(*, sign_in: SignIn, asked: SignIn) -> bool:
    """Tell whether a sign-in is at least what is asked."""
    order = list(SignIn)
    return order.index(sign_in) >= order.index(asked)


def preset_of(*, policy: Policy, preset: str, presets: Presets) -> str:
    """Return by which preset a meeting goes: its own, unless an enforced rule leaves it out.

    Args:
        policy: the organisation's.
        preset: the meeting's.
        presets: all that there are.
    """
    if Rule.PRESET not in policy.enforced or not policy.presets or preset in policy.presets:
        return preset
    return policy.preset if policy.preset in policy.presets else min(policy.presets & set(presets), default=preset)


def tightened(*, policy: Policy, wanted: Wanted, presets: Presets) -> Holds:
    """Return what holds for a meeting.

    Args:
        policy: the organisation's.
        wanted: the meeting.
        presets: what each preset asks of who comes in.
    """
    preset = preset_of(policy=policy, preset=wanted.preset, presets=presets)
    entrance, wishes = wanted.entrance, wanted.wishes
    if Rule.PRESET in policy.enforced:
        entrance = _narrower(entrance, presets.get(preset, Entrance()))

    def both(rule: Rule, ours: T, theirs: T | None, stricter: T) -> T:
        return ours if theirs is None else stricter if rule in policy.enforced else theirs

    return Holds(
        preset=preset,
        entrance=entrance,
        sign_in=both(Rule.SIGN_IN, policy.sign_in, wishes.sign_in, _later(SignIn, policy.sign_in, wishes.sign_in or policy.sign_in)),
        guests=both(Rule.GUESTS, policy.guests, wishes.guests, _later(Guests, policy.guests, wishes.guests or policy.guests)),
        clients=policy.clients,
        regions=both(Rule.REGIONS, policy.regions, wishes.regions, within(policy.regions, wishes.regions)),
        recording=policy.recording,
        retention_days=both(
            Rule.RETENTION, policy.retention_days, wishes.retention_days, _fewer(policy.retention_days, wishes.retention_days or 0)
        ),
        rotation=both(Rule.ROTATION, policy.rotation, wishes.rotation, _sooner(policy.rotation, wishes.rotation or Rotation())),
    )


def hosts(*, policy: Policy, role: str, membership: str) -> bool:
    """Tell whether somebody is among those who are to host.

    Args:
        policy: the organisation's.
        role: theirs there; empty for whoever does not belong.
        membership: theirs.
    """
    listed = {
        Hosts.EVERYBODY: True,
        Hosts.ROLES: role in policy.host_roles,
        Hosts.PEOPLE: membership in policy.host_people,
    }
    return role in ROLES and listed[policy.hosts]


def may_host(*, ruling: Ruling, maker: Maker) -> Decision:
    """Decide whether somebody may make and change meetings of an organisation.

    Args:
        ruling: its policy.
        maker: who asks; that they belong is for the caller to know.
    """
    policy = ruling.policy
    met = [
        (Rule.HOSTS, hosts(policy=policy, role=maker.role, membership=maker.membership), Remedy.ASK_AN_OWNER),
        (Rule.SIGN_IN, reaches(sign_in=maker.sign_in, asked=policy.sign_in), Remedy.SIGN_IN_STRONGER),
        (Rule.CLIENTS, maker.client in policy.clients, Remedy.ASK_AN_OWNER),
    ]
    return _first(ruling, met)


def may_be(*, ruling: Ruling, wanted: Wanted, presets: Presets) -> Decision:
    """Decide whether a meeting of an organisation may be as somebody wants it.

    Args:
        ruling: its policy.
        wanted: the meeting.
        presets: what each preset asks of who comes in.
    """
    holds = tightened(policy=ruling.policy, wanted=wanted, presets=presets)
    met: list[tuple[Rule, bool, Remedy]] = [(Rule.PRESET, holds.preset == wanted.preset, Remedy.CHOOSE_ANOTHER)]
    met.append((Rule.PRESET, holds.entrance == wanted.entrance, Remedy.CHOOSE_STRICTER))
    for rule, wish, held in (
        (Rule.SIGN_IN, wanted.wishes.sign_in, holds.sign_in),
        (Rule.GUESTS, wanted.wishes.guests, holds.guests),
        (Rule.REGIONS, wanted.wishes.regions, holds.regions),
        (Rule.RETENTION, wanted.wishes.retention_days, holds.retention_days),
        (Rule.ROTATION, wanted.wishes.rotation, holds.rotation),
    ):
        met.append((rule, wish is None or wish == held, Remedy.CHOOSE_STRICTER))
    return _first(ruling, met)


def within(first: Regions, second: Regions) -> Regions:
    """Return the regions that both name; whoever names none says anywhere."""
    if first is ANYWHERE or second is ANYWHERE:
        return second if first is ANYWHERE else first
    return first & second


def due_at(*, rotation: Rotation, since: int, used: int | None) -> int | None:
    """Return from when on a link is to be replaced; None for never.

    Args:
        rotation: what holds for its meeting.
        since: when the link was made.
        used: when a call ended since then, if one did.
    """
    moments = [since + rotation.days * DAY_MS] if rotation.days else []
    if rotation.after_call and used is not None:
        moments.append(used)
    return min(moments, default=None)


def _first(ruling: Ruling, met: list[tuple[Rule, bool, Remedy]]) -> Decision:
    """Return the first enforced rule that is not met; a default holds nobody up."""
    for rule, kept, remedy in met:
        if not kept and rule in ruling.policy.enforced:
            return Decision(rule=rule, organisation=ruling.name, remedy=remedy)
    return Decision()


def _narrower(first: Entrance, second: Entrance) -> Entrance:
    """Return what two entrances ask for together."""
    return Entrance(
        who=max(first.who, second.who, key=WHO.index),
        waiting=max(first.waiting, second.waiting, key=WAITING.index),
        before_host=first.before_host and second.before_host,
    )


E = TypeVar("E", bound=StrEnum)


def _later(kind: type[E], first: E, second: E) -> E:
    """Return the stricter of two words, of a kind that names them from wide to strict."""
    return max(first, second, key=list(kind).index)


def _fewer(first: int, second: int) -> int:
    """Return the smaller number of days; 0 is no number."""
    return min((days for days in (first, second) if days), default=0)


def _sooner(first: Rotation, second: Rotation) -> Rotation:
    """Return a rotation that does what both ask."""
    return Rotation(days=_fewer(first.days, second.days), after_call=first.after_call or second.after_call)
