"""The operator's page says what the runs said, of every moment and every promised time."""

from tests.docs.documents import DOCS, table
from tests.faults import table as runs
from tests.faults.moments import FAULTS, MOMENTS

PAGE = DOCS / "operate.md"


def test_the_tables_are_what_the_runs_say() -> None:
    assert runs.tables() in PAGE.read_text(encoding="utf-8"), "python -m tests.faults.table write"


def test_every_moment_has_its_row_and_its_fault_its_column() -> None:
    rows = [row for row in table(PAGE) if "moment" in row]
    assert [(row["act"], row["moment"]) for row in rows] == [(moment.act, moment.name) for moment in MOMENTS]
    assert all(fault in row for row in rows for fault in FAULTS)


def test_every_promised_time_was_kept_in_its_runs() -> None:
    promised = [row for row in table(PAGE) if "promised" in row]
    assert [row["what"] for row in promised] == list(runs.PROMISES)
    for row in promised:
        if row["runs"] != "0":
            assert float(row["p95"].split()[0]) <= float(row["promised"].split()[0]), row["what"]
