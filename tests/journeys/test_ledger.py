"""ledger: the public ledger says how it stands, and anybody works it out again from public files alone."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.journeys.browsers import until
from tests.journeys.fixtures import Chromiums
from tests.journeys.people import Person
from tests.journeys.test_access import PHONE, check
from tests.journeys.world import ROOT, Installation

WRITE = """
import django
django.setup()
from django.db import transaction
from conclave.kernel import clock
from conclave.transparency.ledger import append
with transaction.atomic():
    for number in range(3):
        append(kind="ORDER", fields={"territory": "FR", "n": number}, now=clock.now())
"""
PROVE = """
import django
django.setup()
from conclave.transparency.cosign import proof
from conclave.transparency.models import LedgerEntry
# Behind what the server has entered of itself: its engine, keys and client.
print(proof(index=LedgerEntry.objects.filter(kind="ORDER").latest("index").index, fields=["territory"]), end="")
"""
# Every file of the copy, one after the other, with one byte changed: the verifier alone, which need not begin anew for each.
SPOIL = """
from pathlib import Path
from conclave_verify.__main__ import main
judged = ["ledger", "copy", "--policy", "policy"]
files = [path for path in sorted(Path("copy").rglob("*")) if path.is_file()]
assert files
for path in files:
    content = path.read_bytes()
    place = min(40, len(content) - 1)
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    assert main(judged) == 1, path
    path.write_bytes(content)
assert main(judged) == 0
"""
SIGNED_SECONDS = 90


def inside(server: Installation, code: str) -> str:
    """Run a few lines in the place of the server's own code."""
    env = {**server.environment(), "DJANGO_SETTINGS_MODULE": "conclave.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.journey("ledger")
def test_anybody_reads_how_the_ledger_stands_and_works_it_out_again(server: Installation, chromiums: Chromiums, tmp_path: Path) -> None:
    inside(server, WRITE)
    reader = Person("Bob", chromiums.of("Bob").window(locale="en-GB", viewport=PHONE, touch=True), server=server)
    reader.browser.open(f"{server.url}/protection")
    reader.click('article a[href="/transparency/"]')

    def signed() -> bool:
        reader.browser.open(f"{server.url}/transparency/")
        some = reader.browser.ask(
            "() => document.querySelector('[data-part=size]') !== null && document.querySelector('[data-part=waiting]') === null"
        )
        return bool(some) and "it agrees." in reader.text()

    until(signed, what="the entries are signed and cosigned", seconds=SIGNED_SECONDS)
    reader.reads("No independent witness yet.")
    check(reader, "ledger")
    assert not reader.faults()
    reader.browser.close()
    french = Person("Bob", chromiums.of("Bob").window(locale="fr-FR", dark=True), server=server)
    french.browser.open(f"{server.url}/transparency/")
    french.reads("Pas encore de témoin indépendant.")
    check(french, "ledger, French and dark")
    french.browser.close()
    verified_by_an_outsider(server, tmp_path)


def verified_by_an_outsider(server: Installation, folder: Path) -> None:
    """Work it out again in another folder, with the verifier alone; then with one byte changed."""
    shutil.copytree(ROOT / "src" / "conclave_verify", folder / "code" / "conclave_verify")
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "code")}

    def alone(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *words], env=clean, cwd=folder, capture_output=True, text=True, check=False)

    def verify(*words: str) -> subprocess.CompletedProcess[str]:
        return alone("-m", "conclave_verify", "ledger", *words)

    with urllib.request.urlopen(f"{server.url}/transparency/policy", timeout=10) as policy:
        (folder / "policy").write_bytes(policy.read())
    (folder / "mine").write_text(inside(server, PROVE), encoding="utf-8")
    told = verify(f"{server.url}/transparency", "--policy", "policy", "--keep", "copy", "--proof", "mine")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "they make the tree that it has signed" in told.stdout
    assert re.search(r"Good: entry \d+ of the ledger .*, of the type ORDER", told.stdout)
    assert all(re.search(rf"\d  {kind}$", told.stdout, re.MULTILINE) for kind in ("NODE", "KEY", "RELEASE"))
    assert "territory: FR" in told.stdout
    assert verify("copy", "--policy", "policy").returncode == 0, "without the server"
    spoilt = alone("-c", SPOIL)
    assert spoilt.returncode == 0, spoilt.stdout + spoilt.stderr
