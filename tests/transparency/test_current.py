"""What holds until it changes (keys, the client) is in the ledger once for each change (LEDG-10, LEDG-11)."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from conclave.kernel import clock
from conclave.kernel.models import OutboxEvent
from conclave.kernel.secrets import signing_key
from conclave.keys.attestation import attestation_key
from conclave.media.credentials import engine_credentials
from conclave.media.receipt import receipt_key
from conclave.site import assets
from conclave.transparency import cosign, current, ledger, witnesses
from conclave.transparency.cosign import cosign_now
from conclave.transparency.models import Current, LedgerEntry
from conclave.transparency.report import make_report
from conclave_verify import client, proof, release
from conclave_verify.__main__ import main
from conclave_verify.fetch import Answer
from conclave_verify.merkle import Wrong
from tests.transparency.conftest import NOW, own

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def built(settings: Settings, tmp_path: Path) -> Path:
    """Let the server give a client of two files."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "assets" / "call-1.js").write_text("1")
    (dist / "assets-x.css").write_text("2")
    settings.WEB_DIST = dist
    signing_key.cache_clear()
    return dist


def said(kind: str) -> list[dict[str, Any]]:
    """Return what the ledger says, in order."""
    rows = LedgerEntry.objects.filter(kind=kind).order_by("index")
    return [{one.field: one.value for one in ledger.openings(index=row.index)} for row in rows]


def test_ledg_10_a_start_enters_each_public_key_and_the_client_once(state: Path) -> None:
    with own(state):
        made = current.enter_current(now=NOW)
        keys = {one["name"]: one for one in said("KEY")}
        assert {name: one["public"] for name, one in keys.items()} == {
            "log": witnesses.key().vkey,
            "witness meet.example/transparency/witness": next(iter(witnesses.policy().witnesses.values())).key.vkey,
            "receipt": receipt_key(),
            "attestation": attestation_key(),
            "region local": engine_credentials(region="local", state_dir=state).fingerprint,
        }
        assert {one["state"] for one in keys.values()} == {"new"}
        listed = Client().get("/trust/client.sha256").content
        (named,) = said("RELEASE")
        assert (named["name"], named["client"], named["state"]) == ("client", hashlib.sha256(listed).hexdigest(), "new")
        assert made == len(keys) + 1
        assert current.enter_current(now=NOW + 1) == 0


def test_ledg_10_only_what_changed_is_entered_again_and_continues_what_stood_there(state: Path, built: Path) -> None:
    with own(state):
        current.enter_current(now=NOW)
        first = LedgerEntry.objects.get(kind="RELEASE")
        (built / "assets" / "call-1.js").write_text("another")
        (state / "receipt.key").unlink()
        signing_key.cache_clear()
        assets.hashes.cache_clear()  # as in the new process
        assert current.enter_current(now=NOW + 1) == 2
        assert [(one["name"], one["state"]) for one in said("KEY")][-1] == ("receipt", "changed")
        assert [one["state"] for one in said("RELEASE")] == ["new", "changed"]
        second = LedgerEntry.objects.filter(kind="RELEASE").latest("index")
        assert second.obj == first.obj
        assert f'"prev":{first.index}' in second.leaf


def test_ledg_10_a_witness_that_is_named_no_more_is_gone_and_said_once(settings: Settings, others: Any) -> None:
    (here, there) = others(2)
    current.enter_current(now=NOW)
    settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=f"{here[0]} {here[1].vkey}")
    assert current.enter_current(now=NOW + 1) == 1
    assert [one for one in said("KEY") if one["name"] == f"witness {there[1].name}"][-1]["state"] == "gone"
    assert current.enter_current(now=NOW + 2) == 0
    settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=", ".join(f"{url} {key.vkey}" for url, key in (here, there)))
    assert current.enter_current(now=NOW + 3) == 1


def test_ledg_10_a_start_only_asks_for_it_and_the_same_process_does_it_once_it_serves(
    state: Path, monkeypatch: pytest.MonkeyPatch, built: Path
) -> None:
    """LEDG-10: nothing that another gateway could take on, which may give another client."""
    monkeypatch.setattr(current, "_trying", clock.Seldom(every_ms=clock.SECOND))
    with own(state):
        current.settle(NOW)
        current.ask()
        assert not Current.objects.exists()
        assert not OutboxEvent.objects.exists()
        with monkeypatch.context() as broken:
            broken.setattr(current, "enter_current", fails)
            with pytest.raises(RuntimeError):
                current.settle(NOW)
        current.settle(NOW + clock.SECOND)
        assert Current.objects.filter(kind="KEY", name="receipt").exists()
        (built / "assets" / "call-1.js").write_text("another")
        assets.hashes.cache_clear()
        current.settle(NOW + clock.MINUTE)
        assert len(said("RELEASE")) == 1, "once for each start"


def fails(**_asked: object) -> int:
    raise RuntimeError


def test_ledg_10_a_witness_whose_key_cannot_be_read_is_not_said_to_be_gone(state: Path, settings: Settings) -> None:
    with own(state):
        current.enter_current(now=NOW)
        before = len(said("KEY"))
        settings.CONCLAVE = replace(settings.CONCLAVE, witnesses="nonsense")
        assert current.enter_current(now=NOW + 1) == 0
        assert len(said("KEY")) == before


@pytest.fixture
def _answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what the verifier fetches be what this server answers."""

    def get(*, address: str, packed: bool = False) -> Answer:
        del packed
        found = Client().get(address.removeprefix("https://meet.example"))
        return Answer(address=address, status=found.status_code, headers=None, content=found.content)  # type: ignore[arg-type] # none are looked at

    monkeypatch.setattr(release, "get", get)


@pytest.mark.usefixtures("_answers")
def test_ledg_10_verify_client_says_whether_the_ledger_names_what_was_built(
    state: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "https://meet.example"
    wanted: Mapping[str, str] = client.hashes(built=built)
    monkeypatch.setattr(client, "check", lambda *, url, wanted: client.Result(pages=len(url), files=len(wanted), findings=()))
    with own(state):
        (tmp_path / "policy").write_text(witnesses.policy_text())
        words = ["client", url, "--built", str(built), "--policy", str(tmp_path / "policy")]
        assert main(words) == 2, "nothing is entered yet"
        current.enter_current(now=NOW)
        assert main(words) == 2, "no witness has signed yet"
        cosign_now(now=NOW)
        assert release.check(url=url, wanted=wanted, policy=witnesses.policy()).index == LedgerEntry.objects.get(kind="RELEASE").index
        capsys.readouterr()
        assert main(words) == 0
        out = capsys.readouterr().out
        assert "of its public ledger names this client, version 0.1.0." in out
        assert f"its ledger of {LedgerEntry.objects.count()} entries" in out
        with pytest.raises(Wrong):
            release.check(url=url, wanted={**wanted, "assets/call-1.js": "0" * 64}, policy=witnesses.policy())
        (built / "assets" / "call-1.js").write_text("what nobody entered")
        assert main(words) == 1


def test_a_proof_that_everybody_may_ask_for_is_not_worked_out_for_each_of_them(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[int] = []
    work = cosign.proof

    def counted(*, index: int, fields: Collection[str] = ()) -> str | None:
        worked.append(index)
        return work(index=index, fields=fields)

    monkeypatch.setattr(cosign, "proof", counted)
    with own(state):
        current.enter_current(now=NOW)
        for _ in range(2):
            assert Client().get(release.PATH).status_code == 404
        assert len(worked) == 2, "it may be there at any moment"
        cosign_now(now=NOW)
        answers = [Client().get(release.PATH) for _ in range(3)]
        assert {(one.status_code, one.headers["Cache-Control"]) for one in answers} == {(200, "public, max-age=60")}
        assert len(worked) == 3
        assert cosign.public_proof(index=worked[0], fields=("client",)) != answers[0].content.decode(), "other fields, another proof"


def test_ledg_11_what_is_opened_with_a_report_stands_in_the_ledger_and_the_report_after_it(state: Path, tmp_path: Path) -> None:
    with own(state):
        current.enter_current(now=NOW)
        make_report(period="2026H2", start=0, folder=tmp_path / "report", now=NOW)
        (opened,) = said("OPENINGS")
        assert opened == {"report": "2026H2", "sha256": hashlib.sha256((tmp_path / "report" / "openings.jsonl").read_bytes()).hexdigest()}
        first, second = (LedgerEntry.objects.get(kind=kind) for kind in ("OPENINGS", "REPORT"))
        assert (second.index, second.obj) == (first.index + 1, first.obj)
        proved = proof.parse((tmp_path / "report" / "report.tlog-proof").read_bytes())
        assert proved.index == second.index
