"""The one base of every error that a person or a client is told about.

    ConclaveError               a stable code, an HTTP status and a plain sentence
    ├── Refused                 the caller's doing: the request cannot be granted as it is (4xx)
    │   ├── Malformed           400 malformed: not what the protocol says (ENC-1, JOIN-6)
    │   ├── TooOften            429 too_often: a rate was exceeded
    │   └── …                   each domain declares its own beside the function that raises them
    └── Unavailable             not the caller's doing: it may work later (503)

Anything else that is raised is a bug of ours: it is logged, and answered 500 without details.
"""

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class ConclaveError(Exception):
    """Something the person or the client is told: code for machines, status for HTTP, message for people."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    message: "ClassVar[str | _StrPromise]" = _("Something went wrong.")
    # When asking again may help, if that is known.
    again_at: int | None = None
    # Whose rule it is, and which, where an organisation's policy refuses.
    organisation: str = ""
    rule: str = ""
    # Where somebody stands in line, when that is why.
    position: int = 0
    # What the person may read about it, where an authority's order keeps them out (docs/protocol/orders.md).
    notice: str = ""

    def __init__(self, message: "str | _StrPromise | None" = None) -> None:
        """Take another sentence than the class's own where it helps the reader."""
        self.text = str(self.message if message is None else message)
        super().__init__(f"{self.code}: {self.text}")


class Refused(ConclaveError):
    """The caller's doing; asking again unchanged changes nothing."""

    code = "refused"
    status = 400
    message: "ClassVar[str | _StrPromise]" = _("This cannot be done.")


class Malformed(Refused):
    """The request is not what the protocol says."""

    code = "malformed"
    status = 400
    message = _("The request is not well-formed.")


class TooOften(Refused):
    """A rate was exceeded."""

    code = "too_often"
    status = 429
    message = _("That was too often. Wait a moment, then try again.")


class Unavailable(ConclaveError):
    """Not the caller's doing; it may work later."""

    code = "unavailable"
    status = 503
    message: "ClassVar[str | _StrPromise]" = _("This is not available right now. Try again in a moment.")


def error_body(error: ConclaveError) -> dict[str, dict[str, str | int]]:
    """Return what an API answers for this error (docs/protocol/join.md)."""
    again = {} if error.again_at is None else {"again_at": error.again_at}
    ruled = {"organisation": error.organisation, "rule": error.rule} if error.rule else {}
    waits = {"position": error.position} if error.position else {}
    noticed = {"notice": error.notice} if error.notice else {}
    return {"error": {"code": error.code, "message": error.text, **again, **ruled, **waits, **noticed}}
