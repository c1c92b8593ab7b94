"""Soak: for half an hour five browsers and up to 50 headless members come, go, write and are killed, and nothing is left behind.

SOAK_MINUTES shortens it for trying the test itself out.
"""

import json
import os
import random
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.roster import forks
from tests.headless.people import Beside, world_of
from tests.journeys.browsers import until
from tests.journeys.fixtures import Guests
from tests.journeys.people import Person
from tests.journeys.world import Installation

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
RESULTS = Path(__file__).resolve().parents[2] / "test-results"
MEMBERS = 50
PROCESSES = 2
STEP_SECONDS = 2.0
# In steps.
WRITE_EVERY, RELOAD_EVERY, KILL_EVERY, MEASURE_EVERY = 4, 75, 120, 5
# Whoever is this long in the group is owed everything that is said.
SETTLED_SECONDS = 15.0
END_SECONDS = 120.0
FLAT = 1.05


@dataclass(kw_only=True)
class Line:
    """Something that was written, and to whom it is owed."""

    text: str
    owed: set[str]


@dataclass(kw_only=True)
class Soak:
    """Who is here since when, what was written, and how much memory that took."""

    crowds: list[Beside]
    browsers: list[Person]
    dice: random.Random = field(default_factory=lambda: random.Random(30))  # noqa: S311 - dice, the same every time
    here: dict[str, float] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=dict)
    came: int = 0

    def crowd_of(self, name: str) -> int:
        """Return in which process somebody lives."""
        return int(name.rpartition(" ")[2]) % PROCESSES

    @property
    def headless(self) -> list[str]:
        """Who is here without a browser."""
        return [name for name in self.here if name.startswith("Guest ")]

    def act(self) -> None:
        """Let one headless member come, go or crash."""
        throw = self.dice.random()
        if len(self.headless) < MEMBERS / 2 or (len(self.headless) < MEMBERS and throw < 0.5):
            self.came += 1
            name = f"Guest {self.came}"
            self.crowds[self.crowd_of(name)].ask("join", name=name)
            self.here[name] = time.monotonic()
        else:
            self.go(self.dice.choice(self.headless), "leave" if throw < 0.8 else "vanish")

    def go(self, name: str, how: str) -> None:
        """Let somebody leave, or vanish as a crash does."""
        del self.here[name]
        self.owe_nothing(name)
        self.crowds[self.crowd_of(name)].ask(how, name=name)

    def write(self) -> None:
        """Let somebody say something, in turn a browser and a headless member."""
        text = f"Line {len(self.lines)}."
        settled = {name for name, since in self.here.items() if time.monotonic() - since > SETTLED_SECONDS}
        if len(self.lines) % 2:
            writer = self.dice.choice(self.browsers)
            speaker = writer.name
            writer.says(text)
        else:
            speaker = self.dice.choice(self.headless)
            self.crowds[self.crowd_of(speaker)].ask("say", name=speaker, text=text)
        self.lines.append(Line(text=text, owed=settled - {speaker}))

    def reload(self) -> None:
        """Let somebody press reload: what was written before is no longer on their screen."""
        person = self.dice.choice(self.browsers[1:])
        person.browser.reload()
        person.wait_back()
        self.here[person.name] = time.monotonic()
        self.owe_nothing(person.name)
        person.panel("chat")

    def kill(self) -> None:
        """Kill a whole process of headless members, and start another."""
        index = self.dice.randrange(PROCESSES)
        self.reports.append(self.crowds[index].ask("report"))
        for name in self.headless:
            if self.crowd_of(name) == index:
                del self.here[name]
                self.owe_nothing(name)
        self.crowds[index].kill()

    def owe_nothing(self, name: str) -> None:
        """Forget what somebody was owed who is not there to read it."""
        for line in self.lines:
            line.owed.discard(name)

    def measure(self, server: Installation) -> None:
        """Note how much memory each process of the server has."""
        for name in ("gateway", "engine"):
            self.memory.setdefault(name, []).append(server.resident_mb(name))

    def unread(self, name: str, seen: str) -> list[str]:
        """Return which lines somebody was owed and has not."""
        return [line.text for line in self.lines if name in line.owed and line.text not in seen]


def growth(samples: list[float]) -> float:
    """Return by what factor the last third lies above the middle third; the first third warms up."""
    third = len(samples) // 3
    return statistics.median(samples[-third:]) / statistics.median(samples[third : 2 * third])


@pytest.mark.soak
def test_half_an_hour_of_coming_going_writing_and_being_killed_leaves_nothing_behind(
    alice: Person, people: Guests, meeting: str, server: Installation
) -> None:
    browsers = [alice]
    for name in ("Bob", "Charlie", "Dora", "Emil"):
        guest = people(name, viewport={"width": 960, "height": 600})
        guest.join(meeting)
        if name != "Bob":  # two cores carry two pictures for five beside fifty who come and go
            guest.press("camera")
        browsers.append(guest)
    with ExitStack() as stack:
        crowds = [stack.enter_context(Beside(world_of(url=server.url, link=meeting))) for _ in range(PROCESSES)]
        soak = Soak(crowds=crowds, browsers=browsers, here={person.name: time.monotonic() for person in browsers})
        for person in browsers:
            person.panel("chat")
        run(soak, server)
        settle(soak)
    assert forks(soak.reports) == []
    assert [text for report in soak.reports for text in (*report["refused"], *report["errors"])] == []
    keep(soak)
    assert {name: growth(each) for name, each in soak.memory.items() if growth(each) > FLAT} == {}


def keep(soak: Soak) -> None:
    """Write the figures down, also when all is well."""
    figures = {
        "minutes": MINUTES,
        "came": soak.came,
        "lines": len(soak.lines),
        "owed": sum(len(line.owed) for line in soak.lines),
        "growth": {name: round(growth(each), 3) for name, each in soak.memory.items()},
        "resident_mb": {name: [round(one) for one in each] for name, each in soak.memory.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "soak.json").write_text(json.dumps(figures), encoding="utf-8")


def run(soak: Soak, server: Installation) -> None:
    """Do everything, at a steady pace, until the time is over."""
    end = time.monotonic() + 60 * MINUTES
    step = 0
    while time.monotonic() < end:
        begin = time.monotonic()
        step += 1
        soak.act()
        if step % WRITE_EVERY == 0:
            soak.write()
        if step % RELOAD_EVERY == 0:
            soak.reload()
        if step % KILL_EVERY == 0:
            soak.kill()
        if step % MEASURE_EVERY == 0:
            soak.measure(server)
        time.sleep(max(0.0, STEP_SECONDS - (time.monotonic() - begin)))


def settle(soak: Soak) -> None:
    """Wait until everybody shows everybody who is here and nobody else, and has read all that was written."""
    states = {}

    def agreed() -> bool:
        nonlocal states
        states = {name: state for crowd in soak.crowds for name, state in crowd.states().items()}
        return {state["size"] for state in states.values()} == {len(soak.here)} and len({state["code"] for state in states.values()}) == 1

    until(agreed, what="one group of those who are here", seconds=END_SECONDS, seen=lambda: str((len(soak.here), states)))
    assert set(states) == set(soak.headless)
    for person in soak.browsers:
        person.panel("chat")
        until(
            lambda person=person: not soak.unread(person.name, person.text()),  # type: ignore[misc]
            what=f"{person.name} has read everything",
            seen=lambda person=person: str(soak.unread(person.name, person.text())),  # type: ignore[misc]
        )
        person.panel("security")
        person.reads(f"Everyone here holds the key: {len(soak.here)} people. The server does not.", seconds=60)
    codes = {person.code() for person in soak.browsers} | {state["code"] for state in states.values()}
    assert len(codes) == 1, codes
    soak.reports += [crowd.ask("report") for crowd in soak.crowds]
    for name, state in states.items():
        heard = [json.loads(content).get("text", "") for content in state["heard"]]
        assert soak.unread(name, "\n".join(heard)) == [], name
