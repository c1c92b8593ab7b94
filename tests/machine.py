"""The model that both state machines share: tests/vectors/machine.json, read as it stands (web/src/call/machine.ts reads it too)."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "machine.json").read_text(encoding="utf-8"))
PEOPLE: list[str] = TABLE["people"]
EVENTS: dict[str, dict[str, Any]] = {event["name"]: event for event in TABLE["events"]}


@dataclass(slots=True)
class Model:
    """Where everybody stands by the table, and since when."""

    now: int
    people: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: dict(TABLE["start"]) for name in PEOPLE})
    since: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PEOPLE, 0))

    def who(self, *standings: str) -> list[str]:
        """Return those who stand so, in the table's order."""
        return [name for name in PEOPLE if self.people[name]["standing"] in standings]

    def possible(self, event: str, name: str) -> bool:
        """Tell whether the table lets this happen to this person now."""
        when = dict(EVENTS[event]["when"])
        others = when.pop("others", 0)
        beside = [other for other in self.who("seated") if other != name]
        return all(self.people[name][fact] in values for fact, values in when.items()) and len(beside) >= others

    def enabled(self) -> list[tuple[str, list[str]]]:
        """Return every event that may happen now, as often as the table says, with whom it may happen to."""
        found = []
        for event, about in EVENTS.items():
            whom = [name for name in PEOPLE if self.possible(event, name)]
            found += [(event, whom)] * about.get("often", 1) if whom else []
        return found

    def happen(self, event: str, name: str) -> None:
        """Let it have happened."""
        self._become(name, EVENTS[event].get("then", {}))

    def wait(self, ms: int) -> None:
        """Let time pass, and deadlines with it."""
        self.now += ms
        for deadline in TABLE["deadlines"]:
            for name in self.who(deadline["standing"]):
                if self.now - self.since[name] >= deadline["ms"]:
                    self._become(name, deadline["then"])

    def _become(self, name: str, facts: dict[str, Any]) -> None:
        if facts.get("standing", self.people[name]["standing"]) != self.people[name]["standing"]:
            self.since[name] = self.now
        self.people[name] |= facts
