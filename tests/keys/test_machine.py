"""Anything, in any order: the delivery service and members with real MLS, moved by the table that the client is moved by too.

People come, go, crash and lose their sockets; the network keeps messages back, repeats and reorders them; two commit at once; Mallory asks
in; the gateway forgets; time passes. What must hold at every moment, and once the network heals, stands in tests/vectors/machine.json.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from conclave.kernel import b64, clock
from conclave.keys import ack, delivery, groups
from conclave.keys import read as reading
from conclave.keys.mls import MlsError, MlsInstance
from conclave.keys.models import Group, Lease, LogEntry, Nack, Said, Seat, Tree, Welcome
from conclave.keys.settle import settle
from tests.conftest import TIMES, longer
from tests.keys.members import Member, World, new_world
from tests.machine import EVENTS, TABLE, Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EXAMPLES = 30
STEPS = 40
Message = Callable[[int], None]
# LOG-12: a new incarnation whose creator was not there when this member last knew, as the member may find on coming back.
MAY_STAY_OUT = {"creator_unknown"}


@dataclass(slots=True)
class Journal:
    """What happened, for the invariants and for the counts at the end."""

    codes: dict[tuple[str, int], str] = field(default_factory=dict)
    accepted: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    def acknowledged(self, incarnation: str, epoch: int, digest: str) -> None:
        """I6: same epoch, same authenticator."""
        assert self.codes.setdefault((incarnation, epoch), digest) == digest, f"two groups wear one name in epoch {epoch}"

    def committed(self, commit: delivery.Commit, index: int) -> None:
        """I6: one accepted commit per epoch; the same one said again has the same place (LOG-16)."""
        accepted = (index, commit.commit)
        assert self.accepted.setdefault((commit.incarnation, commit.epoch), accepted) == accepted, f"two commits of epoch {commit.epoch}"
        self.met["accepted"] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the gateway has for one member at one moment."""

    view: reading.View
    entries: list[str]
    offers: list[reading.Offer]
    admission: reading.Admission | None


class Player(Member):
    """A member behind a network that keeps back, repeats and reorders; it follows the gateway as the browsers' client does."""

    def __init__(self, world: World, name: str, journal: Journal, *, participant: str | None = None, identity: str | None = None) -> None:
        """Sit down."""
        super().__init__(world, name, participant=participant, identity=identity)
        self.journal = journal
        self.frozen: Sight | None = None
        self.held: list[Message] = []
        self.passed: list[Message] = []
        self.sent: delivery.Commit | None = None
        self.told: set[str] = set()
        self.announced = -1
        self.last: str | None = None
        self.out = ""
        self.inside = False
        self._progress = ("", -1)

    # What it is told

    def look(self) -> Sight | None:
        """Return what the gateway has for this member now."""
        view = reading.latest(call=self.world.call)
        if view is None or view.ended:
            return None
        waiting = reading.admissions(pk=view.pk, participant=self.participant)
        offers = [offer for offer in reading.offers(pk=view.pk, epoch=view.epoch) if offer.holder == self.participant]
        return Sight(view=view, entries=reading.entries(pk=view.pk, start=0), offers=offers, admission=waiting[0] if waiting else None)

    def live(self, now: int) -> bool:
        """Take in what has come, answer it; return whether anything was done."""
        sight = self.frozen or self.look()
        if self.out or sight is None:
            return False
        if sight.view.incarnation != self.incarnation:
            self.begin(sight.view.incarnation, now, creates=not sight.view.open and sight.view.creator == self.participant)
            return True
        if not sight.view.open:
            return False
        self.inside = self.inside or self.cursor is not None
        did = self._come_in(sight, now)
        if self.cursor is None:
            return did
        did = self._follow(sight, now) or did
        return self._offered(sight, now) or did

    def _come_in(self, sight: Sight, now: int) -> bool:
        """Enter by the welcome that answers the newest announcement."""
        found = sight.admission
        if found is None or self.cursor is not None or not 0 <= self.announced <= found.covers:
            return False
        tree = delivery.tree(call=self.world.call, digest=found.tree)
        if tree is None:
            return False
        try:
            self.join(welcome=found.welcome, tree=tree, covers=found.covers, index=found.index)
        except MlsError as error:
            if error.code not in MAY_STAY_OUT:
                raise
            self.out = error.code
            return True
        self.cursor, self.inside = found.covers + 1, True
        self.acknowledge(now)
        return True

    def _follow(self, sight: Sight, now: int) -> bool:
        """Read the log from the cursor on."""
        assert self.cursor is not None
        entries = [_json(text) for text in sight.entries[self.cursor :]]
        if not entries:
            return False
        events = self.entries(self.cursor, entries)
        refused = [event for event in events if event["kind"] == "refused"]
        assert not refused, f"{self.name} refuses {refused}"
        self.cursor = self.next
        applied = [event for event in events if event["kind"] == "applied"]
        if any(event["self_removed"] for event in applied):
            self.out = "removed"
        elif applied:
            self.acknowledge(now)
        return True

    def _offered(self, sight: Sight, now: int) -> bool:
        """Commit under a lease that this socket has not been told of yet; under one that was answered already, say the same again."""
        for offer in sight.offers:
            if (
                offer.lease in self.told
                or self.out
                or self.cursor is None
                or offer.covers >= self.cursor
                or offer.epoch != self.state["epoch"]
            ):
                continue
            self.told.add(offer.lease)
            if self.sent is None or self.sent.lease != offer.lease:
                self.sent = self.draft(offer)
            self.say(self._commit_message(self.sent), now)
            return True
        return False

    # What it says

    def say(self, message: Message, now: int) -> None:
        """Send a message, or let the network keep it."""
        if self.frozen is not None:
            self.held.append(message)
            return
        message(now)
        self.passed = [*self.passed[-3:], message]

    def begin(self, incarnation: str, now: int, *, creates: bool) -> None:
        """Start anew in an incarnation, with nothing of the old one but what LOG-12 compares."""
        if self.inside:
            self.last = str(self.mls.call("remember")["text"])
        self.mls = MlsInstance(module=groups.module())
        link = {"meeting": self.world.meeting, "secret": self.world.secret, "host_hash": self.world.host_hash, "identity": self.identity}
        self.mls.call("open", **link)
        self.sit()
        self.state, self.cursor, self.announced, self.sent, self.inside, self.incarnation = {}, None, -1, None, False, incarnation
        remembered = {"last": self.last} if self.last else {}
        if creates:
            made = self.mls.call("create", incarnation=incarnation, **remembered)
            self.state, self.cursor = _state(made), 0
            self.say(self._create_message(incarnation, str(made["group_info"]), str(made["tree"])), now)
        else:
            made = self.mls.call("key_package", incarnation=incarnation)
            self.say(self._announce_message(incarnation, str(made["key_package"]), str(made["mac"])), now)

    def join(self, *, welcome: str, tree: bytes, covers: int, index: int) -> None:
        """Enter by a welcome, comparing with the incarnation before (LOG-12)."""
        remembered = {"last": self.last} if self.last else {}
        fields = {"incarnation": self.incarnation, "welcome": welcome, "tree": b64.encode(tree), "covers": covers, "index": index}
        self.state = _state(self.mls.call("join", **fields, **remembered))

    def acknowledge(self, now: int) -> None:
        """Say which epoch this member is in."""
        epoch, digest = self.digest()
        incarnation = self.incarnation
        self.journal.acknowledged(incarnation, epoch, digest)

        def message(at: int) -> None:
            delivery.ack_take(call=self.world.call, participant=self.participant, incarnation=incarnation, epoch=epoch)
            delivery.ack_flush(call=self.world.call, now=at)

        self.say(message, now)

    def _create_message(self, incarnation: str, group_info: str, tree: str) -> Message:
        where = {"call": self.world.call, "participant": self.participant, "incarnation": incarnation}
        return lambda at: _quietly(delivery.create, **where, group_info=group_info, tree=tree, now=at)

    def _announce_message(self, incarnation: str, key_package: str, mac: str) -> Message:
        where = {"call": self.world.call, "meeting": self.world.meeting, "participant": self.participant, "incarnation": incarnation}

        def message(at: int) -> None:
            index = _quietly(delivery.announce, **where, key_package=key_package, mac=mac, now=at)
            if index is not None and incarnation == self.incarnation and self.cursor is None:
                self.announced = index

        return message

    def _commit_message(self, commit: delivery.Commit) -> Message:
        def message(at: int) -> None:
            try:
                index = delivery.commit(call=self.world.call, participant=self.participant, commit=commit, now=at)
            except delivery.NotLive:
                return
            except delivery.CommitRefused as refused:
                if refused.reason != "stale":
                    raise
                self.journal.met["stale"] += 1
                return
            self.journal.committed(commit, index)

        return message

    # What happens to it

    def cut(self) -> None:
        """Nothing passes any more; what is on its way to it still comes."""
        self.frozen = self.look()

    def mend(self, now: int, *, backwards: bool) -> None:
        """What was kept back comes after all."""
        held, self.held, self.frozen = self.held, [], None
        for message in reversed(held) if backwards else held:
            self.say(message, now)

    def lose(self, now: int) -> None:
        """Lose the socket and what was on its way in it."""
        self.held, self.frozen = [], None
        super().lose(now)

    def come_back(self, now: int) -> None:
        """Open another socket where this member stands (LOG-5)."""
        arrival = self.arrive(now, incarnation=self.incarnation or None)
        self.told = set()
        if arrival.mode != "resume":
            self.begin(arrival.incarnation, now, creates=arrival.mode == "create")
        elif arrival.announced is not None:
            self.announced = arrival.announced

    def check_progress(self) -> None:
        """LOG-5: a cursor never goes back within one entry into the group."""
        incarnation, at = self._progress
        here = -1 if self.cursor is None else self.cursor
        if incarnation == self.incarnation and self.cursor is not None:
            assert here >= at, f"{self.name} went back from {at} to {here}"
        self._progress = (self.incarnation, here)


class CallMachine(RuleBasedStateMachine):
    """One call; every step is an event of the table."""

    met: Counter[str] = Counter()

    def __init__(self) -> None:
        """Begin with an empty call."""
        super().__init__()
        self.world = new_world()
        self.stranger = new_world()
        self.model = Model(now=clock.now())
        self.journal = Journal()
        self.players: dict[str, Player] = {}
        self.ghosts: list[Player] = []

    @property
    def now(self) -> int:
        """The model's time is the gateway's."""
        return self.model.now

    @rule(data=st.data())
    def happens(self, data: st.DataObject) -> None:
        """Something of the table happens to somebody."""
        event, whom = data.draw(st.sampled_from(self.model.enabled()))
        name = data.draw(st.sampled_from(whom))
        if event == "wait":
            self.wait(data.draw(st.sampled_from(EVENTS["wait"]["ms"])))
        elif event == "duplicate":
            self.duplicate(self.players[name], data.draw(st.integers(0, 3)))
        else:
            getattr(self, event)(name)
            self.model.happen(event, name)
        self.journal.met[event] += 1
        self._note_who_stays_out()

    # The table's events

    def join(self, name: str) -> None:
        """Come for the first time."""
        self.players[name] = Player(self.world, name, self.journal)
        self.players[name].come_back(self.now)

    def leave(self, name: str) -> None:
        """Say bye."""
        self.players[name].leave(self.now)
        self.players[name].lose(self.now)
        self.ghosts.append(self.players.pop(name))

    def crash(self, name: str) -> None:
        """Lose everything but the identity, and come back."""
        old = self.players[name]
        if self.model.people[name]["standing"] == "seated":
            old.lose(self.now)
        self.ghosts.append(old)
        self.players[name] = again = Player(self.world, name, self.journal, participant=old.participant, identity=old.identity)
        again.come_back(self.now)

    def lose(self, name: str) -> None:
        """Lose the socket."""
        self.players[name].lose(self.now)

    def come_back(self, name: str) -> None:
        """Come back with what was kept."""
        self.players[name].come_back(self.now)

    def live(self, name: str) -> None:
        """Do what is to be done."""
        self.players[name].live(self.now)

    def withhold(self, name: str) -> None:
        """Cut somebody off."""
        self.players[name].cut()

    def release(self, name: str) -> None:
        """Mend it."""
        self.players[name].mend(self.now, backwards=False)

    def reorder(self, name: str) -> None:
        """Mend it, the last first."""
        self.players[name].mend(self.now, backwards=True)

    def duplicate(self, player: Player, back: int) -> None:
        """Something that was said comes once more; a key package only while it waits, for it can be used once."""
        seat = Seat.objects.get(participant=player.participant)
        waits = seat.group is not None and seat.added > seat.group.spent
        repeatable = [message for message in player.passed if waits or "announce" not in message.__qualname__]
        if repeatable:
            repeatable[-1 - back % len(repeatable)](self.now)

    def rival(self, name: str) -> None:
        """Let something be announced, wait until two have leases, let both commit, and let the later lease's commit come first."""
        self._pass(1_000, living=True)
        self.forge(name)
        for _ in range(5):
            self._pass(700, living=False)
        holders = [player for player in self._free() if (sight := player.look()) and sight.offers]
        for player in holders:
            player.cut()
            for _ in range(4):
                player.live(self.now)
        self.journal.met["rivals"] += len([player for player in holders if player.held]) > 1
        for player in reversed(holders):
            player.mend(self.now, backwards=False)

    def forge(self, name: str) -> None:  # noqa: ARG002 - Mallory does it
        """Mallory has a seat and another link; her socket is gone at once, so that nobody asks her to found a group."""
        link = replace(self.stranger, meeting=self.world.meeting, call=self.world.call)
        view = reading.latest(call=self.world.call)
        if view is None or view.ended:
            return
        mallory = Player(link, "Mallory", self.journal)
        mallory.come_back(self.now)
        mallory.lose(self.now)

    def restart(self, name: str) -> None:  # noqa: ARG002 - the gateway
        """What is only in memory is gone."""
        groups._groups.clear()
        ack._waiting.clear()

    def wait(self, ms: int) -> None:
        """Time passes; over longer stretches whoever is free does what comes."""
        slices = max(1, min(32, ms // 250))
        for _ in range(slices):
            self._pass(ms // slices, living=ms > 5_000)

    def _pass(self, ms: int, *, living: bool) -> None:
        """Let a moment pass, as a gateway's settler sees it."""
        self.model.wait(ms)
        settle(self.now)
        for participant in delivery.absent(now=self.now):
            delivery.depart(call=self.world.call, participant=participant, reason="lost", now=self.now)
        for player in [player for player in self.players.values() if self.model.people[player.name]["standing"] == "gone"]:
            self.ghosts.append(self.players.pop(player.name))
        for player in self._free() if living else []:
            while player.live(self.now):
                pass
        self._note_who_stays_out()

    def _free(self) -> list[Player]:
        """Return who is connected and not cut off."""
        return [self.players[name] for name in self.model.who("seated") if not self.model.people[name]["cut"]]

    def _note_who_stays_out(self) -> None:
        """Who may not enter the new incarnation (LOG-12) says so and goes."""
        for player in [player for player in self.players.values() if player.out in MAY_STAY_OUT]:
            self.leave(player.name)
            self.model.happen("leave", player.name)
            self.journal.met["stays_out"] += 1

    # What must hold

    @invariant()
    def the_log_is_one(self) -> None:
        """I6, LOG-1, LOG-5: entries without gaps, one commit per epoch, leases for the live epoch alone."""
        group = Group.objects.filter(call=self.world.call).exclude(state=Group.State.ENDED).first()
        if group is None:
            return
        kinds = list(LogEntry.objects.filter(group=group).order_by("index").values_list("index", "kind"))
        assert [index for index, _ in kinds] == list(range(group.log_next))
        assert [kind for _, kind in kinds].count("commit") == group.epoch
        assert max(group.spent, group.announced) < group.log_next
        assert all(lease.epoch == group.epoch and lease.covers < group.log_next for lease in Lease.objects.filter(group=group))

    @invariant()
    def nobody_goes_back(self) -> None:
        """LOG-5."""
        for player in self.players.values():
            player.check_progress()

    @invariant()
    def mallory_is_in_no_group(self) -> None:
        """I4."""
        for player in self.players.values():
            assert not player.state or "Mallory" not in player.names

    def teardown(self) -> None:
        """I9: the network heals, and who stays connected comes to one epoch; then what ghosts know is looked at."""
        try:
            self._heal()
            self._look_at_ghosts()
            CallMachine.met.update(self.journal.met)
        finally:
            delivery.close(call=self.world.call, now=self.now)
            groups.drop_ended()
            for table in (Lease, LogEntry, Nack, Said, Tree, Welcome, Seat, Group):
                table.objects.all().delete()

    def _heal(self) -> None:
        """Nothing is kept back any more."""
        for name in self.model.who("seated"):
            if self.model.people[name]["cut"]:
                self.release(name)
                self.model.happen("release", name)
        healed_at = self.now
        while self.now - healed_at < TABLE["healed"]["within_ms"]:
            self._pass(250, living=True)
        inside = [self.players[name] for name in self.model.who(*TABLE["healed"]["inside"])]
        if not inside:
            return
        view = reading.latest(call=self.world.call)
        assert view is not None
        places = {(player.incarnation, player.state.get("epoch"), player.state.get("code")) for player in inside}
        assert len(places) == 1, places
        assert {place[:2] for place in places} == {(view.incarnation, view.epoch)}
        names = inside[0].names
        must, may = (set(self.model.who(*TABLE["healed"][key])) for key in ("inside", "may_be_inside"))
        assert must <= names <= must | may, (must, may, names)

    def _look_at_ghosts(self) -> None:
        """I5: whatever a colluding gateway gives to somebody who was removed, or to a state left behind, opens no epoch of today."""
        view = reading.latest(call=self.world.call)
        inside = self.model.who("seated")
        if view is None or not view.open or not inside:
            return
        today = self.players[inside[0]].digest()
        for ghost in self.ghosts:
            # Who is away may not have taken its leaf back from the state that it lost.
            if not ghost.state or self.model.people[ghost.name]["standing"] == "away":
                continue
            if ghost.incarnation == view.incarnation:
                with _refusals():
                    ghost.entries(ghost.next, [_json(text) for text in reading.entries(pk=view.pk, start=ghost.next)])
            with _refusals():
                assert ghost.digest() != today, f"{ghost.name} is still inside"
                self.journal.met["ghosts"] += 1


@contextmanager
def _refusals() -> Iterator[None]:
    """Let the module refuse."""
    try:
        yield
    except MlsError as error:
        if error.code not in {"removed", "broken", "wrong_state", "log_gap", "unreadable_commit"}:
            raise


def _quietly(act: Callable[..., Any], **fields: Any) -> Any:
    """Act; when the incarnation is over by now, nothing happens."""
    try:
        return act(**fields)
    except delivery.NotLive:
        return None


def _state(made: dict[str, object]) -> dict[str, Any]:
    """Return the group's state from an answer of the module."""
    state = made["state"]
    assert isinstance(state, dict)
    return state


def _json(text: str) -> dict[str, Any]:
    """Return a log entry."""
    found: dict[str, Any] = json.loads(text)
    return found


# The table calls it by a word that Python keeps for itself.
setattr(CallMachine, "return", CallMachine.come_back)


def play(*, examples: int, steps: int) -> Counter[str]:
    """Play so many calls of so many events; return how often each thing was met."""
    CallMachine.met = Counter()
    # Shrinking takes minutes; a failure prints how to reproduce it.
    phases = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if TIMES > 1 else [])]
    run_state_machine_as_test(CallMachine, settings=settings(max_examples=examples, stateful_step_count=steps, phases=phases))
    return CallMachine.met


def test_whatever_happens_those_who_stay_end_in_one_epoch() -> None:
    met = play(examples=longer(EXAMPLES), steps=STEPS)
    assert set(EVENTS) <= set(met), f"never happened: {set(EVENTS) - set(met)}"
    assert min(met[thing] for thing in ("accepted", "rivals", "stale", "ghosts")) > 0, met


@pytest.mark.soak
def test_whatever_happens_for_a_long_time() -> None:
    play(examples=longer(50 * EXAMPLES), steps=2 * STEPS)


def test_every_event_of_the_table_is_played_here() -> None:
    assert all(callable(getattr(CallMachine, event)) for event in EVENTS)
