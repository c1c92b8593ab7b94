"""`./conclave admin …`: what whoever holds the server's terminal can do beside the running server."""

import os
import sys
from collections.abc import Callable


class AdminError(Exception):
    """The act found something wrong; the message says what."""


def main(*, act: str, email: str | None) -> int:
    """Carry out one act and print its answer.

    Args:
        act: one of ACTS.
        email: whose account, where the act is about one.

    Returns:
        The exit code: 0, or 1 when the act could not be done.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conclave.settings")
    import django

    django.setup()
    from django.db import OperationalError

    from conclave.kernel.errors import ConclaveError

    try:
        sys.stdout.write(f"{ACTS[act](email)}\n")
    except (AdminError, ConclaveError) as error:
        sys.stderr.write(f"{error.text if isinstance(error, ConclaveError) else error}\n")
        return 1
    except OperationalError:
        sys.stderr.write("There is no database of this version yet: run ./conclave run once.\n")
        return 1
    return 0


def _owner_link(email: str | None) -> str:
    """Return a link: for the person with this address to set a new password, else for the first owner."""
    from conclave.accounts.owner import access_link, owner_link
    from conclave.kernel import clock

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
