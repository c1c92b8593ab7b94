"""Who comes into a meeting and how: its entrance settings, the presets they start from, and the passcode (MEET-8 to MEET-10)."""

import threading
from typing import Any, Literal, TypedDict

from django.contrib.auth.hashers import check_password, make_password
from django.utils.translation import gettext_lazy as _

from conclave.accounts.rules import Guests, Rule, SignIn
from conclave.gate.policy import Bar, Door, Waiting, Who
from conclave.kernel.clock import MINUTE, SECOND
from conclave.kernel.errors import Refused, TooOften
from conclave.kernel.limits import LIMITER, Rate
from conclave.meetings.models import Meeting
from conclave.meetings.queries import MeetingAccess
from conclave.meetings.ruled import PRESETS, ClientRuled, GuestsRuled, ProviderRuled, RuleMet, SignInRuled, met

Preset = Literal["guarded", "open", "school", "confidential"]
FEWEST_CHARACTERS, MOST_CHARACTERS = 6, 64
# Guesses, by address and meeting and by all addresses together; whoever is right takes nothing from either.
WRONG_RATE = Rate(name="passcode_wrong", burst=10, every_ms=MINUTE)
WRONG_ANYWHERE_RATE = Rate(name="passcode_wrong_anywhere", burst=200, every_ms=10 * SECOND)
# A check takes much memory, by design: a few at a time.
_checking = threading.BoundedSemaphore(2)


class PasscodeForbidden(Refused):
    """The passcode is too short to withstand guessing, or too long (MEET-9)."""

    code = "passcode_forbidden"
    status = 422
    message = _("A passcode has 6 to 64 characters.")


class PasscodeRequired(Refused):
    """The meeting asks for a passcode, and none was given."""

    code = "passcode_required"
    status = 403
    message = _("This meeting asks for a passcode.")


class PasscodeWrong(Refused):
    """Not the passcode of this meeting."""

    code = "passcode_wrong"
    status = 403
    message = _("This is not the passcode. Ask whoever invited you.")


class SignInRequired(Refused):
    """Only people with an account here come into this meeting."""

    code = "sign_in_required"
    status = 403
    message = _("Only people who are signed in come into this meeting. Sign in, then open the link again.")


class InvitationRequired(Refused):
    """Only people with a personal invitation come into this meeting."""

    code = "invitation_required"
    status = 403
    message = _("Only people with a personal invitation come into this meeting.")


class Changes(TypedDict, total=False):
    """What may be set; a key that is absent stays as it is. An empty passcode is none, no capacity as much as there is room."""

    who: str
    waiting: str
    passcode: str
    before_host: bool
    capacity: int


def settle_entrance(*, meeting: Meeting, preset: str | None, changes: Changes) -> list[str]:
    """Set what a preset means and then what was asked beside it, without saving.

    Args:
        meeting: the row.
        preset: a name of PRESETS; None leaves the settings as they are.
        changes: what was asked beside it.

    Returns:
        The names of the columns that may have changed.

    Raises:
        PasscodeForbidden: the passcode has not 6 to 64 characters (MEET-9).
    """
    wanted: dict[str, Any] = {} if preset is None else {"preset": preset, **PRESETS[preset]["entrance"]}
    wanted |= {name: value for name, value in changes.items() if name != "passcode"}
    if "capacity" in wanted:
        wanted["capacity"] = wanted["capacity"] or None
    if "passcode" in changes:
        wanted["passcode_hash"] = hash_passcode(changes["passcode"])
    for name, value in wanted.items():
        setattr(meeting, name, value)
    return sorted(wanted)


def door_of(*, meeting: MeetingAccess, strict: bool, locked: bool, host_inside: bool, seated: int, now: int) -> Door:
    """Return how a meeting's door stands, as the gate judges it.

    Args:
        meeting: the meeting.
        strict: whether members let nobody in but whom a host admits (POL-8): then everybody knocks.
        locked: whether they let in nobody new.
        host_inside: whether a host whom the group's policy lists is there.
        seated: how many are.
        now: the time.
    """
    return Door(
        who=Who(meeting.who),
        waiting=Waiting.EVERYBODY if strict else Waiting(meeting.waiting),
        passcode=meeting.passcode_hash != "",
        before_host=meeting.before_host,
        host_inside=host_inside,
        full=meeting.capacity is not None and seated >= meeting.capacity,
        locked=locked,
        guests=meeting.guests,
        sign_in=meeting.sign_in,
        clients=meeting.clients,
        link_due=meeting.is_due(now=now),
    )


def is_open(*, meeting: MeetingAccess, now: int) -> bool:
    """Tell whether whoever has the link comes in without anybody's word, and so may know whether there is a call (KNOCK-6)."""
    anybodys = meeting.who == Who.LINK and meeting.waiting == Waiting.NOBODY and meeting.guests is Guests.ALLOWED
    return anybodys and meeting.before_host and not meeting.passcode_hash and not meeting.is_due(now=now)


def hash_passcode(passcode: str) -> str:
    """Return what is stored of a passcode: an argon2 hash, or nothing for none.

    Raises:
        PasscodeForbidden: it has not 6 to 64 characters (MEET-9).
    """
    if passcode == "":
        return ""
    if not FEWEST_CHARACTERS <= len(passcode) <= MOST_CHARACTERS:
        raise PasscodeForbidden
    # An argon2 hash takes 100 MiB: many at once would take the machine.
    with _checking:
        return make_password(passcode)


def check_passcode(*, meeting: MeetingAccess, passcode: str | None, address: str, now: int) -> bool:
    """Tell whether the passcode is right; each wrong one counts (MEET-9). Takes a tenth of a second: ask outside of transactions.

    Args:
        meeting: the meeting.
        passcode: what was typed; None for nothing.
        address: a pseudonym of the asking address.
        now: the time.

    Returns:
        True when it is right; False when the meeting asks for none or nothing was typed.

    Raises:
        PasscodeWrong: it is not.
        TooOften: this address, or everybody together, has guessed too often.
    """
    if not meeting.passcode_hash or passcode is None:
        return False
    subjects = ((WRONG_RATE, f"{meeting.meeting} {address}"), (WRONG_ANYWHERE_RATE, meeting.meeting))
    # Asked and counted while nobody else guesses, or a crowd of guesses would all be let through before the first one counts.
    with _checking:
        if not all(LIMITER.has_left(rate=rate, subject=subject, now=now) for rate, subject in subjects):
            raise TooOften
        if check_password(passcode, meeting.passcode_hash):
            return True
        for rate, subject in subjects:
            LIMITER.allows(rate=rate, subject=subject, now=now)
    raise PasscodeWrong


def refusal_of(*, bar: Bar, meeting: MeetingAccess | None) -> Refused:
    """Return what to tell somebody whom a bar keeps out; for a full meeting see media.placement.CallFull.

    Args:
        bar: which.
        meeting: where; its organisation's rules name the organisation (RULE-4).
    """
    refusals: dict[Bar, type[Refused]] = {
        Bar.SIGN_IN: SignInRequired,
        Bar.INVITATION: InvitationRequired,
        Bar.PASSCODE: PasscodeRequired,
    }
    if bar in refusals:
        return refusals[bar]()
    by_provider = meeting is not None and meeting.sign_in is SignIn.SSO
    rules: dict[Bar, tuple[type[RuleMet], Rule]] = {
        Bar.GUESTS: (GuestsRuled, Rule.GUESTS),
        Bar.SIGN_IN_LEVEL: (ProviderRuled if by_provider else SignInRuled, Rule.SIGN_IN),
        Bar.CLIENT: (ClientRuled, Rule.CLIENTS),
    }
    kind, rule = rules[bar]
    return met(kind=kind, rule=rule, organisation=meeting.organisation_name if meeting is not None else "")
