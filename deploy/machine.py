"""Whether this machine can carry what is about to begin: asked before anything is fetched.

Runs on Python 3.8 with the standard library only, as the bootstrap does.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from deploy.progress import SetupError

PYTHON_DISK_MB = 700
WEB_DISK_MB = 1000
ENGINE_DISK_MB = 2000
SMALL_MEMORY_MB = 2000
LEAST_MEMORY_MB = 700


def need_disk(megabytes: int, *, place: Path, what: str) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        SetupError: there is less room.
    """
    free = free_disk_mb(place)
    if free < megabytes:
        raise SetupError(f"{what} needs {megabytes} MB of disk and {place} has {free} MB: make room, then run this command again.")


def need_memory(megabytes: int, *, what: str) -> None:
    """Refuse to begin what the memory cannot hold.

    Raises:
        SetupError: there is less of it.
    """
    memory = available_memory_mb()
    if memory < megabytes:
        raise SetupError(
            f"{what} needs {megabytes} MB of free memory and there are {memory}: stop other programs, then run this command again."
        )


def free_disk_mb(place: Path) -> int:
    """Return how much a disk still takes."""
    return shutil.disk_usage(str(place)).free // 10**6


def available_memory_mb(*, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how much memory new work may use: what the machine has left, or less where this process is held to less.

    Args:
        proc: where the kernel tells about the machine.
        cgroups: where it tells what processes are held to.

    Returns:
        Megabytes; where the system does not say, enough.
    """
    known = [left for left in (_machine_left(proc / "meminfo"), *_groups_left(proc / "self" / "cgroup", cgroups)) if left is not None]
    return min(known) // 10**6 if known else SMALL_MEMORY_MB


def _machine_left(meminfo: Path) -> int | None:
    """Return how many bytes the machine has left."""
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _groups_left(membership: Path, cgroups: Path) -> list[int]:
    """Return how many bytes each of this process's control groups has left; a container or a service is one."""
    left = []
    for line in membership.read_text(encoding="ascii").splitlines() if membership.exists() else []:
        number, controllers, path = line.split(":", 2)
        if number == "0":
            names = (cgroups, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = (cgroups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        base, most, used = names
        group = base / path.lstrip("/")
        # Inside a container the path may be one of the outside: then the top is what holds us.
        for folder in (group, *group.parents):
            limit = _number(folder / most)
            if limit is not None:
                left.append(max(0, limit - (_number(folder / used) or 0) + (_cache(folder / "memory.stat") or 0)))
            if folder == base:
                break
    return left


def _number(file: Path) -> int | None:
    """Return the number in a file of the kernel, None for "max" and for no file."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _cache(stat: Path) -> int | None:
    """Return how much of a group's memory is only kept files, which give way."""
    try:
        lines = stat.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return sum(int(line.split()[1]) for line in lines if line.split()[0] in {"inactive_file", "active_file"})
