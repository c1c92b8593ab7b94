"""What a token may be good for, the only copy: each scope, whether it is of a person or of an organisation, and how people read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from conclave.accounts.policy import Act, open_to

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Scope(StrEnum):
    """One thing that a program may be allowed to do."""

    MEETINGS_READ = "meetings:read"
    MEETINGS_WRITE = "meetings:write"
    DIRECTORY_READ = "directory:read"
    PEOPLE_READ = "people:read"
    JOURNAL_READ = "journal:read"
    HOUSE_READ = "house:read"


@dataclass(frozen=True, slots=True)
class Reach:
    """How people read a scope; of one of an organisation, what whoever makes the token must be allowed to do there themselves."""

    label: "_StrPromise"
    act: Act | None = None


REACH: dict[Scope, Reach] = {
    Scope.MEETINGS_READ: Reach(_("Read your meetings and whom you invited")),
    Scope.MEETINGS_WRITE: Reach(_("Make, change and delete your meetings and their invitations")),
    Scope.DIRECTORY_READ: Reach(_("Read which organisations you belong to, and look for people in their directories")),
    Scope.PEOPLE_READ: Reach(_("Read who belongs to the organisation, and who is invited"), Act.SEE_PEOPLE),
    Scope.JOURNAL_READ: Reach(_("Read the organisation’s journal"), Act.READ_JOURNAL),
    Scope.HOUSE_READ: Reach(
        _("Read which meetings the organisation has, whose, when and with which settings; no titles"), Act.SEE_MEETINGS
    ),
}


def offered(*, role: str | None) -> tuple[Scope, ...]:
    """Return the scopes that somebody may give to a token.

    Args:
        role: theirs in the organisation whose token it is; None for a token of their own.
    """
    return tuple(scope for scope, reach in REACH.items() if (reach.act is None if role is None else reach.act in open_to(role=role)))


def labels(scopes: Iterable[Scope]) -> tuple[str, ...]:
    """Return scopes as people read them.

    Args:
        scopes: which.
    """
    return tuple(str(REACH[scope].label) for scope in scopes)
