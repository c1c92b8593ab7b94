"""Who may make and change meetings of an organisation (RULE-2, docs/protocol/organisations.md)."""

from collections.abc import Collection
from dataclasses import dataclass

from conclave.accounts.organisations import my_organisations
from conclave.accounts.rulebook import ruling_of, seat_of
from conclave.accounts.rules import Maker, Ruling, may_be, may_host, preset_of, sign_in_of
from conclave.accounts.standing import OrganisationUnknown
from conclave.kernel.ids import UserId
from conclave.meetings.models import Meeting
from conclave.meetings.ruled import ENTRANCES, RuleMet, presets_under, refuse, wanted_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An organisation under whose policy somebody may make meetings; `refusal` is why not, in words, and empty where they may."""

    organisation: str
    name: str
    presets: list[str]
    preset: str
    refusal: str


def policies_for(*, account: UserId, shown: Collection[str]) -> list[Choice]:
    """Return the organisations that somebody belongs to, by name, with what each leaves to choose (RULE-2).

    Args:
        account: who asks.
        shown: what they have shown when they signed in.
    """
    found = []
    for own in my_organisations(account=account):
        ruling = ruling_of(organisation=own.organisation) or Ruling(organisation=own.organisation, name=own.name)
        _role, membership = seat_of(organisation=own.organisation, account=account)
        sign_in = sign_in_of(shown=shown, organisation=own.organisation)
        refusal = ""
        try:
            refuse(decision=may_host(ruling=ruling, maker=Maker(role=own.role, membership=membership, sign_in=sign_in)), ruling=ruling)
        except RuleMet as error:
            refusal = error.text
        presets = presets_under(policy=ruling.policy)
        preset = preset_of(policy=ruling.policy, preset=ruling.policy.preset, presets=ENTRANCES)
        found.append(Choice(organisation=own.organisation, name=own.name, presets=presets, preset=preset, refusal=refusal))
    return found


def check_maker(*, meeting: Meeting, account: UserId, shown: Collection[str]) -> Ruling | None:
    """Go on only if somebody may make this meeting, or change it, as it is to be (RULE-2); inside the caller's transaction.

    Args:
        meeting: the row as it is to be, not saved yet.
        account: who asks.
        shown: what they have shown when they signed in.

    Returns:
        What its organisation rules, where it has one.

    Raises:
        OrganisationUnknown: they do not belong to it, or there is none.
        RuleMet: an enforced rule refuses it.
    """
    ruling = check_host(organisation=meeting.organisation_id or "", account=account, shown=shown)
    if ruling is not None:
        refuse(decision=may_be(ruling=ruling, wanted=wanted_of(meeting=meeting), presets=ENTRANCES), ruling=ruling)
    return ruling


def check_host(*, organisation: str, account: UserId, shown: Collection[str]) -> Ruling | None:
    """Go on only if somebody may host meetings of an organisation: invite to them, plan them, change them (RULE-2).

    What only takes back is not asked for: whoever may host no more can still revoke an invitation, call a time off and delete.

    Args:
        organisation: whose meeting it is; empty for nobody's.
        account: who asks.
        shown: what they have shown when they signed in.

    Returns:
        What the organisation rules, where there is one.

    Raises:
        OrganisationUnknown: they do not belong to it, or there is none.
        RuleMet: an enforced rule refuses it.
    """
    if not organisation:
        return None
    ruling = ruling_of(organisation=organisation)
    role, membership = seat_of(organisation=organisation, account=account)
    if ruling is None or not role:
        raise OrganisationUnknown
    sign_in = sign_in_of(shown=shown, organisation=organisation)
    refuse(decision=may_host(ruling=ruling, maker=Maker(role=role, membership=membership, sign_in=sign_in)), ruling=ruling)
    return ruling
