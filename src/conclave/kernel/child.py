"""A supervised child process: started, started again with growing pauses when it ends by itself, ended politely and then by force."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conclave.kernel.logs import scrub

READY_SECONDS = 15.0
FIRST_PAUSE = 0.1
# Joins work again within 10 s of a gateway's end, also of its seventh in a row.
LONGEST_PAUSE = 4.0
# Whoever served for so long is started again without growing pauses: people are waiting.
STEADY_SECONDS = 1.0
# A program's words end with it, unless a child of its own still holds its output.
LAST_WORDS_SECONDS = 1.0
LONGEST_LINE = 1024 * 1024
PR_SET_PDEATHSIG = 1

Stops = Sequence[tuple[signal.Signals, float]]


class ChildError(Exception):
    """A child cannot be used; the message is one sentence for the person who runs the server."""


class Child(ABC):
    """One child process. A kind of child says what it is, how it starts and how it stops."""

    def __init__(self, *, name: str, where: str, stops: Stops, say: Callable[[str], None]) -> None:
        """Take what to call it and where its last words are, its signals with the patience after each, and the way to the terminal."""
        self._name = name
        self._where = where
        self._stops = stops
        self._say = say
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process while it runs, else None."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    @abstractmethod
    async def start(self) -> None:
        """Start it and return when it answers.

        Raises:
            ChildError: it cannot be started, ended at once, or does not answer.
        """

    async def supervise(self) -> None:
        """Start it again each time it ends, until cancelled; then stop it."""
        pause = FIRST_PAUSE
        try:
            while True:
                started = time.monotonic()
                if self._process is not None:
                    await self._process.wait()
                    self._say(f"{self._name} has ended and starts again in {pause:.1f} s. Its last words are {self._where}.")
                if time.monotonic() - started > STEADY_SECONDS:
                    pause = FIRST_PAUSE
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                try:
                    await self.start()
                except (ChildError, OSError) as error:  # a full disk ends no supervision
                    self._say(str(error))
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End it: politely first, then by force."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        for wanted, patience in self._stops:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(wanted)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience)
                return

    async def _spawn(
        self,
        *command: str,
        heard: bool = False,
        hand_over: Sequence[int] = (),
        variables: Mapping[str, str] | None = None,
    ) -> asyncio.subprocess.Process:
        """Start the program; what it says comes to its `stdout` here if it is to be `heard`; `hand_over` are open files that it keeps."""
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if heard else None,
            stderr=subprocess.STDOUT if heard else None,
            limit=LONGEST_LINE,
            env=variables,
            pass_fds=tuple(hand_over),
            process_group=0,  # Ctrl-C on the terminal reaches only the supervisor, which then stops its children
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        return self._process


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


class ProgramChild(Child):
    """A built program that answers on a port and whose words we write down, without addresses and tokens."""

    def __init__(self, program: Program, *, say: Callable[[str], None], configure: Callable[[], None]) -> None:
        """Take the program.

        Args:
            program: what is run.
            say: tells the person at the terminal one sentence.
            configure: writes the files that the program reads, before each start.
        """
        super().__init__(name=program.name, where=f"in {program.log}", stops=program.stops, say=say)
        self._program = program
        self._configure = configure
        self.log = program.log
        self._writing: asyncio.Task[None] | None = None

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
        self.log.touch()
        process = await self._spawn(str(program.path), *program.arguments, heard=True, variables=program.variables)
        if process.stdout is not None:
            self._writing = asyncio.create_task(_write_down(process.stdout, self.log))
        await self._answering(process)

    async def stop(self) -> None:
        """End it, and write down its last words."""
        await super().stop()
        await self._last_words()

    async def _last_words(self) -> None:
        """Return when everything that the ended program said is in the log."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=LAST_WORDS_SECONDS)

    async def _answering(self, process: asyncio.subprocess.Process) -> None:
        """Return when the program's port accepts connections."""
        program = self._program
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if process.returncode is not None:
                await self._last_words()
                raise ChildError(f"{program.name} ended while starting; its reason is at the end of {self.log}.")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(program.host, program.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
        raise ChildError(f"{program.name} did not answer on port {program.port} within {READY_SECONDS:.0f} s; see {self.log}.")


async def _write_down(words: asyncio.StreamReader, log: Path) -> None:
    """Add a program's words to its log as they come, without addresses and tokens; nothing keeps it from being heard to its end."""
    while True:
        try:
            line = await words.readline()
        except ValueError:
            continue  # the beginning of a line longer than any is left out
        if not line:
            return
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as written:  # a disk may be full
            written.write(scrub(line.decode("utf-8", "replace")))


def limit_myself(*, seconds: int) -> None:
    """Let the kernel end this process after a time, and end it as soon as whoever holds the other end of its input is gone.

    For a child that no supervisor watches: its parent may be killed, and the thread that began it may end, while it goes on.

    Args:
        seconds: how long at most.
    """
    # What a parent ignores, its child would ignore too.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    threading.Thread(target=_end_with_input, name="parent", daemon=True).start()


def _end_with_input() -> None:
    """End this process when its input ends, without a word to the thread that works; the operating system lets go of its locks."""
    with contextlib.suppress(OSError):
        while os.read(0, 1):
            pass
    os._exit(1)


def _die_with_parent() -> None:
    """Ask Linux to end this child when its supervisor is killed, so that nobody keeps the ports.

    SIGKILL, as the media engine forgets a SIGTERM that comes while it is still starting, and no child has anything to save.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
