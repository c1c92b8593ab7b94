"""Publishing reports: each into a folder of the server from which everybody reads (REP-6)."""

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.kernel.ids import new_id
from conclave.transparency import cosign, named
from conclave.transparency.named import Named
from conclave.transparency.report import OPENINGS, PROOF, PROVED, REPORT, make_report
from conclave_verify.note import Malformed
from conclave_verify.report import Report, Tables, parse

# The first is held while a report is made, the second for the moment in which a folder gets its name.
FOLDER, LOCK, PLACING = "reports", ".lock", ".placing"
FILES = (REPORT, OPENINGS, PROOF)


class ReportUnknown(Refused):
    """There is no such report, or this server does not hold its files."""

    code = "report_unknown"
    status = 404
    message = _("There is no such report here.")


class ReportBusy(Refused):
    """Another process makes a report in the same folder."""

    code = "report_busy"
    status = 409
    message = _("A report is just being made. Try again when it is done.")


def publish(*, period: str, now: int) -> Named:
    """Make the report of a half-year over everything that is in none, and give it to everybody; outside a transaction.

    Args:
        period: which, such as 2026H2.
        now: the time.

    Returns:
        It, as the ledger names it.

    Raises:
        ReportForbidden: there is no such half-year, nothing to report, or a report of it already.
        ReportBusy: one is being made.
        WitnessAway: too few witnesses have cosigned what it would be about.
        LedgerForked: the ledger does not continue what was signed.
    """
    with _alone():
        _clear()
        last = named.latest()
        try:
            make_report(period=period, start=last.end if last else 0, folder=_home() / f".{period}-{new_id()}", now=now)
        finally:
            _clear()
    return find(period=period)


def find(*, period: str) -> Named:
    """Return a report as the ledger names it.

    Args:
        period: of which half-year.

    Raises:
        ReportUnknown: there is none.
    """
    found = next((one for one in named.named() if one.period == period), None)
    if found is None:
        raise ReportUnknown
    return found


def read(*, report: Named) -> Report:
    """Return what a report says, if its file is the one that the ledger names.

    Args:
        report: which.

    Raises:
        ReportUnknown: this server does not hold it, or somebody changed it.
    """
    path = file_of(report=report, name=REPORT)
    try:
        told = _parsed(path, _state(path))
    except (OSError, Malformed) as error:
        raise ReportUnknown from error
    if told.sha256 != report.sha256:
        raise ReportUnknown
    return told


def openings_of(*, report: Named) -> Path:
    """Return where the openings of a report are, if they are those that the report is made of.

    Args:
        report: which.

    Raises:
        ReportUnknown: this server does not hold them, or somebody changed them.
    """
    path = file_of(report=report, name=OPENINGS)
    if _hash(path, _state(path)) != read(report=report).openings_sha256:
        raise ReportUnknown
    return path


def tables_of(*, report: Report) -> Tables:
    """Return the tables of a report: rows by table, as far as they are in that form.

    Args:
        report: as it was read.
    """
    told = report.tables if isinstance(report.tables, dict) else {}
    return {name: rows for name, rows in told.items() if isinstance(rows, list) and all(isinstance(row, dict) for row in rows)}


def file_of(*, report: Named, name: str) -> Path:
    """Return where a file of a report is.

    Args:
        report: which.
        name: one of FILES.

    Raises:
        ReportUnknown: this server does not hold it; for the proof, perhaps not yet.
    """
    folder = _home() / report.period
    if _sha256(folder) != report.sha256:
        _put_in_place(report)
    path = folder / name
    if name == PROOF and folder.is_dir() and not path.exists():
        proof = cosign.proof(index=report.index, fields=PROVED)
        if proof is not None:
            draft = folder / f".{new_id()}"
            draft.write_text(proof, encoding="utf-8")
            draft.replace(path)
    if name not in FILES or not path.is_file():
        raise ReportUnknown
    return path


def copy(*, report: Named, folder: Path) -> None:
    """Copy the files of a report elsewhere.

    Args:
        report: which.
        folder: a new one.

    Raises:
        ReportUnknown: this server does not hold it.
    """
    file_of(report=report, name=REPORT)
    shutil.copytree(_home() / report.period, folder)


def _state(path: Path) -> tuple[int, int]:
    """Return what changes with a file's content."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=8)
def _parsed(path: Path, _state: tuple[int, int]) -> Report:
    """Return a report as it was read when its file was in this state: visitors come more often than it changes."""
    return parse(path.read_bytes())


@lru_cache(maxsize=64)
def _hash(path: Path, _state: tuple[int, int]) -> str:
    """Return the hash that a file had in this state."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_in_place(report: Named) -> None:
    """Give the files that were written for a report its name: a process that ended in between left them under another.

    Visitors do it too, several at the same time: whoever comes second finds it done. What has the name and is another report, as in a
    folder from before the server moved, is put aside among what is cleared, never what the ledger names.
    """
    folder = _home() / report.period
    if not any(_drafts(report.period)):
        return
    # Only for as long as a small file is read and two folders are renamed, and only threads wait for it, no event loop.
    with (_home() / PLACING).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        draft = next((one for one in _drafts(report.period) if _sha256(one) == report.sha256), None)
        if draft is None or _sha256(folder) == report.sha256:
            return
        if folder.exists():
            folder.rename(_home() / f".{report.period}-{new_id()}")
        draft.rename(folder)


def _sha256(folder: Path) -> str | None:
    """Return the hash of the report in a folder, None where there is none; its file is read anew only when it has changed."""
    path = folder / REPORT
    try:
        return _hash(path, _state(path))
    except OSError:
        return None


@contextmanager
def _alone() -> Iterator[None]:
    """Be the only process that makes a report in this folder, which gateways may share; it ends with the process, however that ends."""
    _home().mkdir(parents=True, exist_ok=True)
    with (_home() / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReportBusy from None
        yield


def _clear() -> None:
    """Remove what a report left that failed, or was killed while it was made; what the ledger names by now is kept, and gets its name."""
    kept = named.named()
    for one in kept:
        _put_in_place(one)
    for draft in _home().glob(".[0-9]*"):
        if _sha256(draft) not in {one.sha256 for one in kept}:
            shutil.rmtree(draft, ignore_errors=True)


def _drafts(period: str) -> Iterator[Path]:
    """Yield the folders in which a report of a half-year was begun."""
    yield from sorted(_home().glob(f".{period}-*"))


def _home() -> Path:
    """Return the folder in which all reports are."""
    return settings.CONCLAVE.state_dir / FOLDER
