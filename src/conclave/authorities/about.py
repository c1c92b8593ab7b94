"""Whether a text names somebody: by an address of theirs, or by a number of what is theirs. Pure.

Addresses are compared as everywhere here (D4): whatever their case, their Unicode form and the script of their domain. Numbers are random
and long, so that wherever in a text or a link one stands, it is that one and none by chance; their case is not looked at, as a letter or a
telephone may have lost it.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from conclave.accounts.addresses import LONGEST, normal_domain
from conclave.kernel.ids import ID_LENGTH

# A local part and a domain, in lower case.
Address = tuple[str, str]

_AT = re.compile(r"@([\w.-]+)")
# Where words are written without spaces, an address may end with its last ASCII letter.
_ASCII = re.compile(r"[a-z0-9.-]+")
# What would belong to a local part, were it before one.
_JOINED = re.compile(r"[a-z0-9.+_-]*\Z")
_PUNCTUATION = "._+-"
_RUN = re.compile(rf"[\w-]{{{ID_LENGTH},}}", re.ASCII)


def names(*, text: str, addresses: Iterable[Address], numbers: Collection[str]) -> bool:
    """Tell whether a text names somebody; rather once too often than once too seldom.

    Args:
        text: what somebody wrote.
        addresses: theirs, as parts() has them.
        numbers: of what is theirs, as folded() has them.
    """
    flat = unicodedata.normalize("NFKC", text).lower()
    return any(one in numbers for one in _numbers_in(flat)) or any(_stands_in(flat, *one) for one in addresses)


def parts(*, address: str) -> Address:
    """Return an address as addresses are compared.

    Args:
        address: as it is stored.
    """
    local, _at, host = unicodedata.normalize("NFKC", address.strip()).lower().rpartition("@")
    return local, _domain(host)


def folded(*, number: str) -> str:
    """Return a random number as numbers are compared.

    Args:
        number: of an account or a meeting.
    """
    return number.lower()


def _stands_in(flat: str, local: str, domain: str) -> bool:
    """Tell whether an address stands in a text, and is not the end of a longer one."""
    for found in _AT.finditer(flat):
        before = flat[max(0, found.start() - LONGEST) : found.start()]
        if before.endswith(local) and domain in _domains(found.group(1)):
            joined = _JOINED.search(before.removesuffix(local))
            if joined is None or not joined.group().strip(_PUNCTUATION):
                return True
    return False


def _domains(run: str) -> set[str]:
    """Return what may be the domain at the beginning of a text: all of it, or what of it is ASCII."""
    ascii_part = _ASCII.match(run)
    return {_domain(part.strip(_PUNCTUATION)) for part in (run, ascii_part.group() if ascii_part else run)}


def _domain(host: str) -> str:
    """Return a domain in ASCII, or as it is where it is none."""
    return normal_domain(raw=host) or host


def _numbers_in(flat: str) -> Iterator[str]:
    """Yield whatever in a text may be a number."""
    for run in _RUN.findall(flat):
        for first in range(len(run) - ID_LENGTH + 1):
            yield run[first : first + ID_LENGTH]
