"""An account's own data, and its end: asked for, taken back within a week, then carried out (site/personal.py knows all domains)."""

from collections.abc import Iterable, Iterator

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, QuerySet

from conclave.accounts.models import (
    ApiToken,
    Keyring,
    KeyringOpener,
    Membership,
    OrganisationInvitation,
    PolicyVersion,
    ProviderIdentity,
    StaffMember,
    User,
)
from conclave.accounts.organise import part_with_all
from conclave.accounts.owner import NoSuchAccount
from conclave.kernel import clock, outbox, retention
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal

# Long enough to notice what a stolen session or a bad day has done, and short beside the month that the law gives (GDPR art. 12(3)).
GRACE_MS = 7 * clock.DAY
_OF_A_TOKEN = ("name", "begins", "scopes", "made_at", "expires_at", "revoked_at", "used_on")
GRACE = retention.keeps(name="accounts.erasure", ms=GRACE_MS)


def find(*, email: str) -> UserId:
    """Return whose account this address is, for whoever holds the terminal.

    Args:
        email: in any case.

    Raises:
        NoSuchAccount: nobody has this address.
    """
    account = User.objects.filter(email=email.strip().lower()).values_list("pk", flat=True).first()
    if account is None:
        raise NoSuchAccount
    return UserId(account)


def ask_erasure(*, account: UserId, now: int) -> int:
    """Let an account be erased in a week; asked twice, the first time counts.

    Args:
        account: whose.
        now: the time.

    Returns:
        When it will be erased.

    Raises:
        LastOwner: an organisation with others in it would be left without an owner.
    """
    with transaction.atomic():
        part_with_all(account=account, now=now)
        # Only tried: what stands in the way is better said now than in a week.
        transaction.set_rollback(True)
    with transaction.atomic():
        if User.objects.filter(pk=account, erase_at=None).update(erase_at=now + GRACE_MS):
            journal(kind="erasure_asked", fields={"account": account}, now=now)
        return User.objects.values_list("erase_at", flat=True).get(pk=account) or now


def keep_account(*, account: UserId, now: int) -> None:
    """Take back that an account is to be erased; one that is not is left as it is.

    Args:
        account: whose.
        now: the time.
    """
    with transaction.atomic():
        if User.objects.filter(pk=account).exclude(erase_at=None).update(erase_at=None):
            journal(kind="erasure_taken_back", fields={"account": account}, now=now)


def erased_at(*, account: UserId) -> int | None:
    """Return when an account will be erased, or None when it will not.

    Args:
        account: whose.
    """
    return User.objects.filter(pk=account).values_list("erase_at", flat=True).first()


def due(*, now: int) -> list[UserId]:
    """Return the accounts whose week is over.

    Args:
        now: the time.
    """
    return [UserId(pk) for pk in User.objects.filter(erase_at__lte=now).order_by("erase_at").values_list("pk", flat=True)]


def export(*, account: str) -> dict[str, Iterable[dict[str, object]]]:
    """Return what an account holds; nothing that opens it.

    Args:
        account: whose.
    """
    user = User.objects.filter(pk=account)
    shown = ("id", "email", "name", "is_active", "is_verified", "is_owner", "created_at", "erase_at", "last_login")
    return {
        "account": user.values(*shown).iterator(),
        "addresses": EmailAddress.objects.filter(user=account).values("email", "verified", "primary").iterator(),
        "sessions": ({"expires": session.expire_date} for session in _sessions(account)),
        "devices": UserSession.objects.filter(user=account).values("user_agent", "created_at", "last_seen_at").iterator(),
        "factors": Authenticator.objects.filter(user=account).values("type", "created_at", "last_used_at").iterator(),
        "identities": ProviderIdentity.objects.filter(user=account)
        .values("issuer", "subject", "address", "linked_at", "used_at", name=F("organisation__name"))
        .iterator(),
        "staff": StaffMember.objects.filter(user=account).values("orders", "cases", "apart", "work_country", "recused", "since").iterator(),
        "organisations": _belongs(account).values("role", "minor", "accepted_at", "left_at", name=F("organisation__name")).iterator(),
        "organisation_policies": _policies(account).values("number", "made_at", name=F("organisation__name")).iterator(),
        "tokens": _tokens(account).values(*_OF_A_TOKEN, organisation=F("membership__organisation__name")).iterator(),
        "keyring": Keyring.objects.filter(user=account).values("ring", "version", "sealed", "made_at", "changed_at").iterator(),
        "keyring_openers": KeyringOpener.objects.filter(keyring=account).values("opener", "kind", "secret", "wrapped").iterator(),
        "organisation_invitations": _offered(account).values("address", "role", "made_at", "expires_at").iterator(),
    }


def erase(*, account: str, now: int) -> None:
    """Delete an account, its addresses, links and sessions, inside the caller's transaction.

    Args:
        account: whose.
        now: the time.

    Raises:
        LastOwner: an organisation with others in it would be left without an owner.
    """
    part_with_all(account=UserId(account), now=now)
    _offered(account).delete()
    for session in _sessions(account):
        session.delete()
    for mentioned in User.objects.filter(pk=account).values_list("pk", "email"):
        for word in mentioned:
            outbox.forget(mentioning=word)
    User.objects.filter(pk=account).delete()
    journal(kind="account_erased", fields={}, now=now)


def _belongs(account: str) -> QuerySet[Membership]:
    """Return where somebody belongs or belonged."""
    return Membership.objects.filter(user=account).order_by("accepted_at", "pk")


def _policies(account: str) -> QuerySet[PolicyVersion]:
    """Return the versions of policies that somebody saved; what they rule is their organisation's."""
    return PolicyVersion.objects.filter(made_by=account).order_by("made_at", "pk")


def _tokens(account: str) -> QuerySet[ApiToken]:
    """Return the tokens that somebody made; what opens anything is not kept."""
    return ApiToken.objects.filter(user=account).order_by("made_at", "pk")


def _offered(account: str) -> QuerySet[OrganisationInvitation]:
    """Return the invitations to organisations that were made for somebody's address."""
    return OrganisationInvitation.objects.filter(address__in=User.objects.filter(pk=account).values("email")).order_by("made_at", "pk")


def _sessions(account: str) -> Iterator[Session]:
    """Yield an account's sessions; whose one is stands only inside it."""
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == account:
            yield session
