"""An account for whoever asks, where the operator opened sign-up: first the address is proven, then the account is made.

Before somebody has opened the link in their mailbox there is no account: none can be made in another's name, held back from them, or used.
"""

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from conclave.accounts import mail
from conclave.accounts.address import MAILBOX_RATE
from conclave.accounts.models import User
from conclave.kernel.limits import LIMITER
from conclave.transparency.journal import journal

FINISH_PAGE = "account_sign_up_finish"


def ask_account(*, email: str, now: int) -> None:
    """Send a link to this address; to one that has an account, a mail that says so.

    Args:
        email: the address, in lower case.
        now: the time.
    """
    if not LIMITER.allows(rate=MAILBOX_RATE, subject=email, now=now):
        return
    with transaction.atomic():
        if User.objects.filter(email=email).exists():
            mail.send(to=email, what="sign_up_known", now=now)
        else:
            mail.send(to=email, what="sign_up", facts={"email": email}, page=FINISH_PAGE, now=now)


def proven_address(*, token: str, now: int) -> str:
    """Return the address that a link proves.

    Args:
        token: the link's last part.
        now: the time.

    Raises:
        MailLinkUnknown: it proves none (any more).
    """
    email = mail.opened(page=FINISH_PAGE, token=token, now=now)["email"]
    if User.objects.filter(email=email).exists():
        raise mail.MailLinkUnknown
    return email


def make_account(*, token: str, name: str, password: str, now: int) -> User:
    """Make the account of whoever opened the link in their mailbox.

    Args:
        token: the link's last part.
        name: what to call the person.
        password: checked against the validators already.
        now: the time.

    Returns:
        The account, verified.

    Raises:
        MailLinkUnknown: the link is too old, or its address has an account by now.
    """
    email = proven_address(token=token, now=now)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email=email, password=password, name=name, now=now, is_verified=True)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            journal(kind="account_made", fields={"account": user.pk}, now=now)
    except IntegrityError:
        raise mail.MailLinkUnknown from None
    return user
