"""Progress on the terminal: what is being done, how long it took, what failed and what to do.

Runs on Python 3.8 with the standard library only, as the bootstrap does.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Iterator

QUIET_SECONDS = 30
TAIL_LINES = 30


class SetupError(Exception):
    """Setting up failed; the message is a sentence, the advice says what to do, the detail is what the tool printed."""

    def __init__(self, message: str, *, advice: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.advice = advice
        self.detail = detail


class Step:
    """One named piece of work on the terminal; made by step()."""

    def __init__(self, title: str, out: IO[str]) -> None:
        self._title = title
        self._out = out
        self._tty = out.isatty()
        self._start = time.monotonic()
        self._said = self._start

    def begin(self) -> None:
        """Say what starts."""
        self._write(f"· {self._title}…", end="" if self._tty else "\n")

    def tick(self, note: str = "") -> None:
        """Show that work goes on: every second on a terminal, twice a minute in a log."""
        now = time.monotonic()
        text = f"· {self._title}… {now - self._start:.0f} s {note}".rstrip()
        if self._tty:
            self._write("\r\033[K" + text, end="")
        elif now - self._said >= QUIET_SECONDS:
            self._said = now
            self._write(text)

    def finish(self, *, ok: bool) -> None:
        """Say how it ended and how long it took."""
        mark, word = ("✓", "took") if ok else ("✗", "failed after")
        lead = "\r\033[K" if self._tty else ""
        self._write(f"{lead}{mark} {self._title}: {word} {time.monotonic() - self._start:.1f} s")

    def run(self, command: list[str], *, log: Path, env: dict[str, str], cwd: Path, advice: str) -> None:
        """Run a program with its output in a log file.

        Raises:
            SetupError: the program ended with another code than 0; its last lines are the detail.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env, cwd=str(cwd))
            try:
                code = self._wait(process)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        if code != 0:
            tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
            message = f"{self._title}: {Path(command[0]).name} ended with code {code}; all it said is in {log}."
            raise SetupError(message, advice=advice, detail="\n".join(tail))

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Return the exit code, ticking meanwhile."""
        while True:
            try:
                return process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                self.tick()

    def _write(self, text: str, end: str = "\n") -> None:
        """Print, in plain ASCII where the terminal knows nothing else."""
        encoding = getattr(self._out, "encoding", None) or "ascii"
        self._out.write((text + end).encode(encoding, errors="replace").decode(encoding))
        self._out.flush()


@contextlib.contextmanager
def step(title: str, *, out: IO[str] | None = None) -> Iterator[Step]:
    """Announce a piece of work, time it, and say whether it succeeded.

    Yields:
        The step, through which programs are run.
    """
    current = Step(title, out or sys.stderr)
    current.begin()
    try:
        yield current
    except BaseException:
        current.finish(ok=False)
        raise
    current.finish(ok=True)


def explain(error: SetupError, *, out: IO[str] | None = None) -> None:
    """Print a set-up error for a person: what the tool said, what failed, what to do."""
    stream = out or sys.stderr
    for text in (error.detail, str(error), error.advice):
        if text:
            stream.write(text + "\n")
    stream.flush()
