"""How a call of 200 grows and how fast somebody is out of it: headless members with the browsers' MLS module at one real gateway.

The members share this machine's processors with the gateway and the media engine, so the figures are an upper bound.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.headless.people import Crowd, crowds, new_meeting
from tests.journeys.world import Installation, installation

MEMBERS = 200
JOIN_SECONDS, REMOVE_SECONDS, CPU_MS = 15.0, 2.0, 8.0
# Of more members than that, this machine's own time says nothing: what one of them spends is what counts.
LARGE_CPU_MS = 25.0
REMOVALS = 5
# In the order in which they come, so that whoever joins shares a process with those who came shortly before, and is not behind them all.
PER_PROCESS = 100
# How many join at once while so many are inside. All who are inside use this machine's processors too, and whoever waits for these longer
# than a seat waits for its socket loses it (JOIN-7).
WAVES = ((0, 199), (200, 50), (400, 20), (700, 10))


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.roster")
    parser.add_argument("--members", type=int, default=MEMBERS)
    members = parser.parse_args().members
    with tempfile.TemporaryDirectory(prefix="conclave-roster-") as folder:
        server = installation(Path(folder))
        server.start()
        try:
            result = asyncio.run(measure(server, members))
        finally:
            server.stop()
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


async def measure(server: Installation, members: int) -> dict[str, Any]:
    """Fill the call, remove some people, and return the figures."""
    world = new_meeting(url=server.url, meet_now=server.meet_now_link)
    async with crowds(world=world, count=max(2, members // PER_PROCESS)) as groups:
        await groups[0].ask("join", name="Alice", host=True)
        begin = time.monotonic()
        before = cpu_seconds(server.child("gateway"))
        joined = await fill(groups, members)
        join_s = time.monotonic() - begin
        gateway_s = cpu_seconds(server.child("gateway")) - before
        members_s = sum(cpu_seconds(crowd.process.pid) for crowd in groups)
        grown = await reports(groups)
        for crowd in groups:
            await crowd.ask("reset")
        times = [await remove(groups, joined[index], size=members - index - 1) for index in range(REMOVALS)]
        after = await reports(groups)
    cpu = sum(report["cpu_ms"] for report in after) / max(1, sum(report["applied"] for report in after))
    remove_p95 = max(statistics.quantiles(each, n=20)[18] for each in times)
    complaints = [text for report in after for text in (*report["refused"], *report["errors"])]
    one_code = forks(after) == []
    large = members > MEMBERS
    most_cpu = LARGE_CPU_MS if large else CPU_MS
    in_time = large or (join_s <= JOIN_SECONDS and remove_p95 <= REMOVE_SECONDS)
    seconds = "" if large else f" within {JOIN_SECONDS} s, remove_p95_s <= {REMOVE_SECONDS}"
    return {
        "name": "roster",
        "goal": f"{members} joined{seconds}, cpu_ms_per_member_epoch <= {most_cpu}",
        "ok": in_time and cpu <= most_cpu and one_code and not complaints,
        "joined": len(joined) + 1,
        "join_s": round(join_s, 2),
        "remove_p95_s": round(remove_p95, 3),
        "cpu_ms_per_member_epoch": round(cpu, 2),
        "bytes_per_member": sum(report["bytes"] for report in grown) // members,
        "gateway_cpu_s": round(gateway_s, 2),
        "members_cpu_s": round(members_s, 2),
        "epochs": len({epoch for report in after for epoch in report["codes"]}),
        "one_code_per_epoch": one_code,
        "complaints": complaints[:5],
    }


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used; on systems without /proc, nothing."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def fill(groups: list[Crowd], members: int) -> list[str]:
    """Let everybody else join, a wave at once; return their participant ids when all have all in their group."""
    joined: list[str] = []
    while len(joined) + 1 < members:
        first = len(joined) + 1
        size = next(size for inside, size in reversed(WAVES) if len(joined) + 1 >= inside)
        wave = range(first, min(first + size, members))
        asked = [groups[index * len(groups) // members].ask("join", name=f"Guest {index}") for index in wave]
        joined += [str(answer["participant"]) for answer in await asyncio.gather(*asked)]
        await asyncio.gather(*(crowd.ask("settled", size=len(joined) + 1) for crowd in groups))
        sys.stderr.write(f"{len(joined) + 1} of {members} are inside\n")
    return joined


async def remove(groups: list[Crowd], participant: str, *, size: int) -> list[float]:
    """Let Alice remove somebody; return after how many seconds each of the others had applied it."""
    # The one who is removed is told to go and ends as an error of its own, so that only the others are waited for.
    asked = await groups[0].ask("remove", name="Alice", target=participant)
    await asyncio.sleep(0)
    while True:
        times = [at for report in await reports(groups) for at in report["removed"].get(participant, [])]
        if len(times) >= size:
            return [(at - asked["at"]) / 1000 for at in times]
        await asyncio.sleep(0.2)


async def reports(groups: list[Crowd]) -> list[dict[str, Any]]:
    """Return what every process has seen."""
    return list(await asyncio.gather(*(crowd.ask("report") for crowd in groups)))


def forks(found: list[dict[str, Any]]) -> list[str]:
    """Return the epochs in which not everybody had the same security code."""
    codes: dict[str, set[str]] = {}
    for report in found:
        for epoch, seen in report["codes"].items():
            codes.setdefault(epoch, set()).update(seen)
    return [epoch for epoch, seen in codes.items() if len(seen) != 1]


if __name__ == "__main__":
    main()
