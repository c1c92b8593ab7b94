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


def main(*, act: str, email: str | None = None, new: str | None = None, file: Path | None = None, replace: bool = False) -> int:
    """Carry out one act and print its answer.

    Args:
        act: one of ACTS, `backup` or `restore`.
        email: whose account, where the act is about one.
        new: the address that the account gets, where the act gives it one.
        file: which backup, where the act is about one.
        replace: whether a restore may replace an installation.

    Returns:
        The exit code: 0, or 1 when the act could not be done.
    """
    try:
        answer = _backups(act, file, replace=replace) if act in {"backup", "restore"} else _in_django(ACTS[act], email, new)
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


def _in_django(act: Callable[[str | None, str | None], str], email: str | None, new: str | None) -> str:
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
        return act(email, new)
    except OperationalError:
        raise AdminError("There is no database of this version yet: run ./conclave run once.") from None


def _owner_link(email: str | None, _new: str | None) -> str:
    """Return a link: for the person with this address to get in again, else for the first owner."""
    from conclave.accounts.owner import access_link, owner_link

    if not email:
        return owner_link(now=clock.now()) or "There is an owner already. Name an e-mail address to give that person access again."
    return (
        "Whoever opens this link sets a new password for the account. Its passkeys, its authenticator app and its recovery codes are\n"
        "removed, and it is signed out everywhere. Until then nothing changes.\n"
        f"{access_link(email=email, now=clock.now())}"
    )


def _address(email: str | None, new: str | None) -> str:
    """Give an account another address."""
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from conclave.accounts.address import set_address

    try:
        validate_email(new)
    except ValidationError:
        raise AdminError(f"This is no e-mail address: {new}") from None
    set_address(old=str(email), new=str(new), now=clock.now())
    return f"The account of {email} has the address {new} now. Password, passkeys and meetings stay as they are."


def _journal(_email: str | None, _new: str | None) -> str:
    """Return whether somebody changed the journal."""
    from conclave.transparency.journal import first_broken

    broken = first_broken()
    if broken is not None:
        raise AdminError(f"The journal was changed: row {broken} is not what was written.")
    return "The journal holds: no row was changed, removed or put in."


ACTS: dict[str, Callable[[str | None, str | None], str]] = {"owner-link": _owner_link, "address": _address, "journal": _journal}
