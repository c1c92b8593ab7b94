"""Mails about an order: to whoever ordered it, to whoever it met, and to whoever owns a meeting in which it met somebody."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse

from conclave.accounts import mail
from conclave.accounts.queries import address_of
from conclave.authorities.models import Measure, Order, Subject
from conclave.gate.apply import MET, application
from conclave.kernel import clock, outbox
from conclave.kernel.outbox import Payload
from conclave.keys.locks import writing

RESTORED = "authorities.restored"
RECEIVED = "received"
GIVEN = "authorities.given"
# Nobody knows which language an account reads in: who is written to because of something that the clock or somebody else did reads both.
UNKNOWN = ""


def tell_authority(*, row: Order, change: str, now: int) -> None:
    """Write to whoever ordered it how it stands, where a mail was named; inside the caller's transaction.

    Whoever writes on the portal can name anybody's address: until somebody of the desk has looked, nothing but the receipt goes there.

    Args:
        row: the order.
        change: what has happened.
        now: the time.
    """
    if is_address(contact=row.contact) and (row.contact_confirmed or change == RECEIVED):
        facts = {"change": change, "receipt": row.receipt, "address": _page("order_status", row.receipt)}
        mail.send(to=row.contact, what="order", facts=facts, now=now, language=row.spoken)


def is_address(*, contact: str) -> bool:
    """Tell whether a contact is one address of mail, and no list of them.

    Args:
        contact: as it was typed.
    """
    try:
        validate_email(contact)
    except ValidationError:
        return False
    return True


def tell_host(*, account: str, count: int, measure: Measure, public_id: str, now: int) -> None:
    """Write to whoever owns a meeting how many were taken out of it, and not who; inside the caller's transaction.

    Args:
        account: the owner; empty for nobody.
        count: how many.
        measure: which.
        public_id: the number of its order on notices.
        now: the time.
    """
    address = address_of(account=account) if account else ""
    if address:
        facts = {"count": str(count), "territory": measure.territory, "order": public_id}
        mail.send(to=address, what="order_host", facts=facts, now=now, language=UNKNOWN)


def tell_looked_at(*, account: str, scope: str, now: int) -> None:
    """Write to somebody that staff looks at what is theirs, and not who; inside the caller's transaction.

    Args:
        account: whose it is; empty for nobody's.
        scope: what was opened (glass_rule.py).
        now: the time.
    """
    address = address_of(account=account) if account else ""
    if address:
        page = settings.CONCLAVE.public_url.rstrip("/") + reverse("own_data")
        mail.send(to=address, what="glass_own", facts={"scope": scope, "address": page}, now=now, language=UNKNOWN)


@outbox.handles(GIVEN)
def _given(payload: Payload) -> None:
    """Write to somebody that something about them was handed to an authority, or that it should not have been."""
    account = Subject.objects.filter(pk=payload["notice"]).values_list("account", flat=True).first()
    address = address_of(account=account) if account else ""
    if address:
        with writing():
            facts = {"change": payload["change"], "address": _page("disclosure_notice", payload["notice"])}
            mail.send(to=address, what="order_told", facts=facts, now=clock.now(), language=UNKNOWN)


@outbox.handles(MET)
def _met(payload: Payload) -> None:
    """Write to somebody who has an account that a measure has met them; without one, they have read it on their screen."""
    _write(payload["notice"], "met")


@outbox.handles(RESTORED)
def _restored(payload: Payload) -> None:
    """Write to somebody that they may come back, and, where the order was wrong, that we are sorry."""
    _write(payload["notice"], payload["cause"])


def _page(name: str, number: str) -> str:
    """Return the address of a page, as people type it."""
    return settings.CONCLAVE.public_url.rstrip("/") + reverse(name, args=[number])


def _write(notice: str, change: str) -> None:
    """Send the mail about one application."""
    found = application(notice=notice)
    address = address_of(account=found.account) if found is not None and found.account else ""
    if not address:
        return
    with writing():
        facts = {"change": change, "address": _page("order_notice", notice)}
        mail.send(to=address, what="order_notice", facts=facts, now=clock.now(), language=UNKNOWN)
