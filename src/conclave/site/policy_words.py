"""An organisation's policy in words: what each rule is called, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conclave.accounts.rulebook import ROLE_LABELS
from conclave.accounts.rules import Guests, Hosts, Policy, Rule, SignIn

RULES = {
    Rule.HOSTS: gettext_lazy("Who may host"),
    Rule.SIGN_IN: gettext_lazy("How members sign in"),
    Rule.PRESET: gettext_lazy("Presets"),
    Rule.GUESTS: gettext_lazy("Guests"),
    Rule.CLIENTS: gettext_lazy("Programs"),
    Rule.REGIONS: gettext_lazy("Regions"),
    Rule.RECORDING: gettext_lazy("Recording"),
    Rule.RETENTION: gettext_lazy("How long calls and meetings are kept"),
    Rule.ROTATION: gettext_lazy("When links are replaced"),
}
HOSTS = {
    Hosts.EVERYBODY: gettext_lazy("Everybody who belongs"),
    Hosts.ROLES: gettext_lazy("These roles"),
    Hosts.PEOPLE: gettext_lazy("These people"),
}
SIGN_INS = {
    SignIn.PASSWORD: gettext_lazy("With a password or more"),
    SignIn.SECOND_FACTOR: gettext_lazy("With a second factor: a passkey, or a code of an app"),
    SignIn.SSO: gettext_lazy("By the organisation’s own sign-in page"),
}
GUESTS = {
    Guests.ALLOWED: gettext_lazy("Come in as the meeting says"),
    Guests.ADMITTED: gettext_lazy("Are let in one by one by a host"),
    Guests.NONE: gettext_lazy("Do not come in"),
}
PRESETS = {
    "guarded": gettext_lazy("Guarded"),
    "open": gettext_lazy("Open"),
    "school": gettext_lazy("School"),
    "confidential": gettext_lazy("Confidential"),
}
CLIENTS = {"browser": gettext_lazy("Browsers")}
STRENGTHS = (
    ("default", gettext_lazy("Recommended")),
    ("enforced", gettext_lazy("Enforced")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A rule as somebody reads it."""

    rule: str
    title: str
    text: str
    enforced: bool


def said(*, policy: Policy, listed: Sequence[str] | None) -> list[Said]:
    """Return every rule of a policy in words.

    Args:
        policy: which.
        listed: the addresses of those to host who are named; None for a reader who is told their number only.
    """
    texts = {
        Rule.HOSTS: _hosts(policy, listed),
        Rule.SIGN_IN: str(SIGN_INS[policy.sign_in]),
        Rule.PRESET: _presets(policy),
        Rule.GUESTS: str(GUESTS[policy.guests]),
        Rule.CLIENTS: _listed([str(CLIENTS[client]) for client in sorted(policy.clients)]),
        Rule.REGIONS: _("Anywhere") if policy.regions is None else _listed(sorted(policy.regions)),
        Rule.RECORDING: _("Off. There is none in this version."),
        Rule.RETENTION: _("%(days)s days") % {"days": policy.retention_days}
        if policy.retention_days
        else _("As long as this server keeps them"),
        Rule.ROTATION: _rotation(policy),
    }
    return [Said(rule=rule, title=str(RULES[rule]), text=text, enforced=rule in policy.enforced) for rule, text in texts.items()]


def _hosts(policy: Policy, listed: Sequence[str] | None) -> str:
    """Return who may host, in words."""
    if policy.hosts is Hosts.ROLES:
        return _listed([str(label) for role, label in ROLE_LABELS.items() if role in policy.host_roles])
    if policy.hosts is Hosts.PEOPLE:
        return _("Named people: %(count)s") % {"count": len(policy.host_people)} if listed is None else _listed(listed)
    return str(HOSTS[policy.hosts])


def _presets(policy: Policy) -> str:
    """Return which presets may be chosen, and which one is when nothing is said."""
    allowed = [str(label) for name, label in PRESETS.items() if not policy.presets or name in policy.presets]
    begins = str(PRESETS.get(policy.preset, PRESETS["guarded"]))
    return _("%(presets)s; at first %(preset)s") % {"presets": _listed(allowed), "preset": begins}


def _rotation(policy: Policy) -> str:
    """Return when links are replaced, in words."""
    days = _("After %(days)s days") % {"days": policy.rotation.days} if policy.rotation.days else ""
    call = _("After each call") if policy.rotation.after_call else ""
    return _listed([part for part in (days, call) if part]) or _("Never by rule")


def _listed(words: Sequence[str]) -> str:
    """Return words one after the other."""
    return ", ".join(words)
