"""Every number of a report follows from the ledger, and whoever has the public files finds that out (REP-1 to REP-5)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from conclave.kernel import canonical, clock
from conclave.transparency import witnesses
from conclave.transparency.cosign import cosign_now
from conclave.transparency.ledger import append
from conclave.transparency.models import LedgerEntry, Opening
from conclave.transparency.report import ReportForbidden, make_report
from conclave_verify import proof, report
from conclave_verify.__main__ import main
from conclave_verify.merkle import Wrong
from conclave_verify.note import Forged, Malformed
from conclave_verify.quorum import parse as parse_policy
from tests.transparency.conftest import NOW, own

pytestmark = pytest.mark.django_db


def order(
    territory: str, *, outcome: str, minutes: int, kind: str = "act", reason: str = "", dummy: int = 0, verified: bool = True
) -> None:
    """Let an order run its course, in entries as authorities/ writes them; of a verified one, the desk has made sure who asks."""
    said = {"territory": territory, "kind": kind, "channel": "portal", "category": "court", "authority": "A court", "targets": "x"}
    first = append(kind="ORDER", fields={"day": "2026-07-01", "minute": 1000, "dummy": dummy, **said}, now=NOW)
    obj = LedgerEntry.objects.get(index=first).obj
    if verified:
        who = {"category": "court", "territory": territory.split(",", maxsplit=1)[0], "verified": "Called back."}
        append(kind="AUTHORITY", fields={"day": "2026-07-01", "minute": 1001, **who}, now=NOW, obj=obj, prev=first)
    for state, minute, came in (("acknowledged", 1001, ""), (outcome or "under_review", 1000 + minutes, outcome)):
        fields = {"day": "2026-07-01", "minute": minute, "state": state, "outcome": came, "reason": reason if came else ""}
        append(kind="ORDER_STATE", fields=fields, now=NOW, obj=obj, prev=first)
    if outcome == "executed":
        span = {"starts_at": 0, "ends_at": 30 * clock.DAY, "days": 30}
        append(kind="MEASURE", fields={"territory": territory, "kind": "deny_join", "target": "m", **span}, now=NOW, obj=obj)
        append(kind="APPLICATION_COUNT", fields={"territory": territory, "denied": "1-9", "removed": "0"}, now=NOW, obj=obj)
        append(kind="RESTORATION", fields={"territory": territory, "cause": "expired", "people": "1-9"}, now=NOW, obj=obj)


def half_year() -> None:
    """Seed the ledger."""
    for minutes in range(1, 7):
        order("CN,HK", outcome="refused", minutes=minutes, reason="human_rights")
    order("FR", outcome="executed", minutes=70)
    order("FR", outcome="", minutes=5, kind="inform")
    order("TR", outcome="refused", minutes=5, dummy=1)
    append(kind="DISCLOSURE", fields={"territory": "FR", "field": "accounts.User.email", "count": 2, "subjects": "x,y"}, now=NOW)
    append(kind="REPORTS_COUNT", fields={"source": "art16", "category": "VIOLENCE", "count": 7}, now=NOW)
    append(kind="REPORTS_COUNT", fields={"source": "art16", "category": "VIOLENCE", "count": 2}, now=NOW)
    append(kind="GLASS", fields={"day": "2026-07-02", "scope": "addresses", "reason": "x"}, now=NOW)
    for day, reason, count in (("2026-07-02", "full", 3), ("2026-07-03", "full", 4), ("2026-07-03", "lists", 1)):
        append(kind="REGION_REFUSALS", fields={"day": day, "reason": reason, "count": count}, now=NOW)
    for day, staffed in (("2026-07-02", "no"), ("2026-07-03", "yes"), ("2026-07-04", "yes")):
        append(kind="DESK", fields={"day": day, "desk": "orders", "staffed": staffed}, now=NOW)
    for act, after in (("erase", "yes"), ("owner_link", "no"), ("erase", "no"), ("erase", "no")):
        append(kind="TERMINAL", fields={"day": "2026-07-05", "act": act, "after_order": after}, now=NOW)


@dataclass
class Visitor:
    """Reads the public files as a visitor."""

    client: Client

    def read(self, path: str) -> bytes | None:
        answer = self.client.get(f"/transparency/{path}")
        return answer.content if answer.status_code == 200 else None


@pytest.fixture
def made(state: Path, tmp_path: Path) -> Iterator[Path]:
    """A report over a seeded half-year, in a folder."""
    half_year()
    with own(state):
        make_report(period="2026H2", start=0, folder=tmp_path / "report", now=NOW)
        yield tmp_path / "report"


def judge(folder: Path, **other: Any) -> None:
    told = other.pop("content", None) or (folder / "report.json").read_bytes()
    policy = parse_policy(witnesses.policy_text().encode())
    shown = {"files": Visitor(Client()), "policy": policy, "openings": folder / "openings.jsonl", **other}
    report.check(report=report.parse(told), **shown)


def test_rep_2_the_tables_are_those_of_what_happened(made: Path) -> None:
    judge(made)
    tables = json.loads((made / "report.json").read_bytes())["tables"]
    assert tables["orders"] == [
        {"territory": "CN", "kind": "act", "outcome": "refused", "count": 6},
        {"territory": "FR", "kind": "act", "outcome": "executed", "count": 1},
        {"territory": "FR", "kind": "inform", "outcome": "open", "count": 1},
        {"territory": "HK", "kind": "act", "outcome": "refused", "count": 6},
    ]
    assert tables["refusals"] == [{"territory": one, "reason": "human_rights", "count": 6} for one in ("CN", "HK")]
    assert tables["measures"] == [{"territory": "FR", "kind": "deny_join", "count": 1, "median_days": 30}]
    assert tables["people"][0] == {"territory": "FR", "action": "denied", "band": "1-9", "count": 1}
    assert tables["restorations"] == [{"territory": "FR", "cause": "expired", "people": "1-9", "count": 1}]
    assert tables["disclosures"] == [{"territory": "FR", "field": "accounts.User.email", "count": 1}]
    assert tables["handed"] == tables["deferrals"] == []
    assert tables["reports"] == [{"source": "art16", "category": "VIOLENCE", "count": 9}]
    assert {"type": "ORDER", "count": 9} in tables["entries"]
    assert tables["sealed_orders"] == [{"count": 0}]
    assert {"kind": "act", "state": "refused", "count": 6, "median_minutes": 3} in tables["times"]
    medians = [(one["territory"], one["state"], one["count"], one["median_minutes"]) for one in tables["territory_times"]]
    assert medians == [(one, state, 6, minutes) for one in ("CN", "HK") for state, minutes in (("acknowledged", 1), ("refused", 3))]
    assert tables["glass"] == [{"scope": "addresses", "count": 1}]
    assert tables["region_refusals"] == [{"reason": "full", "count": 7}, {"reason": "lists", "count": 1}]
    assert tables["desks"] == [{"desk": "orders", "staffed": "no", "count": 1}, {"desk": "orders", "staffed": "yes", "count": 2}]
    assert tables["terminal"] == [
        {"act": "erase", "after_order": "no", "count": 2},
        {"act": "erase", "after_order": "yes", "count": 1},
        {"act": "owner_link", "after_order": "no", "count": 1},
    ]
    assert list(tables["reached"][0]) == ["count", "outcome", "territory"], "canonical JSON"
    assert {"territory": "CN", "outcome": "received", "count": 6} in tables["reached"]
    assert {"territory": "FR", "outcome": "received", "count": 2} in tables["reached"]


def test_rep_2_an_order_that_was_carried_out_and_quashed_later_is_counted_as_both(state: Path, tmp_path: Path) -> None:
    order("FR,FR,DE", outcome="executed", minutes=70)
    obj = LedgerEntry.objects.get(index=0).obj
    leaf = append(kind="DISCLOSURE", fields={"territory": "DE", "field": "accounts.User.name", "count": 2}, now=NOW, obj=obj)
    for field in ("accounts.User.name", "accounts.User.email"):
        said = {"territory": "DE", "field": field, "count": 1, "deferred": "8-30"}
        append(kind="HANDED", fields=said, now=NOW, obj=obj, prev=leaf)
    append(kind="ORDER_STATE", fields={"state": "quashed", "outcome": "quashed", "reason": ""}, now=NOW, obj=obj, prev=0)
    with own(state):
        make_report(period="2026H2", start=0, folder=tmp_path / "r", now=NOW)
    tables = json.loads((tmp_path / "r" / "report.json").read_bytes())["tables"]
    assert [(one["territory"], one["outcome"], one["count"]) for one in tables["reached"]] == [
        (place, outcome, 1) for place in ("DE", "FR") for outcome in ("executed", "quashed", "received")
    ]
    assert [(one["territory"], one["outcome"], one["count"]) for one in tables["orders"]] == [("DE", "quashed", 1), ("FR", "quashed", 1)]
    assert tables["disclosures"] == tables["handed"][1:] == [{"territory": "DE", "field": "accounts.User.name", "count": 1}]
    assert [one["field"] for one in tables["handed"]] == ["accounts.User.email", "accounts.User.name"]
    assert tables["deferrals"] == [{"territory": "DE", "deferred": "8-30", "count": 1}], "once, and not once for each field"


def test_rep_2_what_is_approved_in_one_half_year_and_handed_out_in_the_next_is_counted_there(made: Path, tmp_path: Path) -> None:
    first = report.parse((made / "report.json").read_bytes())
    leaf = LedgerEntry.objects.get(kind="DISCLOSURE")
    what = {"territory": "FR", "field": "accounts.User.email", "count": 2, "deferred": "0"}
    append(kind="HANDED", fields=what, now=NOW, obj=leaf.obj, prev=leaf.index)
    make_report(period="2027H1", start=first.end, folder=tmp_path / "later", now=NOW)
    judge(tmp_path / "later", previous=first)
    tables = json.loads((tmp_path / "later" / "report.json").read_bytes())["tables"]
    assert tables["disclosures"] == []
    assert tables["handed"] == [{"territory": "FR", "field": "accounts.User.email", "count": 1}]
    assert tables["deferrals"] == [{"territory": "FR", "deferred": "0", "count": 1}]


def test_rep_3_only_what_is_for_everybody_is_opened(made: Path) -> None:
    lines = [json.loads(line) for line in (made / "openings.jsonl").read_bytes().splitlines()]
    assert {line["field"] for line in lines}.isdisjoint({"authority", "targets", "target", "subjects", "day"})
    minutes = {line["leaf"] for line in lines if line["field"] == "minute"}
    steps = LedgerEntry.objects.filter(index__lt=24, kind__in=("ORDER", "ORDER_STATE")).values_list("index", flat=True)
    assert len(minutes) == 18
    assert minutes == set(steps), "only those of territories with at least five verified orders"


def test_rep_3_whoever_fills_the_portal_unlocks_no_time(state: Path, tmp_path: Path) -> None:
    order("FR", outcome="refused", minutes=3)
    for territory in ("FR", "FR", "FR", "FR", "FR", "DE"):
        order(territory, outcome="refused", minutes=5, verified=False)
        order(territory, outcome="refused", minutes=5, dummy=1)
    for _number in range(5):
        order("DE", outcome="refused", minutes=7)
    with own(state):
        make_report(period="2026H2", start=0, folder=tmp_path / "r", now=NOW)
        judge(tmp_path / "r")
    tables = json.loads((tmp_path / "r" / "report.json").read_bytes())["tables"]
    received = {one["territory"]: one["count"] for one in tables["reached"] if one["outcome"] == "received"}
    assert received == {"FR": 6, "DE": 6}, "what came is counted, from whomever"
    assert [(one["territory"], one["state"], one["count"], one["median_minutes"]) for one in tables["territory_times"]] == [
        ("DE", "acknowledged", 5, 1),
        ("DE", "refused", 5, 7),
    ]
    lines = [json.loads(line) for line in (tmp_path / "r" / "openings.jsonl").read_bytes().splitlines()]
    assert sum(line["field"] == "minute" for line in lines) == 15, "of five orders, each with two steps"


def test_rep_1_neither_the_checkpoint_nor_a_table_more_is_taken_on_trust(made: Path) -> None:
    told = json.loads((made / "report.json").read_bytes())
    *head, root, rest = told["checkpoint"].split("\n", 3)
    other = "\n".join([*head, "A" + root[1:] if root[0] != "A" else "B" + root[1:], rest])
    for changed in ({"checkpoint": other}, {"tables": {**told["tables"], "more": None}}, {"tables": {**told["tables"], "glass": None}}):
        with pytest.raises((Wrong, Forged)):
            judge(made, content=canonical.encode({**told, **changed}))
    zero = canonical.encode(told).replace(b'"sealed_orders":[{"count":0}]', b'"sealed_orders":[{"count":false}]')
    with pytest.raises(Wrong, match="sealed_orders"):
        judge(made, content=zero)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"FEW_ORDERS": 1}, "could name a meeting"),
        ({"dated_orders": lambda **_range: set(LedgerEntry.objects.values_list("obj", flat=True))}, "could name a meeting"),
        ({"PUBLIC": {**report.PUBLIC, "MEASURE": report.PUBLIC["MEASURE"] | {"target"}}}, "has to stay sealed"),
    ],
)
def test_rep_3_a_report_that_opens_more_is_refused(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], said: str
) -> None:
    half_year()
    for name, value in change.items():
        monkeypatch.setattr(f"conclave.transparency.report.{name}", value)
    with own(state):
        make_report(period="2026H2", start=0, folder=tmp_path / "r", now=NOW)
        with pytest.raises(Wrong, match=said):
            judge(tmp_path / "r")


def test_rep_1_no_number_and_no_opening_can_be_another(made: Path, tmp_path: Path) -> None:
    told = json.loads((made / "report.json").read_bytes())
    for name, rows in told["tables"].items():
        for changed in (rows[:-1], [*rows, *rows[:1]], [{**row, "count": row["count"] + 1} for row in rows]):
            if changed != rows:
                with pytest.raises(Wrong, match=name):
                    judge(made, content=canonical.encode({**told, "tables": {**told["tables"], name: changed}}))
    other: dict[str, Any]
    for other in ({"end": told["end"] - 1}, {"openings_sha256": "0" * 64}, {"tables": {}}, {"tables": []}, {"start": 1}):
        with pytest.raises(Wrong):
            judge(made, content=canonical.encode({**told, **other}))
    for other in ({"v": 2}, {"report": "2026"}, {"end": told["end"] + 1}, {"start": -1}, {"more": 1}, {"checkpoint": "x"}, {"end": "1"}):
        with pytest.raises(Malformed):
            judge(made, content=canonical.encode({**told, **other}))
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_bytes(b"".join((made / "openings.jsonl").read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(Wrong, match="openings"):
        judge(made, openings=fewer)


def test_rep_4_a_report_begins_where_the_last_one_ended(made: Path, tmp_path: Path) -> None:
    first = report.parse((made / "report.json").read_bytes())
    order("DE", outcome="refused", minutes=3, reason="too_broad")
    later = tmp_path / "later"
    make_report(period="2027H1", start=first.end, folder=later, now=NOW)
    judge(later, previous=first)
    with pytest.raises(Wrong, match="does not begin"):
        judge(later)
    tables = json.loads((later / "report.json").read_bytes())["tables"]
    assert tables["orders"] == [{"territory": "DE", "kind": "act", "outcome": "refused", "count": 1}]
    assert {"type": "REPORT", "count": 1} in tables["entries"]


def test_rep_5_the_ledger_names_the_report(made: Path) -> None:
    told = report.parse((made / "report.json").read_bytes())
    proved = proof.check(proof=proof.parse((made / "report.tlog-proof").read_bytes()), policy=witnesses.policy())
    report.check_logged(report=told, proved=proved)
    other = json.loads((made / "report.json").read_bytes())
    with pytest.raises(Wrong):
        report.check_logged(report=report.parse(canonical.encode({**other, "report": "2026H1"})), proved=proved)


def test_rep_2_an_order_whose_opening_was_destroyed_is_counted_as_sealed(state: Path, tmp_path: Path) -> None:
    half_year()
    Opening.objects.filter(entry_id=0).delete()
    with own(state):
        make_report(period="2026H2", start=0, folder=tmp_path / "r", now=NOW)
        judge(tmp_path / "r")
    tables = json.loads((tmp_path / "r" / "report.json").read_bytes())["tables"]
    assert tables["sealed_orders"] == [{"count": 1}]
    assert {"territory": "sealed", "kind": "sealed", "outcome": "refused", "count": 1} in tables["orders"]


def test_what_is_no_report_is_not_made(state: Path, tmp_path: Path) -> None:
    with own(state):
        with pytest.raises(ReportForbidden):
            make_report(period="2026H2", start=0, folder=tmp_path, now=NOW)
        half_year()
        for period, start in (("2026", 0), ("2026H2", 10_000), ("2026H3", 0)):
            with pytest.raises(ReportForbidden):
                make_report(period=period, start=start, folder=tmp_path, now=NOW)
        assert cosign_now(now=NOW) > 0


def test_verify_report_says_in_sentences_what_it_found(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files, folder = Visitor(Client()), tmp_path / "copy"
    size = int((files.read("checkpoint") or b"").split(b"\n")[1])
    for path in ("checkpoint", "policy", f"tile/entries/000.p/{size}", f"tile/0/000.p/{size}"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(files.read(path) or b"")
    given = ["--policy", str(folder / "policy"), "--openings", str(made / "openings.jsonl")]
    words = ["report", str(made / "report.json"), str(folder), *given]
    assert main([*words, "--proof", str(made / "report.tlog-proof")]) == 0
    told = capsys.readouterr().out
    assert "Good: each number of the report 2026H2 follows from the entries 0 to" in told
    assert "The ledger itself names this report." in told
    (made / "report.json").write_bytes((made / "report.json").read_bytes().replace(b'"count":6', b'"count":5', 1))
    assert main(words) == 1
    assert "does not follow from the ledger" in capsys.readouterr().out
