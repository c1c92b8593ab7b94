import io
import re
import subprocess
from pathlib import Path

import pytest

from conclave_verify import client
from deploy import build, machine, toolchain
from deploy.progress import SetupError, explain, step


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "HOME", tmp_path / ".conclave")
    monkeypatch.setattr(build, "STAMPS", tmp_path / ".conclave" / "stamps")
    return tmp_path


def test_the_fingerprint_changes_with_names_and_contents_only(checkout: Path) -> None:
    one, two = checkout / "one", checkout / "two"
    one.write_text("same", encoding="utf-8")
    two.write_text("same", encoding="utf-8")
    first = build.fingerprint([one])
    assert build.fingerprint([two]) != first
    one.touch()
    assert build.fingerprint([one]) == first
    one.write_text("other", encoding="utf-8")
    assert build.fingerprint([one]) != first
    one.unlink()
    assert build.fingerprint([one])


def test_what_is_built_or_fetched_is_no_input(checkout: Path) -> None:
    web = checkout / "web"
    for name in ("src/app.ts", "node_modules/x/index.js", "dist/index.html", ".cache/x", "index.html"):
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text("x", encoding="utf-8")
    assert [str(path.relative_to(web)) for path in build.web_inputs(web)] == ["index.html", "src/app.ts"]


@pytest.mark.slow
def test_the_client_is_the_same_bytes_wherever_it_is_built(tmp_path: Path) -> None:
    """Without this nobody could compare what a server gives with what they built (P13)."""
    root = build.ROOT
    for path in [*build.web_inputs(root / "web"), *(root / "mls" / "dist").iterdir()]:
        copy = tmp_path / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "web" / "node_modules").symlink_to(root / "web" / "node_modules")
    subprocess.run(["npm", "run", "build"], cwd=tmp_path / "web", env=toolchain.node_environment(), check=True, capture_output=True)
    assert client.hashes(built=tmp_path / "web" / "dist") == client.hashes(built=root / "web" / "dist")


def test_a_full_disk_is_a_sentence_before_anything_is_fetched(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ENGINE", checkout / "absent")
    monkeypatch.setattr(machine, "free_disk_mb", lambda _place: 10)
    with pytest.raises(SetupError, match=r"needs 2000 MB of disk .* has 10 MB: make room"):
        build.build_engine()


def test_little_memory_is_a_sentence_before_anything_is_fetched(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ENGINE", checkout / "absent")
    monkeypatch.setattr(machine, "available_memory_mb", lambda: 100)
    with pytest.raises(SetupError, match="free memory and there are 100: stop other programs"):
        build.build_engine()


def test_an_engine_that_cannot_be_fetched_says_what_failed_and_what_to_do(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = checkout / "bin" / "go"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'dial tcp: lookup proxy.example: no such host' >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    (checkout / "engine").mkdir()
    monkeypatch.setattr(build, "ENGINE", checkout / "absent")
    monkeypatch.setattr(toolchain, "go_environment", lambda: {"PATH": f"{program.parent}:/usr/bin:/bin"})
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    with pytest.raises(SetupError, match="Fetching the media engine's source: go ended with code 1") as failed:
        build.build_engine()
    out = io.StringIO()
    explain(failed.value, out=out)
    assert "no such host" in out.getvalue()
    assert "Check that this machine reaches a Go module proxy" in out.getvalue()
    assert not list((checkout / ".conclave").glob("stamps/engine"))


def test_a_step_says_what_it_does_and_how_long_it_took() -> None:
    out = io.StringIO()
    with step("Doing a thing", out=out):
        pass
    # A stream that names no encoding gets plain ASCII, with other signs for these.
    assert re.fullmatch(r". Doing a thing.\n. Doing a thing: took \d+\.\d s\n", out.getvalue())


def test_a_failed_program_shows_its_last_lines_and_what_to_do(tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(SetupError) as failed, step("Doing a thing", out=out) as current:
        current.run(
            ["sh", "-c", "echo broken; exit 3"], log=tmp_path / "log", env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, advice="Try again."
        )
    explain(failed.value, out=out)
    text = out.getvalue()
    assert "Doing a thing: failed after" in text
    assert text.rstrip().endswith(f"broken\nDoing a thing: sh ended with code 3; all it said is in {tmp_path / 'log'}.\nTry again.")
