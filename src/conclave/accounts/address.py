"""Another e-mail address for an account: the new one confirms, the old one is told; without mail the operator does it.

Until it is confirmed, the new address stands in no row, only in the signed link that was sent to it. So an address that somebody merely
typed keeps nobody from using it, and which addresses have an account is told to nobody: that goes by mail to the address itself. A new
password makes the link worthless: whoever is warned that somebody else asked has a way to stop it.
"""

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from conclave.accounts import mail
from conclave.accounts.models import User
from conclave.accounts.owner import NoSuchAccount
from conclave.kernel import clock
from conclave.kernel.errors import Refused
from conclave.kernel.limits import LIMITER, Rate
from conclave.transparency.journal import journal

CONFIRM_PAGE = "account_address_confirm"
ASKING_RATE = Rate(name="address_asked", burst=5, every_ms=12 * clock.MINUTE)
# However many accounts and addresses they come from: nobody's mailbox is filled by way of this server.
MAILBOX_RATE = Rate(name="mailbox", burst=3, every_ms=clock.HOUR)


class AddressTaken(Refused):
    """Another account has this address; said only on the operator's terminal."""

    code = "address_taken"
    status = 409
    message = _("Another account has this e-mail address.")


def ask_address(*, user: User, address: str, now: int) -> None:
    """Send a link to the new address and tell the old one; whether the new one has an account already makes no difference to see.

    Args:
        user: who wants another address.
        address: the new one, in lower case.
        now: the time.

    Raises:
        TooOften: this person asked too often.
    """
    LIMITER.check(rate=ASKING_RATE, subject=user.pk, now=now)
    facts = {"account": user.pk, "old": user.email, "new": address, "password": user.get_session_auth_hash()}
    with transaction.atomic():
        journal(kind="address_asked", fields={"account": user.pk}, now=now)
        mail.send(to=user.email, what="address_asked", facts={"new": address}, now=now)
        if LIMITER.allows(rate=MAILBOX_RATE, subject=address, now=now):
            taken = User.objects.filter(email=address).exists()
            if taken:
                mail.send(to=address, what="address_known", now=now)
            else:
                mail.send(to=address, what="address_confirm", facts=facts, page=CONFIRM_PAGE, now=now)


def asked_address(*, token: str, now: int) -> str:
    """Return the new address that a link would give its account.

    Args:
        token: the link's last part.
        now: the time.

    Raises:
        MailLinkUnknown: it gives none (any more).
    """
    return _asked(token=token, now=now)[1]


def confirm_address(*, token: str, now: int) -> None:
    """Give the account its new address, and tell both.

    Args:
        token: the last part of the link that was sent to the new address.
        now: the time.

    Raises:
        MailLinkUnknown: it was used, is too old, was overtaken, or the address got an account meanwhile.
    """
    with transaction.atomic():
        user, address = _asked(token=token, now=now)
        try:
            _change(user=user, address=address, now=now)
        except AddressTaken:
            raise mail.MailLinkUnknown from None


def set_address(*, old: str, new: str, now: int) -> None:
    """Give an account another address, as the operator who knows the person does; both are told where there is mail.

    Args:
        old: the address the account has.
        new: the one it gets, taken as verified.
        now: the time.

    Raises:
        NoSuchAccount: nobody has the old address.
        AddressTaken: somebody has the new one.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=old.strip().lower(), is_active=True).first()
        if user is None:
            raise NoSuchAccount
        _change(user=user, address=new.strip().lower(), now=now)


def _asked(*, token: str, now: int) -> tuple[User, str]:
    """Return whose link this is and to which address; the account still has the address and the password it had then."""
    facts = mail.opened(page=CONFIRM_PAGE, token=token, now=now)
    user = User.objects.select_for_update().filter(pk=facts["account"], email=facts["old"], is_active=True).first()
    if user is None or not constant_time_compare(facts["password"], user.get_session_auth_hash()):
        raise mail.MailLinkUnknown
    return user, facts["new"]


def _change(*, user: User, address: str, now: int) -> None:
    """Write the new address wherever an account's address stands."""
    old = user.email
    user.email, user.is_verified = address, True
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "is_verified"])
    except IntegrityError:
        raise AddressTaken from None
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    journal(kind="address_changed", fields={"account": user.pk}, now=now)
    for to in (old, address):
        mail.send(to=to, what="address_changed", facts={"old": old, "new": address}, now=now)
