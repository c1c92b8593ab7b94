"""The desk for orders and a court, from a test's or a benchmark's side: staff.py, a process beside a running server."""

import json
import queue
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Self

from tests.journeys.world import Installation

ANSWER, ANSWER_SECONDS = "answer: ", 90.0


class Office:
    """The process; it ends with the block."""

    def __init__(self, server: Installation) -> None:
        """Start it: the desk's people are appointed and signed in by the first answer."""
        paths = {"PYTHONPATH": f"{server.checkout}/src:{server.checkout}", "DJANGO_SETTINGS_MODULE": "conclave.settings"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.staff"],
            env={**server.environment(), **paths},
            cwd=server.checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        """Wait until they are there."""
        assert self._answer() == {"ready": True}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Send them home."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def ask(self, do: str, **said: Any) -> dict[str, Any]:
        """Let somebody do something (staff.Office has what), and return what came of it.

        Raises:
            AssertionError: it failed, with the reason.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **said}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert "ok" in answer, answer.get("error")
        found: dict[str, Any] = answer["ok"]
        return found

    def _answer(self) -> dict[str, Any]:
        """Return the next answer; what a library prints in between is none."""
        while True:
            line = self._answers.get(timeout=ANSWER_SECONDS)
            assert line, "the office has closed"
            if line.startswith(ANSWER):
                answer: dict[str, Any] = json.loads(line.removeprefix(ANSWER))
                return answer

    def _read(self) -> None:
        """Keep what is said."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")
