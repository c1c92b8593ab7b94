"""Mails about an order: to whoever ordered it, to whoever it met, and to whoever owns a meeting in which it met somebody."""

from django.conf import settings
from django.urls import reverse

from conclave.accounts import mail
from conclave.accounts.queries import address_of
from conclave.authorities.models import Order
from conclave.gate.apply import MET, application
from conclave.kernel import clock, outbox
from conclave.kernel.outbox import Payload
from conclave.keys.locks import writing

RESTORED = "authorities.restored"


def tell_authority(*, row: Order, change: str, now: int) -> None:
    """Write to whoever ordered it how it stands, where a mail was named; inside the caller's transaction.

    Args:
        row: the order.
        change: what has happened.
        now: the time.
    """
    if "@" in row.contact:
        facts = {"change": change, "receipt": row.receipt, "address": _page("order_status", row.receipt)}
        mail.send(to=row.contact, what="order", facts=facts, now=now)


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
        mail.send(to=address, what="order_notice", facts=facts, now=clock.now())
