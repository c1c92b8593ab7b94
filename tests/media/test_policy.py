"""media/policy.py: no region but those that every list allows, whatever breaks, fills up, is mislabelled or changes (R1–R3, R5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import hypothesis.strategies as st
from hypothesis import assume, given
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from conclave.media.policy import (
    LONGEST_QUEUE,
    WAIT_MS,
    Lists,
    Names,
    Picture,
    Placed,
    Reason,
    Refuse,
    Site,
    Wait,
    permits,
    place,
)

TERRITORIES = {"fr": "FR", "fr-south": "FR", "de": "DE", "us": "US", "hk": "HK", "cn": "CN", "nowhere": ""}
NAMES = sorted(TERRITORIES)
ALL = frozenset(NAMES)
WORDS = [*NAMES, *sorted(set(TERRITORIES.values()) - {""})]

some_names: st.SearchStrategy[Names] = st.none() | st.frozensets(st.sampled_from(WORDS), max_size=4)
lists = st.builds(
    Lists,
    platform=st.frozensets(st.sampled_from(NAMES)),
    others=st.lists(some_names, max_size=3).map(tuple),
    # Mostly what a server that has started has (REG-10).
    entered=st.sampled_from([ALL, ALL, ALL, ALL - {"fr"}, frozenset({"hk", "cn"})]),
)


def site(name: str, *, up: bool = True, seated: int = 0, capacity: int = 0) -> Site:
    return Site(name=name, territory=TERRITORIES[name], up=up, seated=seated, capacity=capacity)


sites = st.lists(
    st.builds(site, st.sampled_from(NAMES), up=st.booleans(), seated=st.integers(0, 20), capacity=st.integers(0, 12)),
    max_size=6,
    unique_by=lambda one: one.name,
)


def named_by(name: str, names: Names) -> bool:
    """Say the rule once more, from the protocol's page: a list that says nothing allows everything, others what they name."""
    return names is None or name in names or (TERRITORIES[name] != "" and TERRITORIES[name] in names)


@given(there=sites, allowed=lists, ahead=st.integers(0, 600), waited=st.integers(0, 60_000))
def test_reg_1_r1_a_place_is_on_every_list(there: list[Site], allowed: Lists, ahead: int, waited: int) -> None:
    """REG-1, REG-3."""
    outcome = place(sites=there, lists=allowed, ahead=ahead, waited_ms=waited)
    if isinstance(outcome, Placed):
        assert outcome.region in allowed.platform & allowed.entered
        assert all(named_by(outcome.region, names) for names in allowed.others)
        assert next(one for one in there if one.name == outcome.region).up


@given(names=st.lists(st.sampled_from(NAMES), min_size=3, unique=True), up=st.booleans(), waited=st.integers(0, 60_000))
def test_reg_3_r1_whatever_is_down_or_full_no_other_region_is_used(names: list[str], *, up: bool, waited: int) -> None:
    """REG-3: those that are allowed are down, or full beyond measure; all others are up and empty."""
    allowed, others = names[:2], names[2:]
    there = [*(site(name, up=up, seated=100, capacity=10) for name in allowed), *(site(name) for name in others)]
    outcome = place(sites=there, lists=Lists(platform=frozenset(allowed), entered=ALL), waited_ms=waited)
    assert isinstance(outcome, Refuse | Wait)
    assert not isinstance(outcome, Refuse) or outcome.status == 503


@given(there=sites, allowed=lists, people=st.integers(1, 30))
def test_reg_6_a_call_that_moves_is_not_split(there: list[Site], allowed: Lists, people: int) -> None:
    """REG-6: one region has places for all of them, at most half as many again as it says."""
    outcome = place(sites=there, lists=allowed, people=people, waited_ms=WAIT_MS)
    if isinstance(outcome, Placed):
        (chosen,) = (one for one in there if one.name == outcome.region)
        share = {Picture.FULL: 100, Picture.SMALL: 125, Picture.NONE: 150}[outcome.picture]
        assert not chosen.capacity or chosen.seated + people <= chosen.capacity * share // 100


def test_reg_6_what_is_free_in_one_region_makes_no_room_in_another() -> None:
    """REG-6: two places here and one there are none for three who stay together."""
    there = [site("fr", capacity=2), site("de", capacity=1)]
    assert place(sites=there, lists=Lists(platform=ALL, entered=ALL), people=3, waited_ms=0) == Wait(position=1)


@given(there=sites, allowed=lists)
def test_reg_2_r2_an_empty_list_and_an_unknown_region_allow_nothing(there: list[Site], allowed: Lists) -> None:
    """REG-2."""
    nothing: Names = frozenset()
    for none in (
        replace(allowed, platform=frozenset()),
        replace(allowed, others=(*allowed.others, nothing)),
        replace(allowed, others=(*allowed.others, frozenset({"atlantis", "XX"}))),
    ):
        assert place(sites=there, lists=none) == Refuse(status=451, reason=Reason.LISTS)
    assert place(sites=[], lists=allowed) == Refuse(status=451, reason=Reason.LISTS)


@given(there=sites, allowed=lists, more=st.sampled_from(NAMES))
def test_reg_3_r5_a_new_region_widens_nothing(there: list[Site], allowed: Lists, more: str) -> None:
    """REG-3, R5: whoever adds a region changes where a call may be only where each list had named it before."""
    assume(more not in {one.name for one in there})
    outcome = place(sites=[*there, site(more)], lists=allowed)
    if isinstance(outcome, Placed) and outcome.region == more:
        assert more in allowed.platform
        assert all(named_by(more, names) for names in allowed.others)
    others = [one.name for one in there if permits(name=one.name, territory=one.territory, lists=allowed)]
    if others and more not in allowed.platform:
        assert outcome == place(sites=there, lists=allowed)


def test_reg_1_no_territory_is_part_of_another() -> None:
    """REG-1: HK is not CN, and a region without a territory is in none."""
    platform = frozenset(NAMES)
    allowed = Lists(platform=platform, others=(frozenset({"CN"}),))
    assert [name for name in NAMES if permits(name=name, territory=TERRITORIES[name], lists=allowed)] == ["cn"]
    assert not permits(name="nowhere", territory="", lists=Lists(platform=platform, others=(frozenset({""}),)))


def test_reg_1_a_list_may_name_the_territory_and_another_the_region() -> None:
    allowed = Lists(platform=frozenset(NAMES), others=(frozenset({"FR"}), frozenset({"fr-south", "de"})), entered=ALL)
    assert place(sites=[site("fr"), site("de"), site("fr-south")], lists=allowed) == Placed(region="fr-south")


def test_reg_3_without_room_one_waits_then_comes_with_less_then_is_refused_and_never_goes_elsewhere() -> None:
    """REG-3."""
    allowed = Lists(platform=frozenset({"fr"}), entered=ALL)
    elsewhere = site("us")

    def asks(seated: int, *, ahead: int = 0, waited: int = WAIT_MS) -> object:
        return place(sites=[site("fr", seated=seated, capacity=8), elsewhere], lists=allowed, ahead=ahead, waited_ms=waited)

    assert asks(7, waited=0) == Placed(region="fr")
    assert asks(7, ahead=1, waited=0) == Wait(position=2)
    assert asks(8, waited=0) == Wait(position=1)
    assert asks(8) == Placed(region="fr", picture=Picture.SMALL)
    assert asks(10) == Placed(region="fr", picture=Picture.NONE)
    assert asks(12) == Refuse(status=503, reason=Reason.FULL, again_in_ms=60_000)
    assert asks(12, ahead=LONGEST_QUEUE, waited=0) == Refuse(status=503, reason=Reason.FULL, again_in_ms=60_000)
    assert place(sites=[site("fr", up=False), elsewhere], lists=allowed) == Refuse(status=503, reason=Reason.DOWN, again_in_ms=15_000)


@dataclass
class Node:
    """What really stands there: in which territory, whose key pair it has, and whether it runs."""

    territory: str
    key: str
    up: bool = True


@dataclass
class Call:
    """A call of the model."""

    region: str | None
    others: tuple[Names, ...]
    forbidden_since: int | None = None
    people: set[int] = field(default_factory=set)


class Router(RuleBasedStateMachine):
    """R3: gateways that see late who is up and how full, with clocks apart, place calls, mint tokens and check connects by the rule alone.

    What a gateway knows of lists is never old: they are read in the transaction of the act (placement.lists_of).
    """

    @initialize(platform=st.frozensets(st.sampled_from(NAMES), min_size=1))
    def begin(self, platform: frozenset[str]) -> None:
        """Set the platform's list, and a machine in each region."""
        self.platform, self.entered = platform, ALL
        self.nodes = {name: Node(territory=territory, key=name) for name, territory in TERRITORIES.items()}
        self.calls: dict[int, Call] = {}
        # Token: for which call and region, and which lists held then.
        self.tokens: list[tuple[int, str]] = []
        self.opened: list[str] = []
        self.seen: dict[str, bool] = dict.fromkeys(NAMES, True)
        self.clock, self.skew = 0, 0

    def _lists(self, call: Call) -> Lists:
        return Lists(platform=self.platform, others=call.others, entered=self.entered)

    def _may(self, name: str, call: Call) -> bool:
        """Tell whether a call may be held in a region by lists and ledger, as the gate asks (placement.check_allowed)."""
        return name in self.entered and permits(name=name, territory=TERRITORIES[name], lists=self._lists(call))

    def _sites(self) -> list[Site]:
        """What a gateway believes: whether a region's engine answered to its own key pair, as seen the last time."""
        here = {name: sum(len(call.people) for call in self.calls.values() if call.region == name) for name in NAMES}
        return [site(name, up=self.seen[name], seated=here[name], capacity=6) for name in NAMES]

    @rule(name=st.sampled_from(NAMES), up=st.booleans())
    def runs(self, name: str, *, up: bool) -> None:
        """A machine stops or starts."""
        self.nodes[name].up = up

    @rule(name=st.sampled_from(NAMES), other=st.sampled_from(NAMES))
    def mislabelled(self, name: str, other: str) -> None:
        """Somebody puts a machine of another region behind a region's address; it has its own key pair, and no other's."""
        self.nodes[name] = Node(territory=TERRITORIES[other], key=other)

    @rule(name=st.sampled_from(NAMES))
    def put_right(self, name: str) -> None:
        """The right machine stands there again."""
        self.nodes[name] = Node(territory=TERRITORIES[name], key=name)

    @rule()
    def looks(self) -> None:
        """The gateways ask every engine, with each region's own key pair."""
        self.seen = {name: node.up and node.key == name for name, node in self.nodes.items()}

    @rule(minutes=st.integers(-5, 5))
    def drifts(self, minutes: int) -> None:
        """A gateway's clock goes wrong."""
        self.skew = minutes * 60_000

    @rule(platform=st.frozensets(st.sampled_from(NAMES)))
    def operator_decides(self, platform: frozenset[str]) -> None:
        """The platform's list changes."""
        self.platform = platform
        self._narrowed()

    @rule(entered=st.sampled_from([ALL, ALL - {"fr", "de"}, frozenset({"us"})]))
    def two_people_decide(self, entered: frozenset[str]) -> None:
        """What the ledger says of engines changes (REG-10)."""
        self.entered = entered
        self._narrowed()

    @rule(call=st.integers(0, 3), others=st.lists(some_names, max_size=2).map(tuple))
    def owner_decides(self, call: int, others: tuple[Names, ...]) -> None:
        """The lists of a meeting or its organisation change."""
        if call in self.calls:
            self.calls[call].others = others
            self._narrowed()

    def _narrowed(self) -> None:
        for call in self.calls.values():
            bad = call.region is not None and not self._may(call.region, call)
            call.forbidden_since = (call.forbidden_since or self.clock) if bad else None

    @rule(call=st.integers(0, 3), person=st.integers(0, 30), others=st.lists(some_names, max_size=2).map(tuple), times=st.integers(1, 3))
    def joins(self, call: int, person: int, others: tuple[Names, ...], times: int) -> None:
        """Somebody joins, perhaps several times at once: the first starts the call."""
        row = self.calls.setdefault(call, Call(region=None, others=others))
        for _ in range(times):
            if row.region is None:
                outcome = place(sites=self._sites(), lists=self._lists(row), waited_ms=WAIT_MS)
            else:
                own = [one for one in self._sites() if one.name == row.region]
                outcome = place(sites=own, lists=self._lists(row), waited_ms=WAIT_MS)
            if isinstance(outcome, Placed):
                row.region = row.region or outcome.region
                row.people.add(person)
                self._mint(call, outcome.region)

    def _mint(self, call: int, region: str) -> None:
        """R1, at the moment of minting."""
        row = self.calls[call]
        assert region == row.region
        assert region in self.platform & self.entered
        assert all(named_by(region, names) for names in row.others)
        self.tokens.append((call, region))

    @rule(which=st.integers(0, 50), entrance=st.sampled_from(NAMES))
    def connects(self, which: int, entrance: str) -> None:
        """A token, perhaps old, is shown at any region's entrance: the gate asks again, and the engine knows its own key pair only."""
        if not self.tokens:
            return
        call, region = self.tokens[which % len(self.tokens)]
        row, node = self.calls[call], self.nodes[entrance]
        gate = region == entrance and row.region == entrance
        gate = gate and self._may(entrance, row)
        if gate and node.up and node.key == region:
            assert entrance in self.platform & self.entered
            assert all(named_by(entrance, names) for names in row.others)
            assert node.territory == TERRITORIES[entrance], "media would flow on a machine that stands elsewhere"

    @rule(seconds=st.integers(1, 5))
    def time_passes(self, seconds: int) -> None:
        """A gateway settles what is due; whatever its own clock says, it moves or ends what may not be where it is."""
        self.clock += seconds * 1000
        for row in self.calls.values():
            if row.forbidden_since is None:
                continue
            outcome = place(sites=self._sites(), lists=self._lists(row), waited_ms=10**9)
            if isinstance(outcome, Placed):
                row.region, row.forbidden_since = outcome.region, None
            elif outcome == Refuse(status=451, reason=Reason.LISTS) or self.clock - row.forbidden_since >= 50_000:
                row.region, row.forbidden_since = None, None
                row.people.clear()

    @invariant()
    def nothing_stays_where_it_may_not_be(self) -> None:
        """A call is where its lists allow, or has been told to leave less than a minute ago."""
        for row in getattr(self, "calls", {}).values():
            if row.region is None:
                continue
            assert self._may(row.region, row) or (row.forbidden_since is not None and self.clock - row.forbidden_since < 60_000)


TestRegR3 = Router.TestCase


def test_the_words_of_the_model_are_those_of_the_rule() -> None:
    known: Mapping[str, str] = TERRITORIES
    assert all(permits(name=name, territory=known[name], lists=Lists(platform=frozenset({name}))) for name in known)
