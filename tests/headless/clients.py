"""People whose clients run without camera, microphone and screen: the browser's own code, one Node process each (client.ts)."""

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from conclave.keys.mls import WASM
from deploy.toolchain import node_environment
from tests.journeys.browsers import until

HERE = Path(__file__).resolve().parent
ANSWER_SECONDS = 60.0
SETTLE_SECONDS = 30.0


class Client:
    """One person's client; open() gives it a fresh page and a right clock."""

    def __init__(self, name: str) -> None:
        """Start the process."""
        self.name = name
        self._last = 0
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._process = subprocess.Popen(
            [
                "node",
                "--no-warnings",
                "--experimental-strip-types",
                "--import",
                str(HERE / "hooks.mjs"),
                str(HERE / "client.ts"),
                json.dumps({"wasm": str(WASM)}),
            ],
            env=node_environment(),
            cwd=HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._answer() == {"ready": True}

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Give a command and return its answer.

        Raises:
            AssertionError: it failed, with the reason.
        """
        assert self._process.stdin is not None
        self._last += 1
        self._process.stdin.write(json.dumps({"id": self._last, "do": do, **fields}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert answer["id"] == self._last, answer
        assert "ok" in answer, f"{self.name}: {do}: {answer}"
        found: dict[str, Any] = answer["ok"]
        return found

    def look(self) -> dict[str, Any]:
        """Return what the screens would read, and a little of what is behind it."""
        return self.ask("look")

    @property
    def phase(self) -> str:
        """Where the call stands; `silenced` and `over` with their reason."""
        phase = self.look()["phase"]
        return f"{phase['at']}: {phase['reason']}" if "reason" in phase else str(phase["at"])

    @property
    def names(self) -> list[str]:
        """The names of the people shown, sorted; somebody without a leaf has none."""
        return sorted(person["name"] for person in self.look()["people"])

    @property
    def locks(self) -> dict[str, str]:
        """The padlock of each person shown, by participant."""
        return {person["participant"]: person["lock"] for person in self.look()["people"]}

    @property
    def code(self) -> str:
        """The security code."""
        return str(self.look()["security"]["code"])

    @property
    def participant(self) -> str:
        """Our own id in the call."""
        return str(self.look()["participant"])

    @property
    def heard(self) -> list[tuple[str, str]]:
        """The chat's lines: who, what."""
        return [(line["name"], line["text"]) for line in self.look()["chat"]]

    def is_at(self, phase: str, *, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until the call stands there."""
        until(lambda: self.phase == phase, what=f"{self.name} at “{phase}”", seconds=seconds, seen=self.stand)

    def stand(self) -> str:
        """Return how things stand, for a failure's message."""
        return json.dumps(self.look(), indent=1)

    def stop(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        line = self._lines.get(timeout=ANSWER_SECONDS)
        assert line is not None, f"{self.name}'s client has ended"
        return line

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)


def together(*clients: Client, names: list[str] | None = None) -> str:
    """Wait until everybody is live in one epoch, with these people if given, and return the security code."""
    wanted = sorted(names or [client.name for client in clients])

    def one() -> str | None:
        looks = [client.look() for client in clients]
        inside = all(look["phase"]["at"] == "live" and look["epoch"] is not None for look in looks)
        live = inside and all(sorted(person["name"] for person in look["people"]) == wanted for look in looks)
        codes = {look["security"]["code"] for look in looks}
        return next(iter(codes)) if live and len(codes) == 1 else None

    return str(
        until(one, what=f"{wanted} in one epoch", seconds=SETTLE_SECONDS, seen=lambda: "\n".join(client.stand() for client in clients))
    )


def pass_time(*people: Client, ms: int) -> None:
    """Let so much time pass for everybody, and whoever has something to say or to hear then say and hear it."""
    for person in people:
        person.ask("later", ms=ms)
    before = [person.look()["ticks"] for person in people]
    ticked = lambda: all(person.look()["ticks"] >= was + 2 for person, was in zip(people, before, strict=True))  # noqa: E731
    until(ticked, what="two ticks of everybody's", seen=people[0].stand)
