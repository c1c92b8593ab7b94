"""A call at a real server that a fault strikes: Alice hosts, Bob belongs, somebody comes or is removed; and what must hold then."""

import asyncio
import contextlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.faults.moments import Fault, Moment
from tests.faults.wire import Passed, Wire
from tests.headless.people import Crowd, crowds, new_meeting
from tests.journeys.browsers import until
from tests.journeys.world import Installation

HERE = Path(__file__).resolve().parent
PATIENCE = 40.0
STAYERS = ("Alice", "Bob")
Report = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one act went on although something happened in its midst."""

    moment: str
    fault: str
    recovered_s: float


@dataclass(kw_only=True)
class Scene:
    """One call, and the wire on which it can be struck."""

    server: Installation
    wire: Wire
    world: dict[str, str]
    staying: Crowd
    coming: Crowd
    disk: Path | None = None
    came: int = 0
    said: int = 0
    codes: dict[str, set[str]] = field(default_factory=dict)

    async def join(self, crowd: Crowd, name: str, *, host: bool = False) -> Report:
        """Let somebody join from the link; the host has the host key."""
        link = {name: self.world[name] for name in ("meeting", "secret", "host_hash", "host_key")}
        joined: Report = await crowd.ask("join", name=name, **{**link, "host_key": link["host_key"] if host else None})
        return joined

    async def reports(self) -> dict[str, Report]:
        """Return how everybody stands, and remember who saw which code."""
        found = {one["name"]: one for crowd in (self.staying, self.coming) for one in await crowd.ask("report")}
        for one in found.values():
            for epoch, code in one["codes"]:
                self.codes.setdefault(epoch, set()).add(code)
        return found

    async def stand(self) -> str:
        """Say how everybody stands, for a failure's message."""
        found = await self.reports()
        parts = ("participant", "incarnation", "epoch", "leaf", "roster", "over", "lost")
        lines = [f"{name}: {[one.get(part) for part in parts]}" for name, one in found.items()]
        return "\n".join([*lines, self.server.output[-6000:]])

    async def until(self, holds: Callable[[dict[str, Report]], bool], *, what: str, seconds: float = PATIENCE) -> dict[str, Report]:
        """Wait until everybody stands as told."""
        end = time.monotonic() + seconds
        while not holds(found := await self.reports()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds:.0f} s: {what}\n{await self.stand()}")
            await asyncio.sleep(0.05)
        return found

    async def together(self, *names: str, seconds: float = PATIENCE) -> dict[str, Report]:
        """Wait until these, and nobody else, are in one group with one code."""

        def one_group(found: dict[str, Report]) -> bool:
            here = [found[name] for name in names]
            seats = sorted(str(one.get("participant")) for one in here)
            same = len({(one.get("incarnation"), one.get("epoch"), one.get("code")) for one in here}) == 1
            return same and all(sorted(one.get("roster") or []) == seats for one in here)

        return await self.until(one_group, what=f"{names} in one group", seconds=seconds)

    async def talk(self, *names: str, seconds: float = 10) -> None:
        """Let each of these say a line, and see that each of the others hears it once."""
        self.said += 1
        text = f"line {self.said}"
        crowd_of = {one["name"]: crowd for crowd in (self.staying, self.coming) for one in await crowd.ask("report")}
        for name in names:
            assert (await crowd_of[name].ask("say", name=name, text=text))["sent"], f"{name} could not speak"

        def heard(found: dict[str, Report]) -> bool:
            lines = {name: f"{found[name]['participant']}: {text}" for name in names}
            return all(found[ear]["heard"].count(line) == 1 for ear in names for name, line in lines.items() if name != ear)

        await self.until(heard, what=f"everybody hears {text!r}", seconds=seconds)

    async def talk_again(self, *names: str) -> None:
        """Talk as soon as everybody can. A line into a socket that has just died is lost; whoever sees no echo says it again."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                await self.talk(*names, seconds=0.5)
            except AssertionError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.3)
            else:
                return

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the server's database, as nobody but a test does."""
        with tempfile.TemporaryDirectory() as copy:
            folder = self.server.state
            if self.disk:
                # SQLite would follow the way into the server's own view of the disks back to ours.
                folder = Path(copy)
                for path in self.disk.glob("conclave.sqlite3*"):
                    shutil.copy(path, folder)
            with contextlib.closing(sqlite3.connect(folder / "conclave.sqlite3", timeout=20)) as database:
                return database.execute(query, values).fetchall()

    async def act(self, act: str, *, struck: Callable[[], None], after: Callable[[], Any]) -> float:
        """Let somebody come (join, commit) or be removed, with the wire armed by `struck`; return when it was done."""
        self.came += 1
        name = f"Guest {self.came}"
        if act == "removal":
            guest = await self.join(self.coming, name)
            await self.together(*STAYERS, name)
            struck()
            await self.staying.ask("remove", name="Alice", target=guest["participant"])
            await after()
            await self.together(*STAYERS)
            await self.talk_again(*STAYERS)
            done = time.monotonic()
            await self.out_for_good(name)
        else:
            struck()
            coming = asyncio.create_task(self.join(self.coming, name))
            await after()
            await asyncio.wait_for(coming, PATIENCE)
            await self.together(*STAYERS, name)
            await self.talk_again(*STAYERS, name)
            done = time.monotonic()
            self.judge(*STAYERS, name)
            await self.coming.ask("leave", name=name)
            await self.together(*STAYERS)
        await self.coming.ask("forget")
        return done

    async def out_for_good(self, name: str) -> None:
        """Whoever was removed has been told, is out of the media room, and does not come in again."""
        await self.until(lambda found: found[name]["over"] == "removed", what=f"{name} is told")
        end = time.monotonic() + PATIENCE
        while self.rows("SELECT 1 FROM kernel_outboxevent WHERE done_at IS NULL"):
            assert time.monotonic() < end, "the engine is never asked to put the removed one out"
            await asyncio.sleep(0.1)
        with pytest.raises(RuntimeError, match="removed"):
            await self.coming.ask("again", name=name)

    def judge(self, *names: str) -> None:
        """Hold the database to what no fault may break: one call, one live group, a log without gaps, one seat for each."""
        calls = self.rows("SELECT id, ended_at FROM meetings_call")
        assert [ended for _, ended in calls] == [None], f"calls: {calls}"
        groups = self.rows("SELECT id, epoch, log_next, spent FROM keys_group WHERE state <> 'ended'")
        assert len(groups) == 1, groups
        pk, epoch, log_next, _ = groups[0]
        log = self.rows('SELECT "index", kind FROM keys_logentry WHERE group_id = ? ORDER BY "index"', pk)
        assert [index for index, _ in log] == list(range(log_next)), "the log has a gap"
        assert sum(kind == "commit" for _, kind in log) == epoch, "an epoch was lost or doubled"
        seated = self.rows("SELECT id FROM meetings_participant WHERE left_at IS NULL AND awaited_until IS NULL")
        leaves = self.rows("SELECT participant FROM keys_seat WHERE leaf AND gone = ''")
        assert len(seated) == len(leaves) == len(names), (seated, leaves, names)
        forks = {epoch: codes for epoch, codes in self.codes.items() if len(codes) > 1}
        assert not forks, forks


@asynccontextmanager
async def scene(server: Installation, wire: Wire) -> AsyncIterator[Scene]:
    """Open a call of Alice and Bob on a server that has printed a fresh *meet now* address."""
    world = new_meeting(url=server.url, meet_now=server.meet_now_link) | {"url": wire.url}
    async with crowds(world=world, count=2, program=HERE) as (staying, coming):
        made = Scene(server=server, wire=wire, world=world, staying=staying, coming=coming)
        await made.join(staying, "Alice", host=True)
        await made.join(staying, "Bob")
        await made.together(*STAYERS)
        yield made


async def strike(made: Scene, moment: Moment, fault: Fault) -> Outcome:
    """Let something happen at a moment of an act, and see that the act is done all the same, once, and nobody else noticed.

    Returns:
        How long it took from the fault to the end of the act.
    """
    await asyncio.to_thread(_both_run, made.server)
    before = await made.reports()
    loop = asyncio.get_running_loop()
    struck_at: asyncio.Future[float] = loop.create_future()
    armed = [True]

    def fire() -> None:
        armed.clear()
        fault.strike(made.server)
        loop.call_soon_threadsafe(struck_at.set_result, time.monotonic())

    def before_delivery(passed: Passed) -> bool:
        if armed and not moment.delivered and moment.is_now(passed):
            fire()
            # What a killed gateway would have got is lost; one that was only stopped finds it when it goes on.
            return not fault.again or "gateway" not in fault.name
        return True

    def after_delivery(passed: Passed) -> None:
        if armed and moment.delivered and moment.is_now(passed):
            fire()

    def arm() -> None:
        made.wire.before, made.wire.after = before_delivery, after_delivery

    async def after() -> None:
        await asyncio.wait_for(asyncio.shield(struck_at), PATIENCE)
        await asyncio.sleep(fault.seconds)
        fault.help(made.server)

    try:
        done = await made.act(moment.act, struck=arm, after=after)
    except Exception as error:
        raise AssertionError(f"{fault.name}, {moment.name}: {error!r}\n{await made.stand()}") from error
    finally:
        made.wire.before, made.wire.after = (lambda _passed: True), (lambda _passed: None)
    now = await made.reports()
    for name in STAYERS:
        kept = ("participant", "leaf", "incarnation", "over")
        assert [now[name][part] for part in kept] == [before[name][part] for part in kept], f"{name} lost the place: {now[name]['lost']}"
    made.judge(*STAYERS)
    return Outcome(moment=moment.name, fault=fault.name, recovered_s=round(done - struck_at.result(), 3))


def _both_run(server: Installation) -> None:
    """Wait until the supervisor has started again what the last fault killed."""
    for part in ("gateway", "engine"):
        until(partial(server.find_child, part), what=f"the server has its {part}")


def play(story: Coroutine[Any, Any, T]) -> T:
    """Let a story happen in a thread and a loop of its own: Playwright, once started, has the main thread's for the whole run.

    Returns:
        What the story returns.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, story).result()
