"""How an organisation sets up its identity provider: write down, try, switch on; change, switch off, remove.

The provider is asked outside any transaction; what is stored is what was typed, the client secret sealed. It is switched on only after
somebody came back from it as it is set up now, so that nobody is locked out by a slip.
"""

import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from conclave.accounts import oidc, saml
from conclave.accounts.models import IdentityProvider, Speaks
from conclave.accounts.policy import Act
from conclave.accounts.proof_dns import addresses
from conclave.accounts.sealed import seal, unseal
from conclave.accounts.standing import allow, own_seat
from conclave.accounts.tenure import HOLDS
from conclave.accounts.visit import Web, is_public
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.transparency.journal import journal

CLIENT_SECRET = "sso-client-secret"  # noqa: S105 - what it is, not the secret
LONGEST_CLIENT = 255
LONGEST_SECRET = 1024
LONGEST_ENDPOINT = 1000


class SsoNotSetUp(Refused):
    """The organisation has no sign-in of its own."""

    code = "sso_not_set_up"
    status = 404
    message = _("This organisation has no sign-in of its own.")


class SsoSetUpForbidden(Refused):
    """What was typed is no set-up: an address that no provider may have, or an empty or too long name or secret."""

    code = "sso_set_up_forbidden"
    status = 422
    message = _("This address cannot be one: it begins with https:// and leads to the public internet.")


class SsoNotTried(Refused):
    """Nobody has come back from the provider since it was set up."""

    code = "sso_not_tried"
    status = 409
    message = _("Try it first: it is switched on once somebody came back from there.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An organisation's provider as its owners see it; the client secret is shown to nobody."""

    kind: str
    issuer: str
    client_id: str
    is_on: bool
    tried_at: int | None


def web(*, organisation: str = "") -> Web:
    """Return the web as providers are asked: the public internet, and the networks that the operator named.

    Args:
        organisation: whose provider is asked; none where only an address is judged.
    """
    config = settings.CONCLAVE

    def find(host: str) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            return addresses(host=host, resolvers=config.resolver_addresses)

    def permits(address: str) -> bool:
        return is_public(address) or any(ipaddress.ip_address(address) in network for network in config.sso_network_addresses)

    return Web(find=find, permits=permits, subject=organisation)


def redirect_uri(*, organisation: str) -> str:
    """Return where an organisation's provider sends people back to; each has its own, so that none answers for another.

    Args:
        organisation: whose.
    """
    return settings.CONCLAVE.public_url.rstrip("/") + reverse("sso_back", args=[organisation])


def saml_place(*, organisation: str) -> str:
    """Return where an organisation's provider posts its answers by SAML, which is also what this server is called there.

    Args:
        organisation: whose.
    """
    return settings.CONCLAVE.public_url.rstrip("/") + reverse("sso_posted", args=[organisation])


def description_of(*, row: IdentityProvider) -> saml.Description:
    """Return a provider by SAML as it was described.

    Args:
        row: the provider.
    """
    return saml.Description(issuer=row.issuer, endpoint=row.endpoint, certificates=tuple(row.certificates.split()))


def client_of(*, row: IdentityProvider) -> oidc.Client:
    """Return this server as a provider knows it.

    Args:
        row: the provider.
    """
    return oidc.Client(
        issuer=row.issuer,
        client_id=row.client_id,
        secret=unseal(kind=CLIENT_SECRET, text=row.secret),
        redirect_uri=redirect_uri(organisation=row.organisation_id),
    )


def provider_of(*, organisation: str, account: UserId) -> Provider | None:
    """Return an organisation's provider, None when it has none.

    Args:
        organisation: whose.
        account: who asks.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
    """
    allow(act=Act.SET_UP_SIGN_IN, own=own_seat(organisation=organisation, account=account))
    row = IdentityProvider.objects.filter(organisation=organisation).first()
    return None if row is None else _provider(row)


def set_up(*, organisation: str, account: UserId, issuer: str, client_id: str, secret: str, now: int) -> None:
    """Write down an organisation's provider, or another set-up of it; it is off until it was tried.

    Args:
        organisation: whose.
        account: who sets it up.
        issuer: the address that names the provider.
        client_id: what this server is called there.
        secret: its secret there; empty keeps the one there is, for the same issuer.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        SsoSetUpForbidden: it cannot be used.
    """
    allow(act=Act.SET_UP_SIGN_IN, own=own_seat(organisation=organisation, account=account))
    if not (0 < len(issuer) <= oidc.LONGEST_ISSUER and oidc.is_usable(url=issuer, web=web())) or "?" in issuer:
        raise SsoSetUpForbidden
    if not (0 < len(client_id) <= LONGEST_CLIENT and client_id.isprintable() and len(secret) <= LONGEST_SECRET):
        raise SsoSetUpForbidden(_("The name of this server there is empty or too long."))
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.SET_UP_SIGN_IN, own=own)
        row = IdentityProvider.objects.filter(organisation=organisation).first()
        # A secret is for whom it was made: it is not handed to another issuer.
        if not secret and (row is None or (row.kind, row.issuer) != (Speaks.OIDC, issuer)):
            raise SsoSetUpForbidden(_("The client secret is missing. It is not kept for another address."))
        kept = row.secret if row is not None and not secret else seal(kind=CLIENT_SECRET, text=secret)
        columns = {"kind": Speaks.OIDC, "issuer": issuer, "client_id": client_id, "secret": kept, "endpoint": "", "certificates": ""}
        _store(organisation=organisation, account=account, columns=columns, now=now)


def set_up_saml(*, organisation: str, account: UserId, metadata: str, now: int) -> None:
    """Write down an organisation's provider by SAML, as its metadata describe it; it is off until it was tried.

    Args:
        organisation: whose.
        account: who sets it up.
        metadata: XML, as the provider gives it; nothing that it names is loaded.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        SsoSetUpForbidden: it describes no provider that can be used.
    """
    allow(act=Act.SET_UP_SIGN_IN, own=own_seat(organisation=organisation, account=account))
    try:
        there = saml.described(text=metadata)
    except oidc.Faulty:
        raise SsoSetUpForbidden(_("These are no metadata of one provider with a redirect address and a certificate.")) from None
    if len(there.endpoint) > LONGEST_ENDPOINT or not oidc.is_usable(url=there.endpoint, web=web()):
        raise SsoSetUpForbidden
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.SET_UP_SIGN_IN, own=own)
        keys = "\n".join(there.certificates)
        columns = {"kind": Speaks.SAML, "issuer": there.issuer, "endpoint": there.endpoint, "certificates": keys}
        _store(organisation=organisation, account=account, columns={**columns, "client_id": "", "secret": ""}, now=now)


def _store(*, organisation: str, account: UserId, columns: dict[str, str], now: int) -> None:
    """Write a set-up down, off and not tried."""
    fresh = {**columns, "is_on": False, "changed_at": now, "tried_at": None, "made_by_id": account}
    made, _new = IdentityProvider.objects.update_or_create(organisation_id=organisation, defaults=fresh)
    journal(kind="sso_set_up", obj=organisation, fields={"by": account, "provider": made.pk}, now=now)


def switch(*, organisation: str, account: UserId, on: bool, now: int) -> None:
    """Let people sign in by an organisation's provider, or not; switched off, it opens nothing at once.

    Args:
        organisation: whose.
        account: who asks.
        on: whether it opens accounts.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        SsoNotSetUp, SsoNotTried: there is nothing to switch on yet.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.SET_UP_SIGN_IN, own=own)
        row = IdentityProvider.objects.filter(organisation=organisation).first()
        if row is None:
            raise SsoNotSetUp
        if on and row.tried_at is None:
            raise SsoNotTried
        if row.is_on != on:
            IdentityProvider.objects.filter(pk=row.pk).update(is_on=on)
            journal(kind="sso_switched", obj=organisation, fields={"by": account, "on": on}, now=now)


def remove(*, organisation: str, account: UserId, now: int) -> None:
    """Take an organisation's provider away with its secret; accounts stay, and whoever signed in by it needs another way.

    Args:
        organisation: whose.
        account: who asks.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        SsoNotSetUp: there is none.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.SET_UP_SIGN_IN, own=own)
        if not IdentityProvider.objects.filter(organisation=organisation).delete()[0]:
            raise SsoNotSetUp
        journal(kind="sso_removed", obj=organisation, fields={"by": account}, now=now)


def note_tried(*, organisation: str, account: UserId, changed_at: int, now: int) -> None:
    """Note that somebody who may set it up came back from the provider.

    Args:
        organisation: whose.
        account: who tried it.
        changed_at: of the set-up that was tried; another one has to be tried again.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them (any more).
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.SET_UP_SIGN_IN, own=own)
        if IdentityProvider.objects.filter(organisation=organisation, changed_at=changed_at).update(tried_at=now):
            journal(kind="sso_tried", obj=organisation, fields={"by": account}, now=now)


def is_ready(*, organisation: str, now: int) -> bool:
    """Tell whether people can sign in by an organisation's provider now: for whoever wants to demand it of them (policy).

    Args:
        organisation: whose.
        now: the time.
    """
    row = IdentityProvider.objects.filter(organisation=organisation, is_on=True, organisation__dissolved_at=None)
    held = {"organisation__claims__state__in": HOLDS, "organisation__claims__ends_at__gt": now}
    return row.filter(**held).exists()


def _provider(row: IdentityProvider) -> Provider:
    """Return a provider as plain values."""
    return Provider(
        kind=row.kind,
        issuer=row.issuer,
        client_id=row.client_id,
        is_on=row.is_on,
        tried_at=row.tried_at,
    )
