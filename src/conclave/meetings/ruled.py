"""What an organisation rules for its meetings (docs/protocol/organisations.md): asked of accounts/, refused in words that say whose."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict

from django.utils.translation import gettext_lazy as _

from conclave.accounts.rulebook import ruling_of
from conclave.accounts.rules import (
    STARTS,
    Decision,
    Entrance,
    Guests,
    Holds,
    Policy,
    Regions,
    Remedy,
    Rotation,
    Rule,
    Ruling,
    SignIn,
    Wanted,
    Wishes,
    due_at,
    preset_of,
    tightened,
)
from conclave.kernel.errors import Refused
from conclave.meetings.models import Meeting

PRESETS: dict[str, dict[str, dict[str, Any]]] = json.loads((Path(__file__).parent / "presets.json").read_text())
ENTRANCES = {name: Entrance(**preset["entrance"]) for name, preset in PRESETS.items()}


class RuleMet(Refused):
    """An enforced rule of the meeting's organisation refuses this; `organisation` says whose, `rule` which (RULE-4)."""

    code = "organisation_rule"
    status = 422
    message = _(
        "The policy of “%(organisation)s” does not let a meeting loosen this setting. Choose what is stricter, or ask one of its owners."
    )


class HostsRuled(RuleMet):
    """The person may not make or change meetings of the organisation."""

    code = "organisation_hosts"
    status = 403
    message = _("The policy of “%(organisation)s” says who may host its meetings, and you are not among them. Ask one of its owners.")


class PresetRuled(RuleMet):
    """The preset is not one of those that the organisation allows."""

    code = "organisation_preset"
    message = _("The policy of “%(organisation)s” does not allow this preset. Choose another, or ask one of its owners.")


class EntranceRuled(RuleMet):
    """Who comes in and how would be looser than the preset that the organisation enforces."""

    code = "organisation_entrance"
    message = _("The policy of “%(organisation)s” does not let a meeting ask for less than its preset does. Choose stricter settings.")


class SignInRuled(RuleMet):
    """The person has signed in, and not in the way that the organisation asks of its members and hosts."""

    code = "organisation_sign_in"
    status = 403
    message = _(
        "The policy of “%(organisation)s” asks its members for a second factor: a passkey, or a code of an app. Sign in again with one."
    )


class ProviderRuled(SignInRuled):
    """The same, where only the organisation's own provider will do."""

    code = "organisation_sso"
    message = _("The policy of “%(organisation)s” asks its members to sign in by its own sign-in page. Sign out, then sign in there.")


class GuestsRuled(RuleMet):
    """Only members of the organisation come into its meetings."""

    code = "organisation_guests"
    status = 403
    message = _("The policy of “%(organisation)s” lets only its members into its meetings. Sign in with the account that belongs to it.")


class ClientRuled(RuleMet):
    """The organisation does not take this kind of client."""

    code = "organisation_clients"
    status = 403
    message = _("The policy of “%(organisation)s” does not allow this kind of program. Use one that it allows, or ask one of its owners.")


class OwnRules(TypedDict, total=False):
    """What a meeting says itself beside its organisation's policy; a key that is absent stays as it is, None says nothing any more."""

    guests: str | None
    sign_in: str | None
    regions: list[str] | None
    retention_days: int | None
    rotation_days: int | None
    rotation_after_call: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What holds for a meeting; without an organisation what it says itself of who comes in, and nothing else."""

    ruling: Ruling | None
    holds: Holds
    # Each list of regions by itself, as one may name what another names by its territory (REG-1).
    regions: tuple[Regions, ...] = ()
    link_due_at: int | None = None

    @property
    def organisation(self) -> str:
        """Whose meeting it is; empty for nobody's but its owner's."""
        return self.ruling.organisation if self.ruling else ""

    @property
    def name(self) -> str:
        """What that organisation is called."""
        return self.ruling.name if self.ruling else ""


NOTHING = Policy()


def ruled(*, meeting: Meeting, known: dict[str, Ruling | None] | None = None) -> Ruled:
    """Return what holds for a meeting (RULE-1).

    Args:
        meeting: its row.
        known: what was asked already, for whoever asks about many.
    """
    known = {} if known is None else known
    organisation = meeting.organisation_id or ""
    if organisation and organisation not in known:
        known[organisation] = ruling_of(organisation=organisation)
    ruling = known.get(organisation)
    wanted = wanted_of(meeting=meeting)
    if ruling is None:
        return Ruled(
            ruling=None,
            holds=tightened(policy=NOTHING, wanted=Wanted(preset=wanted.preset, entrance=wanted.entrance), presets={}),
            regions=(wanted.wishes.regions,),
        )
    holds = tightened(policy=ruling.policy, wanted=wanted, presets=ENTRANCES)
    due = due_at(rotation=holds.rotation, since=meeting.link_since or meeting.created_at, used=meeting.link_used_at)
    enforced = Rule.REGIONS in ruling.policy.enforced
    regions = (ruling.policy.regions, wanted.wishes.regions) if enforced else (holds.regions,)
    return Ruled(ruling=ruling, holds=holds, regions=regions, link_due_at=due)


def starting_preset(*, organisation: str) -> str:
    """Return the preset that a meeting starts with when none is chosen.

    Args:
        organisation: under whose policy it is to be; empty for nobody's.
    """
    ruling = ruling_of(organisation=organisation) if organisation else None
    return STARTS if ruling is None else preset_of(policy=ruling.policy, preset=ruling.policy.preset, presets=ENTRANCES)


def presets_under(*, policy: Policy) -> list[str]:
    """Return which presets may be chosen under a policy, in the order of all.

    Args:
        policy: the organisation's.
    """
    chosen = Rule.PRESET in policy.enforced and bool(policy.presets & set(PRESETS))
    return [name for name in PRESETS if not chosen or name in policy.presets]


_PARTS: dict[Rule, tuple[str, ...]] = {
    Rule.PRESET: ("preset", "entrance"),
    Rule.SIGN_IN: ("sign_in",),
    Rule.GUESTS: ("guests",),
    Rule.CLIENTS: ("clients",),
    Rule.REGIONS: ("regions",),
    Rule.RECORDING: ("recording",),
    Rule.RETENTION: ("retention_days",),
    Rule.ROTATION: ("rotation",),
}


def concerned(*, organisation: str, before: Policy, after: Policy) -> dict[Rule, tuple[int, int]]:
    """Return for each rule how many meetings another policy would change, and how many people own them; who asks may see the policy.

    Args:
        organisation: whose.
        before: what holds.
        after: what would.
    """
    owners: dict[Rule, list[str]] = {rule: [] for rule in _PARTS}
    for row in Meeting.objects.filter(organisation=organisation, deleted_at=None).iterator():
        wanted = wanted_of(meeting=row)
        first, second = (tightened(policy=policy, wanted=wanted, presets=ENTRANCES) for policy in (before, after))
        for rule, parts in _PARTS.items():
            if any(getattr(first, part) != getattr(second, part) for part in parts):
                owners[rule].append(row.owner_id or "")
    return {rule: (len(whose), len(set(whose))) for rule, whose in owners.items()}


def refuse(*, decision: Decision, ruling: Ruling) -> None:
    """Do nothing where a decision allows it.

    Args:
        decision: the rule's.
        ruling: what was judged by.

    Raises:
        RuleMet: it does not.
    """
    if decision.rule is None:
        return
    kinds: dict[Rule, type[RuleMet]] = {
        Rule.HOSTS: HostsRuled,
        Rule.CLIENTS: ClientRuled,
        Rule.PRESET: PresetRuled,
        Rule.SIGN_IN: SignInRuled,
    }
    kind = kinds.get(decision.rule, RuleMet)
    if decision.rule is Rule.PRESET and decision.remedy is Remedy.CHOOSE_STRICTER:
        kind = EntranceRuled
    elif decision.rule is Rule.SIGN_IN and decision.remedy is Remedy.CHOOSE_STRICTER:
        kind = RuleMet
    elif decision.rule is Rule.SIGN_IN and ruling.policy.sign_in is SignIn.SSO:
        kind = ProviderRuled
    raise met(kind=kind, rule=decision.rule, organisation=decision.organisation)


def met(*, kind: type[RuleMet], rule: Rule, organisation: str) -> RuleMet:
    """Return what to tell somebody who meets a rule (RULE-4).

    Args:
        kind: what it says and can be done about it.
        rule: which rule.
        organisation: what the organisation is called.
    """
    error = kind(str(kind.message) % {"organisation": organisation})
    error.organisation, error.rule = organisation, rule.value
    return error


def settle_rules(*, meeting: Meeting, own_rules: OwnRules) -> list[str]:
    """Set what a meeting says itself, without saving.

    Args:
        meeting: the row.
        own_rules: what was asked.

    Returns:
        The names of the columns that may have changed.
    """
    if not own_rules:
        return []
    said = {**meeting.own_rules, **own_rules}
    if "retention_days" in own_rules:
        # A column of its own, by which calls go on time (retention.py).
        meeting.kept_days = said.pop("retention_days")
    meeting.own_rules = {name: value for name, value in said.items() if value is not None}
    return ["kept_days", "own_rules"]


def adopt_held(*, meeting: Meeting) -> list[str]:
    """Let a meeting say what holds for it, where its organisation enforces by now more than it says, without saving.

    So a change is refused for what it asks, and never for what the row has said since before the policy was tightened (RULE-2).

    Args:
        meeting: the row.

    Returns:
        The names of the columns that changed.
    """
    wanted, holds = wanted_of(meeting=meeting), ruled(meeting=meeting).holds
    wishes = wanted.wishes
    held: dict[str, Any] = {"preset": holds.preset, **asdict(holds.entrance)}
    changed = [name for name, value in held.items() if getattr(meeting, name) != value]
    for name in changed:
        setattr(meeting, name, held[name])
    own: OwnRules = {}
    if wishes.sign_in not in {None, holds.sign_in}:
        own["sign_in"] = holds.sign_in.value
    if wishes.guests not in {None, holds.guests}:
        own["guests"] = holds.guests.value
    if wishes.regions not in {None, holds.regions}:
        own["regions"] = sorted(holds.regions or ())
    if wishes.retention_days not in {None, holds.retention_days}:
        own["retention_days"] = holds.retention_days
    if wishes.rotation not in {None, holds.rotation}:
        own |= {"rotation_days": holds.rotation.days, "rotation_after_call": holds.rotation.after_call}
    return changed + settle_rules(meeting=meeting, own_rules=own)


def wanted_of(*, meeting: Meeting) -> Wanted:
    """Return a meeting as its row has it, before any rule.

    Args:
        meeting: the row.
    """
    said = meeting.own_rules
    turns = "rotation_days" in said or "rotation_after_call" in said
    wishes = Wishes(
        sign_in=SignIn(said["sign_in"]) if "sign_in" in said else None,
        guests=Guests(said["guests"]) if "guests" in said else None,
        regions=frozenset(said["regions"]) if "regions" in said else None,
        retention_days=meeting.kept_days,
        rotation=Rotation(days=said.get("rotation_days", 0), after_call=said.get("rotation_after_call", False)) if turns else None,
    )
    entrance = Entrance(who=meeting.who, waiting=meeting.waiting, before_host=meeting.before_host)
    return Wanted(preset=meeting.preset, entrance=entrance, wishes=wishes)
