"""What stands at the gate against one person's account."""

from collections.abc import Iterable

from django.db.models import QuerySet

from conclave.gate.models import Restriction
from conclave.gate.policy import Subject

_SHOWN = ("scope_kind", "scope", "what", "cause", "starts_at", "ends_at", "notice")


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return where a person may not come in, and why.

    Args:
        account: whose.
    """
    return {"restrictions": _of(account).order_by("starts_at", "pk").values(*_SHOWN).iterator()}


def erase(*, account: str, now: int) -> None:  # noqa: ARG001 - every domain's erase takes its time
    """Delete the restrictions on an account that is no more; those on a browser's random name stay, as they name nobody.

    Args:
        account: whose.
        now: the time.
    """
    _of(account).delete()


def notices(*, account: str) -> list[str]:
    """Return by what each restriction on an account is taken back.

    Args:
        account: whose.
    """
    return list(_of(account).exclude(notice="").values_list("notice", flat=True))


def _of(account: str) -> QuerySet[Restriction]:
    """Return the restrictions on an account."""
    return Restriction.objects.filter(subject_kind=Subject.ACCOUNT, subject=account)
