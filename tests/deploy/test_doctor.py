"""doctor: each thing that can be wrong is a line that says so and what to do. With a running server: journeys/test_doctor.py."""

import json
import shutil
import socket
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conclave import doctor, postgres
from conclave.archive import DATABASE, known_migrations
from conclave.config import Config
from conclave.doctor import Finding
from conclave.holding import hold
from conclave.media.credentials import engine_credentials
from conclave.media.description import describe
from tests.journeys.world import free_ports

NOW = 1_800_000_000.0


class Usage(NamedTuple):
    """What a disk tells."""

    total: int
    used: int
    free: int


@pytest.fixture
def config(tmp_path: Path) -> Config:
    http_port, engine_port, media_tcp_port, media_udp_port = free_ports(4)
    return Config(
        state_dir=tmp_path / "var",
        http_port=http_port,
        engine_port=engine_port,
        media_tcp_port=media_tcp_port,
        media_udp_port=media_udp_port,
    )


def found(config: Config, check: str, *, now: float = NOW) -> list[Finding]:
    return [finding for finding in doctor.examine(config=config, now=now) if finding.check == check]


def one(config: Config, check: str, *, now: float = NOW) -> Finding:
    (finding,) = found(config, check, now=now)
    return finding


def database(config: Config, *, leave_out: str = "", extra: tuple[str, str] | None = None) -> Path:
    config.state_dir.mkdir(parents=True)
    path = config.state_dir / DATABASE
    with closing(sqlite3.connect(path)) as opened:
        opened.execute("CREATE TABLE django_migrations (app TEXT, name TEXT)")
        known = [(domain, name) for domain, names in known_migrations().items() for name in names if domain != leave_out]
        opened.executemany("INSERT INTO django_migrations VALUES (?, ?)", [*known, *([extra] if extra else [])])
        opened.commit()
    return path


def test_before_the_first_start_nothing_fails_and_nothing_is_made(config: Config) -> None:
    assert not [finding for finding in doctor.examine(config=config, now=NOW) if finding.level == "fail"]
    assert one(config, "server").advice == "./conclave run starts it."
    assert len(found(config, "port")) == 4
    assert not config.state_dir.exists()


@pytest.mark.parametrize("setting", ["http_port", "engine_port", "media_tcp_port"])
def test_a_taken_port_fails_with_its_process_and_what_to_do(config: Config, setting: str) -> None:
    number = getattr(config, setting)
    with closing(socket.create_server(("127.0.0.1", number))):
        (taken,) = [finding for finding in found(config, "port") if finding.level == "fail"]
    assert f"Port {number}/TCP" in taken.text
    assert "process" in taken.text
    assert taken.advice.endswith(f"or set another with CONCLAVE_{setting.upper()}.")


def test_a_running_server_that_does_not_answer_fails(config: Config) -> None:
    config.state_dir.mkdir()
    with hold(state_dir=config.state_dir):
        assert one(config, "server").level == "fail"
        assert one(config, "engine").level == "fail"


@pytest.mark.slow
def test_a_port_that_another_process_has_while_the_server_runs_fails(config: Config) -> None:
    config.state_dir.mkdir()
    (config.state_dir / "run.lock").write_text("1", encoding="ascii")
    with hold(state_dir=config.state_dir), closing(socket.create_server(("127.0.0.1", config.http_port))):
        (config.state_dir / "run.lock").write_text("1", encoding="ascii")  # as if process 1 were the server
        port = found(config, "port")[0]
    assert port.level == "fail"
    assert "is held by process" in port.text


@pytest.mark.parametrize(
    ("public_url", "level"),
    [
        ("http://localhost:8000", "ok"),
        ("https://meet.example.org", "ok"),
        ("http://meet.example.org", "fail"),
        ("http://192.0.2.7:8000", "fail"),
    ],
)
def test_an_address_without_tls_fails_where_it_is_not_this_machine(config: Config, public_url: str, level: str) -> None:
    assert one(replace(config, public_url=public_url), "address").level == level


@pytest.mark.parametrize(
    ("node_address", "public_url", "level", "words"),
    [
        ("127.0.0.1", "http://localhost:8000", "ok", "for browsers on it only"),
        ("127.0.0.1", "https://meet.example.org", "fail", "which is their own machine"),
        ("192.0.2.1", "https://meet.example.org", "warn", "right only if a router forwards to it"),
    ],
)
def test_the_media_address_is_compared_with_the_interfaces(
    config: Config, node_address: str, public_url: str, level: str, words: str
) -> None:
    node = one(replace(config, node_address=node_address, public_url=public_url), "node")
    assert (node.level, words in node.text) == (level, True)


def test_an_address_of_this_machine_is_fine(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "is_own_address", lambda address: address == "192.0.2.1")
    assert one(replace(config, node_address="192.0.2.1", public_url="https://meet.example.org"), "node").level == "ok"


def test_an_address_of_a_private_network_is_no_address_of_a_domain(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "is_own_address", lambda address: address == "192.168.7.20")
    inside = replace(config, node_address="192.168.7.20", domain="meet.example.org", public_url="https://meet.example.org")
    node = one(inside, "node")
    assert (node.level, "cannot be reached from the internet" in node.text) == ("warn", True)
    assert "Set node_address to the public address of meet.example.org." in node.advice


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({}, "ok", "this server does not serve HTTPS itself"),
        ({"public_url": "https://meet.example.org"}, "warn", "gets neither sound nor picture"),
        (
            {"lan": True, "node_address": "192.0.2.1", "public_url": "https://192.0.2.1"},
            "warn",
            "192.0.2.1 is no IPv4 address of this machine",
        ),
        ({"lan": True, "public_url": "https://127.0.0.1"}, "ok", "not running"),
    ],
)
def test_turn_is_offered_or_it_is_said_why_not(config: Config, change: dict[str, Any], level: str, words: str) -> None:
    turn = one(replace(config, **change), "turn")
    assert (turn.level, words in turn.text) == (level, True)


def test_turn_that_does_not_answer_fails(config: Config) -> None:
    (https_port,) = free_ports(1)
    over_tls = replace(config, lan=True, https_port=https_port, public_url=f"https://127.0.0.1:{https_port}")
    config.state_dir.mkdir()
    with hold(state_dir=config.state_dir):
        assert one(over_tls, "turn").level == "fail"
        with closing(socket.create_server(("127.0.0.1", https_port))) as rude:  # who opens the door, and closes it again
            slamming = threading.Thread(target=_slam, args=(rude,))
            slamming.start()
            assert one(over_tls, "turn").level == "fail"
            slamming.join()


def _slam(door: socket.socket) -> None:
    door.accept()[0].close()


def test_a_whole_database_of_this_version_is_fine(config: Config) -> None:
    path = database(config)
    before = path.read_bytes()
    assert one(config, "database") == Finding(check="database", level="ok", text="whole, and of this version.")
    assert path.read_bytes() == before


def test_a_damaged_database_fails(config: Config) -> None:
    path = database(config)
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 4096)
    damaged = one(config, "database")
    assert damaged.level == "fail"
    assert "./conclave admin restore FILE --replace" in damaged.advice


def test_a_newer_database_fails_and_an_older_one_warns(config: Config, tmp_path: Path) -> None:
    database(config, extra=("meetings", "0099_from_tomorrow"))
    newer = one(config, "database")
    assert (newer.level, "meetings.0099_from_tomorrow" in newer.text) == ("fail", True)
    older = replace(config, state_dir=tmp_path / "older")
    database(older, leave_out="gate")
    lacking = one(older, "database")
    assert (lacking.level, "gate.0001_initial" in lacking.text) == ("warn", True)


def test_each_witness_of_the_ledger_is_a_line_and_what_to_do(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [("a+1+x", ""), ("b+1+x", "away"), ("c+1+x", "ahead"), ("d+1+x", "forked"), ("e+1+x", "refused"), ("gone+1+x", "ahead")]
    assert found(config, "witness") == [], "there is no database"
    with closing(sqlite3.connect(database(config))) as opened:
        opened.execute("CREATE TABLE transparency_witness (vkey TEXT, failure TEXT)")
        opened.executemany("INSERT INTO transparency_witness VALUES (?, ?)", said)
        opened.commit()
    named = replace(config, witnesses=", ".join(f"https://w.example {vkey}" for vkey, _ in said[:-1]))
    findings = found(named, "witness")
    assert [(one.text.split(" ")[0], one.level) for one in findings] == [
        ("a", "ok"), ("b", "warn"), ("c", "fail"), ("d", "fail"), ("e", "fail"),
    ]  # fmt: skip
    assert all(bool(one.advice) == (one.level != "ok") for one in findings)
    assert "older copy" in findings[2].text
    (config.state_dir / "witness").mkdir()
    (config.state_dir / "witness" / "vkey").write_text("gone+1+x\n", encoding="utf-8")
    assert [one.text.split(" ")[0] for one in found(config, "witness")] == ["gone"]
    elsewhere = replace(named, database="postgresql://us:x@127.0.0.1/conclave")
    monkeypatch.setattr(postgres, "witness_failures", lambda **_address: said[:1])
    assert [one.level for one in found(elsewhere, "witness")] == ["ok"]


def test_no_backup_and_an_old_one_warn(config: Config) -> None:
    path = database(config)
    assert one(config, "backup").level == "warn"
    made = config.state_dir / "backup" / "conclave-x.tar"
    made.parent.mkdir()
    made.touch()
    at = made.stat().st_mtime
    assert one(config, "backup", now=at + 5).level == "ok"
    assert one(config, "backup", now=at + 5 * 86_400).text.endswith("is 5 days old.")
    assert one(config, "backup", now=at + 40 * 86_400).level == "warn"
    assert path.exists()


def test_a_postgresql_that_does_not_answer_fails_and_nobody_reads_its_password(config: Config) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    finding = one(replace(config, database=f"postgresql://us:hunter2@127.0.0.1:{port}/conclave"), "database")
    assert (finding.level, finding.text) == ("fail", "PostgreSQL does not answer, or not to us.")
    assert "hunter2" not in repr(finding)


@pytest.mark.parametrize(
    ("said", "level", "text"),
    [
        ({}, "ok", "none yet in PostgreSQL."),
        ({**known_migrations(), "accounts": ["9999_later"]}, "fail", "a newer version has changed it (it has accounts.9999_later)."),
        (known_migrations(), "ok", "whole, and of this version."),
    ],
)
def test_of_postgresql_it_says_which_version_it_is_of(
    config: Config, monkeypatch: pytest.MonkeyPatch, said: dict[str, list[str]], level: str, text: str
) -> None:
    monkeypatch.setattr(postgres, "applied", lambda **_address: said)
    finding = one(replace(config, database="postgresql://us:x@127.0.0.1/conclave"), "database")
    assert (finding.level, finding.text) == (level, text)


@pytest.mark.parametrize(("free_mb", "level"), [(5000, "ok"), (900, "warn"), (100, "fail")])
def test_a_full_disk_fails_before_it_is_full(config: Config, monkeypatch: pytest.MonkeyPatch, free_mb: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: Usage(10**12, 0, free_mb * 10**6))
    assert one(config, "disk").level == level


def test_a_clock_that_went_back_fails_and_one_that_nobody_keeps_warns(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    written = database(config).stat().st_mtime
    assert one(config, "clock", now=written - 600).level == "fail"
    monkeypatch.setattr(doctor, "clock_is_kept", lambda: False)
    assert one(config, "clock", now=written + 1).level == "warn"
    monkeypatch.setattr(doctor, "clock_is_kept", lambda: True)
    assert one(config, "clock", now=written + 1).level == "ok"


def test_it_names_the_page_that_shows_whether_people_elsewhere_get_in(config: Config) -> None:
    outside = one(replace(config, public_url="https://meet.example.org/"), "outside")
    assert "https://meet.example.org/selftest shows in the browser of one of them" in outside.text


def test_it_prints_lines_for_people_and_json_for_programs(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "load", lambda: config)
    assert doctor.main(as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ok    mail      not configured: links are copied or sent by people themselves, so nothing needs it." in lines
    monkeypatch.setattr(doctor, "load", lambda: replace(config, public_url="http://meet.example.org"))
    assert doctor.main(as_json=True) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert {finding["check"] for finding in said["findings"]} >= {"port", "node", "clock", "disk", "database", "engine", "mail", "desks"}
    assert all(finding["advice"] for finding in said["findings"] if finding["level"] != "ok")


def staff(config: Config, *people: tuple[str, str], countries: str = "", described: str = "", counts_at: int | None = 1) -> None:
    """Let a database say who is of the staff, where they may work, and what the ledger names."""
    config.state_dir.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(config.state_dir / DATABASE)) as opened:
        opened.execute("CREATE TABLE accounts_user (id TEXT, is_active INTEGER)")
        opened.execute("CREATE TABLE accounts_staffmember (user_id TEXT, orders TEXT, work_country TEXT)")
        opened.execute("CREATE TABLE accounts_staffrule (countries TEXT)")
        opened.execute("CREATE TABLE transparency_journalentry (kind TEXT)")
        opened.execute("CREATE TABLE media_node (region TEXT, described TEXT, counts_at INTEGER)")
        opened.executemany("INSERT INTO accounts_user VALUES (?, 1)", [(str(number),) for number, _ in enumerate(people)])
        rows = [(str(number), role, country) for number, (role, country) in enumerate(people)]
        opened.executemany("INSERT INTO accounts_staffmember VALUES (?, ?, ?)", rows)
        opened.executemany("INSERT INTO accounts_staffrule VALUES (?)", [(countries,)] if countries else [])
        opened.executemany("INSERT INTO media_node VALUES ('local', ?, ?)", [(described, counts_at)] if described else [])
        opened.commit()


TWO_APPROVERS = (("reviewer", "FR"), ("approver", "DE"), ("approver", "HK"))


def test_ord_15_a_desk_that_nobody_staffs_is_said_and_one_that_lacks_people_is_a_warning(config: Config) -> None:
    nobody = one(config, "desks")
    assert (nobody.level, "0 reviewers and 0 approvers" in nobody.text) == ("ok", True)
    staff(config, *TWO_APPROVERS[:2])
    lacks = one(config, "desks")
    assert (lacks.level, "1 reviewers and 1 approvers" in lacks.text, "/staff" in lacks.advice) == ("warn", True, True)


@pytest.mark.parametrize(("countries", "level"), [("", "ok"), ('["FR", "DE", "HK"]', "ok"), ('["FR", "DE", "CN"]', "warn")])
def test_staff_5_who_works_where_no_staff_may_does_not_count_at_the_desk(config: Config, countries: str, level: str) -> None:
    staff(config, *TWO_APPROVERS, countries=countries)
    assert one(config, "desks").level == level


@pytest.mark.parametrize(("people", "changed", "fails"), [(TWO_APPROVERS, True, True), (TWO_APPROVERS, False, False), ((), True, False)])
def test_reg_10_an_engine_that_the_ledger_does_not_name_is_said(
    config: Config,
    people: tuple[tuple[str, str], ...],
    changed: bool,  # noqa: FBT001 - by name
    fails: bool,  # noqa: FBT001 - by name
) -> None:
    """REG-10; as long as nobody has a role, the next start enters it."""
    engine_credentials(state_dir=config.state_dir, region="local")
    described = describe(region=config.all_regions[0], state_dir=config.state_dir)
    staff(config, *people, described=json.dumps({**described, **({"addresses": "203.0.113.1"} if changed else {})}))
    sentences = [finding.text for finding in found(config, "region") if finding.level == "fail"]
    assert [doctor.ALONE in finding.text for finding in found(config, "region")].count(True) == (not people)
    assert ["the public ledger names another engine" in text for text in sentences] == [True] * fails


@pytest.mark.parametrize(
    ("status", "body", "shares"),
    [
        (200, b"", True), (500, b'{"code": "internal", "msg": "ingress not connected (redis required)"}', False),
        (500, b'{"code": "internal", "msg": "no route"}', False), (401, b'{"code": "unauthenticated", "msg": "no"}', False),
    ],
)  # fmt: skip
def test_reg_12_an_engine_that_shares_its_calls_is_said(config: Config, status: int, body: bytes, shares: bool) -> None:  # noqa: FBT001
    """REG-12: by what the engine itself says; tests/media/test_alone.py asks real ones."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answers(200, b"OK")

        def do_POST(self) -> None:
            self.answers(status, body)

        def answers(self, code: int, said: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "application/json" if code != 200 else "application/protobuf")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        region = replace(config.all_regions[0], engine=f"127.0.0.1:{running.server_address[1]}")
        before = doctor._engine(config, region)
        engine_credentials(state_dir=config.state_dir, region=region.name)
        said = doctor._engine(config, region)
        running.shutdown()
    assert before.level == "ok", "without a key pair there is nothing to ask"
    assert (said.level, "has a Redis" in said.text, "region of its own" in said.advice) == (("fail" if shares else "ok"), shares, shares)


def test_reg_11_an_engine_that_waits_for_the_witness_is_said(config: Config) -> None:
    engine_credentials(state_dir=config.state_dir, region="local")
    described = json.dumps(describe(region=config.all_regions[0], state_dir=config.state_dir))
    staff(config, *TWO_APPROVERS, described=described, counts_at=None)
    (said,) = (finding for finding in found(config, "region") if finding.level == "fail")
    assert "no witness of the public ledger has signed" in said.text
    assert "witness" in said.advice
