"""Whoever the gate refuses is refused at every door: a new seat, the old one, another tab, the socket, the media; and nobody else is."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from asgiref.sync import async_to_sync
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conclave.accounts.models import User
from conclave.gate.models import Restriction
from conclave.gate.policy import Cause, Scope, Subject, What
from conclave.kernel import b64, clock
from conclave.kernel.errors import ConclaveError
from conclave.kernel.ids import UserId, new_id
from conclave.meetings import acts, signal, socket
from conclave.meetings.door import Newcomer, Shown
from conclave.meetings.invitations import digest_of, invite
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.knock import knock
from conclave.meetings.models import Invitation, Meeting, Participant
from tests.conftest import longer
from tests.meetings.conftest import Link, _fresh_memory, alice, bob, device_of, link

__all__ = ["_fresh_memory", "alice", "bob", "link"]
pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES = 60
LATER = 10_000


@dataclass(slots=True, kw_only=True)
class Bob:
    """Somebody with a seat, and all that his browser knows of it."""

    link: Link
    account: UserId | None
    now: int
    key: str
    ticket: Ticket
    invitation: str
    former: str = ""

    def asks(self, *, key: str, again: Again | None = None, name: str = "Bob", invitation: str | None = None) -> Ticket:
        """Ask for a seat from his device."""
        who = Newcomer(name=name, signature_key=key, device=device_of("Bob"), account=self.account)
        shown = Shown(invitation=invitation)
        return join(meeting=self.link.meeting, link_id=self.link.link_id, newcomer=who, again=again, now=self.now, shown=shown)

    def knocks(self) -> None:
        """Ask to be let in, with his invitation."""
        who = Newcomer(name="Bob", signature_key=_key(), device=device_of("Bob"), account=self.account)
        shown = Shown(invitation=self.invitation)
        knock(meeting=self.link.meeting, link_id=self.link.link_id, newcomer=who, seal=None, shown=shown, now=self.now)

    def takes_back(self, seat: str) -> None:
        """Take the seat back, as a reload does, or a second tab with the secret before the last."""
        again = Again(participant=self.ticket.participant, seat=seat)
        self.former, self.ticket = self.ticket.seat, self.asks(key=self.key, again=again)

    def says_hello(self) -> None:
        """Claim the seat at the meeting socket."""
        told = {"t": "hello", "v": 1, "participant": self.ticket.participant, "seat": self.ticket.seat, "incarnation": None}
        message = socket.Hello.model_validate({**told, "log": 0, "said": 0})
        _seat, arrival = acts.hello(message=message, socket_id=new_id(), now=self.now)
        if arrival is None:
            raise ConclaveError

    def signals(self, *, path: str = "/media/local/rtc/v1", **more: str) -> None:
        """Open the media engine's signalling."""
        query = urlencode({"access_token": self.ticket.media_token, **more})
        async_to_sync(signal.admit_signal)(path=path, query=query, now=self.now)


# Each with whether the gate knows the seat by its participant id there.
DOORS: dict[str, tuple[Callable[[Bob], object], bool]] = {
    "a new seat": (lambda bob: bob.asks(key=_key()), False),
    "a new seat under another name": (lambda bob: bob.asks(key=_key(), name="Robert"), False),
    "a new seat by a personal invitation": (lambda bob: bob.asks(key=_key(), invitation=bob.invitation), False),
    "the bell": (Bob.knocks, False),
    "the old seat": (lambda bob: bob.takes_back(bob.ticket.seat), True),
    "the old seat from the tab before": (lambda bob: bob.takes_back(bob.former or bob.ticket.seat), True),
    "the meeting socket": (Bob.says_hello, True),
    "the media": (Bob.signals, True),
    "the media, by the old path": (lambda bob: bob.signals(path="/media/local/rtc"), True),
    "the media again": (lambda bob: bob.signals(reconnect="1", sid="PA_bob"), True),
    "the media's question": (lambda bob: bob.signals(path="/media/local/rtc/v1/validate"), True),
}
NAMES = st.sampled_from(["bob", "bob's device", "bob's account", "alice", "alice's device", "alice's account"])
# Everywhere, or on whoever is in a territory, holds nothing but an order (tests/gate/test_applications.py, tests/authorities/test_live.py).
PLACES = st.sampled_from(["this meeting", "this call", "another meeting", "another call", "an organisation"])


@dataclass(frozen=True, slots=True)
class Said:
    """A restriction as somebody would say it; times are relative to now."""

    who: str
    where: str
    what: What
    starts: int
    ends: int | None

    def forbids(self, *, signed_in: bool, by_seat: bool) -> bool:
        """Tell, independently of gate/policy.py, whether Bob may not come in because of this."""
        names = {"bob's device"} | ({"bob"} if by_seat else set()) | ({"bob's account"} if signed_in else set())
        running = self.starts <= 0 and (self.ends is None or self.ends > 0)
        what = {What.JOIN} if by_seat else {What.JOIN, What.KNOCK}
        return self.what in what and self.who in names and self.where in {"this meeting", "this call"} and running


@st.composite
def said(draw: st.DrawFn) -> Said:
    starts = draw(st.sampled_from([-LATER, 0, LATER]))
    ends = draw(st.sampled_from([None, *(end for end in (-1, 0, 1, 2 * LATER) if end > starts)]))
    # Most that are drawn would be about nobody here; joining is what this is about.
    what = draw(st.sampled_from([What.JOIN, What.JOIN, What.JOIN, *What]))
    return Said(draw(NAMES), draw(PLACES), what, starts, ends)


@settings(max_examples=longer(EXAMPLES), suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(rules=st.lists(said(), max_size=4), signed_in=st.booleans(), order=st.permutations(sorted(DOORS)))
def test_each_door_admits_whom_the_gate_admits(
    alice: User, bob: User, link: Link, rules: list[Said], order: list[str], *, signed_in: bool
) -> None:
    somebody = _seated(link, bob if signed_in else None)
    _written(rules, somebody, alice=alice, bob=bob)
    for door in order:
        act, by_seat = DOORS[door]
        refused = any(rule.forbids(signed_in=signed_in, by_seat=by_seat) for rule in rules)
        try:
            act(somebody)
        except (ConclaveError, signal.SignalRefused):
            assert refused, f"{door} was closed to somebody whom nothing forbids"
        else:
            assert not refused, f"{door} let in somebody who is refused"


def _key() -> str:
    return b64.encode(b64.decode(new_id()) * 2)


def _seated(link: Link, account: User | None) -> Bob:
    """Let Bob sit down before anybody forbids him anything."""
    Restriction.objects.all().delete()
    Participant.objects.all().delete()
    Invitation.objects.all().delete()
    key, now = _key(), clock.now()
    who = Newcomer(name="Bob", signature_key=key, device=device_of("Bob"), account=UserId(account.pk) if account else None)
    ticket = join(meeting=link.meeting, link_id=link.link_id, newcomer=who, again=None, now=now)
    token, owner = new_id(), Meeting.objects.get(pk=link.meeting).owner_id
    invite(meeting=link.meeting, owner=UserId(str(owner)), digest=digest_of(invitation=token), whom="Bob", days=30, now=now)
    return Bob(link=link, account=who.account, now=now, key=key, ticket=ticket, invitation=token)


def _written(rules: list[Said], somebody: Bob, *, alice: User, bob: User) -> None:
    """Write the restrictions as rows."""
    subjects = {
        "bob": (Subject.PARTICIPANT, somebody.ticket.participant), "alice": (Subject.PARTICIPANT, new_id()),
        "bob's device": (Subject.DEVICE, device_of("Bob")), "alice's device": (Subject.DEVICE, device_of("Alice")),
        "bob's account": (Subject.ACCOUNT, str(bob.pk)), "alice's account": (Subject.ACCOUNT, str(alice.pk)),
    }  # fmt: skip
    places = {
        "an organisation": (Scope.ORGANISATION, new_id()),
        "this meeting": (Scope.MEETING, somebody.link.meeting), "another meeting": (Scope.MEETING, new_id()),
        "this call": (Scope.CALL, somebody.ticket.call), "another call": (Scope.CALL, new_id()),
    }  # fmt: skip
    rows = []
    for rule in rules:
        (kind, subject), (scope_kind, scope) = subjects[rule.who], places[rule.where]
        named = {"subject_kind": kind, "subject": subject, "scope_kind": scope_kind, "scope": scope, "what": rule.what}
        times = {"starts_at": somebody.now + rule.starts, "ends_at": None if rule.ends is None else somebody.now + rule.ends}
        rows.append(Restriction(**named, **times, cause=Cause.REMOVED_BY_HOST))
    Restriction.objects.bulk_create(rows, ignore_conflicts=True)
