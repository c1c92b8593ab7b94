"""`./conclave admin …`: what whoever holds the server's terminal can do beside the running server."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conclave import backup
from conclave.archive import private_file
from conclave.config import load, settings_file
from conclave.holding import held_by
from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError

if TYPE_CHECKING:
    from conclave.authorities.terminal import Act
    from conclave.kernel.ids import UserId


class AdminError(Exception):
    """The act found something wrong; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed beside the act."""

    email: str | None = None
    new: str | None = None
    file: Path | None = None
    replace: bool = False
    dry_run: bool = False
    yes: bool = False
    period: str = ""


def main(
    *,
    act: str,
    email: str | None = None,
    new: str | None = None,
    file: Path | None = None,
    replace: bool = False,
    dry_run: bool = False,
    yes: bool = False,
    period: str = "",
) -> int:
    """Carry out one act and print its answer.

    Args:
        act: one of ACTS, `backup` or `restore`.
        email: whose account, where the act is about one.
        new: the address that the account gets, where the act gives it one.
        file: which backup, where the act is about one.
        replace: whether a restore may replace an installation.
        dry_run: whether an act that deletes only says what it would delete.
        yes: whether an erasure is meant.
        period: the half-year that a report is called after.

    Returns:
        The exit code: 0, or 1 when the act could not be done.
    """
    try:
        asked = Asked(email=email, new=new, file=file, replace=replace, dry_run=dry_run, yes=yes, period=period)
        answer = _backups(act, asked) if act in {"backup", "restore"} else _in_django(ACTS[act], asked)
    except (AdminError, ConclaveError) as error:
        sys.stderr.write(f"{error.text} [{error.code}]\n" if isinstance(error, ConclaveError) else f"{error}\n")
        return 1
    sys.stdout.write(f"{answer}\n")
    return 0


def _backups(act: str, asked: Asked) -> str:
    """Write or put back a backup; works also where no server starts, so without Django."""
    config, now = load(), clock.to_datetime(clock.now())
    if act == "restore" and asked.file is not None:
        return "\n".join(backup.restore(archive=asked.file, config=config, now=now, replace=asked.replace, settings=settings_file()))
    written = backup.back_up(config=config, now=now, target=asked.file, settings=settings_file())
    return (
        f"The backup is in {written}: it was unpacked again and compared. "
        "Keep a copy on another machine, in a safe place: whoever has it has the server's keys."
    )


def _in_django(act: Callable[[Asked], str], asked: Asked) -> str:
    """Carry out an act on the running server's tables."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conclave.settings")
    # What the running server was told by flags, such as --lan, decides what its links look like.
    holder = held_by(state_dir=load().state_dir)
    if holder and holder.address:
        os.environ["CONCLAVE_PUBLIC_URL"] = holder.address
    import django

    django.setup()
    from django.db import OperationalError

    try:
        return act(asked)
    except OperationalError:
        raise AdminError("There is no database of this version yet: run ./conclave run once.") from None


def _account(asked: Asked) -> "UserId":
    """Return whose account an act is about; say first that it is counted in public, and whether an order about it has just come (REP-8)."""
    from conclave.accounts.personal import find
    from conclave.authorities.terminal import AFTER_MS, last_order

    account, now = find(email=str(asked.email)), clock.now()
    days = AFTER_MS // clock.DAY
    said = (
        "This is counted in the public ledger: what is done to an account, and whether an order of a public authority about the same\n"
        f"account came in the {days} days before. Whose account it is does not stand there. The transparency report says how often.\n"
    )
    at = last_order(account=account, now=now)
    if at is not None:
        said += f"An order about this account came {_days_ago((now - at) // clock.DAY)}: this will be counted as done after one.\n"
    sys.stderr.write(said)
    sys.stderr.flush()
    return account


def _days_ago(days: int) -> str:
    """Return how long ago something was."""
    return {0: "within the last day", 1: "1 day ago"}.get(max(0, days), f"{days} days ago")


@contextmanager
def _entered(act: "Act", account: "UserId") -> Iterator[None]:
    """Let an act be done in the transaction in which the public ledger counts it: both or neither (REP-8)."""
    from django.db import DatabaseError

    from conclave.authorities.terminal import enter
    from conclave.keys.locks import writing

    try:
        with writing():
            enter(act=act, account=account, now=clock.now())
            yield
    except DatabaseError as error:
        raise AdminError(
            f"Nothing was done: this is done only together with its entry in the public ledger, and that failed ({error})."
        ) from error


def _owner_link(asked: Asked) -> str:
    """Return a link: for the person with this address to get in again, else for the first owner."""
    from conclave.accounts.owner import access_link, owner_link
    from conclave.authorities.terminal import Act

    if not asked.email:
        link = owner_link(now=clock.now())
        if link is None:
            return "There is an owner already. Name an e-mail address to give that person access again."
        sys.stderr.write("If it opens an account that is there already, that is counted in the public ledger.\n")
        return link
    with _entered(Act.OWNER_LINK, _account(asked)):
        link = access_link(email=asked.email, now=clock.now())
    return (
        "Whoever opens this link sets a new password for the account. Its passkeys, its authenticator app, its recovery codes and its\n"
        "organisations' sign-ins are removed, its tokens end, and it is signed out everywhere. Until then nothing changes.\n"
        f"{link}"
    )


def _address(asked: Asked) -> str:
    """Give an account another address."""
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from conclave.accounts.address import set_address
    from conclave.authorities.terminal import Act

    try:
        validate_email(asked.new)
    except ValidationError:
        raise AdminError(f"This is no e-mail address: {asked.new}") from None
    with _entered(Act.ADDRESS, _account(asked)):
        set_address(old=str(asked.email), new=str(asked.new), now=clock.now())
    return f"The account of {asked.email} has the address {asked.new} now. Password, passkeys and meetings stay as they are."


def _report(asked: Asked) -> str:
    """Make a transparency report of the ledger and publish it, beside the running server, whose witness is asked."""
    from conclave.transparency import publish

    if asked.file is not None and asked.file.exists():
        raise AdminError(f"{asked.file} exists already: name another folder.")
    made = publish.publish(period=asked.period, now=clock.now())
    address = f"{load().public_url.rstrip('/')}/transparency/reports/{made.period}/"
    said = f"The report over the entries {made.start} to {made.end - 1} is public: {address}"
    if asked.file is not None:
        publish.copy(report=made, folder=asked.file)
        said += f"\nIts files are also in {asked.file}."
    return said


def _journal(_asked: Asked) -> str:
    """Return whether somebody changed the journal."""
    from conclave.transparency.journal import first_broken

    broken = first_broken()
    if broken is not None:
        raise AdminError(f"The journal was changed: row {broken} is not what was written.")
    return "The journal holds: no row was changed, removed or put in."


def _retention(asked: Asked) -> str:
    """Let go of what is over, or say what would go; the running server does it once a minute."""
    from conclave.kernel import retention

    now = clock.now()
    if asked.dry_run:
        return "\n".join(["Would go now (rows, by what the page /inventory says):", *_counted(retention.would_go(now=now))])
    gone = dict.fromkeys(retention.would_go(now=now), 0)
    for name, rule in retention.rules().items():
        while swept := rule.sweep(now=now):
            gone[name] += swept
    return "\n".join(["Gone (rows, by what the page /inventory says):", *_counted(gone)])


def _export(asked: Asked) -> str:
    """Write everything about one person into a file that only its owner can read."""
    from conclave.authorities.terminal import Act
    from conclave.site.personal import write_archive

    now = clock.now()
    target = asked.file or Path.cwd() / f"conclave-{clock.to_day(now)}.zip"
    if target.exists():
        raise AdminError(f"{target} exists already: name another file.")
    account = _account(asked)
    # Before there is anything to hand out, so that no archive is without its entry.
    with _entered(Act.EXPORT, account):
        pass
    with private_file(path=target).open("wb") as file:
        write_archive(account=account, language="en", now=now, file=file)
    return f"Everything about this person is in {target}. Give it to nobody else, and delete it when they have it."


def _erase(asked: Asked) -> str:
    """Erase a person at once, if it is meant."""
    from conclave.authorities.terminal import Act
    from conclave.kernel.oblivion import settle_oblivion
    from conclave.site.personal import erase

    account = _account(asked)
    if not asked.yes:
        raise AdminError(
            f"This erases the account of {asked.email} at once and for good, with its meetings: their links open nothing any more, and "
            "calls in them end. Nothing was done yet: say --yes to do it. Backups made before still have everything."
        )
    with _entered(Act.ERASE, account):
        erase(account=account, now=clock.now())
    # At once where nobody reads just now; else the running server does it within half a minute.
    settle_oblivion(clock.now())
    return "The account and everything about it is erased. Backups made before still have it: delete those that you need no longer."


def _counted(rows: dict[str, int]) -> list[str]:
    """Return a line for each rule."""
    return [f"{count:>8}  {name}" for name, count in rows.items()]


ACTS: dict[str, Callable[[Asked], str]] = {
    "owner-link": _owner_link,
    "address": _address,
    "journal": _journal,
    "report": _report,
    "retention": _retention,
    "export": _export,
    "erase": _erase,
}
