from pathlib import Path

import pytest

from deploy import build, machine, toolchain
from deploy.progress import SetupError

MEMINFO = "MemTotal:       65000000 kB\nMemAvailable:   32768000 kB\n"
MB = 1024 * 1024


def tell(root: Path, files: dict[str, str]) -> int:
    """Return what is left where the kernel tells this."""
    for name, text in {"proc/meminfo": MEMINFO, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="ascii")
    return machine.available_memory_mb(proc=root / "proc", cgroups=root / "cgroup")


def test_a_machine_tells_what_it_has_left(tmp_path: Path) -> None:
    assert tell(tmp_path, {}) == 32768000 * 1024 // 10**6


def test_a_service_or_container_has_only_what_it_is_held_to(tmp_path: Path) -> None:
    group = {
        "proc/self/cgroup": "0::/system.slice/conclave.service\n",
        "cgroup/system.slice/conclave.service/memory.max": f"{2000 * MB}\n",
        "cgroup/system.slice/conclave.service/memory.current": f"{1500 * MB}\n",
        "cgroup/system.slice/conclave.service/memory.stat": f"anon {1100 * MB}\nactive_file {100 * MB}\ninactive_file {300 * MB}\n",
    }
    assert tell(tmp_path, group) == 900 * MB // 10**6


def test_the_narrowest_of_nested_groups_counts(tmp_path: Path) -> None:
    nested = {
        "proc/self/cgroup": "0::/outer/inner\n",
        "cgroup/outer/inner/memory.max": "max\n",
        "cgroup/outer/memory.max": f"{800 * MB}\n",
        "cgroup/outer/memory.current": "0\n",
    }
    assert tell(tmp_path, nested) == 800 * MB // 10**6


def test_a_container_that_sees_its_group_at_the_top_is_held_to_it(tmp_path: Path) -> None:
    top = {"proc/self/cgroup": "0::/not/seen/from/here\n", "cgroup/memory.max": f"{600 * MB}\n", "cgroup/memory.current": "0\n"}
    assert tell(tmp_path, top) == 600 * MB // 10**6


def test_the_older_kind_of_groups_counts_too(tmp_path: Path) -> None:
    older = {
        "proc/self/cgroup": "5:cpu,memory:/docker/x\n1:name=systemd:/docker/x\n",
        "cgroup/memory/docker/x/memory.limit_in_bytes": f"{1000 * MB}\n",
        "cgroup/memory/docker/x/memory.usage_in_bytes": f"{250 * MB}\n",
    }
    assert tell(tmp_path, older) == 750 * MB // 10**6


def test_a_system_that_does_not_say_is_taken_to_have_enough(tmp_path: Path) -> None:
    assert machine.available_memory_mb(proc=tmp_path, cgroups=tmp_path) == machine.SMALL_MEMORY_MB


@pytest.mark.parametrize(("left", "times"), [(machine.SMALL_MEMORY_MB - 1, 1), (machine.SMALL_MEMORY_MB, 0)])
def test_below_two_gigabytes_the_engine_is_built_one_package_at_a_time(
    left: int, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path / "asked"}\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "engine").mkdir()
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "HOME", tmp_path / ".conclave")
    monkeypatch.setattr(build, "STAMPS", tmp_path / ".conclave" / "stamps")
    monkeypatch.setattr(build, "ENGINE", tmp_path / "out" / "engine")
    monkeypatch.setattr(machine, "available_memory_mb", lambda: left)
    monkeypatch.setattr(toolchain, "go_environment", lambda: {"PATH": f"{program.parent}:/usr/bin:/bin"})
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises((SetupError, FileNotFoundError)):  # this go makes no program
        build.build_engine()
    build_line = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()[1]
    assert build_line.count(" -p 1 ") == times
