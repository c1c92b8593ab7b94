"""Mallory sits in the call with valid keys. Whatever she does with leases, commits, welcomes and nacks, the others come to one code,
hear each other, and whoever comes gets in (LOG-3, LOG-8, LOG-11, LOG-13, POL-13).

Time is told, not waited for; the others do what a browser does (web/src/call/group.ts).
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conclave.kernel import b64
from conclave.keys import delivery, read
from conclave.keys.mls import MlsError
from conclave.keys.models import Group, Seat
from conclave.keys.settle import settle
from tests.keys.conftest import nothing_settled_yet, now, world
from tests.keys.members import Member, World, view_of

__all__ = ["nothing_settled_yet", "now", "world"]
pytestmark = pytest.mark.django_db(transaction=True)

STEP_MS = 250
PATIENCE_MS = 60_000
ATTEMPTS = 4


class Listening(Member):
    """A member that keeps what it could not apply."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused: list[int] = []
        self.announced = -1

    def announce(self, incarnation: str, now: int) -> int:
        self.announced = super().announce(incarnation, now)
        return self.announced

    def _welcome(self, pk: int, now: int) -> bool:
        # As stream.py: a welcome that answers an earlier announcement is withheld.
        old = any(admission.covers < self.announced for admission in read.admissions(pk=pk, participant=self.participant))
        return not old and super()._welcome(pk, now)

    def entries(self, start: int, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        events = super().entries(start, entries)
        self.refused += [event["index"] for event in events if event["kind"] == "refused"]
        return events


class Honest:
    """Somebody with a browser: nacks what cannot be applied, and begins anew when an incarnation is over or a welcome does not open."""

    kind: type[Listening] = Listening

    def __init__(self, world: World, name: str, *, host: bool = False) -> None:
        self.world, self.name, self.host = world, name, host
        self.member = self.kind(world, name, host=host)
        self.nacked: set[int] = set()
        self.attempts = 0
        self.dropped = 0

    @property
    def code(self) -> str:
        """The code on this person's screen; empty before the first."""
        return str(self.member.state.get("code") or "")

    @property
    def names(self) -> set[str]:
        """Who is on this person's screen."""
        return self.member.names if self.member.state else set()

    def live(self, now: int) -> bool:
        """Do what there is to do; return whether there was anything."""
        seat, view = Seat.objects.get(participant=self.member.participant), view_of(self.world)
        if seat.gone or self.attempts >= ATTEMPTS:
            return False
        if view.incarnation != self.member.incarnation or seat.dropped > self.dropped:
            self.dropped = seat.dropped
            return self.begin(view, now)
        try:
            did = self.member.read(now)
        except MlsError:
            self.attempts += 1
            return self.begin(view, now)
        except (delivery.CommitRefused, delivery.NotLive):
            return True
        return self.judge(view, now) or did

    def judge(self, view: read.View, now: int) -> bool:
        """Nack what could not be applied; come back by replacement when the others went on (LOG-11)."""
        fresh = set(self.member.refused) - self.nacked
        for index in sorted(fresh):
            self.nacked.add(index)
            nack(self.member, index, now)
        left_behind = bool(self.member.refused) and view.acked > int(self.member.state.get("epoch", 0))
        return (left_behind and self.begin(view, now)) or bool(fresh)

    def begin(self, view: read.View, now: int) -> bool:
        """Start with an empty group, under the same key, remembering the last one (LOG-12)."""
        old = self.member
        last = str(old.mls.call("remember")["text"]) if old.state else None
        self.member = self.kind(self.world, self.name, host=self.host, participant=old.participant, identity=old.identity)
        self.member.socket, self.nacked = old.socket, set()
        if last:
            remembering(self.member, last)
        if not view.open and view.creator == old.participant:
            self.member.open(view.incarnation, now)
        else:
            self.member.announce(view.incarnation, now)
        return True

    def says(self, text: str, now: int) -> None:
        """Write in the chat."""
        content = json.dumps({"kind": "chat", "text": text}, separators=(",", ":"))
        sealed = str(self.member.mls.call("seal", content=content)["message"])
        where = {"call": self.world.call, "meeting": self.world.meeting, "incarnation": self.member.incarnation}
        delivery.say(participant=self.member.participant, message=sealed, now=now, **where)

    def reads(self) -> list[str]:
        """Return what others wrote that this person can open."""
        found = []
        for item in map(json.loads, read.said(pk=view_of(self.world).pk, start=0)):
            try:
                opened = self.member.mls.call("open_message", message=item["message"], participant=item["participant"])
            except MlsError:
                continue
            found.append(str(json.loads(str(opened["content"]))["text"]))
        return found


def remembering(member: Member, last: str) -> None:
    """Let a member enter only what follows on the group it remembers."""
    plain = member.mls.call

    def call(do: str, **fields: Any) -> dict[str, Any]:
        return plain(do, **fields, **({"last": last} if do in {"create", "join"} else {}))

    member.mls.call = call  # type: ignore[method-assign]


def nack(member: Member, index: int, now: int) -> None:
    """Say that an entry could not be applied."""
    where = {"call": member.world.call, "participant": member.participant, "incarnation": member.incarnation}
    delivery.nack(**where, index=index, code="bad_path", now=now)


# What Mallory does


class Hangs(Listening):
    """Takes every lease and never commits."""

    def read(self, now: int) -> bool:
        self.lazy = True
        return super().read(now)


class Lies(Listening):
    """Takes every lease and says that she is in the next epoch, without a commit."""

    def send(self, commit: delivery.Commit, now: int) -> int:
        self.mls.call("forget")
        delivery.ack_take(call=self.world.call, participant=self.participant, incarnation=self.incarnation, epoch=commit.epoch + 1)
        delivery.ack_flush(call=self.world.call, now=now)
        return -1


class CommitsNoise(Listening):
    """Sends bytes that are no commit."""

    def send(self, commit: delivery.Commit, now: int) -> int:
        return super().send(replace(commit, commit=b64.encode(b"\x00\x01" * 200)), now)


class CommitsWhatNobodyCanApply(Listening):
    """Sends a commit whose outside is right, so that the gateway takes it, and whose last tag is wrong, so that no member does."""

    def send(self, commit: delivery.Commit, now: int) -> int:
        whole = bytearray(b64.decode(commit.commit))
        whole[-1] ^= 1
        return super().send(replace(commit, commit=b64.encode(bytes(whole))), now)


class LeavesOut(Listening):
    """Reports a good key package as bad."""

    def entries(self, start: int, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return super().entries(start, [entry | {"mac": "A" * 43} if entry["kind"] == "add" else entry for entry in entries])


class LeavesOutSilently(LeavesOut):
    """Leaves a good key package out and reports nothing."""

    def send(self, commit: delivery.Commit, now: int) -> int:
        return super().send(replace(commit, dropped={}), now)


class WelcomesWithNoise(Listening):
    """Adds whoever comes, and sends each a welcome that does not open."""

    def send(self, commit: delivery.Commit, now: int) -> int:
        return super().send(replace(commit, welcomes=dict.fromkeys(commit.welcomes, b64.encode(b"\x00" * 400))), now)


class NacksEverything(Listening):
    """Says of every commit that she could not apply it."""

    def entries(self, start: int, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        events = super().entries(start, entries)
        self.refused += [start + place for place, entry in enumerate(entries) if entry["kind"] == "commit"]
        return events


class Wishes(Hangs):
    """Asks for a lease whenever she can, though she is no host, and does nothing with it."""

    def read(self, now: int) -> bool:
        if self.state:
            delivery.wish(call=self.world.call, participant=self.participant, incarnation=self.incarnation, alone=False, now=now)
        return super().read(now) and False


EVIL = [Hangs, Lies, CommitsNoise, CommitsWhatNobodyCanApply, LeavesOut, LeavesOutSilently, WelcomesWithNoise, NacksEverything, Wishes]
evil = pytest.mark.parametrize("kind", EVIL, ids=lambda kind: kind.__name__)


def mallory_who(kind: type[Listening], world: World) -> Honest:
    """Return Mallory with a browser of her own making."""
    mallory = Honest(world, "Mallory")
    mallory.kind = kind
    mallory.member = kind(world, "Mallory")
    return mallory


def live(people: list[Honest], now: int, *, until: Callable[[], bool]) -> int:
    """Let time pass until it is so, and return what time it is then."""
    for later in range(now, now + PATIENCE_MS, STEP_MS):
        settle(later)
        for _ in range(100):
            if not sum(person.live(later) for person in people) or until():
                break
        if until():
            return later
    raise AssertionError(f"never: {[(person.name, person.names, person.code) for person in people]}")


def together(people: list[Honest]) -> bool:
    """Tell whether these people see each other and read the same code."""
    names = {person.name for person in people}
    return all(person.code and names <= person.names for person in people) and len({person.code for person in people}) == 1


def come_in(people: list[Honest], now: int) -> int:
    """Let these people come one after the other, and return what time it is when they are together."""
    for count, person in enumerate(people, start=1):
        person.member.enter(now)
        there = people[:count]
        now = live(there, now, until=lambda there=there: together(there))  # type: ignore[misc]
    return now


@pytest.mark.slow
@evil
@pytest.mark.parametrize("host", [True, False], ids=["a-host-is-there", "no-host-is-there"])
def test_whoever_comes_gets_in_and_reads_the_same_code(world: World, now: int, kind: type[Listening], *, host: bool) -> None:
    """Mallory came first, so she is asked first."""
    mallory, alice, bob = mallory_who(kind, world), Honest(world, "Alice", host=host), Honest(world, "Bob")
    mallory.kind, mallory.member = Listening, Listening(world, "Mallory")  # she behaves until all are in
    others = [alice, bob]
    now = come_in([mallory, *others], now)
    mallory.member.__class__ = mallory.kind = kind
    for name in ("Dora", "Erik"):
        comes = Honest(world, name)
        comes.member.enter(now)
        others.append(comes)
        now = live([mallory, *others], now, until=lambda: together(others))
    alice.says("still here", now)
    assert all(person.reads() == ["still here"] for person in others[1:])


@pytest.mark.slow
@evil
def test_a_founder_who_lets_nobody_in_loses_the_call(world: World, now: int, kind: type[Listening]) -> None:
    """LOG-13: she is alone in the group, and everybody else waits for her."""
    mallory = mallory_who(kind, world)
    others = [Honest(world, "Alice", host=True), Honest(world, "Bob")]
    mallory.member.enter(now)
    for person in others:
        person.member.enter(now + 1)
    now = live([mallory, *others], now + 2, until=lambda: together(others))
    others[0].says("here at last", now)
    assert others[1].reads() == ["here at last"]


def test_a_host_who_locks_an_empty_room_is_not_taken_for_one_who_shuts_people_out(world: World, now: int) -> None:
    """POL-8: Charlie and a friend of his knock as often as they like."""
    alice = Honest(world, "Alice", host=True)
    now = come_in([alice], now)
    incarnation = alice.member.incarnation
    alice.member.lazy = True
    delivery.wish(call=world.call, participant=alice.member.participant, incarnation=incarnation, alone=False, now=now)
    (offer,) = read.offers(pk=view_of(world).pk, epoch=view_of(world).epoch)
    alice.member.commit(offer, now, policy=str(alice.member.mls.call("policy", changes={"locked": True})["policy"]))
    alice.member.read(now)
    alice.member.lazy = False
    assert alice.member.state["policy"]["locked"]
    strangers = [Honest(world, "Charlie"), Honest(world, "Chuck")]
    for person in strangers:
        person.member.enter(now)
    live([alice, *strangers], now, until=lambda: Seat.objects.filter(gone="call_locked").count() == len(strangers))
    assert (view_of(world).incarnation, alice.names) == (incarnation, {"Alice"})


def test_a_founder_whose_group_is_bad_loses_her_turn_at_once(world: World, now: int) -> None:
    """LOG-13: trying again and again is not being heard."""
    mallory, alice = Honest(world, "Mallory"), Honest(world, "Alice")
    first = mallory.member.arrive(now)
    assert first.mode == "create"
    alice.member.enter(now + 1)
    with pytest.raises(delivery.BadGroup):
        delivery.create(
            call=world.call, participant=mallory.member.participant, incarnation=first.incarnation,
            group_info="AAAA", tree="AAAA", now=now + 2,
        )  # fmt: skip
    settle(now + 3)
    assert view_of(world).creator == alice.member.participant
    live([alice], now + 4, until=lambda: bool(alice.code))


def test_two_commits_at_once_make_one_epoch(world: World, now: int) -> None:
    """LOG-4: Mallory keeps hers until Alice has one too, and sends it again afterwards."""
    mallory, alice, bob = Honest(world, "Mallory"), Honest(world, "Alice"), Honest(world, "Bob")
    now = come_in([mallory, alice, bob], now)
    for person in (mallory, alice):
        person.member.lazy = True
    dora = Honest(world, "Dora")
    dora.member.enter(now)
    now = live([bob], now, until=lambda: len(read.offers(pk=view_of(world).pk, epoch=view_of(world).epoch)) > 1)
    epoch = view_of(world).epoch
    for person in (mallory, alice):
        person.member.read(now)
    offers = {offer.holder: offer for offer in read.offers(pk=view_of(world).pk, epoch=epoch)}
    hers, his = (person.member.draft(offers[person.member.participant]) for person in (mallory, alice))
    alice.member.send(his, now)
    for _ in range(3):
        with pytest.raises(delivery.CommitRefused, match="stale"):
            delivery.commit(call=world.call, participant=mallory.member.participant, commit=hers, now=now)
    assert (view_of(world).epoch, Group.objects.count()) == (epoch + 1, 1)
    live([alice, bob, dora], now, until=lambda: together([alice, bob, dora]))
