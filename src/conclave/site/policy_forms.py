"""The form of an organisation's policy: one question after the other, each with how it holds."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conclave.accounts.rulebook import ROLE_LABELS
from conclave.accounts.rules import LONGEST_DAYS, Guests, Hosts, Policy, Rotation, Rule, SignIn
from conclave.site.policy_words import CLIENTS, GUESTS, HOSTS, PRESETS, RULES, SIGN_INS, STRENGTHS

MOST_LISTED = 500
_REGION = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,31}")
_WORDS = re.compile(r"[\s,;]+")


def _holds() -> forms.ChoiceField:
    """Return the question of how a rule holds."""
    return forms.ChoiceField(label=_("How it holds"), choices=STRENGTHS, initial="default")


def _boxes(label: Any, choices: Mapping[str, Any], help_text: Any = "") -> forms.MultipleChoiceField:  # noqa: ANN401 - lazy texts
    """Return boxes to tick."""
    return forms.MultipleChoiceField(
        label=label, help_text=help_text, choices=list(choices.items()), required=False, widget=forms.CheckboxSelectMultiple
    )


class PolicyForm(forms.Form):
    """Every rule with how it holds; the names of people are addresses, which are looked up for `people`."""

    hosts = forms.ChoiceField(
        label=RULES[Rule.HOSTS],
        help_text=_("Who makes meetings of the organisation and changes them. Their own meetings outside of it are nobody’s business."),
        choices=[(one.value, label) for one, label in HOSTS.items()],
    )
    host_roles = _boxes(_("Roles, where it is roles"), ROLE_LABELS)
    host_people = forms.CharField(
        label=_("People, where it is people"),
        help_text=_("Their e-mail addresses, one a line. They have to belong to the organisation."),
        required=False,
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
    )
    hosts_holds = _holds()
    sign_in = forms.ChoiceField(
        label=RULES[Rule.SIGN_IN],
        help_text=_("Asked of members and hosts when they make, change and join meetings of the organisation."),
        choices=[(one.value, label) for one, label in SIGN_INS.items()],
    )
    sign_in_holds = _holds()
    presets = _boxes(
        _("Presets that may be chosen"),
        PRESETS,
        _("None ticked is all. Where this is enforced, a meeting asks for at least what its preset does."),
    )
    preset = forms.ChoiceField(label=_("Preset at first"), choices=list(PRESETS.items()))
    preset_holds = _holds()
    guests = forms.ChoiceField(
        label=RULES[Rule.GUESTS],
        help_text=_("Guests are all who are not signed in as members of the organisation."),
        choices=[(one.value, label) for one, label in GUESTS.items()],
    )
    guests_holds = _holds()
    clients = _boxes(RULES[Rule.CLIENTS], CLIENTS, _("With what people may come. There are only browsers so far."))
    clients_holds = _holds()
    regions = forms.CharField(
        label=RULES[Rule.REGIONS],
        help_text=_(
            "Country codes or names of regions, such as FR, DE. Nothing is anywhere on this server. Where none is left, no call is held."
        ),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    regions_holds = _holds()
    retention_days = forms.IntegerField(
        label=RULES[Rule.RETENTION],
        help_text=_(
            "In days, 1 to 365; nothing is as long as this server does. Then calls are forgotten, and meetings in which nobody was go."
        ),
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    retention_holds = _holds()
    rotation_days = forms.IntegerField(
        label=_("Replace links after so many days"),
        help_text=_(
            "1 to 365; nothing is never. From then on everybody but the host has to be let in, until the host has replaced the link."
        ),
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    rotation_after_call = forms.BooleanField(label=_("Replace links after each call"), required=False)
    rotation_holds = _holds()

    def __init__(self, *args: Any, people: Mapping[str, str] | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        """Know whose addresses belong to whom: by address, the membership."""
        super().__init__(*args, **kwargs)
        self._people = people or {}

    def clean_host_people(self) -> str:
        """Take the addresses of members only, each once, a line each."""
        addresses = sorted({word.lower() for word in _WORDS.split(str(self.cleaned_data["host_people"])) if word})
        unknown = [address for address in addresses if address not in self._people]
        if unknown:
            raise forms.ValidationError(
                _("Not the address of anybody here: %(addresses)s"), code="person_unknown", params={"addresses": ", ".join(unknown[:5])}
            )
        if len(addresses) > MOST_LISTED:
            raise forms.ValidationError(_("At most 500 people can be named. Give them a role instead."), code="people_many")
        return "\n".join(addresses)

    def clean_regions(self) -> str:
        """Take names of regions and codes of territories, in one form."""
        names = sorted(
            {word.upper() if len(word) == 2 else word.lower() for word in _WORDS.split(str(self.cleaned_data["regions"])) if word}
        )
        if any(_REGION.fullmatch(name) is None for name in names) or len(names) > 50:
            raise forms.ValidationError(_("Write codes such as FR, separated by commas; at most 50."), code="region_forbidden")
        return ", ".join(names)

    def clean_clients(self) -> list[str]:
        """Refuse to shut out everything."""
        if not self.cleaned_data["clients"]:
            raise forms.ValidationError(_("Tick at least one, or nobody can come."), code="clients_none")
        return list(self.cleaned_data["clients"])

    def clean(self) -> dict[str, Any]:
        """Refuse what would leave nobody, or starts with what may not be chosen."""
        data = super().clean() or {}
        if data.get("hosts") == Hosts.ROLES and not data.get("host_roles"):
            self.add_error("host_roles", forms.ValidationError(_("Tick at least one role, or nobody can host."), code="roles_none"))
        if data.get("hosts") == Hosts.PEOPLE and "host_people" in data and not data["host_people"]:
            self.add_error("host_people", forms.ValidationError(_("Name at least one person, or nobody can host."), code="people_none"))
        if data.get("presets") and "preset" in data and data["preset"] not in data["presets"]:
            self.add_error("preset", forms.ValidationError(_("It has to be one of those that may be chosen."), code="preset_left_out"))
        return data

    def policy(self) -> Policy:
        """Return the policy that was typed, of a form that is valid."""
        given = self.cleaned_data
        names = frozenset(_WORDS.split(given["regions"])) if given["regions"] else None
        return Policy(
            hosts=Hosts(given["hosts"]),
            host_roles=frozenset(given["host_roles"]) if given["hosts"] == Hosts.ROLES else frozenset(),
            host_people=frozenset(self._people[one] for one in given["host_people"].split())
            if given["hosts"] == Hosts.PEOPLE
            else frozenset(),
            sign_in=SignIn(given["sign_in"]),
            # All of them are as good as none said.
            presets=frozenset(given["presets"] if set(given["presets"]) != set(PRESETS) else ()),
            preset=given["preset"],
            guests=Guests(given["guests"]),
            clients=frozenset(given["clients"]),
            regions=names,
            retention_days=given["retention_days"] or 0,
            rotation=Rotation(days=given["rotation_days"] or 0, after_call=given["rotation_after_call"]),
            enforced=frozenset(rule for rule in Rule if given.get(f"{rule}_holds") == "enforced"),
        )


def answers(*, policy: Policy, addresses: list[str]) -> dict[str, Any]:
    """Return a policy as the form's answers.

    Args:
        policy: which.
        addresses: of those to host who are named.
    """
    return {
        "hosts": policy.hosts.value,
        "host_roles": sorted(policy.host_roles),
        "host_people": "\n".join(addresses),
        "sign_in": policy.sign_in.value,
        "presets": sorted(policy.presets),
        "preset": policy.preset,
        "guests": policy.guests.value,
        "clients": sorted(policy.clients),
        "regions": ", ".join(sorted(policy.regions or ())),
        "retention_days": policy.retention_days or None,
        "rotation_days": policy.rotation.days or None,
        "rotation_after_call": policy.rotation.after_call,
        **{f"{rule}_holds": "enforced" if rule in policy.enforced else "default" for rule in Rule if rule is not Rule.RECORDING},
    }
