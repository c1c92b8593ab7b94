"""Reports come by themselves and are public: to read, as spreadsheets, and byte for byte (REP-5 to REP-7)."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from conclave import admin
from conclave.cli import _admin, _parser
from conclave.kernel import background, clock, outbox, spreadsheet
from conclave.transparency import cosign, making, named, publish, sheets
from conclave.transparency.cosign import WitnessAway
from conclave.transparency.ledger import append
from conclave.transparency.models import LedgerEntry
from conclave.transparency.publish import ReportBusy, ReportUnknown
from conclave.transparency.report import ReportForbidden
from conclave.transparency.sheets import Tables
from conclave.transparency.witnesses import policy
from conclave_verify import proof, report
from conclave_verify.report import COLUMNS
from tests.conftest import longer
from tests.transparency.conftest import NOW, own
from tests.transparency.test_report import half_year, judge

pytestmark = pytest.mark.django_db
# NOW is 15 January 2027: the second half of 2026 is over.
PERIOD, IN_2026, NEXT = "2026H2", NOW - 30 * clock.DAY, "2027H1"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hour begin anew, and the time be NOW."""
    monkeypatch.setattr(making, "_pace", clock.Seldom(every_ms=clock.HOUR))
    monkeypatch.setattr("conclave.kernel.clock.now", lambda: NOW)


@pytest.fixture
def in_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reports in this process, which has the database of this test."""
    monkeypatch.setattr(making, "begin", lambda *, period, now: publish.publish(period=period, now=now))


@pytest.fixture
def published(state: Path) -> named.Named:
    """A report over a seeded half-year, published."""
    half_year()
    with own(state):
        return publish.publish(period=PERIOD, now=NOW)


def get(name: str, period: str = PERIOD) -> tuple[int, bytes, str]:
    """Fetch a file as a visitor."""
    answer = Client().get(f"/transparency/reports/{period}/{name}")
    return answer.status_code, body(answer), answer.get("Cache-Control", "")


def body(answer: Any) -> bytes:
    """Return what an answer holds, be it sent in pieces or not."""

    async def whole() -> bytes:
        return b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(whole)() if answer.streaming else bytes(answer.content)


def table(name: str) -> list[list[str]]:
    """Fetch a spreadsheet."""
    status, content, _kept = get(f"{name}.csv")
    assert status == 200
    return list(csv.reader(io.StringIO(content.decode())))


def happened(at: int) -> None:
    """Let something be entered at a time."""
    append(kind="DISCLOSURE", fields={"territory": "FR", "field": "accounts.User.email"}, now=at)


@pytest.mark.usefixtures("in_here")
def test_rep_6_the_report_of_a_half_year_comes_by_itself_once_it_is_over(state: Path) -> None:
    happened(IN_2026)
    making.settle(IN_2026)
    assert not outbox.is_waiting(kind=making.KIND), "the half-year still runs"
    making.settle(NOW)
    making.settle(NOW + clock.HOUR)
    with own(state):
        assert outbox.run_due(now=NOW) == 1
    (made,) = named.named()
    assert (made.period, made.start, made.end) == (PERIOD, 0, 1)
    making.settle(NOW + 3 * clock.HOUR)
    assert not outbox.is_waiting(kind=making.KIND), "there is one"
    assert named.due(now=NOW) is None
    july = named.begins("2027H2")
    assert named.due(now=july - 1) is None
    assert named.due(now=july) == NEXT, "the entry of the first report is in the second"


def test_rep_6_where_nothing_was_entered_before_its_end_there_is_no_report() -> None:
    assert named.due(now=NOW) is None
    happened(NOW)
    assert named.due(now=NOW) is None
    assert named.coming(now=NOW) == (NEXT, named.begins("2027H2"))


def test_rep_6_while_the_witness_is_away_there_is_none_and_it_is_tried_again(state: Path) -> None:
    happened(IN_2026)
    with pytest.raises(WitnessAway):
        publish.publish(period=PERIOD, now=NOW)
    assert not named.named()
    assert [path.name for path in (state / publish.FOLDER).glob("*")] == [publish.LOCK], "nothing half done is left"
    making.settle(NOW)
    assert outbox.is_waiting(kind=making.KIND)


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[making.Making]]:
    """Let a report be a process that never ends by itself; those that are being made."""
    monkeypatch.setattr(making, "command", lambda *, period: [sys.executable, "-c", f"import time; time.sleep(600)  # {period}"])
    yield making._running
    making.give_up()


def test_rep_6_a_report_is_made_in_a_process_of_its_own_one_at_a_time_and_not_for_ever(sleeping: list[making.Making]) -> None:
    happened(IN_2026)
    making.settle(NOW)
    assert outbox.run_due(now=NOW) == 1, "nobody waits for it"
    making.begin(period=NEXT, now=NOW)
    (one,) = sleeping
    assert (one.period, one.process.poll()) == (PERIOD, None)
    making.settle(NOW + clock.HOUR - 1)
    assert sleeping == [one]
    making.settle(NOW + clock.HOUR)
    assert (sleeping, one.process.returncode) == ([], -signal.SIGKILL)
    assert outbox.is_waiting(kind=making.KIND), "it is tried again"


@pytest.mark.parametrize("status", [0, 1])
def test_rep_6_whether_a_report_was_made_is_noticed(monkeypatch: pytest.MonkeyPatch, sleeping: list[making.Making], status: int) -> None:
    monkeypatch.setattr(making, "command", lambda *, period: [sys.executable, "-c", f"raise SystemExit({status})  # {period}"])
    making.begin(period=PERIOD, now=NOW)
    assert sleeping[0].process.wait() == status
    making.settle(NOW)
    assert not sleeping


def test_rep_6_the_process_is_the_command_of_the_terminal(tmp_path: Path) -> None:
    told = {**os.environ, "CONCLAVE_STATE_DIR": str(tmp_path), "CONCLAVE_DATABASE": ""}
    with subprocess.Popen(making.command(period=PERIOD), env=told, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == ""
        assert "There is no database of this version yet" in process.stderr.read()
        assert process.wait() == 1


# What limits a report, in a process that says when it does and would then never end.
LIMITED = (
    "import sys, time; from conclave.kernel.child import limit_myself; limit_myself(seconds=3600); print(0, flush=True); time.sleep(60)"
)


def test_rep_6_the_process_that_makes_a_report_ends_itself_after_an_hour() -> None:
    assert making.command(period=PERIOD)[-2:] == ["--at-most", "3600"]
    ended = LIMITED.replace("time.sleep(60)", "import signal; print(signal.alarm(0), flush=True); signal.raise_signal(signal.SIGALRM)")
    with subprocess.Popen([sys.executable, "-c", ended], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert 3000 < int(process.stdout.read().split()[1]) <= 3600
        assert process.wait() == -signal.SIGALRM


def test_rep_6_only_what_the_server_begins_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, acts = list[int](), list[dict[str, Any]]()
    monkeypatch.setattr("conclave.kernel.child.limit_myself", lambda *, seconds: limits.append(seconds))

    def act(**typed: Any) -> int:
        acts.append(typed)
        return 0

    monkeypatch.setattr("conclave.admin.main", act)
    for typed in (["admin", "report", PERIOD], making.command(period=PERIOD)[3:]):
        assert _admin(_parser().parse_args(typed)) == 0
    assert limits == [3600]
    assert acts == [{"act": "report", "period": PERIOD, "file": None}] * 2


def test_rep_6_no_report_is_made_once_the_server_was_killed() -> None:
    begun = (
        "import signal, sys; from conclave.transparency import making; making.command = lambda *, period: [sys.executable, '-c', period]; "
    )
    begun += "making.subprocess.DEVNULL = None; making.begin(period=sys.argv[1], now=0); signal.pause()"
    server = f"from conclave import asgi; {begun}"
    with subprocess.Popen([sys.executable, "-c", server, LIMITED], stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n", "it is made"
        process.kill()
        assert process.stdout.read() == "", "whoever has the output has ended"


def test_rep_6_no_report_is_made_once_the_server_was_stopped(sleeping: list[making.Making]) -> None:
    making.begin(period=PERIOD, now=NOW)
    (one,) = sleeping
    background.stop()
    assert (sleeping, one.process.returncode) == ([], -signal.SIGKILL)


def test_rep_6_two_processes_make_no_report_at_the_same_time(state: Path) -> None:
    happened(NOW)
    with publish._alone(), own(state), pytest.raises(ReportBusy):
        publish.publish(period=PERIOD, now=NOW)
    with own(state):
        assert publish.publish(period=PERIOD, now=NOW).end == 1


def test_rep_6_what_a_killed_report_left_is_removed_at_the_next_one(state: Path, published: named.Named) -> None:
    home = state / publish.FOLDER
    (home / PERIOD).rename(home / ".2026H2-made")
    for name in (".2026H1-aaa", ".2026H2-bbb", ".2027H1-ccc"):
        (home / name).mkdir()
        (home / name / "openings.jsonl").write_text("{}", encoding="utf-8")
    with own(state):
        publish.publish(period=NEXT, now=NOW)
    assert sorted(path.name for path in home.iterdir()) == [publish.LOCK, publish.PLACING, PERIOD, NEXT], "what the ledger names is kept"
    assert publish.read(report=published).period == PERIOD


def test_rep_5_a_half_year_has_one_report_and_each_begins_where_the_last_one_ended(state: Path, published: named.Named) -> None:
    with own(state):
        for period in (PERIOD, "2026H1", "2027H2", "2027H3", "../x"):
            with pytest.raises(ReportForbidden):
                publish.publish(period=period, now=NOW)
        happened(NOW)
        later = publish.publish(period=NEXT, now=NOW)
    assert later.start == published.end
    assert [one.period for one in named.named()] == [NEXT, PERIOD]
    assert sorted(path.name for path in (state / publish.FOLDER).iterdir()) == [publish.LOCK, publish.PLACING, PERIOD, NEXT]


def test_rep_6_the_files_are_those_that_the_ledger_names_and_caches_keep_them(state: Path, published: named.Named) -> None:
    status, content, kept = get("report.json")
    assert status == 200
    assert report.parse(content).sha256 == published.sha256
    assert "immutable" in kept
    status, openings, kept = get("openings.jsonl")
    assert status == 200
    assert openings == (state / publish.FOLDER / PERIOD / "openings.jsonl").read_bytes()
    assert "immutable" in kept
    status, shown, kept = get("report.tlog-proof")
    assert status == 200
    assert "immutable" not in kept
    report.check_logged(report=report.parse(content), proved=proof.check(proof=proof.parse(shown), policy=policy()))
    judge(state / publish.FOLDER / PERIOD)
    for name, period in (("other.json", PERIOD), ("orders", PERIOD), ("none.csv", PERIOD), ("report.json", NEXT), ("report.json", "x")):
        assert get(name, period)[0] == 404


def test_rep_6_a_file_that_somebody_changed_is_not_given(state: Path, published: named.Named) -> None:
    path = state / publish.FOLDER / published.period / "report.json"
    for changed in (path.read_bytes().replace(b'"count":6', b'"count":5', 1), b"{}"):
        path.write_bytes(changed)
        assert [get(name)[0] for name in ("report.json", "orders.csv", "")] == [404, 404, 404]


def test_rep_6_openings_that_somebody_changed_are_not_given(state: Path, published: named.Named) -> None:
    path = state / publish.FOLDER / published.period / "openings.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    assert [get(name)[0] for name in ("openings.jsonl", "report.json")] == [404, 200]


def test_the_last_report_is_found_without_reading_all_of_them(django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        append(kind="REPORT", fields={"report": f"20{number + 10}H1", "sha256": "0" * 64, "start": number, "end": number + 1}, now=NOW)
    append(kind="REPORT", fields={"sha256": "0" * 64}, now=NOW)
    with django_assert_max_num_queries(2) as asked:
        last = named.latest()
    assert last is not None
    assert (last.period, last.start, last.end) == ("2039H1", 29, 30)
    assert not any("LIMIT 100" in one["sql"] for one in asked.captured_queries)
    assert named.named()[0] == last


def test_rep_5_a_report_whose_entry_says_no_range_ends_where_it_stands(state: Path) -> None:
    happened(NOW)
    index = append(kind="REPORT", fields={"report": "2026H1", "sha256": "0" * 64}, now=NOW)
    happened(NOW)
    with own(state):
        assert publish.publish(period=PERIOD, now=NOW).start == index


def test_rep_6_whoever_reads_a_report_while_it_is_made_does_not_break_it(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened(NOW)
    sign, calls = cosign.cosign_now, list[int]()

    def visited(*, now: int) -> int:
        calls.append(now)
        if len(calls) > 1:
            assert get("report.json")[0] == 200
        return sign(now=now)

    monkeypatch.setattr("conclave.transparency.report.cosign.cosign_now", visited)
    with own(state):
        publish.publish(period=PERIOD, now=NOW)
    assert get("report.tlog-proof")[0] == 200


def test_rep_6_what_was_written_before_a_crash_is_found(state: Path, published: named.Named) -> None:
    home = state / publish.FOLDER
    (home / ".2026H2-aaa").mkdir()
    (home / ".2026H2-bbb").mkdir()
    (home / ".2026H2-bbb" / "report.json").write_text("{}", encoding="utf-8")
    (home / PERIOD).rename(home / ".2026H2-ccc")
    assert get("report.json")[0] == 200
    assert (home / PERIOD / "openings.jsonl").is_file()
    shutil.rmtree(home / PERIOD)
    with pytest.raises(ReportUnknown):
        publish.read(report=published)


def other_report(folder: Path) -> None:
    """Let a folder hold a report that the ledger does not name, as it was before a server moved."""
    folder.mkdir(parents=True)
    for name in publish.FILES:
        (folder / name).write_text("{}", encoding="utf-8")


def test_rep_6_a_report_takes_the_place_of_one_that_the_ledger_does_not_name(state: Path) -> None:
    home = state / publish.FOLDER
    other_report(home / PERIOD)
    happened(IN_2026)
    with own(state):
        made = publish.publish(period=PERIOD, now=NOW)
    assert publish.read(report=made).sha256 == made.sha256
    assert [get(name)[0] for name in publish.FILES] == [200, 200, 200]
    assert sorted(path.name for path in home.iterdir()) == [publish.LOCK, publish.PLACING, PERIOD]


def test_rep_6_what_was_written_before_a_crash_takes_that_place_too(state: Path, published: named.Named) -> None:
    home = state / publish.FOLDER
    (home / PERIOD).rename(home / ".2026H2-ccc")
    other_report(home / PERIOD)
    assert [get(name)[0] for name in publish.FILES] == [200, 200, 200]
    assert publish.read(report=published).sha256 == published.sha256
    with own(state):
        publish.publish(period=NEXT, now=NOW)
    assert sorted(path.name for path in home.iterdir()) == [publish.LOCK, publish.PLACING, PERIOD, NEXT]


def test_rep_6_a_draft_that_the_ledger_names_is_never_removed(state: Path, published: named.Named) -> None:
    home = state / publish.FOLDER
    # Somebody put it there by hand, in a name of another half-year.
    (home / published.period).rename(home / ".2026H1-made")
    publish._clear()
    assert (home / ".2026H1-made" / "openings.jsonl").is_file()


def test_rep_6_of_many_who_find_what_a_crash_left_nobody_loses_it(state: Path, published: named.Named) -> None:
    home, visitors = state / publish.FOLDER, 8
    together, found = threading.Barrier(visitors), list[bool]()

    def visit(_number: int) -> None:
        together.wait()
        found.append(publish.file_of(report=published, name="report.json").is_file())

    with ThreadPoolExecutor(visitors) as pool:
        for number in range(30):
            (home / PERIOD).rename(home / f".2026H2-{number}")
            list(pool.map(visit, range(visitors)))
    assert found == [True] * visitors * 30


def test_rep_6_the_proof_comes_as_soon_as_the_witness_has_signed(state: Path, published: named.Named) -> None:
    path = state / publish.FOLDER / published.period / "report.tlog-proof"
    path.unlink()
    assert get("report.tlog-proof")[0] == 200
    assert path.is_file()


def test_a_copy_of_the_files_goes_where_the_operator_wants_it(published: named.Named, tmp_path: Path) -> None:
    publish.copy(report=published, folder=tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == sorted(publish.FILES)


def test_the_terminal_makes_one_at_once_and_no_second_one(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    half_year()
    with own(state):
        assert admin.main(act="report", period=PERIOD, file=tmp_path / "copy") == 0
        told = capsys.readouterr().out
        assert f"/transparency/reports/{PERIOD}/" in told
        assert str(tmp_path / "copy") in told
        assert (tmp_path / "copy" / "report.json").read_bytes() == get("report.json")[1]
        assert admin.main(act="report", period=NEXT, file=tmp_path / "copy") == 1
        assert "exists already" in capsys.readouterr().err
        assert admin.main(act="report", period=PERIOD) == 1
        assert "[report_forbidden]" in capsys.readouterr().err
    assert [one.period for one in named.named()] == [PERIOD]


@pytest.mark.usefixtures("published")
def test_rep_7_the_spreadsheets_have_what_the_report_has_and_nothing_else() -> None:
    tables = json.loads(get("report.json")[1])["tables"]
    assert set(tables) == set(COLUMNS)
    for name in COLUMNS:
        first, *rows = table(name)
        assert tuple(first) == sheets.columns(table=name)
        assert rows == [[str(row[column]) for column in first] for row in tables[name]]


@pytest.mark.usefixtures("published")
def test_rep_7_the_tables_of_the_dsa_follow_from_those_of_the_report() -> None:
    first, *rows = table("dsa-orders")
    (france,) = [dict(zip(first, row, strict=True)) for row in rows]
    assert (france["Scope"], france["Reporting period"], france["Service"]) == ("FR", PERIOD, "meet.example")
    assert (france[sheets.COUNTED["act"]], france[sheets.COUNTED["inform"]]) == ("1", "1")
    assert france[sheets.TOLD["act"]] == "", "fewer than five orders: no time is open"
    assert first[6:8] == [sheets.COUNTED["act"], sheets.ITEMS]
    first, *rows = table("dsa-notices")
    assert [row[first.index("Category of illegal content")] for row in rows] == ["VIOLENCE"]
    assert [row[first.index(sheets.NOTICES)] for row in rows] == ["9"]


def test_rep_7_times_of_a_member_state_stand_in_its_row() -> None:
    tables: Tables = {
        "orders": [{"territory": "DE", "kind": "act", "outcome": one, "count": 3} for one in ("executed", "refused")],
        "territory_times": [{"territory": "DE", "kind": "act", "state": "executed", "count": 3, "median_minutes": 90}],
    }
    (row,) = sheets.dsa_orders(tables=tables)
    assert (row[sheets.COUNTED["act"]], row[sheets.DONE["act"]], row[sheets.TOLD["act"]]) == (6, 90, "")
    flagged: Tables = {"reports": [{"source": "trusted_flagger", "category": "VIOLENCE", "count": 2}]}
    assert sheets.dsa_notices(tables=flagged)[0] == {"Category of illegal content": "VIOLENCE", sheets.NOTICES: 2, sheets.FLAGGED: 2}


def test_rep_7_no_cell_is_a_formula() -> None:
    for begins in ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"):
        rows: Tables = {"orders": [{"territory": begins, "kind": "=cmd|x", "outcome": "refused", "count": -3}]}
        text = sheets.sheet(name="orders", tables=rows, period=PERIOD, service="meet.example")
        _first, row = csv.reader(io.StringIO(text, newline=""))
        assert row == [f"'{begins}", "'=cmd|x", "refused", "-3"], "numbers stay numbers"


@given(
    st.lists(st.fixed_dictionaries({"territory": st.text(max_size=4), "reason": st.text(max_size=9), "count": st.integers()}), max_size=4)
)
@settings(max_examples=longer(60))
def test_rep_7_whatever_a_report_says_its_spreadsheet_holds_text_and_numbers(rows: list[dict[str, Any]]) -> None:
    text = sheets.sheet(name="refusals", tables={"refusals": rows}, period=PERIOD, service="meet.example")
    _first, *lines = csv.reader(io.StringIO(text, newline=""))
    for line, row in zip(lines, rows, strict=True):
        assert [cell.removeprefix("'") for cell in line[:2]] == [row[name].removeprefix("'") for name in ("territory", "reason")]
        assert not any(cell.startswith(spreadsheet.FORMULA) for cell in line[:2])
        assert int(line[2]) == row["count"]


def test_a_report_that_lacks_a_table_is_shown_without_it() -> None:
    for name in sheets.names():
        text = sheets.sheet(name=name, tables={}, period=PERIOD, service="meet.example")
        assert len(text.splitlines()) == 1


def test_half_years_follow_each_other() -> None:
    days = {"2026-06-30T23:59:59+00:00": "2026H1", "2026-07-01T00:00:00+00:00": "2026H2", "2027-01-01T00:00:00+00:00": "2027H1"}
    for text, period in days.items():
        assert named.period_at(int(datetime.fromisoformat(text).timestamp() * 1000)) == period
    assert clock.to_day(named.begins("2026H2")) == "2026-07-01"
    assert not LedgerEntry.objects.exists()
