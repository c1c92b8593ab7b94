"""The owner's list of the countries in which staff has to work: set with a passkey, and in the public ledger (STAFF-5)."""

from collections.abc import Sequence

from django.db import transaction

from conclave.accounts.assertion import Question, Shown, ask_passkey, use_passkey
from conclave.accounts.models import StaffRule
from conclave.accounts.staff import StaffUnknown, access_countries, allow_staff
from conclave.accounts.staff_policy import Act
from conclave.kernel import clock
from conclave.kernel.canonical import Json
from conclave.kernel.ids import UserId, new_id
from conclave.kernel.territories import CODES
from conclave.transparency import ledger
from conclave.transparency.journal import journal

KIND = "STAFF_RULE"


def ask_countries(*, by: UserId, countries: Sequence[str], now: int) -> Question:
    """Ask the owner for a passkey, for a list of countries.

    Args:
        by: the owner.
        countries: codes of ISO 3166-1; none lets staff work anywhere.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for them, or there is no such country.
        PasskeyMissing: they have none.
    """
    allow_staff(account=by, act=Act.CHANGE_STAFF, now=now, asking=True)
    return ask_passkey(account=by, act=_act(countries), now=now)


def set_countries(*, by: UserId, countries: Sequence[str], shown: Shown | None, now: int) -> None:
    """Set the list; whoever works elsewhere can do nothing from that moment on. A list that is so already makes no entry.

    Args:
        by: the owner.
        countries: codes of ISO 3166-1; none lets staff work anywhere.
        shown: the passkey that was shown for it.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for them, or there is no such country.
        PasskeyNotShown: no passkey was shown for exactly this within five minutes.
    """
    with transaction.atomic():
        allow_staff(account=by, act=Act.CHANGE_STAFF, now=now, asking=True)
        shown_at = use_passkey(account=by, act=_act(countries), shown=shown, now=now)
        allow_staff(account=by, act=Act.CHANGE_STAFF, shown_at=shown_at, now=now)
        # The ledger before its rows and before the journal: so does whoever else needs several of them.
        ledger.hold()
        listed = sorted({*countries})
        if access_countries() == {*listed}:
            return
        row = StaffRule.objects.first()
        obj, prev = (row.obj, row.leaf) if row else (new_id(), None)
        fields: dict[str, Json] = {"countries": ",".join(listed), "day": clock.to_day(now)}
        leaf = ledger.append(kind=KIND, fields=fields, now=now, obj=obj, prev=prev)
        StaffRule.objects.update_or_create(pk=1, defaults={"countries": listed, "obj": obj, "leaf": leaf, "since": now})
        journal(kind="staff_countries", obj=obj, fields={"by": by, "countries": ",".join(listed)}, now=now)


def _act(countries: Sequence[str]) -> dict[str, Json]:
    """Return what is signed for a list."""
    if not {*countries} <= CODES:
        raise StaffUnknown
    listed: list[Json] = [*sorted({*countries})]
    return {"act": "staff_countries", "countries": listed}
