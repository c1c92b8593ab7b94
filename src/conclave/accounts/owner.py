"""The owner link: how the first account comes to be, and how somebody who lost access gets back in, without any mail.

A link for an account that exists is for somebody who lost the password, the second factor, or both. It sets a password, takes passkeys,
authenticator app, recovery codes, the sign-in of organisations and tokens away, and signs the account out everywhere: whoever holds the
terminal could do all of it anyway.

The token is 256 bits, printed once on the operator's terminal and kept only as a hash. It stands in the fragment, so no request, log or
proxy sees it until the page sends it in a body. Only its hash is stored, so it cannot be printed again: every start replaces it by a
new one, until one was used.
"""

import secrets
from collections.abc import Callable

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.accounts import mail
from conclave.accounts.factors import forget_factors
from conclave.accounts.models import OwnerLink, ProviderIdentity, User
from conclave.accounts.tokens import end_all_tokens
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.secrets import stored_hash
from conclave.transparency.journal import journal

Counts = Callable[[UserId, int], None]
_counting: list[Counts] = []


def counts(function: Counts) -> Counts:
    """Register a function that gets an account that was there already when the first owner's link opens it, and the time (REP-8).

    It is called in that transaction; what it has to ask is above this domain. Its module must be imported when the process starts
    (AppConfig.ready of its domain).
    """
    if function not in _counting:
        _counting.append(function)
    return function


class OwnerLinkUnknown(Refused):
    """The token was used, replaced by a later one, or never given out; which of them is not said."""

    code = "owner_link_unknown"
    status = 403
    message = _("This owner link was already used or replaced. Run ./conclave admin owner-link for a new one.")


class OwnerLinkForAnother(Refused):
    """The link gives access to an account with another e-mail address."""

    code = "owner_link_for_another"
    status = 403
    message = _("This link belongs to another e-mail address.")


class NoSuchAccount(Refused):
    """There is no account with this e-mail address; said only on the operator's terminal."""

    code = "no_such_account"
    status = 404
    message = _("There is no account with this e-mail address.")


def owner_link(*, now: int) -> str | None:
    """Return a fresh link that makes the installation's owner; the one printed before stops working.

    Args:
        now: the time.

    Returns:
        `<public_url>/owner#<token>`, or None when there is an owner already.
    """
    with transaction.atomic():
        if User.objects.filter(is_owner=True, is_active=True).exists():
            return None
        return _new_link(user=None, now=now)


def access_link(*, email: str, now: int) -> str:
    """Return a link with which the person of this account sets a new password, and loses every second factor.

    Args:
        email: the account's address.
        now: the time.

    Raises:
        NoSuchAccount: nobody has this address.
    """
    with transaction.atomic():
        user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
        if user is None:
            raise NoSuchAccount
        journal(kind="access_link_made", fields={"account": user.pk}, now=now)
        return _new_link(user=user, now=now)


def use_owner_link(*, token: str, email: str, name: str, password: str, now: int) -> User:
    """Use the link up: make the owner, or give a person access to their account again.

    Args:
        token: what stood in the fragment.
        email: the person's address, taken as verified: whoever holds the link has the operator's terminal.
        name: what to call the person.
        password: the new password, checked against the validators already.
        now: the time.

    Returns:
        The account, verified.

    Raises:
        OwnerLinkUnknown: the token opens nothing (any more).
        OwnerLinkForAnother: it belongs to an account with another address; it stays usable.
    """
    with transaction.atomic():
        link = OwnerLink.objects.select_for_update(of=("self",)).select_related("user").filter(token_hash=_hash(token)).first()
        if link is None:
            raise OwnerLinkUnknown
        if link.user is None:
            _count(email=email.lower(), now=now)
        user = _person(link=link, email=email.lower(), name=name, password=password, now=now)
        link.delete()
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
        forgotten = forget_factors(user=user)
        ProviderIdentity.objects.filter(user=user).delete()
        end_all_tokens(account=UserId(user.pk), now=now)
        fields = {"account": user.pk, "factors_forgotten": forgotten}
        journal(kind="access_restored" if link.user else "owner_made", fields=fields, now=now)
        if link.user:
            mail.send(to=user.email, what="account_changed", facts={"change": "access_restored"}, now=now)
    return user


def _new_link(*, user: User | None, now: int) -> str:
    """Replace the outstanding link for this purpose."""
    token = secrets.token_urlsafe(32)
    OwnerLink.objects.filter(user=user).delete()
    OwnerLink.objects.create(token_hash=_hash(token), user=user, created_at=now)
    return f"{settings.CONCLAVE.public_url.rstrip('/')}/owner#{token}"


def _count(*, email: str, now: int) -> None:
    """Have it counted that the first owner's link opens an account, if somebody has this address."""
    taken = User.objects.filter(email=email).values_list("pk", flat=True).first()
    for count in _counting if taken is not None else ():
        count(UserId(str(taken)), now)


def _person(*, link: OwnerLink, email: str, name: str, password: str, now: int) -> User:
    """Return the stored account that this link makes or opens."""
    if link.user is None:
        user = User.objects.filter(email=email).first() or User(email=email, created_at=now)
        user.is_owner = True
    elif link.user.email != email:
        raise OwnerLinkForAnother
    else:
        user = link.user
    user.name = name or user.name
    user.is_verified = True
    user.set_password(password)
    user.save()
    return user


def _hash(token: str) -> str:
    """Return what is stored of a token."""
    return stored_hash(kind="owner-link", token=token)
