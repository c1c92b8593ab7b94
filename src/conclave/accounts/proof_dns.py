"""Looking for a claim's token in DNS, at several resolvers that must agree."""

import ipaddress
import time
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from conclave.accounts.challenge import Outcome, agreed, judged, record_name

# The answer of a healthy resolver takes a fraction of it; one packet may be lost.
WAIT_SECONDS = 4.0
TRY_SECONDS = 1.5
PAYLOAD = 1232
# In less than this nothing is asked.
LEAST_SECONDS = 0.05

Resolver = tuple[str, int]


def look_in_dns(*, domain: str, token: str, resolvers: tuple[Resolver, ...]) -> Outcome:
    """Return what the resolvers find together.

    Args:
        domain: in normal form.
        token: what has to be there.
        resolvers: address and port of each.
    """
    with ThreadPoolExecutor(max_workers=len(resolvers)) as pool:
        return agreed(outcomes=list(pool.map(lambda one: _look(one, domain=domain, token=token), resolvers)))


def addresses(*, host: str, resolvers: tuple[Resolver, ...]) -> list[str]:
    """Return the addresses of a host as the first resolver says that has any; none when nobody answers in the time of one look.

    Args:
        host: in normal form.
        resolvers: address and port of each.
    """
    until = time.monotonic() + WAIT_SECONDS
    for left, resolver in zip(range(len(resolvers), 0, -1), resolvers, strict=True):
        # Each gets its share of what is left, so that one that is silent leaves time for the next.
        now = time.monotonic()
        over = now + (until - now) / left
        found = [str(ipaddress.ip_address(record.to_text())) for kind in ("A", "AAAA") for record in _ask(resolver, host, kind, over)]
        if found:
            return found
    return []


def _look(resolver: Resolver, *, domain: str, token: str) -> Outcome:
    """Return what one resolver finds."""
    name = dns.name.from_text(record_name(domain=domain))
    try:
        answer = _client(resolver, WAIT_SECONDS).resolve(name, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Outcome.ABSENT
    except (dns.exception.DNSException, OSError):
        return Outcome.UNREACHABLE
    if answer.canonical_name != name:
        return Outcome.ALIAS
    texts = [b"".join(record.strings).decode("ascii", "replace") for record in answer if isinstance(record, TXT)]
    return judged(texts=texts, token=token)


def _ask(resolver: Resolver, host: str, kind: str, until: float) -> list[dns.rdata.Rdata]:
    """Return the records of a kind; none when there are none or nobody answers in time."""
    seconds = until - time.monotonic()
    if seconds < LEAST_SECONDS:
        return []
    try:
        return list(_client(resolver, seconds).resolve(dns.name.from_text(host), kind, search=False))
    except (dns.exception.DNSException, OSError):
        return []


def _client(resolver: Resolver, seconds: float) -> dns.resolver.Resolver:
    """Return a client of one resolver that reads none of this machine's settings."""
    client = dns.resolver.Resolver(configure=False)
    client.nameservers = [resolver[0]]
    client.port = resolver[1]
    client.timeout, client.lifetime = TRY_SECONDS, seconds
    client.use_edns(0, payload=PAYLOAD)
    return client
