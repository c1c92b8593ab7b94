"""A report on a whole half-year follows from public files alone, in another directory; whatever is changed shows (REP-1, REP-4, REP-5)."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from conclave.kernel import canonical
from conclave_verify import proof, report
from conclave_verify.__main__ import main
from conclave_verify.entry import Entry
from conclave_verify.ledger import Folder, check
from conclave_verify.merkle import Wrong
from conclave_verify.note import Forged, Malformed
from conclave_verify.quorum import Unsigned
from conclave_verify.quorum import parse as parse_policy
from conclave_verify.report import Counting, Opened
from tests.verify import recount
from tests.verify.history import BY_THE_DESK, ENTERED, Given

# They ask no database; but who makes the half-year needs one, and there is none unless a test says so.
pytestmark = [pytest.mark.slow, pytest.mark.django_db]
BAD = (Malformed, Wrong, Forged, Unsigned)


@pytest.fixture
def own(given: Given, tmp_path: Path) -> Given:
    """A copy of the files that a test may change."""
    for path in (given.public, given.first, given.second):
        shutil.copytree(path, tmp_path / path.name)
    return Given(*(tmp_path / path.name for path in (given.public, given.first, given.second)))


def words(given: Given, folder: Path, *more: str) -> list[str]:
    """Return what an outsider types."""
    told = [str(folder / "report.json"), str(given.public), "--policy", str(given.public / "policy")]
    return ["report", *told, "--openings", str(folder / "openings.jsonl"), "--proof", str(folder / "report.tlog-proof"), *more]


def named(given: Given, folder: Path) -> proof.Proved:
    """Return what the proof in a folder proves."""
    policy = parse_policy((given.public / "policy").read_bytes())
    return proof.check(proof=proof.parse((folder / "report.tlog-proof").read_bytes()), policy=policy)


def judge(given: Given, folder: Path, content: bytes | None = None) -> None:
    """Judge a report without the proof that the ledger names it, as somebody does who lost it."""
    told = report.parse(content if content is not None else (folder / "report.json").read_bytes())
    policy = parse_policy((given.public / "policy").read_bytes())
    report.check(report=told, files=Folder(given.public), policy=policy, openings=folder / "openings.jsonl")


def flipped(content: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """Yield the content with one byte changed, at each of these places."""
    for place in places:
        yield content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_rep_1_both_reports_follow_from_the_public_files_in_another_directory(own: Given, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(own, own.first)) == 0
    assert main(words(own, own.second, "--previous", str(own.first / "report.json"))) == 0
    told = capsys.readouterr().out
    assert "Good: each number of the report 2026H2 follows from" in told
    assert told.count("The ledger itself names this report.") == 2
    tables = json.loads((own.first / "report.json").read_bytes())["tables"]
    assert sum(row["count"] for row in tables["origins"]) == BY_THE_DESK + ENTERED
    assert all(tables[name] for name in tables if name != "earlier_orders"), "each table has something to get wrong"
    assert {row["outcome"] for row in tables["orders"]} == {
        "challenged", "executed", "narrowed", "not_executed", "open", "quashed", "refused", "withdrawn",
    }  # fmt: skip


def test_rep_2_a_second_program_made_from_the_documents_alone_agrees_on_every_cell(own: Given) -> None:
    for folder in (own.first, own.second):
        told = json.loads((folder / "report.json").read_bytes())
        again = recount.tables(where=own.public, start=told["start"], end=told["end"], openings=folder / "openings.jsonl")
        assert again == told["tables"]


def test_rep_4_a_gap_between_two_reports_shows(own: Given, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(own, own.second)) == 1
    told = json.loads((own.second / "report.json").read_bytes())
    for start in (told["start"] - 1, told["start"] + 1, 0):
        (own.second / "report.json").write_bytes(canonical.encode({**told, "start": start}))
        assert main(words(own, own.second, "--previous", str(own.first / "report.json"))) == 1
    assert capsys.readouterr().out.count("does not begin where the one before it ended") == 4


def test_rep_1_each_changed_byte_of_the_report_shows(own: Given) -> None:
    content = (own.first / "report.json").read_bytes()
    proved = named(own, own.first)
    report.check_logged(report=report.parse(content), proved=proved)
    # All of what stands around the tables, and every seventh byte within.
    inside = range(content.index(b'"tables"'), len(content) - 20, 7)
    for changed in flipped(content, sorted({*range(inside.start), *inside, *range(inside.stop, len(content))})):
        with pytest.raises(BAD):
            report.check_logged(report=report.parse(changed), proved=proved)


def test_rep_1_a_changed_number_shows_also_where_the_proof_is_lost(own: Given) -> None:
    told = json.loads((own.first / "report.json").read_bytes())
    for name, rows in told["tables"].items():
        if rows:
            changed = [{**rows[0], "count": rows[0]["count"] + 1}, *rows[1:]]
            with pytest.raises(Wrong, match=name):
                judge(own, own.first, canonical.encode({**told, "tables": {**told["tables"], name: changed}}))


def test_rep_1_each_changed_byte_of_the_openings_shows(own: Given) -> None:
    path = own.first / "openings.jsonl"
    content = path.read_bytes()
    for changed in flipped(content, range(0, len(content), max(1, len(content) // 200))):
        path.write_bytes(changed)
        with pytest.raises(BAD):
            judge(own, own.first)


def test_rep_1_an_opening_that_is_withheld_shows(own: Given) -> None:
    path = own.first / "openings.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    told = json.loads((own.first / "report.json").read_bytes())
    gone = next(place for place, line in enumerate(lines) if json.loads(line)["field"] == "category")
    path.write_bytes(b"".join([*lines[:gone], *lines[gone + 1 :]]))
    with pytest.raises(Wrong, match="openings"):
        judge(own, own.first)
    hashed = canonical.encode({**told, "openings_sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    with pytest.raises(Wrong, match="does not follow"):
        judge(own, own.first, hashed)
    # Whoever also works out the tables anew says in them that something is not opened, and it is not the report that the ledger names.
    counting = Counting()
    policy = parse_policy((own.public / "policy").read_bytes())
    given = [path.read_bytes().splitlines()]

    def each(index: int, entry: Entry, opened: Opened) -> None:
        if index < told["end"]:
            counting.take(entry, opened)

    check(files=Folder(own.public), policy=policy, openings=given, each=each)
    smooth = canonical.encode({**json.loads(hashed), "tables": counting.tables()})
    judge(own, own.first, smooth)
    assert sum(row["count"] for row in json.loads(smooth)["tables"]["origins"] if row["category"] == "sealed") == 1
    with pytest.raises(Wrong, match="not of this report"):
        report.check_logged(report=report.parse(smooth), proved=named(own, own.first))


def test_rep_1_each_changed_byte_of_the_checkpoint_shows(own: Given) -> None:
    path = own.public / "checkpoint"
    content = path.read_bytes()
    for changed in flipped(content, range(len(content))):
        path.write_bytes(changed)
        with pytest.raises(BAD):
            judge(own, own.first)


def test_rep_1_changed_bytes_of_tiles_and_entries_show(own: Given) -> None:
    files = [path for path in sorted((own.public / "tile").rglob("*")) if path.is_file()]
    assert len(files) > 8
    for number, path in enumerate(files):
        content = path.read_bytes()
        for changed in flipped(content, range(number % 32, len(content), max(1, len(content) // 3))):
            path.write_bytes(changed)
            with pytest.raises(BAD):
                judge(own, own.first)
        path.write_bytes(content)
    judge(own, own.first)


def test_rep_5_the_proof_of_another_report_shows(own: Given) -> None:
    with pytest.raises(Wrong, match="not of this report"):
        report.check_logged(report=report.parse((own.first / "report.json").read_bytes()), proved=named(own, own.second))
