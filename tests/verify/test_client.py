"""conclave_verify/client.py against servers on loopback that give what was built, or something else; and the wheel on its own."""

import base64
import gzip
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conclave_verify import client
from conclave_verify.__main__ import main
from conclave_verify.fetch import Unreachable
from deploy import uv

SCRIPT = b"console.log('call')"
HASH = "sha384-" + base64.b64encode(hashlib.sha384(SCRIPT).digest()).decode()
PAGE = f'<!doctype html><title>x</title><script type="module" src="/static/assets/call.js" integrity="{HASH}"></script>'
POLICY = "default-src 'none'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass
class Server:
    """What a server on loopback gives."""

    url: str = ""
    page: str = PAGE
    policy: str = POLICY
    files: dict[str, bytes] = field(default_factory=lambda: {"assets/call.js": SCRIPT, "assets/worker.js": b"2"})
    elsewhere: str = ""
    # What it gives browsers, which take files packed.
    packed: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture
def server() -> Iterator[Server]:
    """An honest one; tests change it."""
    given = Server()

    class Handler(BaseHTTPRequestHandler):
        """Gives files under /static/ and the same page everywhere else."""

        def do_GET(self) -> None:
            name = self.path.removeprefix("/static/")
            content = given.page.encode() if name == self.path else given.files.get(name)
            packed = given.packed.get(name) if self.headers["Accept-Encoding"] == "gzip" else None
            self.send_response(302 if given.elsewhere else 404 if content is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", given.policy)
            if given.elsewhere:
                self.send_header("Location", given.elsewhere)
            if packed is not None:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(packed or content or b"")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        given.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield given
        running.shutdown()
        thread.join()


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """The client as somebody built it from the source."""
    folder = tmp_path / "dist"
    for name, content in Server().files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / ".vite").mkdir()
    (folder / ".vite" / "manifest.json").write_text("{}")
    return folder


def codes(server: Server, built: Path) -> set[str]:
    return {finding.code for finding in client.check(url=server.url, wanted=client.hashes(built=built)).findings}


def test_an_honest_server_passes(server: Server, built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["client", server.url, "--built", str(built)]) == 0
    assert f"Looked at {len(client.PAGES)} pages and 2 files" in capsys.readouterr().out


def test_another_worker_a_missing_file_and_an_unknown_script_are_found(server: Server, built: Path) -> None:
    server.files["assets/worker.js"] = b"sends everything to Mallory"
    assert codes(server, built) == {"other_file"}
    del server.files["assets/worker.js"]
    assert codes(server, built) == {"missing_file"}
    server.page += '<script src="/static/assets/mallory.js"></script>'
    assert codes(server, built) == {"missing_file", "unknown_script"}


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (PAGE + "<script>1</script>", "unknown_script"),
        (PAGE.replace(HASH, "sha384-A"), "no_integrity"),
        (PAGE.replace("/static/", "https://mallory.example/static/"), "unknown_script"),
        (PAGE.replace("/static/assets", "//mallory.example/static/assets"), "unknown_script"),
        (PAGE.replace("/static/assets/", "/static/assets/../"), "unknown_script"),
    ],
)
def test_what_a_page_runs_beside_the_built_files_is_found(server: Server, built: Path, page: str, code: str) -> None:
    server.page = page
    assert codes(server, built) == {code}


def test_packed_files_are_looked_at_as_browsers_get_them(server: Server, built: Path) -> None:
    (built / "assets" / "call.js.gz").write_bytes(gzip.compress(SCRIPT))
    wanted = client.hashes(built=built)
    assert "assets/call.js.gz" not in wanted
    server.packed["assets/call.js"] = gzip.compress(SCRIPT)
    assert not client.check(url=server.url, wanted=wanted).findings
    server.packed["assets/call.js"] = gzip.compress(b"console.log('another')")
    assert [(one.code, one.where) for one in client.check(url=server.url, wanted=wanted).findings] == [
        ("other_file", "/static/assets/call.js")
    ]
    for wrong in (b"no gzip", gzip.compress(SCRIPT)[:-4], gzip.compress(SCRIPT) + b"more"):
        server.packed["assets/call.js"] = wrong
        with pytest.raises(Unreachable):
            client.check(url=server.url, wanted=wanted)


def test_a_policy_that_lets_others_run_is_found(server: Server, built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.policy = POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")
    assert main(["client", server.url, "--built", str(built)]) == 1
    told = capsys.readouterr().out
    assert "weak_policy     /protection: its policy allows script-src 'unsafe-inline'." in told
    assert f"NOT the client that was built from this source: {len(client.PAGES)} findings" in told


def test_a_list_does_as_well_as_the_folder(server: Server, built: Path) -> None:
    made = built.with_name("client.sha256")
    names = [f"./{path.relative_to(built)}" for path in sorted(built.rglob("*")) if path.is_file()]  # as find(1) names them
    made.write_text(subprocess.check_output(["sha256sum", *names], cwd=built, text=True))
    assert client.hashes(built=made) == client.hashes(built=built)
    assert codes(server, made) == set()


@pytest.mark.parametrize("text", ["", "no list\n", "00 assets/call.js\n"])
def test_without_a_list_nothing_passes(server: Server, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "list"
    wrong.write_text(text)
    for path in (wrong, tmp_path / "absent", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        assert main(["client", server.url, "--built", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 3


def test_a_server_that_is_not_there_or_sends_people_elsewhere_is_a_sentence(server: Server, built: Path) -> None:
    server.elsewhere = "https://mallory.example/"
    with pytest.raises(Unreachable, match="look at that address instead"):
        codes(server, built)
    with pytest.raises(Unreachable, match="cannot be looked at"):
        client.check(url="http://127.0.0.1:1", wanted=client.hashes(built=built))
    with pytest.raises(Unreachable, match="not an http or https address"):
        client.check(url="file:///etc", wanted=client.hashes(built=built))


@pytest.mark.slow
def test_the_wheel_checks_a_server_without_this_checkout(server: Server, built: Path, tmp_path: Path) -> None:
    source = Path(client.__file__).parents[1]
    environment = uv.environment(os.environ)
    subprocess.run(
        [uv.ensure(), "build", "--wheel", "--offline", str(source), "-o", str(tmp_path)], check=True, env=environment, capture_output=True
    )
    (wheel,) = tmp_path.glob("conclave_verify-*-py3-none-any.whl")
    # From the wheel alone: -I and -S leave out this checkout and everything that is installed.
    run = "import sys; sys.path.insert(0, sys.argv.pop(1)); from conclave_verify.__main__ import program; program()"
    command = [sys.executable, "-I", "-S", "-c", run, str(wheel), "client", server.url, "--built", str(built)]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    server.page += "<script>1</script>"
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 1
