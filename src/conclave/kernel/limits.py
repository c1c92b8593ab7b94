"""Rates: how often one address or account may do something, remembered in memory for at most 24 h and never by name."""

import hashlib
import hmac
import ipaddress
import secrets
import threading
from dataclasses import dataclass

from django.http import HttpRequest

from conclave.kernel import clock, retention
from conclave.kernel.errors import TooOften

KEPT_MS = clock.DAY
SWEEP_MS = 10 * clock.MINUTE
MOST_BUCKETS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A token bucket: `burst` at once, and one more every `every_ms`."""

    name: str
    burst: int
    every_ms: int


class Limiter:
    """Token buckets by keyed HMAC; the key lives and dies with the process, so a memory dump next week names nobody."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._buckets: dict[bytes, tuple[float, int]] = {}
        self._sweeping = clock.Seldom(every_ms=SWEEP_MS)
        self._lock = threading.Lock()

    def address_key(self, address: str) -> str:
        """Return the pseudonym of an address; IPv6 is cut to its /64, because one household has a whole one."""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return self._pseudonym("address", address)
        if isinstance(ip, ipaddress.IPv6Address):
            ip = ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address
        return self._pseudonym("address", str(ip))

    def visitor_key(self, request: HttpRequest) -> str:
        """Return the pseudonym of the address that a request comes from."""
        return self.address_key(request.META.get("REMOTE_ADDR", ""))

    def allows(self, *, rate: Rate, subject: str, now: int) -> bool:
        """Take one token for this subject and tell whether there was one.

        Args:
            rate: what is counted, and how often it may happen.
            subject: a pseudonym (address_key) or an internal id.
            now: the time.
        """
        key = bytes.fromhex(self._pseudonym(rate.name, subject))
        with self._lock:
            self._sweep(now)
            tokens, at = self._buckets.get(key, (float(rate.burst), now))
            tokens = min(float(rate.burst), tokens + max(0, now - at) / rate.every_ms)
            allowed = tokens >= 1
            self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        return allowed

    def has_left(self, *, rate: Rate, subject: str, now: int) -> bool:
        """Tell whether this subject has a token left, without taking it.

        Args:
            rate: what is counted.
            subject: a pseudonym (address_key) or an internal id.
            now: the time.
        """
        with self._lock:
            tokens, at = self._buckets.get(bytes.fromhex(self._pseudonym(rate.name, subject)), (float(rate.burst), now))
        return tokens + max(0, now - at) / rate.every_ms >= 1

    def check(self, *, rate: Rate, subject: str, now: int) -> None:
        """Take one token for this subject.

        Raises:
            TooOften: there was none.
        """
        if not self.allows(rate=rate, subject=subject, now=now):
            raise TooOften

    def _pseudonym(self, name: str, subject: str) -> str:
        """Return the keyed HMAC of a subject under a name."""
        return hmac.new(self._key, f"{name}\0{subject}".encode(), hashlib.sha256).hexdigest()

    def _sweep(self, now: int) -> None:
        """Forget what is older than 24 h, and the oldest when a flood of subjects fills the memory."""
        if not self._sweeping.due(now=now) and len(self._buckets) < MOST_BUCKETS:
            return
        kept = {key: bucket for key, bucket in self._buckets.items() if now - bucket[1] < KEPT_MS}
        if len(kept) >= MOST_BUCKETS:
            newest = sorted(kept.items(), key=lambda item: item[1][1])[-MOST_BUCKETS // 2 :]
            kept = dict(newest)
        self._buckets = kept


LIMITER = Limiter()
retention.keeps(name="kernel.limits", ms=KEPT_MS)
