"""A supervised child process: its start, its restarts with growing pauses, its end."""

import asyncio
import contextlib
import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 15.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
PR_SET_PDEATHSIG = 1

Stops = tuple[tuple[signal.Signals, float], ...]


class ChildError(Exception):
    """A child cannot be used; the message is one sentence for the person who runs the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is run: its name in sentences, where its words go, where it answers, and how it is asked to end."""

    name: str
    path: Path
    arguments: tuple[str, ...]
    log: Path
    host: str
    port: int
    stops: Stops
    variables: Mapping[str, str] | None = None


class Child:
    """One process, started again with growing pauses when it ends by itself."""

    def __init__(self, program: Program, *, say: Callable[[str], None], configure: Callable[[], None]) -> None:
        """Take the program.

        Args:
            program: what is run.
            say: tells the person at the terminal one sentence.
            configure: writes the files that the program reads, before each start.
        """
        self._program = program
        self._say = say
        self._configure = configure
        self._process: asyncio.subprocess.Process | None = None
        self.log = program.log

    @property
    def pid(self) -> int | None:
        """The process while it runs, else None."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    async def start(self) -> None:
        """Start the program and return when it answers.

        Raises:
            ChildError: it is not built, ended at once, or does not answer.
        """
        program = self._program
        if not program.path.exists():
            raise ChildError(f"{program.name} is not built ({program.path} is missing): run ./conclave run with a network once.")
        self._configure()
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(program.path),
                *program.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=program.variables,
                process_group=0,  # Ctrl-C on the terminal reaches only the supervisor, which then stops the child
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        await self._answering(self._process)

    async def _answering(self, process: asyncio.subprocess.Process) -> None:
        """Return when the program's port accepts connections."""
        program = self._program
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise ChildError(f"{program.name} ended while starting; its reason is at the end of {self.log}.")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(program.host, program.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise ChildError(f"{program.name} did not answer on port {program.port} within {READY_SECONDS:.0f} s; see {self.log}.")

    async def supervise(self) -> None:
        """Start the program again each time it ends, until cancelled; then stop it."""
        pause = FIRST_PAUSE
        try:
            while True:
                started = time.monotonic()
                if self._process is not None:
                    await self._process.wait()
                    self._say(f"{self._program.name} ended by itself; it starts again in {pause:.1f} s. Its last words are in {self.log}.")
                if time.monotonic() - started > STEADY_SECONDS:
                    pause = FIRST_PAUSE
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                try:
                    await self.start()
                except ChildError as error:
                    self._say(str(error))
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End the program: politely first, then by force."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        for wanted, patience in self._program.stops:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(wanted)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience)
                return


def _die_with_parent() -> None:
    """Ask Linux to end this child when its supervisor is killed, so that nobody keeps the ports.

    SIGKILL, as the media engine forgets a SIGTERM that comes while it is still starting, and no child has anything to save.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
