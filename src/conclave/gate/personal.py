"""What stands at the gate against one person's account."""

from collections.abc import Iterable

from django.db.models import QuerySet, Value
from django.db.models.functions import Concat

from conclave.gate.models import Application, Restriction
from conclave.gate.policy import Cause, Subject

_SHOWN = ("scope_kind", "scope", "what", "cause", "starts_at", "ends_at", "notice", "territory", "leaf")
_APPLIED = ("measure", "territory", "action", "meeting", "at", "undone_at")


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return where a person may not come in, and why.

    Args:
        account: whose.
    """
    applied = Application.objects.filter(account=account).order_by("at", "pk")
    return {
        "restrictions": _of(account).order_by("starts_at", "pk").values(*_SHOWN).iterator(),
        "orders": applied.values("id", *_APPLIED).iterator(),
    }


def erase(*, account: str, now: int) -> None:  # noqa: ARG001 - every domain's erase takes its time
    """Delete the restrictions on an account that is no more; those on a browser's random name stay, as they name nobody.

    Args:
        account: whose.
        now: the time.
    """
    _of(account).delete()
    # What an order did stays counted; to whom it was is not told any more.
    Application.objects.filter(account=account).update(account="", device=Concat(Value("erased-"), "id"))


def notices(*, account: str) -> list[str]:
    """Return by what each restriction on an account is taken back.

    Args:
        account: whose.
    """
    return list(_of(account).exclude(notice="").exclude(cause=Cause.ORDERED).values_list("notice", flat=True))


def _of(account: str) -> QuerySet[Restriction]:
    """Return the restrictions on an account."""
    return Restriction.objects.filter(subject_kind=Subject.ACCOUNT, subject=account)
