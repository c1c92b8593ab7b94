"""`./conclave admin …`: what whoever holds the server's terminal can do beside the running server."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from conclave import backup
from conclave.config import load, settings_file
from conclave.holding import held_by
from conclave.kernel import clock
from conclave.kernel.errors import ConclaveError


class AdminError(Exception):
    """The act found something wrong; the message says what."""


def main(*, act: str, email: str | None = None, file: Path | None = None, replace: bool = False) -> int:
    """Carry out one act and print its answer.

    Args:
        act: one of ACTS, `backup` or `restore`.
        email: whose account, where the act is about one.
        file: which backup, where the act is about one.
        replace: whether a restore may replace an installation.

    Returns:
        The exit code: 0, or 1 when the act could not be done.
    """
    try:
        answer = _backups(act, file, replace=replace) if act in {"backup", "restore"} else _in_django(ACTS[act], email)
    except (AdminError, ConclaveError) as error:
        sys.stderr.write(f"{error.text} [{error.code}]\n" if isinstance(error, ConclaveError) else f"{error}\n")
        return 1
    sys.stdout.write(f"{answer}\n")
    return 0


def _backups(act: str, file: Path | None, *, replace: bool) -> str:
    """Write or put back a backup; works also where no server starts, so without Django."""
    config, now = load(), clock.to_datetime(clock.now())
    if act == "restore" and file is not None:
        return "\n".join(backup.restore(archive=file, config=config, now=now, replace=replace, settings=settings_file()))
    written = backup.back_up(config=config, now=now, target=file, settings=settings_file())
    return (
        f"The backup is in {written}: it was unpacked again and compared. "
        "Keep a copy on another machine, in a safe place: whoever has it has the server's keys."
    )


def _in_django(act: Callable[[str | None], str], email: str | None) -> str:
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
        return act(email)
    except OperationalError:
        raise AdminError("There is no database of this version yet: run ./conclave run once.") from None


def _owner_link(email: str | None) -> str:
    """Return a link: for the person with this address to set a new password, else for the first owner."""
    from conclave.accounts.owner import access_link, owner_link

    link = access_link(email=email, now=clock.now()) if email else owner_link(now=clock.now())
    return link or "There is an owner already. Name an e-mail address to give that person access again."


def _journal(_email: str | None) -> str:
    """Return whether somebody changed the journal."""
    from conclave.transparency.journal import first_broken

    broken = first_broken()
    if broken is not None:
        raise AdminError(f"The journal was changed: row {broken} is not what was written.")
    return "The journal holds: no row was changed, removed or put in."


ACTS: dict[str, Callable[[str | None], str]] = {"owner-link": _owner_link, "journal": _journal}
