"""report: a half-year's report is made and published by one command, read by everybody, and worked out again from what was published."""

import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from conclave.kernel import clock
from conclave.transparency.named import period_at
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.test_ledger import WRITE, inside
from tests.journeys.world import ROOT, Installation


@pytest.mark.journey("report")
def test_everybody_reads_a_report_and_works_it_out_again(server: Installation, chromiums: Chromiums, tmp_path: Path) -> None:
    inside(server, WRITE)
    period = period_at(clock.now())
    command = [sys.executable, "-m", "conclave.cli", "admin", "report", period, str(tmp_path / "copy")]
    made = subprocess.run(command, env=server.environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    address = f"{server.url}/transparency/reports/{period}"
    assert address in made.stdout
    reader = Person("Bob", chromiums.of("Bob").window(locale="en-GB", viewport=PHONE, touch=True), server=server)
    reader.browser.open(f"{server.url}/trust")
    reader.click('article a[href="/transparency/reports/"]')
    reader.click(f'article a[href="/transparency/reports/{period}/"]')
    reader.reads("What came, and how far it got")
    check(reader, "report")
    assert not reader.faults()
    reader.browser.close()
    french = Person("Bob", chromiums.of("Bob").window(locale="fr-FR", dark=True), server=server)
    french.browser.open(f"{server.url}/trust/government-requests")
    french.reads("Ce que deviennent les ordres d’autorités publiques")
    french.browser.open(f"{address}/")
    french.reads("Ce qui est venu, et jusqu’où c’est allé")
    check(french, "report, French and dark")
    french.browser.close()
    for name in ("report.json", "openings.jsonl", "report.tlog-proof"):
        with urllib.request.urlopen(f"{address}/{name}", timeout=10) as file:
            (tmp_path / name).write_bytes(file.read())
        assert (tmp_path / name).read_bytes() == (tmp_path / "copy" / name).read_bytes()
    with urllib.request.urlopen(f"{server.url}/transparency/policy", timeout=10) as policy:
        (tmp_path / "policy").write_bytes(policy.read())
    words = [
        "report.json",
        f"{server.url}/transparency",
        "--policy",
        "policy",
        "--openings",
        "openings.jsonl",
        "--proof",
        "report.tlog-proof",
    ]
    told = subprocess.run(
        [sys.executable, "-m", "conclave_verify", "report", *words],
        env={**server.environment(), "PYTHONPATH": str(ROOT / "src")}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert "The ledger itself names this report." in told.stdout
