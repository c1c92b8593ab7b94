"""An organisation's policy: read it, save it as a new version, go back; and the facts of it that meetings are judged by."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.accounts.models import Membership, PolicyVersion, Role, School
from conclave.accounts.policy import Act
from conclave.accounts.rules import Guests, Hosts, Policy, Rotation, Rule, Ruling, SignIn, of_a_school
from conclave.accounts.schooling import STANDS
from conclave.accounts.standing import allow, own_seat
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal

PAGE = 50
# What the roles are called, for whoever writes a policy in words.
ROLE_LABELS = {role.value: role.label for role in Role}


class PolicyStale(Refused):
    """Somebody else has saved another version since this one was looked at."""

    code = "policy_stale"
    status = 409
    message = _("Somebody else has changed the policy meanwhile. Look at what holds now, then make your change again.")


class PolicyVersionUnknown(Refused):
    """The organisation's policy has no such version."""

    code = "policy_version_unknown"
    status = 404
    message = _("There is no such version of the policy.")


class PolicyPersonUnknown(Refused):
    """Somebody who is to host does not belong to the organisation."""

    code = "policy_person_unknown"
    status = 422
    message = _("Everybody who is named has to belong to the organisation.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A policy as it was saved: which, when, by whom (empty when the account is gone), and the version that it went back to."""

    number: int
    policy: Policy
    made_at: int = 0
    by: str = ""
    back_to: int | None = None


# Nobody has saved anything: everything is as on the platform.
FIRST = Version(number=0, policy=Policy())


def ruling_of(*, organisation: str) -> Ruling | None:
    """Return what an organisation rules now, as a school if it is one; None when there is no such organisation (any more).

    Args:
        organisation: which.
    """
    found = PolicyVersion.objects.select_related("organisation").filter(organisation=organisation, is_current=True).first()
    if found is None:
        seat = Membership.objects.filter(organisation=organisation, left_at=None).select_related("organisation").first()
        said, policy = (seat.organisation if seat else None), Policy()
    else:
        said, policy = found.organisation, _policy(found.rules)
    if said is None or said.dissolved_at is not None:
        return None
    is_school = School.objects.filter(organisation=organisation, standing__in=STANDS).exists()
    return Ruling(organisation=organisation, name=said.name, policy=of_a_school(policy=policy) if is_school else policy)


def rulings() -> list[Ruling]:
    """Return what every organisation that has saved a policy rules now, for what is carried out on time."""
    rows = PolicyVersion.objects.filter(is_current=True, organisation__dissolved_at=None).select_related("organisation")
    return [Ruling(organisation=row.organisation_id, name=row.organisation.name, policy=_policy(row.rules)) for row in rows]


def seat_of(*, organisation: str, account: UserId | None) -> tuple[str, str]:
    """Return somebody's role and membership in an organisation; both empty for whoever does not belong.

    Args:
        organisation: where.
        account: who; nobody for whoever is not signed in.
    """
    living = Membership.objects.filter(organisation=organisation, left_at=None, organisation__dissolved_at=None)
    found = living.filter(user=account).values_list("role", "pk").first() if account else None
    return found or ("", "")


def members_among(*, organisation: str, accounts: Collection[str]) -> set[str]:
    """Return who of these belongs to an organisation.

    Args:
        organisation: where.
        accounts: who is asked about.
    """
    living = Membership.objects.filter(organisation=organisation, left_at=None, organisation__dissolved_at=None)
    return set(living.filter(user__in=accounts).values_list("user", flat=True))


def current(*, organisation: str, account: UserId, act: Act = Act.SEE_POLICY) -> Version:
    """Return the policy of now.

    Args:
        organisation: whose.
        account: who asks.
        act: what for.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=act, own=own)
    return _current(organisation)


def version(*, organisation: str, account: UserId, number: int) -> Version:
    """Return one version, without those to host who have left since.

    Args:
        organisation: whose.
        account: who asks.
        number: which.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        PolicyVersionUnknown: there is none.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_POLICY, own=own)
    row = PolicyVersion.objects.select_related("made_by").filter(organisation=organisation, number=number).first()
    if row is None:
        raise PolicyVersionUnknown
    return _version(row)


def versions(*, organisation: str, account: UserId) -> list[Version]:
    """Return the newest versions, the newest first.

    Args:
        organisation: whose.
        account: who asks.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_POLICY, own=own)
    return [
        _version(row)
        for row in PolicyVersion.objects.select_related("made_by").filter(organisation=organisation).order_by("-number")[:PAGE]
    ]


def save(*, organisation: str, account: UserId, policy: Policy, seen: int, now: int, back_to: int | None = None) -> int:
    """Save a policy as a new version; the one that holds already changes nothing.

    Args:
        organisation: whose.
        account: who saves it.
        policy: what is to hold.
        seen: the version that they have looked at.
        now: the time.
        back_to: the earlier version that this is, where it is one.

    Returns:
        The number of the version that holds.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        PolicyStale: somebody else has saved one since.
        PolicyPersonUnknown: somebody who is to host does not belong.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.CHANGE_POLICY, own=own)
        before = _current(organisation)
        if before.number != seen:
            raise PolicyStale
        if not policy.host_people <= _living(organisation, policy.host_people):
            raise PolicyPersonUnknown
        if policy == before.policy:
            return before.number
        number = before.number + 1
        PolicyVersion.objects.filter(organisation=organisation, is_current=True).update(is_current=False)
        PolicyVersion.objects.create(
            organisation_id=organisation, number=number, rules=_document(policy), made_by_id=account, made_at=now, back_to=back_to
        )
        rules = ",".join(rule for rule in Rule if differs(rule=rule, first=before.policy, second=policy))
        journal(kind="policy_saved", obj=organisation, fields={"by": account, "version": number, "rules": rules}, now=now)
    return number


def differs(*, rule: Rule, first: Policy, second: Policy) -> bool:
    """Tell whether two policies differ in a rule: in what it says, or in whether it is enforced.

    Args:
        rule: which.
        first: one policy.
        second: the other.
    """
    names = _COLUMNS[rule]
    said = any(getattr(first, name) != getattr(second, name) for name in names)
    return said or (rule in first.enforced) != (rule in second.enforced)


def addresses_of(*, organisation: str, account: UserId, memberships: Collection[str]) -> list[str]:
    """Return the addresses of these who belong, for whoever sees people.

    Args:
        organisation: where.
        account: who asks.
        memberships: whose.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_PEOPLE, own=own)
    rows = Membership.objects.filter(organisation=organisation, pk__in=memberships, left_at=None)
    return sorted(rows.values_list("user__email", flat=True))


def memberships_of(*, organisation: str, account: UserId, addresses: Collection[str]) -> dict[str, str]:
    """Return by address who belongs, for whoever sees people; an address of nobody here is missing.

    Args:
        organisation: where.
        account: who asks.
        addresses: in lower case.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_PEOPLE, own=own)
    rows = Membership.objects.filter(organisation=organisation, user__email__in=addresses, left_at=None)
    return dict(rows.values_list("user__email", "pk"))


def roles_held(*, organisation: str, account: UserId) -> dict[str, str]:
    """Return the role of each membership, for whoever reads the policy and is told how many people a change concerns.

    Args:
        organisation: where.
        account: who asks.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    own = own_seat(organisation=organisation, account=account)
    allow(act=Act.SEE_POLICY, own=own)
    return dict(Membership.objects.filter(organisation=organisation, left_at=None).values_list("pk", "role"))


_COLUMNS: dict[Rule, tuple[str, ...]] = {
    Rule.HOSTS: ("hosts", "host_roles", "host_people"),
    Rule.SIGN_IN: ("sign_in",),
    Rule.PRESET: ("presets", "preset"),
    Rule.GUESTS: ("guests",),
    Rule.CLIENTS: ("clients",),
    Rule.REGIONS: ("regions",),
    Rule.RECORDING: ("recording",),
    Rule.RETENTION: ("retention_days",),
    Rule.ROTATION: ("rotation",),
}


def _current(organisation: str) -> Version:
    """Return the version that holds."""
    row = PolicyVersion.objects.select_related("made_by").filter(organisation=organisation, is_current=True).first()
    return _version(row) if row is not None else FIRST


def _version(row: PolicyVersion) -> Version:
    """Return a row as plain values."""
    policy = _policy(row.rules, only=_living(row.organisation_id, row.rules.get("host_people", [])))
    by = row.made_by.get_short_name() if row.made_by else ""
    return Version(number=row.number, policy=policy, made_at=row.made_at, by=by, back_to=row.back_to)


def _living(organisation: str, memberships: Collection[str]) -> set[str]:
    """Return which of these memberships last."""
    return set(Membership.objects.filter(organisation=organisation, pk__in=memberships, left_at=None).values_list("pk", flat=True))


def _document(policy: Policy) -> dict[str, Any]:
    """Return a policy as it is stored."""
    return {
        "hosts": policy.hosts.value,
        "host_roles": sorted(policy.host_roles),
        "host_people": sorted(policy.host_people),
        "sign_in": policy.sign_in.value,
        "presets": sorted(policy.presets),
        "preset": policy.preset,
        "guests": policy.guests.value,
        "clients": sorted(policy.clients),
        "regions": None if policy.regions is None else sorted(policy.regions),
        "recording": policy.recording,
        "retention_days": policy.retention_days,
        "rotation_days": policy.rotation.days,
        "rotation_after_call": policy.rotation.after_call,
        "enforced": sorted(policy.enforced),
    }


def _policy(document: Mapping[str, Any], *, only: Collection[str] | None = None) -> Policy:
    """Return a stored policy; of those to host `only` these where that is asked."""
    people = frozenset(document["host_people"])
    return Policy(
        hosts=Hosts(document["hosts"]),
        host_roles=frozenset(document["host_roles"]),
        host_people=people if only is None else people & frozenset(only),
        sign_in=SignIn(document["sign_in"]),
        presets=frozenset(document["presets"]),
        preset=document["preset"],
        guests=Guests(document["guests"]),
        clients=frozenset(document["clients"]),
        regions=None if document["regions"] is None else frozenset(document["regions"]),
        recording=document["recording"],
        retention_days=document["retention_days"],
        rotation=Rotation(days=document["rotation_days"], after_call=document["rotation_after_call"]),
        enforced=frozenset(Rule(rule) for rule in document["enforced"]),
    )
