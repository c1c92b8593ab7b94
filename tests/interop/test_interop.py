"""A member written from docs/protocol alone (src/, OpenMLS, nothing of mls/) in one call with members of ours at a real gateway."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.headless.people import Crowd, crowds, new_meeting
from tests.journeys.world import ROOT, Installation, installation

HERE = Path(__file__).resolve().parent
MLS = ROOT / "mls"  # whose pinned toolchain is used, and whose folder for what is built
TARGET = MLS / "target" / "interop"
PATIENCE = 120

Event = dict[str, Any]


@dataclass(kw_only=True)
class Stranger:
    """The running program: what it is told to say, and what it told."""

    process: asyncio.subprocess.Process
    events: list[Event] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Keep what it tells."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.events.append(json.loads(line))
            self.news.set()

    async def until(self, holds: Callable[[Event], bool]) -> Event:
        """Return the first thing told of which this holds."""
        while True:
            self.news.clear()
            for event in self.events:
                assert event["event"] != "failed", event
                if holds(event):
                    return event
            await self.news.wait()

    async def together(self, *names: str) -> Event:
        """Return its first state with exactly these people."""
        return await self.until(lambda event: event["event"] == "state" and sorted(event["names"]) == sorted(names))

    async def say(self, text: str) -> None:
        """Let it say something."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())
        await self.process.stdin.drain()


@pytest.fixture(scope="module")
def program() -> Path:
    """The program, built."""
    if shutil.which("cargo") is None:
        pytest.skip("not run: no Rust")
    command = ["cargo", "build", "--locked", "--quiet", "--manifest-path", str(HERE / "Cargo.toml"), "--target-dir", str(TARGET)]
    subprocess.run(command, cwd=MLS, env=os.environ, check=True)
    return TARGET / "debug" / "interop"


@pytest.mark.slow
def test_a_member_written_from_the_pages_joins_talks_and_sees_the_same_code(program: Path, tmp_path: Path) -> None:
    server = installation(tmp_path / "server")
    server.start()
    try:
        asyncio.run(meet(server, program))
    finally:
        server.stop()


async def meet(server: Installation, program: Path) -> None:
    """Alice hosts, Bob is the program, Carol comes and goes."""
    world = new_meeting(url=server.url, meet_now=server.meet_now_link)
    async with asyncio.timeout(PATIENCE), crowds(world=world) as (crowd,):
        await crowd.ask("join", name="Alice", host=True)
        async with stranger(program, world, "Bob") as bob:
            await same_code(crowd, await bob.together("Alice", "Bob"))
            await crowd.ask("say", name="Alice", text="Hello, Bob – wie geht’s? \U0001f44b")
            heard = await bob.until(lambda event: event["event"] == "chat")
            assert heard == {"event": "chat", "from": "Alice", "text": "Hello, Bob – wie geht’s? \U0001f44b"}
            await bob.say("Well, “Alice” \\ thanks")
            assert await heard_by_alice(crowd, 1) == [{"kind": "chat", "text": "Well, “Alice” \\ thanks"}]
            await crowd.ask("join", name="Carol")
            await same_code(crowd, await bob.together("Alice", "Bob", "Carol"))
            await bob.say("Three of us")
            assert (await heard_by_alice(crowd, 2))[1] == {"kind": "chat", "text": "Three of us"}
            before = len(bob.events)
            await crowd.ask("leave", name="Carol")
            left = await bob.until(lambda event: event in bob.events[before:] and event.get("names") == ["Alice", "Bob"])
            await same_code(crowd, left)
        await crowd.ask("settled", size=1)
        report = await crowd.ask("report")
        assert (report["refused"], report["errors"]) == ([], [])


async def same_code(crowd: Crowd, seen: Event) -> None:
    """Our members show the same code in that epoch, and no other."""
    await crowd.ask("settled", size=len(seen["names"]))
    codes = (await crowd.ask("report"))["codes"]
    assert [code for epoch, code in codes.items() if epoch.endswith(f".{seen['epoch']}")] == [[seen["code"]]]
    assert len(seen["code"]) == 30


async def heard_by_alice(crowd: Crowd, count: int) -> list[Event]:
    """Return what Alice has heard, once it is so much."""
    while True:
        heard = next(state["heard"] for state in (await crowd.ask("report"))["states"] if state["name"] == "Alice")
        if len(heard) >= count:
            return [json.loads(content) for content in heard]
        await asyncio.sleep(0.05)


@asynccontextmanager
async def stranger(program: Path, world: dict[str, str], name: str) -> AsyncIterator[Stranger]:
    """Start the program with the link; at the end it says bye."""
    link = f"{world['url']}/m/{world['meeting']}#{world['secret']}.{world['host_hash']}"
    process = await asyncio.create_subprocess_exec(str(program), link, name, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    person = Stranger(process=process)
    reader = asyncio.create_task(person.read())
    try:
        yield person
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 20)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await reader
